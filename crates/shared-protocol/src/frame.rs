//! Frames: what an envelope carries. Closed enums tagged by `kind`; unknown kinds are skipped by receivers.

use crate::api::{Message, Person, Presence};
use crate::{ConversationId, MessageId, RelayId, UserId};
use serde::{Deserialize, Serialize};

/// Made by a client's codec. Durable ones go to the logic server, ephemeral ones to the other members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ClientFrame {
    /// Durable: a message for the conversation whose group it is sent to.
    Message { body: String },
    /// Ephemeral: the sender is typing in this conversation, or has stopped.
    Typing { conversation: ConversationId, on: bool },
}

/// Made by the logic server (`from: "server"`). A frame may get lost; the row is the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ServerFrame {
    /// The first frame of every connection: who the logic server says you are.
    Hello {
        user: Person,
        relay_id: RelayId,
        history_id: String,
    },
    /// A message is stored. To the conversation's group.
    Message { message: Message, history_id: String },
    /// On `/live` only: the stream lives, and the next of these comes after so many seconds.
    Beat {
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        every_s: u64,
    },
    /// A message of `user_id` that the relay had passed on was refused for good. To the conversation's group.
    NotSaved {
        conversation: ConversationId,
        user_id: UserId,
        id: MessageId,
    },
    /// Somebody has read up to `read`. To the conversation's group, or where not all members may know to the own groups of
    /// those who may; for one's own tabs it also clears the badge.
    Read {
        conversation: ConversationId,
        user_id: UserId,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        read: i64,
    },
    /// Who came and went. To the conversation's group.
    Presence {
        conversation: ConversationId,
        people: Vec<Presence>,
    },
    /// Something of one's own has changed (a conversation was added …): ask `GET /me/changes`. To a person's group.
    Person {
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        rev: i64,
        history_id: String,
    },
    /// Somebody has signed in with this person's password. To the person's group: the devices that were there before.
    SignedIn {
        /// In a few words, such as "Firefox, Linux".
        device: String,
        address: String,
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        at: i64,
        /// Nobody has signed in from there as this person before.
        new_device: bool,
    },
    /// A person's name or colour has changed. To the groups of their conversations and to their own.
    Profile { user: Person },
}

/// Made by the relay itself (`from: "relay"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum RelayFrame {
    /// Compare heads with the logic server, after 0 to 4 s of jitter.
    Look,
    /// Another connection uses this relay ID now; this one is cut.
    Replaced,
    /// The relay ID was taken back (signed out, lease over); this connection is cut.
    Revoked,
    /// The relay stops; come back after a jittered while.
    Stopping,
}
