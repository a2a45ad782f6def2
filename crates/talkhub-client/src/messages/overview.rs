//! Conversations as their members see them: people, marks, badges, the last message.

use super::{store, to_wire, unread};
use crate::accounts::privacy::What;
use crate::contacts::Sight;
use crate::conversations::{self, Mine};
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use crate::{accounts, contacts};
use shared_protocol::api::{Conversation, Conversations, Head, Heads, Member, Message, MyChanges};
use shared_protocol::{ConversationId, UserId};
use std::collections::HashMap;

/// Everything that `me` belongs to, the newest first.
pub(super) fn list(conn: &mut DbConn, me: UserId, history_id: &str) -> Result<Conversations> {
    let mine = conversations::list_mine(conn, me)?;
    let rev = accounts::get(conn, me)?.rev;
    Ok(Conversations {
        conversations: describe(conn, mine)?,
        rev,
        history_id: history_id.to_owned(),
    })
}

/// One conversation.
pub(super) fn show(conn: &mut DbConn, id: ConversationId, me: UserId) -> Result<Conversation> {
    let mine = conversations::get_mine(conn, id, me)?;
    let described = describe(conn, vec![mine])?.pop();
    described.ok_or(crate::platform::problem::Problem::Missing("conversation"))
}

/// `[conversation, rev, read, unread]` of everything.
pub fn heads(conn: &mut DbConn, me: UserId, history_id: &str) -> Result<Heads> {
    let mut heads = Vec::new();
    for mine in conversations::list_mine(conn, me)? {
        heads.push(Head(
            mine.conversation.id,
            mine.conversation.rev,
            mine.read,
            unread(conn, &mine)?,
        ));
    }
    Ok(Heads {
        heads,
        rev: accounts::get(conn, me)?.rev,
        history_id: history_id.to_owned(),
    })
}

/// What is this person's alone and has changed after `after`.
pub(super) fn my_changes(conn: &mut DbConn, me: UserId, after: i64, history_id: &str) -> Result<MyChanges> {
    let account = accounts::get(conn, me)?;
    // A cursor beyond ours comes from another history: everything, then.
    let after = if account.rev < after { -1 } else { after };
    let changed = conversations::list_changed(conn, me, after)?;
    Ok(MyChanges {
        me: (after < account.profile_rev).then(|| account.me(history_id)),
        conversations: describe(conn, changed)?,
        relations: contacts::list_changed(conn, me, after)?,
        upto: account.rev,
        history_id: history_id.to_owned(),
    })
}

fn describe(conn: &mut DbConn, mine: Vec<Mine>) -> Result<Vec<Conversation>> {
    let ids: Vec<ConversationId> = mine.iter().map(|mine| mine.conversation.id).collect();
    let Some(me) = mine.first().map(|first| first.me) else {
        return Ok(Vec::new());
    };
    let mut members = members(conn, me, &ids)?;
    let last = store::list_last(conn, &ids)?;
    let mut last: HashMap<ConversationId, Message> = to_wire(conn, me, last)?
        .into_iter()
        .map(|message| (message.conversation, message))
        .collect();
    let mut described = Vec::with_capacity(mine.len());
    for mine in mine {
        let conversation = &mine.conversation;
        let (members, typing) = members.remove(&conversation.id).unwrap_or((Vec::new(), true));
        described.push(Conversation {
            id: conversation.id,
            kind: conversation.kind,
            state: mine.state,
            group: conversation.group.clone(),
            typing,
            members,
            seq: conversation.seq,
            rev: conversation.rev,
            read: mine.read,
            unread: unread(conn, &mine)?,
            last_message: last.remove(&conversation.id),
            created_at: conversation.created_at,
        });
    }
    Ok(described)
}

/// As `me` may see them; and whether all of them share with `me` that they type. In a room one's own page keeps back what
/// is not for everybody.
fn members(
    conn: &mut DbConn,
    me: UserId,
    ids: &[ConversationId],
) -> Result<HashMap<ConversationId, (Vec<Member>, bool)>> {
    let memberships = conversations::list_members(conn, ids)?;
    let mut people: Vec<UserId> = memberships.iter().map(|member| member.user).collect();
    people.sort_unstable();
    people.dedup();
    let (accounts, sight) = (accounts::list(conn, &people)?, Sight::of(conn, me, &people)?);
    let mut conversations: HashMap<ConversationId, (Vec<Member>, bool)> = HashMap::new();
    for membership in memberships {
        let Some(account) = accounts.get(&membership.user) else {
            continue;
        };
        let presence = sight.presence(account);
        let shows_read = sight.shares(account, What::ReadReceipts);
        let (members, typing) = conversations
            .entry(membership.conversation)
            .or_insert((Vec::new(), true));
        *typing &= sight.shares(account, What::Typing);
        members.push(Member {
            person: sight.person(account),
            read: if shows_read { membership.read } else { 0 },
            online: presence.online,
            status: presence.status,
            last_seen: presence.last_seen,
        });
    }
    for (members, typing) in conversations.values_mut() {
        if 2 < members.len() {
            *typing = sight.is_open(What::Typing);
        }
    }
    Ok(conversations)
}
