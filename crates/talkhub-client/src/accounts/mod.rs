//! Who somebody is: accounts, sign-ins, profiles, and finding people.

mod access;
pub mod activity;
pub mod avatar;
mod changes;
mod confirm;
pub mod devices;
pub mod email;
mod entering;
mod factor;
pub mod factor_http;
mod factor_store;
#[cfg(test)]
mod fuzz;
pub mod http;
mod known_device;
pub mod leaving;
pub mod links;
mod login;
mod losing;
pub mod mails;
mod model;
mod names;
pub mod online;
pub mod pages;
pub mod privacy;
pub mod privacy_http;
mod privacy_store;
pub mod profile;
mod profile_store;
mod proof;
pub mod reset;
pub mod security;
pub mod settings;
pub mod setup;
mod signed_in;
mod signing_store;
mod store;
mod time_codes;
pub mod tokens;

pub use changes::{
    ask_email, change_password, confirm_email, is_administrator, leave, make_administrator, make_reset_link,
    note_export, reset_password, set_email,
};
pub use confirm::confirm_password;
pub use entering::{save_refusals, sign_in};
pub use losing::{Lost, lose_factor};
pub use model::{Account, PeopleQuery, Registration, Sign};
pub use signed_in::SignedIn;

use crate::platform::audit::{Event, Source};
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::words::Said;
use model::NewAccount;
use shared_protocol::api::{Person, RegisterForm};
use shared_protocol::{Group, RelayId, UserId};
use std::collections::HashMap;

/// How many people a search looks through: some of them may not be found by everybody.
const MOST_FOUND: i64 = 200;

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

/// The account that this name (username, e-mail or user ID) belongs to, if its person has not left.
pub fn find_by_login(conn: &mut DbConn, name: &str) -> Result<Option<Account>> {
    Ok(store::find_by_login(conn, name)?.filter(|account| !account.is_deleted()))
}

/// The account with this user ID, if its person has not left.
pub fn find(conn: &mut DbConn, id: UserId) -> Result<Option<Account>> {
    Ok(store::find(conn, id)?.filter(|account| !account.is_deleted()))
}

/// The account with this user ID, which must exist; also of somebody who has left.
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

/// People whose name has this part, best first; or the one with exactly this user ID or address. None of `hidden`.
pub fn search(conn: &mut DbConn, query: &PeopleQuery, hidden: &[UserId]) -> Result<Vec<Person>> {
    let found = match query {
        PeopleQuery::Id(id) => find(conn, *id)?.into_iter().collect(),
        PeopleQuery::Email(email) => find_by_login(conn, email)?.into_iter().collect(),
        PeopleQuery::Name(part) => store::search(conn, part, hidden, MOST_FOUND)?,
    };
    let others = found
        .into_iter()
        .filter(|account| !hidden.contains(&account.user_id));
    let mut people: Vec<Person> = others.map(|account| account.person()).collect();
    if let PeopleQuery::Name(part) = query {
        people.sort_by_key(|person| model::rank(person, part));
    }
    Ok(people)
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

/// Holds the person's row until the transaction ends, and refuses if they have left meanwhile.
fn lock_living(conn: &mut DbConn, person: UserId) -> Result<()> {
    crate::platform::db::dialect::lock_person(conn, person)?;
    find(conn, person)?.map(|_| ()).ok_or(Problem::SignedOut)
}

/// What was proved a moment ago still holds: the password is the same, and the sign-in has not ended.
fn check_still(conn: &mut DbConn, me: &SignedIn) -> Result<()> {
    check_unchanged(conn, &me.account)?;
    match session_exists(conn, me.session)? {
        true => Ok(()),
        false => Err(Problem::SignedOut),
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

impl Ended {
    fn extend(&mut self, more: Self) {
        self.sessions.extend(more.sessions);
        self.relay_ids.extend(more.relay_ids);
    }
}

/// Ends one sign-in; gives back what must be closed.
pub fn end_session(conn: &mut DbConn, session: i64, clock: &Clock) -> Result<Ended> {
    end_sessions(conn, &[session], clock)
}

/// Ends this sign-in itself. One that has ended meanwhile is left as it is.
fn sign_out(conn: &mut DbConn, me: &SignedIn, source: &Source, clock: &Clock) -> Result<Ended> {
    if store::find_owner(conn, me.session)? == Some(me.user()) {
        let event = match me.program {
            true => Event::TokensEnded,
            false => Event::SignedOut,
        };
        changes::note(conn, event, me.user(), source, clock)?;
    }
    end_session(conn, me.session, clock)
}

/// Ends this sign-in if it is this person's own.
fn end_own_session(
    conn: &mut DbConn,
    person: UserId,
    session: i64,
    source: &Source,
    clock: &Clock,
) -> Result<Ended> {
    if store::find_owner(conn, session)? != Some(person) {
        return Err(Problem::Missing("session"));
    }
    changes::note(conn, Event::DeviceEnded, person, source, clock)?;
    end_session(conn, session, clock)
}

/// Ends all other sign-ins of the same person.
fn end_other_sessions(conn: &mut DbConn, me: &SignedIn, source: &Source, clock: &Clock) -> Result<Ended> {
    let mut others = store::list_session_ids(conn, me.user())?;
    others.retain(|id| *id != me.session);
    if !others.is_empty() {
        changes::note(conn, Event::OthersEnded, me.user(), source, clock)?;
    }
    end_sessions(conn, &others, clock)
}

/// Ends the sign-ins of this person's programs: their tokens are worth nothing from now on.
pub fn end_programs(conn: &mut DbConn, person: UserId, clock: &Clock) -> Result<Ended> {
    let programs = signing_store::list_programs(conn, person)?;
    end_sessions(conn, &programs, clock)
}

/// Ends every sign-in whose time is over, and every one that never came to its second step.
pub fn end_old_sessions(
    conn: &mut DbConn,
    limits: &crate::platform::config::Accounts,
    clock: &Clock,
) -> Result<Ended> {
    signing_store::delete_old_steps(conn, clock.now())?;
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

/// A new hash in the place of the one that `account` has. Sign-ins that wait for their second step begin again.
pub fn set_password(conn: &mut DbConn, account: &Account, hash: &str) -> Result<()> {
    check_unchanged(conn, account)?;
    signing_store::delete_steps_of(conn, account.user_id)?;
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

/// Whether this sign-in still holds; moves its last use at most once a minute.
pub fn touch_session(conn: &mut DbConn, session: i64, now: i64) -> Result<()> {
    Ok(store::touch_session(conn, session, now)?)
}
