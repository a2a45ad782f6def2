//! What the model's relay makes of a submit while nobody stores it, with the real receipts.

use super::server::SECRET;
use serde_json::json;
use shared_protocol::api::PassedOn;
use shared_protocol::envelope::Stamp;
use shared_protocol::internal::Submit;
use shared_protocol::receipt::{Key, Passed, Receipt};
use shared_protocol::{Group, MessageId, RelayId};

/// The relay's counters.
#[derive(Default)]
pub struct Passing {
    number: u64,
    /// How many were passed on since the last link ended.
    pub since_link: u64,
}

impl Passing {
    /// The receipt of this submit; said again, it keeps its place.
    pub fn receipt(&mut self, submit: &Submit, boot: u32, at: i64) -> Receipt {
        let key = Key::of(SECRET);
        let passed = Passed {
            subject: &submit.from.subject,
            group: &submit.to,
            id: &submit.id,
            frame: &submit.frame,
            prev: submit.prev.as_deref(),
        };
        self.since_link += 1;
        let own = submit.receipt.as_deref().and_then(|text| text.parse().ok());
        own.filter(|receipt: &Receipt| receipt.proves(&key, &passed))
            .unwrap_or_else(|| {
                self.number += 1;
                Receipt::sign(&key, &passed, at, &boot.to_string(), self.number)
            })
    }
}

/// Orders receipts: boots of the model are numbered.
pub type Place = (u32, u64);

pub fn place_of(receipt: &Receipt) -> Place {
    (receipt.boot.parse().unwrap_or(0), receipt.number)
}

/// The frame of a message.
pub fn frame(body: &str) -> String {
    json!({ "kind": "message", "body": body }).to_string()
}

/// Who sends, and to which group.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    pub relay_id: &'a RelayId,
    pub subject: &'a Group,
    pub group: &'a Group,
}

/// What the relay puts on the link.
pub fn submit(way: Way<'_>, id: MessageId, prev: Option<MessageId>, body: &str) -> Submit {
    Submit {
        r: 0,
        from: Stamp {
            relay_id: way.relay_id.clone(),
            subject: way.subject.to_string(),
        },
        to: way.group.to_string(),
        id: id.to_string(),
        prev: prev.map(|id| id.to_string()),
        frame: frame(body),
        receipt: None,
    }
}

/// As a receiver, or the sender over HTTPS, hands it in.
pub fn hand_in(
    subject: &Group,
    id: MessageId,
    prev: Option<MessageId>,
    frame: &str,
    receipt: &str,
) -> PassedOn {
    PassedOn {
        subject: subject.clone(),
        id,
        prev,
        frame: frame.to_owned(),
        receipt: receipt.to_owned(),
    }
}
