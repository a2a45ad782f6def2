//! A conversation's row and what belongs to it.

use shared_protocol::api::ConversationKind;
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
}

/// Who belongs to a conversation, and up to where they have read.
#[derive(Clone, Debug)]
pub struct Membership {
    pub conversation: ConversationId,
    pub user: UserId,
    pub read: i64,
}

/// The same for both people, whoever begins.
pub(super) fn private_key(one: UserId, other: UserId) -> String {
    let (low, high) = (one.min(other), one.max(other));
    format!("{low}:{high}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_have_one_key() {
        let (ann, bob) = (
            UserId::new(1_000_000_001).unwrap(),
            UserId::new(1_000_000_002).unwrap(),
        );
        assert_eq!(private_key(ann, bob), private_key(bob, ann));
        assert_eq!(private_key(ann, ann), "1000000001:1000000001");
    }
}
