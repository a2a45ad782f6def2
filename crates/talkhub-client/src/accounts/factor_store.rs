//! Queries on second factors and recovery codes.

use crate::platform::db::DbConn;
use crate::platform::db::schema::{recovery_codes, second_factors};
use diesel::prelude::*;
use shared_protocol::UserId;

/// One row of `second_factors`.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Factor {
    /// Sealed.
    pub secret: String,
    pub begun_at: i64,
    pub confirmed_at: Option<i64>,
    pub last_step: i64,
}

pub(super) fn find(conn: &mut DbConn, user: UserId) -> QueryResult<Option<Factor>> {
    second_factors::table
        .find(user)
        .select((
            second_factors::secret,
            second_factors::begun_at,
            second_factors::confirmed_at,
            second_factors::last_step,
        ))
        .first(conn)
        .optional()
}

pub(super) fn insert(conn: &mut DbConn, user: UserId, sealed: &str, now: i64) -> QueryResult<()> {
    let row = (
        second_factors::user_id.eq(user),
        second_factors::secret.eq(sealed),
        second_factors::begun_at.eq(now),
        second_factors::last_step.eq(0_i64),
    );
    diesel::insert_into(second_factors::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

pub(super) fn confirm(conn: &mut DbConn, user: UserId, now: i64) -> QueryResult<()> {
    diesel::update(second_factors::table.find(user))
        .set(second_factors::confirmed_at.eq(now))
        .execute(conn)
        .map(|_| ())
}

/// Whether no code of this step or a later one was used before.
pub(super) fn use_step(conn: &mut DbConn, user: UserId, step: i64) -> QueryResult<bool> {
    let unused = second_factors::table
        .find(user)
        .filter(second_factors::last_step.lt(step));
    diesel::update(unused)
        .set(second_factors::last_step.eq(step))
        .execute(conn)
        .map(|changed| changed == 1)
}

/// With its recovery codes.
pub(super) fn delete(conn: &mut DbConn, user: UserId) -> QueryResult<()> {
    delete_codes(conn, user)?;
    diesel::delete(second_factors::table.find(user))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn delete_codes(conn: &mut DbConn, user: UserId) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user)))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn insert_codes(conn: &mut DbConn, user: UserId, digests: &[String]) -> QueryResult<()> {
    for digest in digests {
        let row = (
            recovery_codes::user_id.eq(user),
            recovery_codes::code_sha256.eq(digest),
        );
        diesel::insert_into(recovery_codes::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

/// Whether it was there: each is good for one use.
pub(super) fn use_code(conn: &mut DbConn, user: UserId, digest: &str) -> QueryResult<bool> {
    diesel::delete(recovery_codes::table.find((user, digest)))
        .execute(conn)
        .map(|deleted| deleted == 1)
}

pub(super) fn count_codes(conn: &mut DbConn, user: UserId) -> QueryResult<i64> {
    recovery_codes::table
        .filter(recovery_codes::user_id.eq(user))
        .count()
        .get_result(conn)
}
