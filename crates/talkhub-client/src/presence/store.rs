//! Queries on connections.

use super::model::{Connection, NewConnection, join_origins, split_origins};
use crate::platform::db::DbConn;
use crate::platform::db::schema::{idle_connections as i, online as o};
use diesel::prelude::*;
use shared_protocol::{RelayId, UserId};

/// How many relay IDs one statement names.
const CHUNK: usize = 500;

type Row = (RelayId, UserId, String, String);

fn to_connection((relay_id, user, token_sha256, origins): Row) -> Connection {
    Connection {
        relay_id,
        user,
        token_sha256,
        origins: split_origins(&origins),
    }
}

pub(super) fn insert(conn: &mut DbConn, new: &NewConnection) -> QueryResult<()> {
    let row = (
        o::relay_id.eq(&new.connection.relay_id),
        o::user_id.eq(new.connection.user),
        o::session_id.eq(new.session),
        o::token_sha256.eq(&new.connection.token_sha256),
        o::origins.eq(join_origins(&new.connection.origins)),
        o::device.eq(&new.device),
        o::boot_id.eq(""),
        o::lease_end.eq(new.lease_end),
        o::created_at.eq(new.now),
    );
    diesel::insert_into(o::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

pub(super) fn update_boot(
    conn: &mut DbConn,
    relay_ids: &[RelayId],
    boot_id: &str,
    lease_end: i64,
) -> QueryResult<()> {
    for chunk in relay_ids.chunks(CHUNK) {
        let rows = o::table.filter(o::relay_id.eq_any(chunk));
        diesel::update(rows)
            .set((o::boot_id.eq(boot_id), o::lease_end.eq(lease_end)))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn list_owners(conn: &mut DbConn, relay_ids: &[&RelayId]) -> QueryResult<Vec<(RelayId, UserId)>> {
    o::table
        .filter(o::relay_id.eq_any(relay_ids))
        .select((o::relay_id, o::user_id))
        .load(conn)
}

pub(super) fn find_owner(conn: &mut DbConn, relay_id: &RelayId) -> QueryResult<Option<UserId>> {
    o::table.find(relay_id).select(o::user_id).first(conn).optional()
}

/// Which of these nobody uses just now.
pub(super) fn list_idle(conn: &mut DbConn, relay_ids: &[RelayId]) -> QueryResult<Vec<RelayId>> {
    i::table
        .filter(i::relay_id.eq_any(relay_ids))
        .select(i::relay_id)
        .load(conn)
}

pub(super) fn set_idle(conn: &mut DbConn, relay_id: &RelayId, idle: bool) -> QueryResult<()> {
    diesel::delete(i::table.find(relay_id)).execute(conn)?;
    if idle {
        diesel::insert_into(i::table)
            .values(i::relay_id.eq(relay_id))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn list_relay_ids(conn: &mut DbConn, people: &[UserId]) -> QueryResult<Vec<RelayId>> {
    o::table
        .filter(o::user_id.eq_any(people))
        .select(o::relay_id)
        .load(conn)
}

/// All of them, in order, a part at a time.
pub(super) fn list_part(conn: &mut DbConn, after: &str, limit: i64) -> QueryResult<Vec<Connection>> {
    let rows: Vec<Row> = o::table
        .filter(o::relay_id.gt(after))
        .order(o::relay_id)
        .limit(limit)
        .select((o::relay_id, o::user_id, o::token_sha256, o::origins))
        .load(conn)?;
    Ok(rows.into_iter().map(to_connection).collect())
}

pub(super) fn list_by_ids(conn: &mut DbConn, relay_ids: &[RelayId]) -> QueryResult<Vec<Connection>> {
    let mut found = Vec::with_capacity(relay_ids.len());
    for chunk in relay_ids.chunks(CHUNK) {
        let rows: Vec<Row> = o::table
            .filter(o::relay_id.eq_any(chunk))
            .select((o::relay_id, o::user_id, o::token_sha256, o::origins))
            .load(conn)?;
        found.extend(rows.into_iter().map(to_connection));
    }
    Ok(found)
}

pub(super) fn find(conn: &mut DbConn, relay_id: &RelayId) -> QueryResult<Option<Connection>> {
    let row: Option<Row> = o::table
        .find(relay_id)
        .select((o::relay_id, o::user_id, o::token_sha256, o::origins))
        .first(conn)
        .optional()?;
    Ok(row.map(to_connection))
}

/// These have a live socket.
pub(super) fn mark_present(conn: &mut DbConn, relay_ids: &[RelayId], now: i64) -> QueryResult<()> {
    for chunk in relay_ids.chunks(CHUNK) {
        let rows = o::table.filter(o::relay_id.eq_any(chunk));
        diesel::update(rows)
            .set(o::last_heartbeat.eq(now))
            .execute(conn)?;
        let fresh = o::table
            .filter(o::relay_id.eq_any(chunk))
            .filter(o::connected_at.is_null());
        diesel::update(fresh).set(o::connected_at.eq(now)).execute(conn)?;
    }
    Ok(())
}

/// These have lost their socket.
pub(super) fn mark_absent(conn: &mut DbConn, relay_ids: &[RelayId], now: i64) -> QueryResult<()> {
    let none: Option<i64> = None;
    for chunk in relay_ids.chunks(CHUNK) {
        diesel::update(o::table.filter(o::relay_id.eq_any(chunk)))
            .set((o::connected_at.eq(none), o::last_heartbeat.eq(now)))
            .execute(conn)?;
    }
    Ok(())
}

/// Those that this boot of the relay knew, that are not among `present`, and that are not so young that they may be on
/// their way.
pub(super) fn list_gone(
    conn: &mut DbConn,
    boot_id: &str,
    present: &std::collections::HashSet<RelayId>,
    young_since: i64,
) -> QueryResult<Vec<RelayId>> {
    let rows = o::table
        .filter(o::boot_id.eq(boot_id))
        .filter(o::created_at.lt(young_since));
    let known: Vec<RelayId> = rows.select(o::relay_id).load(conn)?;
    Ok(known
        .into_iter()
        .filter(|relay_id| !present.contains(relay_id))
        .collect())
}

/// Those without a sign of life since `since`, and those whose lease is over. What lies beyond `future` was written before
/// the wall clock was set back: it says nothing.
pub(super) fn list_silent(conn: &mut DbConn, since: i64, now: i64, future: i64) -> QueryResult<Vec<RelayId>> {
    let never = o::last_heartbeat
        .is_null()
        .and(o::created_at.lt(since).or(o::created_at.gt(future)));
    let over = o::lease_end.lt(now).or(o::lease_end.gt(future));
    let silent = o::last_heartbeat
        .lt(since)
        .or(o::last_heartbeat.gt(future))
        .or(over.nullable());
    o::table
        .filter(silent.or(never.nullable()))
        .limit(5000)
        .select(o::relay_id)
        .load(conn)
}

pub(super) fn delete(conn: &mut DbConn, relay_ids: &[RelayId]) -> QueryResult<()> {
    for chunk in relay_ids.chunks(CHUNK) {
        diesel::delete(o::table.filter(o::relay_id.eq_any(chunk))).execute(conn)?;
    }
    Ok(())
}
