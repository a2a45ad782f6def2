//! What a device is answered: by the relay, or over HTTPS.

use shared_protocol::api::{Changes, Heads, Message, MessagePage};
use shared_protocol::{ConversationId, MessageId, Problem, UserId};

/// What a submit was answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// An ack: the row's place, not its text.
    Acked {
        seq: i64,
        rev: i64,
        at: i64,
        history: String,
    },
    /// Over HTTPS: the row itself.
    Row {
        message: Message,
        history: String,
    },
    Refused(Problem),
    Busy,
    /// The relay does not know the sender in that group. `prev`: what was sent before it.
    NotThere {
        prev: Option<MessageId>,
    },
    /// Nobody stores it now; the others have it.
    PassedOn {
        at: i64,
        receipt: String,
    },
    /// None came.
    Nothing,
}

/// An answer to a question over HTTPS.
#[derive(Clone, Debug)]
pub enum Reply {
    Page(u64, ConversationId, MessagePage),
    Older(ConversationId, MessagePage),
    Changes(u64, ConversationId, Changes),
    Heads(Heads),
    Posted(MessageId, Answer),
    /// What was handed in: in which conversation, whose.
    HandedIn(ConversationId, UserId, MessageId, Answer),
    NoPage(u64, ConversationId),
    NoHeads,
}
