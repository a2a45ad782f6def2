//! Conversations and who belongs to them: private ones between two people, and notes to oneself.

mod model;
mod store;

pub use model::{Conversation, Membership, Mine};

use crate::accounts;
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::dialect::{self, Locked};
use crate::platform::problem::{Problem, Result};
use shared_protocol::{ConversationId, Group, UserId};

/// The one private conversation of these two (or of one: notes to oneself).
pub struct Private {
    pub conversation: ConversationId,
    pub group: Group,
    /// Nothing was written yet: whoever made it may not have let its people in at the relay yet.
    pub is_young: bool,
}

/// Finds or makes the private conversation of `me` and `other`; the same for both, whoever begins.
pub fn find_or_make_private(conn: &mut DbConn, me: UserId, other: UserId, clock: &Clock) -> Result<Private> {
    let key = model::private_key(me, other);
    if let Some(found) = store::find_private(conn, &key)? {
        return Ok(Private {
            conversation: found.id,
            group: found.group,
            is_young: found.seq == 0,
        });
    }
    if accounts::find(conn, other)?.is_none() {
        return Err(Problem::Missing("person"));
    }
    let made = Conversation::private(clock.conversation_id(), clock.group());
    // If the other one makes it at this moment, the unique key stops us and the transaction runs again: found.
    store::insert(conn, &made, &key, me, clock.now())?;
    let mut people = vec![me, other];
    people.sort_unstable();
    people.dedup();
    for person in &people {
        let rev = accounts::next_rev(conn, *person)?;
        store::insert_member(conn, made.id, *person, rev, clock.now())?;
    }
    Ok(Private {
        conversation: made.id,
        group: made.group,
        is_young: true,
    })
}

/// The group of this conversation, whoever asks.
pub fn get_group(conn: &mut DbConn, id: ConversationId) -> Result<Group> {
    store::find_group(conn, id)?.ok_or(Problem::Missing("conversation"))
}

/// The conversation that has this group.
pub fn find_by_group(conn: &mut DbConn, group: &Group) -> Result<Option<ConversationId>> {
    Ok(store::find_by_group(conn, group)?)
}

/// All conversations of this person, the newest first.
pub fn list_mine(conn: &mut DbConn, me: UserId) -> Result<Vec<Mine>> {
    Ok(store::list_mine(conn, me)?)
}

/// This conversation as `me` is in it; foreign and absent look the same.
pub fn get_mine(conn: &mut DbConn, id: ConversationId, me: UserId) -> Result<Mine> {
    store::find_mine(conn, id, me)?.ok_or(Problem::Missing("conversation"))
}

/// Those that came to this person, or changed for them alone, after their `rev`.
pub fn list_changed(conn: &mut DbConn, me: UserId, after: i64) -> Result<Vec<Mine>> {
    Ok(store::list_changed(conn, me, after)?)
}

/// Who belongs to these conversations, by conversation.
pub fn list_members(conn: &mut DbConn, ids: &[ConversationId]) -> Result<Vec<Membership>> {
    Ok(store::list_members(conn, ids)?)
}

/// The groups of everything that these people belong to.
pub fn list_groups(conn: &mut DbConn, people: &[UserId]) -> Result<Vec<(UserId, ConversationId, Group)>> {
    Ok(store::list_groups(conn, people)?)
}

/// Locks the conversations with these groups until the transaction ends.
pub fn lock(conn: &mut DbConn, groups: &[&Group]) -> Result<Vec<Locked>> {
    Ok(dialect::lock_conversations(conn, groups)?)
}

/// Which of `people` may write in which of these conversations. The one place for "may A write to B".
pub fn list_writers(
    conn: &mut DbConn,
    ids: &[ConversationId],
    people: &[UserId],
) -> Result<Vec<(ConversationId, UserId)>> {
    Ok(store::list_pairs(conn, ids, people)?)
}

/// Moves this person's read mark forward, never beyond the last message; gives back the mark as it is now.
pub fn mark_read(conn: &mut DbConn, mine: &Mine, read: i64) -> Result<i64> {
    let read = read.clamp(mine.read, mine.conversation.seq);
    if mine.read < read {
        store::update_read(conn, mine.conversation.id, mine.me, read)?;
    }
    Ok(read)
}
