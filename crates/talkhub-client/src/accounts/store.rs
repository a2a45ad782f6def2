//! Queries on people and their sign-ins.

pub(super) mod changes;
pub(super) mod links;

use super::model::{Account, NewAccount, Session, Sign, search_text};
use super::names::username_key;
use super::online::StatusRow;
use crate::platform::db::DbConn;
use crate::platform::db::schema::{online, privacy, profiles, refresh_tokens, sessions, statuses, users};
use crate::platform::hashing;
use diesel::prelude::*;
use shared_protocol::{Group, RelayId, UserId};

/// A last use is written at most so often (milliseconds).
const TOUCH: i64 = 60_000;

/// Accounts with what they show of themselves, for `Account::as_select`.
#[diesel::dsl::auto_type]
fn accounts() -> _ {
    users::table
        .left_join(profiles::table.on(profiles::user_id.eq(users::userid)))
        .left_join(statuses::table.on(statuses::user_id.eq(users::userid)))
        .left_join(privacy::table.on(privacy::user_id.eq(users::userid)))
}

pub(super) fn find(conn: &mut DbConn, id: UserId) -> QueryResult<Option<Account>> {
    accounts()
        .filter(users::userid.eq(id))
        .select(Account::as_select())
        .first(conn)
        .optional()
}

pub(super) fn list(conn: &mut DbConn, ids: &[UserId]) -> QueryResult<Vec<Account>> {
    accounts()
        .filter(users::userid.eq_any(ids))
        .select(Account::as_select())
        .load(conn)
}

pub(super) fn list_by_subjects(conn: &mut DbConn, subjects: &[&Group]) -> QueryResult<Vec<(Group, UserId)>> {
    users::table
        .filter(users::relay_group.eq_any(subjects))
        .select((users::relay_group, users::userid))
        .load(conn)
}

