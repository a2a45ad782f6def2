//! Who somebody is: accounts, sign-ins, profiles, and finding people.

#[cfg(test)]
mod fuzz;
pub mod http;
mod model;
mod names;
pub mod pages;
pub mod settings;
mod signed_in;
mod store;

pub use model::{Account, Registration, Sign};
pub use signed_in::SignedIn;

use crate::platform::clock::Clock;
use crate::platform::config;
use crate::platform::db::DbConn;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::words::Said;
use model::NewAccount;
use shared_protocol::api::{Person, RegisterForm, Theme};
use shared_protocol::{Group, RelayId, UserId};
use std::collections::HashMap;

/// How many people a search gives.
const MOST_FOUND: i64 = 20;

/// Makes an account; every field that is taken is named at once.
pub fn register(
    conn: &mut DbConn,
    wanted: &Registration,
    password_hash: &str,
    ids: &std::ops::RangeInclusive<i64>,
    clock: &Clock,
) -> Result<Account> {
    let mut issues = Vec::new();
    if store::username_exists(conn, wanted.username.key())? {
        issues.push(FieldIssue {
            field: "username",
            said: Said::new("taken"),
        });
    }
    if store::email_exists(conn, wanted.email.as_str())? {
        issues.push(FieldIssue {
            field: "email",
            said: Said::new("email-taken"),
        });
    }
    let user_id = match wanted.user_id {
        Some(chosen) if store::find(conn, chosen)?.is_some() => {
            issues.push(FieldIssue {
                field: "user_id",
                said: Said::new("user-id-taken"),
            });
            chosen
        }
        Some(chosen) => chosen,
        None => free_user_id(conn, ids, clock)?,
    };
    if !issues.is_empty() {
        return Err(Problem::Invalid(issues));
    }
    let new = NewAccount::from_parts(wanted, user_id, password_hash, clock);
    // Should somebody take one of them at this moment, the transaction runs again and names it.
    store::insert(conn, &new)?;
    Ok(Account::from(new))
}

/// A sign-up form as far as it can be judged without the database.
pub fn parse_registration(form: &RegisterForm) -> Result<Registration> {
    Registration::parse(form).map(|(wanted, _)| wanted)
}

/// A random user ID that nobody has.
pub fn free_user_id(conn: &mut DbConn, ids: &std::ops::RangeInclusive<i64>, clock: &Clock) -> Result<UserId> {
    for _ in 0..100 {
        let id = clock.user_id(ids);
        if store::find(conn, id)?.is_none() {
            return Ok(id);
        }
    }
    Err(Problem::Internal(anyhow::anyhow!(
        "no free user ID after 100 tries: widen TALKHUB_USER_IDS"
    )))
}

/// Whether nobody has this user ID.
pub fn is_free(conn: &mut DbConn, id: UserId) -> Result<bool> {
    Ok(store::find(conn, id)?.is_none())
}

/// The account that this name (username, e-mail or user ID) belongs to.
pub fn find_by_login(conn: &mut DbConn, name: &str) -> Result<Option<Account>> {
    Ok(store::find_by_login(conn, name)?)
}

/// The account with this user ID.
pub fn find(conn: &mut DbConn, id: UserId) -> Result<Option<Account>> {
    Ok(store::find(conn, id)?)
}

/// The account with this user ID, which must exist.
pub fn get(conn: &mut DbConn, id: UserId) -> Result<Account> {
    store::find(conn, id)?.ok_or(Problem::Missing("person"))
}

/// Whether there is any account at all.
pub fn any_exist(conn: &mut DbConn) -> Result<bool> {
    Ok(store::any_exist(conn)?)
}

/// People by their ids, as anybody may see them.
pub fn list(conn: &mut DbConn, ids: &[UserId]) -> Result<HashMap<UserId, Account>> {
    let accounts = store::list(conn, ids)?;
    Ok(accounts
        .into_iter()
        .map(|account| (account.user_id, account))
        .collect())
}

/// Whom the relay's words for people stand for.
pub fn list_by_subjects(conn: &mut DbConn, subjects: &[&Group]) -> Result<HashMap<Group, UserId>> {
    Ok(store::list_by_subjects(conn, subjects)?.into_iter().collect())
}

/// People whose name has this part, best first; or the one with exactly this user ID.
pub fn search(conn: &mut DbConn, query: &model::PeopleQuery, me: UserId) -> Result<Vec<Person>> {
    let found = match query {
        model::PeopleQuery::Id(id) => store::find(conn, *id)?.into_iter().collect(),
        model::PeopleQuery::Email(email) => store::find_by_login(conn, email)?.into_iter().collect(),
        model::PeopleQuery::Name(part) => store::search(conn, part, MOST_FOUND + 1)?,
    };
    let others = found.into_iter().filter(|account| account.user_id != me);
    let mut people: Vec<Person> = others.map(|account| account.person()).collect();
    if let model::PeopleQuery::Name(part) = query {
        people.sort_by_key(|person| model::rank(person, part));
    }
    people.truncate(MOST_FOUND as usize);
    Ok(people)
}

