//! Handing in what the relay passed on while no logic server was there.

use super::Message;
use crate::{Group, MessageId, Problem};
use serde::{Deserialize, Serialize};

/// `POST /conversations/{id}/passed-on`: what was received as unsaved, for a sender who may have gone. 1 to 100, in the
/// order in which they came; any member may hand them in, any number of times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HandInForm {
    pub messages: Vec<PassedOn>,
}

/// One durable event that the relay passed on, and its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PassedOn {
    /// The sender's, as the relay stamped it.
    pub subject: Group,
    pub id: MessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub prev: Option<MessageId>,
    /// Byte for byte as it was received.
    pub frame: String,
    pub receipt: String,
}

/// The answer to a hand-in: one result for each message, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HandedIn {
    pub results: Vec<HandInResult>,
    pub history_id: String,
}

/// What became of one message that was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum HandInResult {
    /// It is in the history, now or since before.
    Stored { message: Message },
    /// It never will be: `bad-receipt`, `receipt-expired`, or the rule that forbids it.
    Refused { problem: Problem },
    /// Neither yes nor no: hand it in again later.
    Busy {
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        retry_after_ms: u64,
    },
}
