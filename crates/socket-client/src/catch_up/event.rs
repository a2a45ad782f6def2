//! Everything that can happen to a timeline, in the same words as in the page.

use super::Unsaved;
use serde::{Deserialize, Serialize};
use shared_protocol::api::{Changes, Mark, Message, MessagePage};
use shared_protocol::{MessageId, Problem, UserId};

/// Where an own line stands before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingState {
    Sending,
    Waiting,
    /// The relay has passed it on; it is not yet saved.
    PassedOn,
    Failed,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TimelineEvent {
    /// An own line is in the outbox.
    Wrote {
        id: MessageId,
        body: String,
        at: i64,
        state: PendingState,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Problem>,
    },
    /// An own line stands otherwise now.
    Stands {
        id: MessageId,
        state: PendingState,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Problem>,
    },
    Withdrew {
        id: MessageId,
    },
    /// The ack of an own line, as a row: it carries the text as it was written, so the server's row of the same `rev`
    /// wins over it.
    Stored {
        message: Message,
        history: String,
    },
    /// A live frame.
    Heard {
        message: Message,
        history: String,
    },
    /// A delivery that the relay marked as unsaved.
    Unsaved {
        line: Unsaved,
    },
    /// What had been passed on was refused for good: a frame says so, or, with the problem, the answer to handing it in.
    NotSaved {
        sender: UserId,
        id: MessageId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Problem>,
    },
    /// What `to_hand_in(now)` gave is on its way to the logic server. What comes back as stored is `Heard`.
    HandedIn {
        now: i64,
    },
    /// Time has passed, by the server's clock as this device knows it.
    Aged {
        now: i64,
    },
    Marked {
        mark: Mark,
    },
    /// Something was or may have been missed.
    Behind,
    /// What is held is of no use any more.
    Afresh,
    /// A catch-up begins: see `catch_up()` for what to ask.
    Asked,
    AnsweredPage {
        run: u64,
        page: MessagePage,
        limit: usize,
    },
    AnsweredChanges {
        run: u64,
        changes: Changes,
    },
    /// No answer to this run.
    Failed {
        run: u64,
    },
    OlderAsked,
    OlderAnswered {
        page: MessagePage,
        limit: usize,
    },
    OlderFailed,
}
