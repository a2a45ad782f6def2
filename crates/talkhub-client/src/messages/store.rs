//! Queries on the history.

use super::model::{Edge, Row, Window};
use crate::platform::db::DbConn;
use crate::platform::db::schema::{conversations as c, messages as m, refusals as r};
use diesel::prelude::*;
use shared_protocol::{ConversationId, Group, MessageId, UserId};
use std::collections::HashSet;

type Columns = (
    m::conversation_id,
    m::seq,
    m::rev,
    m::id,
    m::sender,
    m::message_type,
    m::body,
    m::at,
    m::sent_at,
);
const COLUMNS: Columns = (
    m::conversation_id,
    m::seq,
    m::rev,
    m::id,
    m::sender,
    m::message_type,
    m::body,
    m::at,
    m::sent_at,
);

/// Whatever has one of these ids, by whomever, wherever.
pub(super) fn list_by_ids(conn: &mut DbConn, ids: &[MessageId]) -> QueryResult<Vec<Row>> {
    m::table.filter(m::id.eq_any(ids)).select(COLUMNS).load(conn)
}

/// In which conversation these ids are stored, or were refused for good.
pub(super) fn list_decided(conn: &mut DbConn, ids: &[MessageId]) -> QueryResult<HashSet<(Group, MessageId)>> {
    let stored: Vec<(Group, MessageId)> = m::table
        .inner_join(c::table.on(c::id.eq(m::conversation_id)))
        .filter(m::id.eq_any(ids))
        .select((c::relay_group, m::id))
        .load(conn)?;
    let refused: Vec<(Group, MessageId)> = r::table
        .inner_join(c::table.on(c::id.eq(r::conversation_id)))
        .filter(r::id.eq_any(ids))
        .select((c::relay_group, r::id))
        .load(conn)?;
    Ok(stored.into_iter().chain(refused).collect())
}

/// Whether anything at all was refused for good.
pub(super) fn has_refusals(conn: &mut DbConn) -> QueryResult<bool> {
    let first = r::table.select(r::id).limit(1);
    Ok(first.first::<MessageId>(conn).optional()?.is_some())
}

/// Which of these ids were refused for good, and the problem as it was told.
pub(super) fn list_refusals(
    conn: &mut DbConn,
    ids: &[MessageId],
) -> QueryResult<Vec<(ConversationId, UserId, MessageId, String)>> {
    r::table
        .filter(r::id.eq_any(ids))
        .select((r::conversation_id, r::sender, r::id, r::problem))
        .load(conn)
}

/// Forgets refusals from before `at`.
pub(super) fn delete_refusals(conn: &mut DbConn, at: i64) -> QueryResult<usize> {
    diesel::delete(r::table.filter(r::at.lt(at))).execute(conn)
}

/// Oldest first.
pub(super) fn page(conn: &mut DbConn, id: ConversationId, window: &Window) -> QueryResult<Vec<Row>> {
    let rows = m::table
        .filter(m::conversation_id.eq(id))
        .select(COLUMNS)
        .limit(window.limit);
    let mut rows: Vec<Row> = match window.edge {
        Edge::Newest => rows.order(m::seq.desc()).load(conn)?,
        Edge::Before(seq) => rows.filter(m::seq.lt(seq)).order(m::seq.desc()).load(conn)?,
        Edge::After(seq) => return rows.filter(m::seq.gt(seq)).order(m::seq).load(conn),
    };
    rows.reverse();
    Ok(rows)
}

/// In `rev` order.
pub(super) fn changed(
    conn: &mut DbConn,
    id: ConversationId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let rows = m::table
        .filter(m::conversation_id.eq(id))
        .filter(m::rev.gt(after));
    rows.order(m::rev).limit(limit).select(COLUMNS).load(conn)
}

pub(super) fn unread(
    conn: &mut DbConn,
    id: ConversationId,
    me: UserId,
    read: i64,
    most: i64,
) -> QueryResult<i64> {
    let others: Vec<i64> = m::table
        .filter(m::conversation_id.eq(id))
        .filter(m::seq.gt(read))
        .filter(m::sender.ne(me))
        .filter(m::message_type.ne_all(["system", "deleted"]))
        .limit(most)
        .select(m::seq)
        .load(conn)?;
    Ok(others.len() as i64)
}

/// The last message of each of these conversations that has one.
pub(super) fn list_last(conn: &mut DbConn, ids: &[ConversationId]) -> QueryResult<Vec<Row>> {
    m::table
        .inner_join(c::table.on(c::id.eq(m::conversation_id).and(c::seq.eq(m::seq))))
        .filter(c::id.eq_any(ids))
        .select(COLUMNS)
        .load(conn)
}

/// Messages of this person after `after` that still say something, oldest first.
pub(super) fn list_full_of(
    conn: &mut DbConn,
    id: ConversationId,
    sender: UserId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    m::table
        .filter(m::conversation_id.eq(id))
        .filter(m::seq.gt(after))
        .filter(m::sender.eq(sender))
        .filter(m::message_type.ne("deleted"))
        .order(m::seq)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)
}

/// Puts `row` in the place of what it was.
pub(super) fn update_emptied(conn: &mut DbConn, row: &Row) -> QueryResult<()> {
    let emptied = (
        m::rev.eq(row.rev),
        m::message_type.eq(&row.kind),
        m::body.eq(&row.body),
    );
    diesel::update(m::table.find((row.conversation, row.seq)))
        .set(emptied)
        .execute(conn)
        .map(|_| ())
}

/// What this person wrote after `after`, oldest first.
pub(super) fn list_own(
    conn: &mut DbConn,
    id: ConversationId,
    sender: UserId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    m::table
        .filter(m::conversation_id.eq(id))
        .filter(m::sender.eq(sender))
        .filter(m::seq.gt(after))
        .order(m::seq)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)
}
