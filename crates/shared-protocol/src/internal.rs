//! Between the two programs: the relay's internal HTTP API and the messages of the link.

use crate::{Class, Group, Problem, RelayId, Stamp};
use serde::{Deserialize, Serialize};

/// Header of every request and answer: the relay's boot id. In a request it says which boot the caller means; another
/// one is answered 409 with the present one.
pub const BOOT_HEADER: &str = "talkhub-relay-boot";
/// The shortest shared secret, in bytes.
pub const MIN_SECRET: usize = 32;
/// Works only while both programs listen on loopback and not in production.
pub const DEVELOPMENT_SECRET: &str = "talkhub-development-secret-not-for-production";

/// A secret as it is configured or presented: `secret`, or `key id:secret`. A key id is short and plain; anything else
/// before a colon is part of the secret.
pub fn split_secret(text: &str) -> (Option<&str>, &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match text.split_once(':') {
        Some((key_id, secret)) if (1..=16).contains(&key_id.len()) && key_id.bytes().all(plain) => {
            (Some(key_id), secret)
        }
        _ => (None, text),
    }
}

/// `PUT /internal/v1/relay-ids/{id}`, and one item of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What the relay stamps on everything this relay ID sends.
    pub subject: String,
    /// SHA-256 of the token, lower-case hex (64 characters).
    pub token_sha256: String,
    pub groups: Vec<Group>,
    /// Seconds until the lease ends; clamped to 10 … 3600, the answer tells.
    pub lease_s: u64,
    /// Origins whose pages may connect with it, such as `https://chat.example.org`.
    pub origins: Vec<String>,
    /// The frame that the client gets first.
    pub hello: String,
}

/// The answer to `PUT /relay-ids/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    pub boot_id: String,
    pub lease_s: u64,
}

/// `PUT /internal/v1/relay-ids`: the logic server's whole set, in numbered chunks. Only after the chunk with `last` does
/// the relay drop what the set of this generation does not name; no socket of a named one closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationSet {
    /// Grows with every set that this logic server sends.
    pub generation: u64,
    /// 0, 1, 2 … within a generation.
    pub chunk: u32,
    pub last: bool,
    pub relay_ids: Vec<SetItem>,
}

/// One relay ID of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetItem {
    pub relay_id: RelayId,
    #[serde(flatten)]
    pub registration: Registration,
}

/// `POST /internal/v1/groups`: answered before anything that relies on it is committed or forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChanges {
    pub changes: Vec<GroupChange>,
}

/// Who enters and who leaves one group. Unknown relay IDs are passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChange {
    pub group: Group,
    #[serde(default)]
    pub add: Vec<RelayId>,
    #[serde(default)]
    pub remove: Vec<RelayId>,
}

/// One item of `POST /internal/v1/forward`, and `forward` of the link: a frame from the logic server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// A group or a relay ID.
    pub to: String,
    pub frame: String,
    pub class: Class,
    /// A relay ID that does not get it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<RelayId>,
}

/// The answer to every other internal call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booted {
    pub boot_id: String,
}

/// `GET /internal/v1/relay-ids`: who is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    pub boot_id: String,
    pub relay_ids: Vec<RelayId>,
}

/// Up the link, relay → logic server. One WebSocket text message is a JSON array of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Up {
    /// First of all, and in rounds: the full set of connected relay IDs, in parts.
    Present {
        boot_id: String,
        round: u64,
        part: u32,
        last: bool,
        relay_ids: Vec<RelayId>,
        /// How many durable events were passed on since the last link ended: their senders come again soon.
        #[serde(default, skip_serializing_if = "is_zero")]
        passed_on: u64,
    },
    /// A client is there.
    Connected { relay_id: RelayId },
    /// A client is gone.
    Disconnected { relay_id: RelayId },
    /// A durable event, to be settled by `r`.
    Submit(Submit),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A durable event on its way up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// The relay's number for it, on this link.
    pub r: u64,
    pub from: Stamp,
    pub to: String,
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
    pub frame: String,
    /// What the sender was given when this was passed on before; see [`crate::receipt`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// Down the link, logic server → relay. One WebSocket text message is a JSON array of these, handled in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Down {
    /// The end of a submit: ack the sender, then forward.
    Settle(Settle),
    /// A frame from the logic server.
    Forward(Forward),
    /// Every connected client compares its heads.
    Look,
}

/// How a submit ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settle {
    pub r: u64,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// See [`Settle`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// `frame` goes to the group that the submit named, for a repeated submit too: who has it passes over it.
    Stored {
        seq: i64,
        rev: i64,
        at: i64,
        history_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frame: Option<String>,
    },
    Refused {
        problem: Problem,
    },
    Busy {
        retry_after_ms: u64,
    },
}
