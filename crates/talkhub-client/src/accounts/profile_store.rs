//! Queries on what people show of themselves.

use super::profile::ProfileRow;
use crate::platform::db::DbConn;
use crate::platform::db::schema::{profiles, users};
use diesel::prelude::*;
use shared_protocol::UserId;

/// The caller holds the person's row: nobody else inserts this one at the same moment.
pub(super) fn save(conn: &mut DbConn, user: UserId, row: &ProfileRow) -> QueryResult<()> {
    let found: Option<UserId> = profiles::table
        .find(user)
        .select(profiles::user_id)
        .first(conn)
        .optional()?;
    match found {
        Some(_) => diesel::update(profiles::table.find(user))
            .set(row)
            .execute(conn)?,
        None => diesel::insert_into(profiles::table)
            .values((profiles::user_id.eq(user), row))
            .execute(conn)?,
    };
    Ok(())
}

pub(super) fn find_by_avatar(conn: &mut DbConn, key: &str) -> QueryResult<Option<UserId>> {
    profiles::table
        .filter(profiles::avatar.eq(key))
        .select(profiles::user_id)
        .first(conn)
        .optional()
}

pub(super) fn list_choices(conn: &mut DbConn, people: &[UserId]) -> QueryResult<Vec<(UserId, String)>> {
    profiles::table
        .filter(profiles::user_id.eq_any(people))
        .select((profiles::user_id, profiles::presence))
        .load(conn)
}

pub(super) fn update_profile_rev(conn: &mut DbConn, id: UserId, rev: i64) -> QueryResult<()> {
    diesel::update(users::table.filter(users::userid.eq(id)))
        .set(users::profile_rev.eq(rev))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn delete(conn: &mut DbConn, user: UserId) -> QueryResult<()> {
    diesel::delete(profiles::table.find(user))
        .execute(conn)
        .map(|_| ())
}
