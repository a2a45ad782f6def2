//! Who may see and do what: one's own settings.

use serde::{Deserialize, Serialize};

/// Whom something is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Audience {
    #[default]
    Everybody,
    Contacts,
    Nobody,
}

/// `GET /me/privacy`. All but `write` are mutual: what somebody keeps from others they do not get from them either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Privacy {
    /// Whether one is there, and when one was last seen.
    pub last_seen: Audience,
    /// Up to where one has read.
    pub read_receipts: Audience,
    pub typing: Audience,
    /// The picture; others see initials.
    pub avatar: Audience,
    /// Being found by name or e-mail address. Who knows the ID finds its owner in any case.
    pub find: Audience,
    /// Being added to groups.
    pub add: Audience,
    pub call: Audience,
    /// Writing to one: everybody or contacts.
    pub write: Audience,
}

/// `PATCH /me/privacy`: what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PrivacyForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub last_seen: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub read_receipts: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub typing: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub avatar: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub find: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub add: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub call: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub write: Option<Audience>,
}
