//! Oneself, and what others see of a person.

use super::{Person, PresenceChoice, Privacy, Relation, Status, Theme};
use serde::{Deserialize, Serialize};

/// Oneself: `GET /me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Me {
    #[serde(flatten)]
    pub person: Person,
    pub email: String,
    pub theme: Theme,
    /// A line about oneself, for the profile card; may be empty.
    #[serde(default)]
    pub status_line: String,
    /// The language of the words, such as `en`.
    #[serde(default = "english")]
    pub language: String,
    /// What they want to be shown as.
    #[serde(default)]
    pub presence: PresenceChoice,
    #[serde(default)]
    pub privacy: Privacy,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: i64,
    /// The person's own `rev`: see `GET /me/changes`.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
    pub history_id: String,
}

/// `GET /users/{user ID}`: the profile card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Profile {
    #[serde(flatten)]
    pub relation: Relation,
    /// A line about themselves; may be empty.
    #[serde(default)]
    pub status_line: String,
    pub online: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub last_seen: Option<i64>,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: i64,
}

/// `PATCH /me`: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProfileForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub theme: Option<Theme>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status_line: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub language: Option<String>,
}

fn english() -> String {
    "en".to_owned()
}
