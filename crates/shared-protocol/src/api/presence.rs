//! Whether somebody is there, and as what they want to be shown.

use super::Person;
use crate::UserId;
use serde::{Deserialize, Serialize};

/// How somebody who is there is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Status {
    #[default]
    Online,
    /// No key and no pointer for a while on any device, or so chosen.
    Away,
    /// Does not want to be disturbed.
    Busy,
}

/// Whether somebody is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Presence {
    pub user_id: UserId,
    pub online: bool,
    /// `away` or `busy` for somebody who is there and not plainly online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<Status>,
    /// When they were last there, if they are not now and ever were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub last_seen: Option<i64>,
}

/// What somebody wants to be shown as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum PresenceChoice {
    /// As it is: online, or away while idle.
    #[default]
    Online,
    Away,
    Busy,
    /// As not there, whatever is true.
    Invisible,
}

/// `PUT /me/presence`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PresenceForm {
    pub presence: PresenceChoice,
}

/// `PUT /relay-ids/{relay ID}/idle`, and the body of `POST /relay-ids`: whether nobody uses this tab. The relay ID is the
/// one of its ticket, or of the `hello` of its `/live` stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct IdleForm {
    #[serde(default)]
    pub idle: bool,
}

/// `GET /rooms/{id}/online`: who of this conversation is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OnlinePeople {
    pub people: Vec<OnlinePerson>,
}

/// Somebody who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OnlinePerson {
    #[serde(flatten)]
    pub person: Person,
    pub status: Status,
}