/// A new sign-in of this account, if its password is still the one that was checked: a sign-in that was on its way while
/// the password changed does not get in.
pub fn sign_in(
    conn: &mut DbConn,
    account: &Account,
    sign: &Sign,
    limits: &config::Accounts,
    clock: &Clock,
) -> Result<()> {
    check_unchanged(conn, account)?;
    let (id, end) = (clock.row_id(), clock.now() + model::end_of(limits));
    Ok(store::insert_session(
        conn,
        id,
        account.user_id,
        sign,
        clock.now(),
        end,
    )?)
}

/// Holds the person's row, and refuses if the password is another one than `account` has.
fn check_unchanged(conn: &mut DbConn, account: &Account) -> Result<()> {
    crate::platform::db::dialect::lock_person(conn, account.user_id)?;
    let now = get(conn, account.user_id)?;
    if now.password_hash == account.password_hash {
        Ok(())
    } else {
        Err(Problem::WrongLogin)
    }
}

/// Whether this sign-in has not ended.
pub fn session_exists(conn: &mut DbConn, session: i64) -> Result<bool> {
    Ok(store::session_exists(conn, session)?)
}

/// What must be closed once the sign-ins have ended.
#[derive(Default)]
pub struct Ended {
    pub sessions: Vec<i64>,
    pub relay_ids: Vec<RelayId>,
}

/// Ends one sign-in; gives back what must be closed.
pub fn end_session(conn: &mut DbConn, session: i64, clock: &Clock) -> Result<Ended> {
    end_sessions(conn, &[session], clock)
}

/// Ends all other sign-ins of the same person.
pub fn end_other_sessions(conn: &mut DbConn, me: &SignedIn, clock: &Clock) -> Result<Ended> {
    let others: Vec<i64> = store::list_sessions(conn, me.account.user_id)?
        .into_iter()
        .map(|session| session.id)
        .filter(|id| *id != me.session)
        .collect();
    end_sessions(conn, &others, clock)
}

/// Ends every sign-in whose time is over.
pub fn end_old_sessions(conn: &mut DbConn, limits: &config::Accounts, clock: &Clock) -> Result<Ended> {
    let idle_since = clock.now() - crate::platform::clock::millis(limits.session_idle);
    let old = store::list_old_sessions(conn, clock.now(), idle_since)?;
    end_sessions(conn, &old, clock)
}

fn end_sessions(conn: &mut DbConn, sessions: &[i64], clock: &Clock) -> Result<Ended> {
    let relay_ids = store::delete_sessions(conn, sessions)?;
    if !relay_ids.is_empty() {
        // Done at once by the door; the job is for a relay that does not answer just now.
        jobs::enqueue(
            conn,
            &Job::RevokeRelayIds {
                relay_ids: relay_ids.clone(),
            },
            clock,
        )?;
    }
    Ok(Ended {
        sessions: sessions.to_vec(),
        relay_ids,
    })
}

/// Name and settings; gives back the account as it is now. Others hear of a new name through a job.
pub fn update_profile(
    conn: &mut DbConn,
    me: UserId,
    name: Option<&names::DisplayName>,
    theme: Option<Theme>,
    clock: &Clock,
) -> Result<Account> {
    let rev = next_rev(conn, me)?;
    store::update_profile(
        conn,
        me,
        name.map(names::DisplayName::as_str),
        theme.map(model::theme_word),
        rev,
    )?;
    if name.is_some() {
        jobs::enqueue(conn, &Job::ProfileChanged { user: me }, clock)?;
    }
    get(conn, me)
}

/// A new hash in the place of the one that `account` has.
pub fn set_password(conn: &mut DbConn, account: &Account, hash: &str) -> Result<()> {
    check_unchanged(conn, account)?;
    Ok(store::update_password(conn, account.user_id, hash)?)
}

/// A new token for this sign-in, as after every change of what proves who somebody is. (SEC07)
pub fn renew_session(conn: &mut DbConn, me: &SignedIn, token_sha256: &str) -> Result<()> {
    Ok(store::update_token(conn, me.session, token_sha256)?)
}

/// Counts one change of what is this person's alone; holds their row until the transaction ends.
pub fn next_rev(conn: &mut DbConn, person: UserId) -> Result<i64> {
    let rev = crate::platform::db::dialect::lock_person(conn, person)? + 1;
    store::update_rev(conn, person, rev)?;
    Ok(rev)
}

/// Whether somebody is there, and since when not.
pub fn set_online(conn: &mut DbConn, people: &[UserId], online: bool, now: i64) -> Result<()> {
    Ok(store::update_online(conn, people, online, now)?)
}

/// Who counts as there.
pub fn list_online(conn: &mut DbConn) -> Result<Vec<UserId>> {
    Ok(store::list_online(conn)?)
}

/// Whether this sign-in still holds; moves its last use at most once a minute.
pub fn touch_session(conn: &mut DbConn, session: i64, now: i64) -> Result<()> {
    Ok(store::touch_session(conn, session, now)?)
}
