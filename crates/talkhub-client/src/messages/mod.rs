//! The history: messages are numbered, kept once, and found again.

mod aftermath;
pub mod committer;
pub mod export;
pub mod holding;
pub mod http;
mod leaving;
mod model;
mod overview;
pub mod pages;
pub mod relay;
pub mod requests;
mod sending;
mod store;
pub mod work;

pub use leaving::{Emptied, empty, list_own};
pub use model::{Author, Body, Draft, Edge, Stored, Window};
pub use overview::heads;
pub use sending::{Outcome, send_all};

use crate::accounts::privacy::What;
use crate::contacts::Sight;
use crate::conversations::{self, Mine};
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use crate::{accounts, presence};
use model::Row;
use shared_protocol::api::{Changes, Mark, Message, MessagePage};
use shared_protocol::{ConversationId, Group, MessageId, UserId};
use std::collections::{HashMap, HashSet};

/// For clocks that are not alike, or were set wrong for a while, in milliseconds.
const THREE_DAYS: i64 = 3 * 24 * 60 * 60 * 1000;
/// From here on the badge says "999+".
pub const MOST_UNREAD: i64 = 1000;

/// One page of the history, oldest first, and where to go on from.
pub fn page(conn: &mut DbConn, mine: &Mine, window: &Window, history_id: &str) -> Result<MessagePage> {
    let rows = store::page(conn, mine.conversation.id, window)?;
    Ok(MessagePage {
        messages: to_wire(conn, mine.me, rows)?,
        marks: marks(conn, mine)?,
        rev: mine.conversation.rev,
        history_id: history_id.to_owned(),
    })
}

/// What changed after `after`, in `rev` order, in its present state. Only the last page carries `upto`, which is of the
/// same snapshot as its rows. (RU9, RU12)
pub fn changes(
    conn: &mut DbConn,
    mine: &Mine,
    after: i64,
    limit: i64,
    most: i64,
    history_id: &str,
) -> Result<Changes> {
    let conversation = &mine.conversation;
    let history_id = history_id.to_owned();
    let behind = conversation.rev - after;
    if after < conversation.floor_rev || behind < 0 || most < behind {
        return Ok(Changes {
            messages: Vec::new(),
            marks: Vec::new(),
            upto: None,
            too_far: true,
            history_id,
        });
    }
    let mut rows = store::changed(conn, conversation.id, after, limit + 1)?;
    let is_last = rows.len() as i64 <= limit;
    rows.truncate(limit as usize);
    Ok(Changes {
        messages: to_wire(conn, mine.me, rows)?,
        marks: marks(conn, mine)?,
        upto: is_last.then_some(conversation.rev),
        too_far: false,
        history_id,
    })
}

/// Others' messages after this person's mark; [`MOST_UNREAD`] stands for "more".
pub fn unread(conn: &mut DbConn, mine: &Mine) -> Result<i64> {
    if mine.conversation.seq <= mine.read {
        return Ok(0);
    }
    Ok(store::unread(
        conn,
        mine.conversation.id,
        mine.me,
        mine.read,
        MOST_UNREAD,
    )?)
}

/// Which conversation and whose message this draft is; `None` if that cannot be told any more.
fn whose(conn: &mut DbConn, draft: &Draft) -> Result<Option<(ConversationId, UserId)>> {
    let user = match &draft.author {
        Author::User(user) => Some(*user),
        Author::Subject(subject) => accounts::list_by_subjects(conn, &[subject])?.remove(subject),
        Author::Relay(relay_id) => presence::list_owners(conn, &[relay_id])?
            .into_iter()
            .next()
            .map(|(_, user)| user),
    };
    Ok(conversations::find_by_group(conn, &draft.group)?.zip(user))
}

/// Which of these ids are stored or were refused for good in which conversation: they are only said again.
pub fn list_decided(conn: &mut DbConn, ids: &[MessageId]) -> Result<HashSet<(Group, MessageId)>> {
    Ok(store::list_decided(conn, ids)?)
}

/// Forgets what was refused so long ago that no receipt of it proves anything.
pub fn forget_old_refusals(conn: &mut DbConn, clock: &Clock) -> Result<usize> {
    Ok(store::delete_refusals(
        conn,
        clock.now() - model::PROVES_FOR - THREE_DAYS,
    )?)
}

/// Up to where each member has read, as far as they share it.
fn marks(conn: &mut DbConn, mine: &Mine) -> Result<Vec<Mark>> {
    let members = conversations::list_members(conn, &[mine.conversation.id])?;
    let people: Vec<UserId> = members.iter().map(|member| member.user).collect();
    let (sight, accounts) = (Sight::of(conn, mine.me, &people)?, accounts::list(conn, &people)?);
    let shares = |user: &UserId| {
        accounts
            .get(user)
            .is_some_and(|account| sight.shares(account, What::ReadReceipts))
    };
    Ok(members
        .into_iter()
        .filter(|member| shares(&member.user))
        .map(|member| Mark {
            user_id: member.user,
            read: member.read,
        })
        .collect())
}

/// Rows with their senders as `me` sees them now.
fn to_wire(conn: &mut DbConn, me: UserId, rows: Vec<Row>) -> Result<Vec<Message>> {
    let mut senders: Vec<UserId> = rows.iter().map(|row| row.sender).collect();
    senders.sort_unstable();
    senders.dedup();
    let sight = Sight::of(conn, me, &senders)?;
    let people: HashMap<_, _> = accounts::list(conn, &senders)?
        .into_iter()
        .map(|(id, account)| (id, sight.person(&account)))
        .collect();
    Ok(rows
        .into_iter()
        .filter_map(|row| Some(row.to_wire(people.get(&row.sender)?.clone())))
        .collect())
}
