//! A conversation's row and what belongs to it.

use crate::contacts::Barrier;
use shared_protocol::api::{ConversationKind, ConversationState};
use shared_protocol::{ConversationId, Group, UserId};

/// One row of `conversations`.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub group: Group,
    pub seq: i64,
    pub rev: i64,
    /// Changes before this one are no longer told one by one.
    pub floor_rev: i64,
    pub created_at: i64,
}

/// As `diesel` loads it.
pub(super) type Row = (ConversationId, String, Group, i64, i64, i64, i64);

impl From<Row> for Conversation {
    fn from((id, kind, group, seq, rev, floor_rev, created_at): Row) -> Self {
        let kind = if kind == "room" {
            ConversationKind::Room
        } else {
            ConversationKind::Private
        };
        Self {
            id,
            kind,
            group,
            seq,
            rev,
            floor_rev,
            created_at,
        }
    }
}

impl Conversation {
    /// A private one without messages.
    pub fn private(id: ConversationId, group: Group) -> Self {
        Self {
            id,
            kind: ConversationKind::Private,
            group,
            seq: 0,
            rev: 0,
            floor_rev: 0,
            created_at: 0,
        }
    }
}

/// A conversation with one member's own mark.
#[derive(Clone, Debug)]
pub struct Mine {
    pub conversation: Conversation,
    pub me: UserId,
    pub read: i64,
    pub state: ConversationState,
}

/// Where a conversation with this last `seq` stands, if `me` has not taken it up and hid it up to `hidden`.
pub(super) fn state_of(seq: i64, hidden: Option<i64>) -> ConversationState {
    match hidden {
        None => ConversationState::Open,
        Some(hidden) if hidden < seq => ConversationState::Request,
        Some(_) => ConversationState::Hidden,
    }
}

/// A member who wants to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// What stands between them and the other one of a private conversation.
    pub barrier: Option<Barrier>,
    /// For them it is a message request: whoever answers takes it up.
    pub answers: bool,
}

/// Who belongs to a conversation, and up to where they have read.
#[derive(Clone, Debug)]
pub struct Membership {
    pub conversation: ConversationId,
    pub user: UserId,
    pub read: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_conversation_is_shown_while_there_is_something_new_in_it() {
        let check = |seq, hidden, want| assert_eq!(state_of(seq, hidden), want, "{seq} {hidden:?}");
        check(0, None, ConversationState::Open);
        check(3, None, ConversationState::Open);
        check(0, Some(0), ConversationState::Hidden);
        check(1, Some(0), ConversationState::Request);
        check(1, Some(1), ConversationState::Hidden);
        check(2, Some(1), ConversationState::Request);
    }
}
