//! Conversations and who belongs to them: private ones between two people, and notes to oneself.

mod model;
mod store;

pub use model::{Conversation, Membership, Mine, Writer};

use crate::accounts;
use crate::contacts::{self, Pair, Reach};
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::dialect::{self, Locked};
use crate::platform::problem::{Problem, Result};
use shared_protocol::api::{ConversationKind, ConversationState};
use shared_protocol::{ConversationId, Group, UserId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The one private conversation of these two (or of one: notes to oneself).
pub struct Private {
    pub conversation: ConversationId,
    pub group: Group,
    /// Nothing was written yet: whoever made it may not have let its people in at the relay yet.
    pub is_young: bool,
}

impl From<Conversation> for Private {
    fn from(found: Conversation) -> Self {
        Self {
            conversation: found.id,
            group: found.group,
            is_young: found.seq == 0,
        }
    }
}

/// Finds or makes the private conversation of `me` and `other`; the same for both, whoever begins. One that a stranger
/// begins is a message request for the other one. What exists is found whatever the rules say now: it can be read.
pub fn find_or_make_private(conn: &mut DbConn, me: UserId, other: UserId, clock: &Clock) -> Result<Private> {
    let pair = Pair::of(me, other);
    let key = pair.key();
    if let Some(found) = store::find_private(conn, &key)? {
        return Ok(found.into());
    }
    // What is decided on here still holds when the conversation is there: a block, a contact, the other one's try at the
    // same conversation come before us and are found, or after us and find it.
    contacts::lock(conn, pair)?;
    if let Some(found) = store::find_private(conn, &key)? {
        return Ok(found.into());
    }
    if accounts::find(conn, other)?.is_none() {
        return Err(Problem::Missing("person"));
    }
    let reach = contacts::reach(conn, me, other)?;
    reach.check()?;
    let made = Conversation::private(clock.conversation_id(), clock.group());
    store::insert(conn, &made, &key, me, clock.now())?;
    let mut people = pair.people().to_vec();
    people.dedup();
    for person in &people {
        let rev = accounts::next_rev(conn, *person)?;
        store::insert_member(conn, made.id, *person, rev, clock.now())?;
    }
    if reach == Reach::AsRequest {
        store::insert_message_request(conn, made.id, other)?;
    }
    Ok(made.into())
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

/// The groups that these people are in: of everything they belong to, but for private conversations with somebody who has
/// blocked them. (INV13)
pub fn list_groups(conn: &mut DbConn, people: &[UserId]) -> Result<Vec<(UserId, ConversationId, Group)>> {
    let blockers = contacts::list_blockers(conn, people)?;
    let rows = store::list_groups(conn, people)?.into_iter();
    let is_in = |user: UserId, key: Option<&str>| {
        let other = other_of(user, key);
        other.is_none_or(|other| !blockers.contains(&(other, user)))
    };
    let groups = rows
        .filter(|(user, _, _, key)| is_in(*user, key.as_deref()))
        .map(|(user, conversation, group, _)| (user, conversation, group));
    Ok(groups.collect())
}

/// Members of this conversation who may not be in its group.
pub fn list_shut_out(conn: &mut DbConn, id: ConversationId) -> Result<HashSet<UserId>> {
    let Some(pair) = store::find_key(conn, id)?.and_then(|key| key.parse::<Pair>().ok()) else {
        return Ok(HashSet::new());
    };
    let blockers = contacts::list_blockers(conn, &pair.people())?;
    let people = pair.people().into_iter();
    Ok(people
        .filter(|person| blockers.contains(&(pair.other(*person), *person)))
        .collect())
}

/// The private conversation of these two, if there is one.
pub fn find_private(conn: &mut DbConn, one: UserId, other: UserId) -> Result<Option<ConversationId>> {
    let found = store::find_private(conn, &Pair::of(one, other).key())?;
    Ok(found.map(|found| found.id))
}

/// The private conversation of these two, if there is one, held until the transaction ends: whoever writes in it at this
/// moment has done so, or comes after us. If there is none, nobody begins it until then.
pub fn lock_private(conn: &mut DbConn, one: UserId, other: UserId) -> Result<Option<ConversationId>> {
    let pair = Pair::of(one, other);
    let mut found = store::find_private(conn, &pair.key())?;
    if found.is_none() {
        contacts::lock(conn, pair)?;
        found = store::find_private(conn, &pair.key())?;
    }
    let Some(found) = found else {
        return Ok(None);
    };
    lock(conn, &[&found.group])?;
    Ok(Some(found.id))
}

/// Locks the conversations with these groups until the transaction ends.
pub fn lock(conn: &mut DbConn, groups: &[&Group]) -> Result<Vec<Locked>> {
    Ok(dialect::lock_conversations(conn, groups)?)
}

/// This conversation shows each of these members other things than before: for them it is new.
pub fn note_change(conn: &mut DbConn, id: ConversationId, members: &[UserId]) -> Result<()> {
    for member in members {
        let rev = accounts::next_rev(conn, *member)?;
        store::update_person_rev(conn, id, *member, rev)?;
    }
    Ok(())
}

/// What `me` shows in the conversations they belong to has changed: all members have something new in them, but for those
/// whom `me` has blocked in private ones. Gives back who must hear of it. In a large room nobody is told.
pub fn note_change_for_members(conn: &mut DbConn, me: UserId, most_members: usize) -> Result<Vec<UserId>> {
    let mine = store::list_mine(conn, me)?;
    let ids: Vec<ConversationId> = mine.iter().map(|mine| mine.conversation.id).collect();
    let mut members: HashMap<ConversationId, Vec<UserId>> = HashMap::new();
    for member in store::list_members(conn, &ids)? {
        members.entry(member.conversation).or_default().push(member.user);
    }
    let blocked = contacts::list_blocked(conn, me)?;
    let mut new: BTreeMap<UserId, Vec<ConversationId>> = BTreeMap::from([(me, Vec::new())]);
    for Mine { conversation, .. } in mine {
        let members = members.remove(&conversation.id).unwrap_or_default();
        if most_members < members.len() {
            continue;
        }
        let is_private = conversation.kind == ConversationKind::Private;
        // Invariant: a blocked person never learns from it that `me` was active just now. (INV13)
        let hear = members
            .into_iter()
            .filter(|member| !is_private || !blocked.contains(member));
        for member in hear {
            new.entry(member).or_default().push(conversation.id);
        }
    }
    for (person, ids) in &new {
        let rev = accounts::next_rev(conn, *person)?;
        store::update_person_revs(conn, ids, *person, rev)?;
    }
    Ok(new.into_keys().collect())
}

/// Which of `people` belong to which of these conversations, and what keeps them from writing. The one place for "may A
/// write there"; between two people [`contacts::list_barriers`] says it.
pub fn list_writers(
    conn: &mut DbConn,
    ids: &[ConversationId],
    people: &[UserId],
) -> Result<HashMap<(ConversationId, UserId), Writer>> {
    let rows = store::list_writers(conn, ids, people)?;
    let mut pairs: Vec<Pair> = rows
        .iter()
        .filter_map(|(_, user, key, _)| Some(Pair::of(*user, other_of(*user, key.as_deref())?)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let barriers = contacts::list_barriers(conn, &pairs)?;
    let writers = rows.into_iter().map(|(conversation, user, key, hidden)| {
        let other = other_of(user, key.as_deref());
        let writer = Writer {
            barrier: other.and_then(|other| barriers.get(&(user, other)).copied()),
            answers: hidden.is_some(),
        };
        ((conversation, user), writer)
    });
    Ok(writers.collect())
}

/// The other one of the private conversation with this key; `None` in rooms and in notes to oneself.
fn other_of(user: UserId, key: Option<&str>) -> Option<UserId> {
    let other = key?.parse::<Pair>().ok()?.other(user);
    (other != user).then_some(other)
}

/// What a stranger began is taken up: from now on a conversation like any other. Whether it was a request before.
pub fn take_up(conn: &mut DbConn, id: ConversationId, me: UserId) -> Result<bool> {
    if !store::delete_message_request(conn, id, me)? {
        return Ok(false);
    }
    note_change(conn, id, &[me])?;
    Ok(true)
}

/// A message request is deleted: hidden, until the stranger writes again.
pub fn dismiss(conn: &mut DbConn, mine: &Mine) -> Result<()> {
    if mine.state != ConversationState::Request {
        return Err(Problem::Missing("request"));
    }
    let (id, me) = (mine.conversation.id, mine.me);
    store::hide_message_request(conn, id, me, mine.conversation.seq)?;
    note_change(conn, id, &[me])
}

/// These two have become contacts: nothing between them is a message request.
pub fn become_contacts(conn: &mut DbConn, one: UserId, other: UserId) -> Result<()> {
    if let Some(found) = find_private(conn, one, other)? {
        for person in Pair::of(one, other).people() {
            take_up(conn, found, person)?;
        }
    }
    Ok(())
}

/// Moves this person's read mark forward, never beyond the last message; gives back the mark as it is now.
pub fn mark_read(conn: &mut DbConn, mine: &Mine, read: i64) -> Result<i64> {
    let read = read.clamp(mine.read, mine.conversation.seq);
    if mine.read < read {
        store::update_read(conn, mine.conversation.id, mine.me, read)?;
    }
    Ok(read)
}
