//! Queries for another address, and for an account whose person leaves.

use crate::platform::db::DbConn;
use crate::platform::db::schema::{administrators, users};
use diesel::prelude::*;
use shared_protocol::UserId;

pub(in crate::accounts) fn update_email(conn: &mut DbConn, id: UserId, email: &str) -> QueryResult<()> {
    diesel::update(users::table.filter(users::userid.eq(id)))
        .set(users::email.eq(email))
        .execute(conn)
        .map(|_| ())
}

/// The row stays, so that the ID is never given to anybody else and old messages have a sender; all else goes.
pub(in crate::accounts) fn empty(conn: &mut DbConn, id: UserId, name: &str, rev: i64) -> QueryResult<()> {
    // No username and no address can look like this.
    let nobody = format!("deleted:{id}");
    let emptied = (
        users::username.eq(&nobody),
        users::username_key.eq(&nobody),
        users::email.eq(&nobody),
        users::password_hash.eq(""),
        users::display_name.eq(name),
        users::search_text.eq(""),
        users::is_online.eq(false),
        users::last_seen.eq(None::<i64>),
        users::profile_rev.eq(rev),
    );
    diesel::update(users::table.filter(users::userid.eq(id)))
        .set(emptied)
        .execute(conn)
        .map(|_| ())
}

pub(in crate::accounts) fn list_administrators(conn: &mut DbConn) -> QueryResult<Vec<UserId>> {
    administrators::table.select(administrators::user_id).load(conn)
}

pub(in crate::accounts) fn is_administrator(conn: &mut DbConn, id: UserId) -> QueryResult<bool> {
    let found: Option<UserId> = administrators::table
        .find(id)
        .select(administrators::user_id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

pub(in crate::accounts) fn insert_administrator(conn: &mut DbConn, id: UserId, now: i64) -> QueryResult<()> {
    diesel::insert_into(administrators::table)
        .values((administrators::user_id.eq(id), administrators::since.eq(now)))
        .execute(conn)
        .map(|_| ())
}

pub(in crate::accounts) fn delete_administrator(conn: &mut DbConn, id: UserId) -> QueryResult<()> {
    diesel::delete(administrators::table.find(id))
        .execute(conn)
        .map(|_| ())
}