pub(super) fn any_exist(conn: &mut DbConn) -> QueryResult<bool> {
    let first: Option<i64> = users::table.select(users::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// How many accounts there are whose people have not left.
pub(super) fn count(conn: &mut DbConn) -> QueryResult<i64> {
    users::table
        .filter(users::password_hash.ne(""))
        .count()
        .get_result(conn)
}

/// A user ID if it reads as one, an e-mail address if it has an `@`, else a username.
pub(super) fn find_by_login(conn: &mut DbConn, name: &str) -> QueryResult<Option<Account>> {
    let name = name.trim();
    if let Ok(id) = name.parse::<UserId>() {
        return find(conn, id);
    }
    if name.contains('@') {
        let address = name.to_lowercase();
        return accounts()
            .filter(users::email.eq(address))
            .select(Account::as_select())
            .first(conn)
            .optional();
    }
    let key = username_key(name);
    accounts()
        .filter(users::username_key.eq(key))
        .select(Account::as_select())
        .first(conn)
        .optional()
}

pub(super) fn username_exists(conn: &mut DbConn, key: &str) -> QueryResult<bool> {
    let found: Option<i64> = users::table
        .filter(users::username_key.eq(key))
        .select(users::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

pub(super) fn email_exists(conn: &mut DbConn, email: &str) -> QueryResult<bool> {
    let found: Option<i64> = users::table
        .filter(users::email.eq(email))
        .select(users::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

pub(super) fn insert(conn: &mut DbConn, new: &NewAccount) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values(new)
        .execute(conn)
        .map(|_| ())
}

/// `part` is folded, as the column is.
pub(super) fn search(
    conn: &mut DbConn,
    part: &str,
    hidden: &[UserId],
    most: i64,
) -> QueryResult<Vec<Account>> {
    let pattern: String = part
        .chars()
        .flat_map(|letter| {
            matches!(letter, '%' | '_' | '!')
                .then_some('!')
                .into_iter()
                .chain([letter])
        })
        .collect();
    accounts()
        .filter(users::search_text.like(format!("%{pattern}%")).escape('!'))
        .filter(users::userid.ne_all(hidden))
        .order(users::username)
        .limit(most)
        .select(Account::as_select())
        .load(conn)
}

pub(super) fn update_profile(
    conn: &mut DbConn,
    id: UserId,
    name: Option<&str>,
    theme: Option<&str>,
) -> QueryResult<()> {
    let row = users::table.filter(users::userid.eq(id));
    if let Some(name) = name {
        let username: String = row.select(users::username).first(conn)?;
        let names = (
            users::display_name.eq(name),
            users::search_text.eq(search_text(&username, name)),
        );
        diesel::update(row).set(names).execute(conn)?;
    }
    if let Some(theme) = theme {
        diesel::update(row).set(users::theme.eq(theme)).execute(conn)?;
    }
    Ok(())
}

pub(super) fn update_rev(conn: &mut DbConn, id: UserId, rev: i64) -> QueryResult<()> {
    diesel::update(users::table.filter(users::userid.eq(id)))
        .set(users::rev.eq(rev))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn update_password(conn: &mut DbConn, id: UserId, hash: &str) -> QueryResult<()> {
    let new = (
        users::password_hash.eq(hash),
        users::password_scheme.eq(hashing::SCHEME),
    );
    diesel::update(users::table.filter(users::userid.eq(id)))
        .set(new)
        .execute(conn)
        .map(|_| ())
}

/// Whoever has left is seen nowhere any more: a connection that is just being closed does not bring them back.
pub(super) fn update_online(conn: &mut DbConn, ids: &[UserId], is_online: bool) -> QueryResult<()> {
    let living = users::table
        .filter(users::userid.eq_any(ids))
        .filter(users::password_hash.ne(""));
    diesel::update(living)
        .set(users::is_online.eq(is_online))
        .execute(conn)
        .map(|_| ())
}

/// The same holds here.
pub(super) fn update_last_seen(conn: &mut DbConn, ids: &[UserId], now: i64) -> QueryResult<()> {
    let living = users::table
        .filter(users::userid.eq_any(ids))
        .filter(users::password_hash.ne(""));
    diesel::update(living)
        .set(users::last_seen.eq(now))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn touch_online(conn: &mut DbConn, ids: &[UserId], now: i64) -> QueryResult<()> {
    let shown = users::table
        .filter(users::userid.eq_any(ids))
        .filter(users::is_online.eq(true));
    diesel::update(shown)
        .set(users::last_seen.eq(now))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn list_online(conn: &mut DbConn) -> QueryResult<Vec<(UserId, Option<StatusRow>)>> {
    accounts()
        .filter(users::is_online.eq(true))
        .select((users::userid, Option::<StatusRow>::as_select()))
        .load(conn)
}

pub(super) fn delete_statuses(conn: &mut DbConn, ids: &[UserId]) -> QueryResult<()> {
    diesel::delete(statuses::table.filter(statuses::user_id.eq_any(ids)))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn insert_status(conn: &mut DbConn, id: UserId, status: &str) -> QueryResult<()> {
    diesel::insert_into(statuses::table)
        .values((statuses::user_id.eq(id), statuses::status.eq(status)))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn insert_session(
    conn: &mut DbConn,
    id: i64,
    user: UserId,
    sign: &Sign,
    now: i64,
    end: i64,
) -> QueryResult<()> {
    let row = (
        sessions::id.eq(id),
        sessions::token_sha256.eq(&sign.token_sha256),
        sessions::user_id.eq(user),
        sessions::device.eq(&sign.device),
        sessions::address.eq(&sign.address),
        sessions::keep.eq(sign.keep),
        sessions::created_at.eq(now),
        sessions::last_used_at.eq(now),
        sessions::expires_at.eq(end),
    );
    diesel::insert_into(sessions::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

/// The sign-in with this token, if it has not ended: its id, its last use, whether it is kept, and its person.
pub(super) fn find_session(
    conn: &mut DbConn,
    token_sha256: &str,
    now: i64,
    idle_since: i64,
) -> QueryResult<Option<(i64, i64, bool, Account)>> {
    sessions::table
        .inner_join(users::table.on(users::userid.eq(sessions::user_id)))
        .left_join(profiles::table.on(profiles::user_id.eq(users::userid)))
        .left_join(statuses::table.on(statuses::user_id.eq(users::userid)))
        .left_join(privacy::table.on(privacy::user_id.eq(users::userid)))
        .filter(sessions::token_sha256.eq(token_sha256))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_used_at.gt(idle_since))
        .select((
            sessions::id,
            sessions::last_used_at,
            sessions::keep,
            Account::as_select(),
        ))
        .first(conn)
        .optional()
}

pub(super) fn touch_session(conn: &mut DbConn, id: i64, now: i64) -> QueryResult<()> {
    let row = sessions::table
        .filter(sessions::id.eq(id))
        .filter(sessions::last_used_at.lt(now - TOUCH));
    diesel::update(row)
        .set(sessions::last_used_at.eq(now))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn list_session_ids(conn: &mut DbConn, user: UserId) -> QueryResult<Vec<i64>> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .select(sessions::id)
        .load(conn)
}

/// Those that have not ended, last used first.
pub(super) fn list_sessions(
    conn: &mut DbConn,
    user: UserId,
    now: i64,
    idle_since: i64,
) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_used_at.gt(idle_since))
        .order(sessions::last_used_at.desc())
        .select((
            sessions::id,
            sessions::device,
            sessions::address,
            sessions::created_at,
            sessions::last_used_at,
        ))
        .load(conn)
}

pub(super) fn list_old_sessions(conn: &mut DbConn, now: i64, idle_since: i64) -> QueryResult<Vec<i64>> {
    let over = sessions::expires_at
        .le(now)
        .or(sessions::last_used_at.le(idle_since));
    sessions::table
        .filter(over)
        .limit(500)
        .select(sessions::id)
        .load(conn)
}

/// Sign-ins of this person beyond `most`: those that were used the longest ago.
pub(super) fn list_surplus_sessions(conn: &mut DbConn, user: UserId, most: i64) -> QueryResult<Vec<i64>> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .order((sessions::last_used_at.desc(), sessions::id.desc()))
        .offset(most)
        .limit(500)
        .select(sessions::id)
        .load(conn)
}

/// With their connections, whose relay IDs are given back, and their tokens.
pub(super) fn delete_sessions(conn: &mut DbConn, ids: &[i64]) -> QueryResult<Vec<RelayId>> {
    let mut relay_ids = Vec::new();
    // However many somebody has: a statement takes only so many values.
    for ids in ids.chunks(500) {
        let of_these = online::table.filter(online::session_id.eq_any(ids));
        relay_ids.extend(of_these.select(online::relay_id).load::<RelayId>(conn)?);
        diesel::delete(online::table.filter(online::session_id.eq_any(ids))).execute(conn)?;
        diesel::delete(refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(ids))).execute(conn)?;
        diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(conn)?;
    }
    Ok(relay_ids)
}

/// A new token for the same sign-in; the old one is worth nothing from now on.
pub(super) fn update_token(conn: &mut DbConn, id: i64, token_sha256: &str) -> QueryResult<()> {
    diesel::update(sessions::table.find(id))
        .set(sessions::token_sha256.eq(token_sha256))
        .execute(conn)
        .map(|_| ())
}

/// Whose sign-in this is.
pub(super) fn find_owner(conn: &mut DbConn, session: i64) -> QueryResult<Option<UserId>> {
    sessions::table
        .find(session)
        .select(sessions::user_id)
        .first(conn)
        .optional()
}

pub(super) fn session_exists(conn: &mut DbConn, id: i64) -> QueryResult<bool> {
    let found: Option<i64> = sessions::table
        .find(id)
        .select(sessions::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}
