//! Queries on links that prove something once.

use crate::accounts::model::links::{Link, NewLink, Purpose};
use crate::platform::db::DbConn;
use crate::platform::db::schema::links::dsl as l;
use diesel::prelude::*;
use shared_protocol::UserId;

type Columns = (
    l::id,
    l::user_id,
    l::new_email,
    l::old_email,
    l::state,
    l::created_at,
    l::expires_at,
);
const COLUMNS: Columns = (
    l::id,
    l::user_id,
    l::new_email,
    l::old_email,
    l::state,
    l::created_at,
    l::expires_at,
);

pub(in crate::accounts) fn insert(conn: &mut DbConn, new: &NewLink) -> QueryResult<()> {
    diesel::insert_into(l::links)
        .values(new)
        .execute(conn)
        .map(|_| ())
}

pub(in crate::accounts) fn find(conn: &mut DbConn, id: i64) -> QueryResult<Option<Link>> {
    l::links.find(id).select(COLUMNS).first(conn).optional()
}

pub(in crate::accounts) fn find_by_token(
    conn: &mut DbConn,
    purpose: Purpose,
    token_sha256: &str,
) -> QueryResult<Option<Link>> {
    l::links
        .filter(l::token_sha256.eq(token_sha256))
        .filter(l::purpose.eq(purpose.word()))
        .select(COLUMNS)
        .first(conn)
        .optional()
}

/// How many of this kind were made for this person since then.
pub(in crate::accounts) fn count(
    conn: &mut DbConn,
    user: UserId,
    purpose: Purpose,
    since: i64,
) -> QueryResult<i64> {
    l::links
        .filter(l::user_id.eq(user))
        .filter(l::purpose.eq(purpose.word()))
        .filter(l::created_at.gt(since))
        .count()
        .get_result(conn)
}

/// All open ones of this kind become `state`.
pub(in crate::accounts) fn update_open(
    conn: &mut DbConn,
    user: UserId,
    purpose: Purpose,
    state: &str,
) -> QueryResult<()> {
    let open = l::links
        .filter(l::user_id.eq(user))
        .filter(l::purpose.eq(purpose.word()))
        .filter(l::state.eq("open"));
    diesel::update(open)
        .set(l::state.eq(state))
        .execute(conn)
        .map(|_| ())
}

pub(in crate::accounts) fn update_state(conn: &mut DbConn, id: i64, state: &str) -> QueryResult<()> {
    diesel::update(l::links.find(id))
        .set(l::state.eq(state))
        .execute(conn)
        .map(|_| ())
}

pub(in crate::accounts) fn update_token(conn: &mut DbConn, id: i64, token_sha256: &str) -> QueryResult<()> {
    diesel::update(l::links.find(id))
        .set(l::token_sha256.eq(token_sha256))
        .execute(conn)
        .map(|_| ())
}

pub(in crate::accounts) fn delete(conn: &mut DbConn, id: i64) -> QueryResult<()> {
    diesel::delete(l::links.find(id)).execute(conn).map(|_| ())
}

pub(in crate::accounts) fn delete_of(conn: &mut DbConn, user: UserId) -> QueryResult<()> {
    diesel::delete(l::links.filter(l::user_id.eq(user)))
        .execute(conn)
        .map(|_| ())
}

/// Those that were over before `at`.
pub(in crate::accounts) fn delete_old(conn: &mut DbConn, at: i64) -> QueryResult<usize> {
    diesel::delete(l::links.filter(l::expires_at.lt(at))).execute(conn)
}
