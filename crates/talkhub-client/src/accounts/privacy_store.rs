//! Queries on who may see and do what.

use super::privacy::PrivacyRow;
use crate::platform::db::DbConn;
use crate::platform::db::schema::privacy;
use diesel::prelude::*;
use shared_protocol::UserId;

/// The caller holds the person's row: nobody else inserts this one at the same moment.
pub(super) fn save(conn: &mut DbConn, user: UserId, row: &PrivacyRow) -> QueryResult<()> {
    let found: Option<UserId> = privacy::table
        .find(user)
        .select(privacy::user_id)
        .first(conn)
        .optional()?;
    match found {
        Some(_) => diesel::update(privacy::table.find(user)).set(row).execute(conn)?,
        None => diesel::insert_into(privacy::table)
            .values((privacy::user_id.eq(user), row))
            .execute(conn)?,
    };
    Ok(())
}

pub(super) fn list(conn: &mut DbConn, people: &[UserId]) -> QueryResult<Vec<(UserId, PrivacyRow)>> {
    privacy::table
        .filter(privacy::user_id.eq_any(people))
        .select((privacy::user_id, PrivacyRow::as_select()))
        .load(conn)
}
