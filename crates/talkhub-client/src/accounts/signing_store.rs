//! Queries on what a sign-in needs besides itself: refresh tokens, and sign-ins that wait for their second step.

use super::model::Account;
use crate::platform::db::DbConn;
use crate::platform::db::schema::{
    privacy, profiles, refresh_tokens, sessions, sign_in_steps, statuses, users,
};
use diesel::prelude::*;
use shared_protocol::UserId;

/// The sign-in with this id, if it has not ended: its last use, whether it is kept, and its person.
pub(super) fn find_session(
    conn: &mut DbConn,
    id: i64,
    now: i64,
    idle_since: i64,
) -> QueryResult<Option<(i64, bool, Account)>> {
    sessions::table
        .inner_join(users::table.on(users::userid.eq(sessions::user_id)))
        .left_join(profiles::table.on(profiles::user_id.eq(users::userid)))
        .left_join(statuses::table.on(statuses::user_id.eq(users::userid)))
        .left_join(privacy::table.on(privacy::user_id.eq(users::userid)))
        .filter(sessions::id.eq(id))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_used_at.gt(idle_since))
        .select((sessions::last_used_at, sessions::keep, Account::as_select()))
        .first(conn)
        .optional()
}

pub(super) fn insert_refresh_token(
    conn: &mut DbConn,
    token_sha256: &str,
    session: i64,
    now: i64,
) -> QueryResult<()> {
    let row = (
        refresh_tokens::token_sha256.eq(token_sha256),
        refresh_tokens::session_id.eq(session),
        refresh_tokens::created_at.eq(now),
    );
    diesel::insert_into(refresh_tokens::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

/// The sign-in that this token belongs or belonged to.
pub(super) fn find_refresh_token(conn: &mut DbConn, token_sha256: &str) -> QueryResult<Option<i64>> {
    refresh_tokens::table
        .find(token_sha256)
        .select(refresh_tokens::session_id)
        .first(conn)
        .optional()
}

/// Whether it was still good: it is not from now on.
pub(super) fn spend_refresh_token(conn: &mut DbConn, token_sha256: &str, now: i64) -> QueryResult<bool> {
    let unspent = refresh_tokens::table
        .find(token_sha256)
        .filter(refresh_tokens::spent_at.is_null());
    diesel::update(unspent)
        .set(refresh_tokens::spent_at.eq(now))
        .execute(conn)
        .map(|changed| changed == 1)
}

pub(super) fn delete_spent(conn: &mut DbConn, session: i64, before: i64) -> QueryResult<()> {
    let old = refresh_tokens::table
        .filter(refresh_tokens::session_id.eq(session))
        .filter(refresh_tokens::spent_at.lt(before));
    diesel::delete(old).execute(conn).map(|_| ())
}

/// Which sign-ins of this person hold tokens.
pub(super) fn list_programs(conn: &mut DbConn, user: UserId) -> QueryResult<Vec<i64>> {
    refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(sessions::user_id.eq(user))
        .select(refresh_tokens::session_id)
        .distinct()
        .load(conn)
}

pub(super) fn insert_step(
    conn: &mut DbConn,
    token_sha256: &str,
    user: UserId,
    keep: bool,
    expires_at: i64,
) -> QueryResult<()> {
    let row = (
        sign_in_steps::token_sha256.eq(token_sha256),
        sign_in_steps::user_id.eq(user),
        sign_in_steps::keep.eq(keep),
        sign_in_steps::expires_at.eq(expires_at),
    );
    diesel::insert_into(sign_in_steps::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

/// Who waits with this token, and whether the sign-in is to be kept.
pub(super) fn find_step(
    conn: &mut DbConn,
    token_sha256: &str,
    now: i64,
) -> QueryResult<Option<(bool, Account)>> {
    sign_in_steps::table
        .inner_join(users::table.on(users::userid.eq(sign_in_steps::user_id)))
        .left_join(profiles::table.on(profiles::user_id.eq(users::userid)))
        .left_join(statuses::table.on(statuses::user_id.eq(users::userid)))
        .left_join(privacy::table.on(privacy::user_id.eq(users::userid)))
        .filter(sign_in_steps::token_sha256.eq(token_sha256))
        .filter(sign_in_steps::expires_at.gt(now))
        .select((sign_in_steps::keep, Account::as_select()))
        .first(conn)
        .optional()
}

/// Whether it was there: each step is taken once.
pub(super) fn delete_step(conn: &mut DbConn, token_sha256: &str) -> QueryResult<bool> {
    diesel::delete(sign_in_steps::table.find(token_sha256))
        .execute(conn)
        .map(|deleted| deleted == 1)
}

pub(super) fn delete_steps_of(conn: &mut DbConn, user: UserId) -> QueryResult<()> {
    diesel::delete(sign_in_steps::table.filter(sign_in_steps::user_id.eq(user)))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn delete_old_steps(conn: &mut DbConn, now: i64) -> QueryResult<()> {
    diesel::delete(sign_in_steps::table.filter(sign_in_steps::expires_at.le(now)))
        .execute(conn)
        .map(|_| ())
}
