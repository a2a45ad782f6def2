//! Queries on contacts, requests, blocks, and which of it changed when.

use super::model::{Note, Pair, Request};
use crate::platform::db::DbConn;
use crate::platform::db::schema::{blocks as b, contact_requests as q, contacts as c, relations as r};
use diesel::prelude::*;
use shared_protocol::{RequestId, UserId};
use std::collections::HashSet;

type Columns = (
    q::id,
    q::sender,
    q::addressee,
    q::note,
    q::is_silent,
    q::created_at,
);
const COLUMNS: Columns = (
    q::id,
    q::sender,
    q::addressee,
    q::note,
    q::is_silent,
    q::created_at,
);

/// With the time since when they are contacts.
pub(super) fn list_contacts(conn: &mut DbConn, me: UserId) -> QueryResult<Vec<(UserId, i64)>> {
    c::table
        .filter(c::user_id.eq(me))
        .select((c::contact_id, c::since))
        .load(conn)
}

/// Which of `people` are contacts of `me`, and since when.
pub(super) fn list_contacts_among(
    conn: &mut DbConn,
    me: UserId,
    people: &[UserId],
) -> QueryResult<Vec<(UserId, i64)>> {
    c::table
        .filter(c::user_id.eq(me))
        .filter(c::contact_id.eq_any(people))
        .select((c::contact_id, c::since))
        .load(conn)
}

