//! The envelope around a frame: what a client hands to the relay, what the relay hands out, and its acks.

use crate::{Problem, RelayId};
use serde::{Deserialize, Serialize};

/// How an event is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Class {
    /// Stored by the logic server before anybody hears of it.
    Durable,
    /// Forwarded at once or not at all; never queued, never stored.
    Ephemeral,
}

/// What a client emits: `private_message {to, id, class, frame, prev?}` with an ack callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Event {
    /// A group that the sender is in; an ephemeral event may also name a relay ID that shares a group.
    pub to: String,
    /// The sender's own name for the event; a UUIDv7. Acks and repeats go by it.
    pub id: String,
    pub class: Class,
    /// Opaque to the relay, passed on byte for byte: a JSON string of at most 48 KiB, itself the JSON of a frame.
    pub frame: String,
    /// This device's previous durable event to the same group that it still keeps, settled or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub prev: Option<String>,
    /// What an earlier `passed_on` gave for this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub receipt: Option<String>,
}

/// Who speaks: stamped by the relay from the connection; no payload can change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Stamp {
    pub relay_id: RelayId,
    /// Opaque word for the person, given at registration.
    pub subject: String,
}

/// Where a received envelope comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Origin {
    /// The logic server said it: stored messages, read marks, presence.
    Server,
    /// The relay itself said it: see [`crate::RelayFrame`].
    Relay,
}

/// `from` of a received envelope: `"server"`, `"relay"`, or the stamp of another client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum From {
    Program(Origin),
    Client(Stamp),
}

/// What a client receives as `private_message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Delivery {
    pub from: From,
    /// The group or relay ID it was sent to.
    pub to: String,
    pub class: Class,
    /// The JSON of a [`crate::ServerFrame`], a [`crate::RelayFrame`] or, from a client, a [`crate::ClientFrame`].
    pub frame: String,
    /// The sender's id of an event that comes from a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub id: Option<String>,
    /// Milliseconds since 1970 by the relay's clock: when an event from a client was passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub at: Option<i64>,
    /// A durable event that nobody has stored yet: no logic server was there. Its rules have not been asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub unsaved: bool,
    /// Of an unsaved one: what lets any receiver hand it in for a sender who has gone (see [`crate::receipt`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub receipt: Option<String>,
    /// Of an unsaved one: `prev` of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub prev: Option<String>,
}

/// The relay's answer to an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Ack {
    /// On disk, at this place, for ever.
    Stored {
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        seq: i64,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        rev: i64,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        at: i64,
        history_id: String,
    },
    /// No logic server was there: the group has the original frame, marked as unsaved. Neither yes nor no: kept by the
    /// sender and offered again with the same id and the receipt.
    PassedOn {
        /// The relay's time, which the receipt proves.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        at: i64,
        receipt: String,
    },
    /// An ephemeral event went out.
    Forwarded,
    /// A definite no that names a rule: nothing was stored, trying again is of no use.
    Refused { problem: Problem },
    /// Neither yes nor no: try again with the same id.
    Busy {
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        retry_after_ms: u64,
    },
}

/// `auth` of a Socket.IO CONNECT packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Auth {
    pub relay_id: RelayId,
    pub token: String,
}

/// Why the relay refuses a connection: exactly the message of the `connect_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ConnectRefusal {
    /// No such relay ID: ask the logic server for a new one.
    Unregistered,
    /// The relay ID exists and the token is not its own.
    BadToken,
    /// The lease has ended: ask the logic server for a new relay ID.
    Expired,
    /// The relay has just started and knows nobody yet: try again with the same relay ID.
    Starting,
    /// Too much at once: try again later with the same relay ID.
    Busy,
}

impl ConnectRefusal {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unregistered => "unregistered",
            Self::BadToken => "bad_token",
            Self::Expired => "expired",
            Self::Starting => "starting",
            Self::Busy => "busy",
        }
    }
}
