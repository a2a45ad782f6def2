//! Queries on conversations and their members.

use super::model::{Conversation, Membership, Mine, Row, state_of};
use crate::platform::db::DbConn;
use crate::platform::db::schema::{conversations as c, members as m, message_requests as r};
use diesel::prelude::*;
use shared_protocol::{ConversationId, Group, UserId};

/// How many conversations one statement names.
const CHUNK: usize = 500;

type Columns = (
    c::id,
    c::kind,
    c::relay_group,
    c::seq,
    c::rev,
    c::floor_rev,
    c::created_at,
);
const COLUMNS: Columns = (
    c::id,
    c::kind,
    c::relay_group,
    c::seq,
    c::rev,
    c::floor_rev,
    c::created_at,
);

pub(super) fn find_private(conn: &mut DbConn, key: &str) -> QueryResult<Option<Conversation>> {
    let row: Option<Row> = c::table
        .filter(c::private_key.eq(key))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    Ok(row.map(Conversation::from))
}

pub(super) fn find_group(conn: &mut DbConn, id: ConversationId) -> QueryResult<Option<Group>> {
    c::table.find(id).select(c::relay_group).first(conn).optional()
}

/// `None` for a room.
pub(super) fn find_key(conn: &mut DbConn, id: ConversationId) -> QueryResult<Option<String>> {
    let key: Option<Option<String>> = c::table.find(id).select(c::private_key).first(conn).optional()?;
    Ok(key.flatten())
}

pub(super) fn find_by_group(conn: &mut DbConn, group: &Group) -> QueryResult<Option<ConversationId>> {
    c::table
        .filter(c::relay_group.eq(group))
        .select(c::id)
        .first(conn)
        .optional()
}

