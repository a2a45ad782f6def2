//! Contacts, requests, blocks: what holds between the caller and other people.

use super::{Person, Status};
use crate::{RequestId, UserId};
use serde::{Deserialize, Serialize};

/// Whether two people are contacts, or one has asked the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ContactState {
    #[default]
    None,
    /// The caller has asked and waits.
    Requested,
    /// They have asked the caller.
    Incoming,
    Contact,
}

/// Somebody, and what holds between the caller and them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Relation {
    #[serde(flatten)]
    pub person: Person,
    pub contact: ContactState,
    /// The caller has blocked them.
    pub blocked: bool,
    /// The open request between them, whoever made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub request: Option<ContactRequest>,
    /// Since when they are contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub since: Option<i64>,
}

/// An open contact request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ContactRequest {
    pub id: RequestId,
    /// What the sender added; may be empty.
    pub note: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: i64,
}

/// `POST /contact-requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ContactRequestForm {
    pub user_id: UserId,
    #[serde(default)]
    pub note: String,
}

/// `GET /contact-requests`: newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ContactRequests {
    pub incoming: Vec<Relation>,
    pub outgoing: Vec<Relation>,
    /// The caller's own `rev`, of the same snapshot.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
}

/// One line of `GET /contacts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Contact {
    #[serde(flatten)]
    pub relation: Relation,
    pub online: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub last_seen: Option<i64>,
}

/// `GET /contacts`: who is online first, then by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Contacts {
    pub contacts: Vec<Contact>,
    /// The caller's own `rev`, of the same snapshot.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
}

/// `GET /blocks`: whom the caller has blocked, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Blocks {
    pub blocks: Vec<Relation>,
    /// The caller's own `rev`, of the same snapshot.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
}