/// Which of `others` are contacts of which of these people: (person, contact). One question for a whole batch.
pub(super) fn list_contacts_between(
    conn: &mut DbConn,
    people: &HashSet<UserId>,
    others: &[UserId],
) -> QueryResult<HashSet<(UserId, UserId)>> {
    if people.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<(UserId, UserId)> = c::table
        .filter(c::user_id.eq_any(people))
        .filter(c::contact_id.eq_any(others))
        .select((c::user_id, c::contact_id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The contacts of all these people: (person, contact).
pub(super) fn list_contacts_of(conn: &mut DbConn, people: &[UserId]) -> QueryResult<Vec<(UserId, UserId)>> {
    c::table
        .filter(c::user_id.eq_any(people))
        .select((c::user_id, c::contact_id))
        .load(conn)
}

/// Both rows of a pair.
pub(super) fn insert_contacts(conn: &mut DbConn, pair: Pair, now: i64) -> QueryResult<()> {
    for me in pair.people() {
        let row = (
            c::user_id.eq(me),
            c::contact_id.eq(pair.other(me)),
            c::since.eq(now),
        );
        diesel::insert_into(c::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Whether there was anything to delete.
pub(super) fn delete_contacts(conn: &mut DbConn, pair: Pair) -> QueryResult<bool> {
    let mut deleted = 0;
    for me in pair.people() {
        let row = c::table.find((me, pair.other(me)));
        deleted += diesel::delete(row).execute(conn)?;
    }
    Ok(0 < deleted)
}

pub(super) fn find_request(conn: &mut DbConn, id: RequestId) -> QueryResult<Option<Request>> {
    q::table.find(id).select(COLUMNS).first(conn).optional()
}

pub(super) fn find_request_between(conn: &mut DbConn, pair: Pair) -> QueryResult<Option<Request>> {
    q::table
        .filter(q::pair_key.eq(pair.key()))
        .select(COLUMNS)
        .first(conn)
        .optional()
}

/// Requests between `me` and others, silent ones too.
pub(super) fn list_requests_between(conn: &mut DbConn, pairs: &[Pair]) -> QueryResult<Vec<Request>> {
    let keys: Vec<String> = pairs.iter().map(|pair| pair.key()).collect();
    q::table
        .filter(q::pair_key.eq_any(keys))
        .select(COLUMNS)
        .load(conn)
}

/// All of them, silent ones too.
pub(super) fn list_requests_of(conn: &mut DbConn, person: UserId) -> QueryResult<Vec<Request>> {
    q::table
        .filter(q::sender.eq(person).or(q::addressee.eq(person)))
        .select(COLUMNS)
        .load(conn)
}

/// What `me` sees, newest first.
pub(super) fn list_requests(conn: &mut DbConn, me: UserId) -> QueryResult<Vec<Request>> {
    let incoming = q::addressee.eq(me).and(q::is_silent.eq(false));
    q::table
        .filter(q::sender.eq(me).or(incoming))
        .order(q::id.desc())
        .select(COLUMNS)
        .load(conn)
}

pub(super) fn insert_request(conn: &mut DbConn, request: &Request, note: &Note) -> QueryResult<()> {
    let row = (
        q::id.eq(request.id),
        q::pair_key.eq(request.pair().key()),
        q::sender.eq(request.sender),
        q::addressee.eq(request.addressee),
        q::note.eq(note.as_str()),
        q::is_silent.eq(request.is_silent),
        q::created_at.eq(request.at),
    );
    diesel::insert_into(q::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

pub(super) fn silence_request(conn: &mut DbConn, id: RequestId) -> QueryResult<()> {
    diesel::update(q::table.find(id))
        .set(q::is_silent.eq(true))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn delete_request(conn: &mut DbConn, id: RequestId) -> QueryResult<()> {
    diesel::delete(q::table.find(id)).execute(conn).map(|_| ())
}

/// Blocks within these pairs: (who, whom). One question for a whole batch.
pub(super) fn list_blocks_between(conn: &mut DbConn, pairs: &[Pair]) -> QueryResult<Vec<(UserId, UserId)>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<String> = pairs.iter().map(|pair| pair.key()).collect();
    b::table
        .filter(b::pair_key.eq_any(keys))
        .select((b::user_id, b::blocked_id))
        .load(conn)
}

/// Blocks that these people have made, and those that others have made of them: (who, whom).
pub(super) fn list_blocks_of(conn: &mut DbConn, people: &[UserId]) -> QueryResult<Vec<(UserId, UserId)>> {
    b::table
        .filter(b::user_id.eq_any(people).or(b::blocked_id.eq_any(people)))
        .select((b::user_id, b::blocked_id))
        .load(conn)
}

/// Whom `me` has blocked, and since when.
pub(super) fn list_blocks(conn: &mut DbConn, me: UserId) -> QueryResult<Vec<(UserId, i64)>> {
    b::table
        .filter(b::user_id.eq(me))
        .select((b::blocked_id, b::since))
        .load(conn)
}

/// Who has blocked one of these people: (who, whom).
pub(super) fn list_blockers(conn: &mut DbConn, people: &[UserId]) -> QueryResult<Vec<(UserId, UserId)>> {
    b::table
        .filter(b::blocked_id.eq_any(people))
        .select((b::user_id, b::blocked_id))
        .load(conn)
}

pub(super) fn insert_block(conn: &mut DbConn, me: UserId, other: UserId, now: i64) -> QueryResult<()> {
    let row = (
        b::user_id.eq(me),
        b::blocked_id.eq(other),
        b::pair_key.eq(Pair::of(me, other).key()),
        b::since.eq(now),
    );
    diesel::insert_into(b::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

/// Whether there was one.
pub(super) fn delete_block(conn: &mut DbConn, me: UserId, other: UserId) -> QueryResult<bool> {
    let deleted = diesel::delete(b::table.find((me, other))).execute(conn)?;
    Ok(0 < deleted)
}

/// The caller holds the person's row.
pub(super) fn save_change(conn: &mut DbConn, me: UserId, other: UserId, rev: i64) -> QueryResult<()> {
    let row = r::table.find((me, other));
    if diesel::update(row).set(r::rev.eq(rev)).execute(conn)? == 0 {
        let row = (r::user_id.eq(me), r::other_id.eq(other), r::rev.eq(rev));
        diesel::insert_into(r::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// What had changed for somebody who will not ask any more.
pub(super) fn delete_changes_of(conn: &mut DbConn, gone: UserId) -> QueryResult<()> {
    diesel::delete(r::table.filter(r::user_id.eq(gone)))
        .execute(conn)
        .map(|_| ())
}

/// With whom something has changed after `after`, oldest change first.
pub(super) fn list_changed(conn: &mut DbConn, me: UserId, after: i64) -> QueryResult<Vec<UserId>> {
    r::table
        .filter(r::user_id.eq(me))
        .filter(r::rev.gt(after))
        .order(r::rev)
        .select(r::other_id)
        .load(conn)
}