pub(super) fn insert(
    conn: &mut DbConn,
    made: &Conversation,
    key: &str,
    by: UserId,
    now: i64,
) -> QueryResult<()> {
    let row = (
        c::id.eq(made.id),
        c::kind.eq("private"),
        c::relay_group.eq(&made.group),
        c::private_key.eq(Some(key)),
        c::seq.eq(0),
        c::rev.eq(0),
        c::floor_rev.eq(0),
        c::last_at.eq(now),
        c::created_by.eq(by),
        c::created_at.eq(now),
    );
    diesel::insert_into(c::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

pub(super) fn insert_member(
    conn: &mut DbConn,
    id: ConversationId,
    user: UserId,
    rev: i64,
    now: i64,
) -> QueryResult<()> {
    let row = (
        m::conversation_id.eq(id),
        m::user_id.eq(user),
        m::role.eq("member"),
        m::read_seq.eq(0),
        m::person_rev.eq(rev),
        m::joined_at.eq(now),
    );
    diesel::insert_into(m::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

/// With the mark, and up to where it is hidden as a stranger's.
type MineRow = (Row, i64, Option<i64>);

fn to_mine(me: UserId) -> impl Fn(MineRow) -> Mine {
    move |(row, read, hidden)| {
        let conversation = Conversation::from(row);
        Mine {
            state: state_of(conversation.seq, hidden),
            conversation,
            me,
            read,
        }
    }
}

pub(super) fn list_mine(conn: &mut DbConn, me: UserId) -> QueryResult<Vec<Mine>> {
    let rows: Vec<MineRow> = m::table
        .inner_join(c::table)
        .left_join(
            r::table.on(r::conversation_id
                .eq(m::conversation_id)
                .and(r::user_id.eq(m::user_id))),
        )
        .filter(m::user_id.eq(me))
        .order((c::last_at.desc(), c::id.desc()))
        .select((COLUMNS, m::read_seq, r::hidden_seq.nullable()))
        .load(conn)?;
    Ok(rows.into_iter().map(to_mine(me)).collect())
}

pub(super) fn find_mine(conn: &mut DbConn, id: ConversationId, me: UserId) -> QueryResult<Option<Mine>> {
    let row: Option<MineRow> = m::table
        .inner_join(c::table)
        .left_join(
            r::table.on(r::conversation_id
                .eq(m::conversation_id)
                .and(r::user_id.eq(m::user_id))),
        )
        .filter(m::conversation_id.eq(id))
        .filter(m::user_id.eq(me))
        .select((COLUMNS, m::read_seq, r::hidden_seq.nullable()))
        .first(conn)
        .optional()?;
    Ok(row.map(to_mine(me)))
}

pub(super) fn list_changed(conn: &mut DbConn, me: UserId, after: i64) -> QueryResult<Vec<Mine>> {
    let rows: Vec<MineRow> = m::table
        .inner_join(c::table)
        .left_join(
            r::table.on(r::conversation_id
                .eq(m::conversation_id)
                .and(r::user_id.eq(m::user_id))),
        )
        .filter(m::user_id.eq(me))
        .filter(m::person_rev.gt(after))
        .order(m::person_rev)
        .select((COLUMNS, m::read_seq, r::hidden_seq.nullable()))
        .load(conn)?;
    Ok(rows.into_iter().map(to_mine(me)).collect())
}

pub(super) fn list_members(conn: &mut DbConn, ids: &[ConversationId]) -> QueryResult<Vec<Membership>> {
    let mut rows: Vec<(ConversationId, UserId, i64)> = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let members = m::table
            .filter(m::conversation_id.eq_any(ids))
            .order((m::conversation_id, m::user_id))
            .select((m::conversation_id, m::user_id, m::read_seq));
        rows.extend(members.load::<(ConversationId, UserId, i64)>(conn)?);
    }
    Ok(rows
        .into_iter()
        .map(|(conversation, user, read)| Membership {
            conversation,
            user,
            read,
        })
        .collect())
}

/// Somebody in a group, with the key of a private conversation.
type GroupRow = (UserId, ConversationId, Group, Option<String>);

pub(super) fn list_groups(conn: &mut DbConn, people: &[UserId]) -> QueryResult<Vec<GroupRow>> {
    m::table
        .inner_join(c::table)
        .filter(m::user_id.eq_any(people))
        .order((m::user_id, c::id))
        .select((m::user_id, c::id, c::relay_group, c::private_key))
        .load(conn)
}

/// A member, the key of a private conversation, and up to where it is hidden as a stranger's.
type WriterRow = (ConversationId, UserId, Option<String>, Option<i64>);

/// Which of `people` belong to which of these conversations.
pub(super) fn list_writers(
    conn: &mut DbConn,
    ids: &[ConversationId],
    people: &[UserId],
) -> QueryResult<Vec<WriterRow>> {
    m::table
        .inner_join(c::table)
        .left_join(
            r::table.on(r::conversation_id
                .eq(m::conversation_id)
                .and(r::user_id.eq(m::user_id))),
        )
        .filter(m::conversation_id.eq_any(ids))
        .filter(m::user_id.eq_any(people))
        .select((
            m::conversation_id,
            m::user_id,
            c::private_key,
            r::hidden_seq.nullable(),
        ))
        .load(conn)
}

pub(super) fn insert_message_request(conn: &mut DbConn, id: ConversationId, user: UserId) -> QueryResult<()> {
    let row = (
        r::conversation_id.eq(id),
        r::user_id.eq(user),
        r::hidden_seq.eq(0),
    );
    diesel::insert_into(r::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

pub(super) fn hide_message_request(
    conn: &mut DbConn,
    id: ConversationId,
    user: UserId,
    seq: i64,
) -> QueryResult<()> {
    diesel::update(r::table.find((id, user)))
        .set(r::hidden_seq.eq(seq))
        .execute(conn)
        .map(|_| ())
}

/// Whether there was one.
pub(super) fn delete_message_request(
    conn: &mut DbConn,
    id: ConversationId,
    user: UserId,
) -> QueryResult<bool> {
    let deleted = diesel::delete(r::table.find((id, user))).execute(conn)?;
    Ok(0 < deleted)
}

/// The caller holds the person's row.
pub(super) fn update_person_rev(
    conn: &mut DbConn,
    id: ConversationId,
    user: UserId,
    rev: i64,
) -> QueryResult<()> {
    diesel::update(m::table.find((id, user)))
        .set(m::person_rev.eq(rev))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn update_read(conn: &mut DbConn, id: ConversationId, me: UserId, read: i64) -> QueryResult<()> {
    // Invariant: a mark never goes back, whatever two devices do at the same moment.
    let row = m::table
        .filter(m::conversation_id.eq(id))
        .filter(m::user_id.eq(me))
        .filter(m::read_seq.lt(read));
    diesel::update(row)
        .set(m::read_seq.eq(read))
        .execute(conn)
        .map(|_| ())
}

pub(super) fn update_person_revs(
    conn: &mut DbConn,
    ids: &[ConversationId],
    user: UserId,
    rev: i64,
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let rows = m::table
            .filter(m::user_id.eq(user))
            .filter(m::conversation_id.eq_any(ids));
        diesel::update(rows).set(m::person_rev.eq(rev)).execute(conn)?;
    }
    Ok(())
}
