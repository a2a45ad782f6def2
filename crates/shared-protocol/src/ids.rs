//! Ids: types made by parsing, so that a bad one dies at the door.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Text that is no id of the named kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a {0}")]
pub struct BadId(pub &'static str);

/// A person's number: exactly ten digits, the first not 0. Unique for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(type = "string & { readonly brand: \"UserId\" }")
)]
#[cfg_attr(feature = "sql", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow), diesel(sql_type = diesel::sql_types::BigInt))]
pub struct UserId(pub(crate) i64);

/// The smallest and the largest user ID.
pub const USER_IDS: std::ops::RangeInclusive<i64> = 1_000_000_000..=9_999_999_999;

impl UserId {
    /// The id with this number, if it has ten digits.
    pub fn new(number: i64) -> Option<Self> {
        USER_IDS.contains(&number).then_some(Self(number))
    }

    pub fn number(self) -> i64 {
        self.0
    }

    /// As people read it: `123 456 7890`.
    pub fn grouped(self) -> String {
        let digits = self.to_string();
        format!("{} {} {}", &digits[..3], &digits[3..6], &digits[6..])
    }
}

impl FromStr for UserId {
    type Err = BadId;
    /// Accepts white space anywhere: people copy the grouped form.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let digits: String = text.split_whitespace().collect();
        let good = digits.len() == 10
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse()
            .ok()
            .filter(|_| good)
            .map(Self)
            .ok_or(BadId("user ID: it has 10 digits, the first not 0"))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A positive number as it is written: digits alone, the first not 0.
pub(crate) fn positive(text: &str) -> Option<i64> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// A conversation (private or room): a positive number, made by the logic server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(type = "string & { readonly brand: \"ConversationId\" }")
)]
#[cfg_attr(feature = "sql", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow), diesel(sql_type = diesel::sql_types::BigInt))]
pub struct ConversationId(pub(crate) i64);

impl ConversationId {
    /// The id with this number, if it is positive.
    pub fn new(number: i64) -> Option<Self> {
        (0 < number).then_some(Self(number))
    }

    pub fn number(self) -> i64 {
        self.0
    }
}

impl FromStr for ConversationId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        positive(text).map(Self).ok_or(BadId("conversation id"))
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// What the sender calls a message: a UUIDv7 (RFC 9562) made once, kept for ever. Identity only, never order or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(type = "string & { readonly brand: \"MessageId\" }")
)]
#[cfg_attr(feature = "sql", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow), diesel(sql_type = diesel::sql_types::Binary))]
pub struct MessageId(pub(crate) Uuid);

impl MessageId {
    /// The id with these bytes, if they are a UUIDv7.
    pub fn new(uuid: Uuid) -> Option<Self> {
        let good = uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122;
        good.then_some(Self(uuid))
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for MessageId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = BadId("message id: it is a UUIDv7 in its usual form");
        let uuid = Uuid::try_parse(text).map_err(|_| bad.clone())?;
        if text.len() != 36 {
            return Err(bad);
        }
        Self::new(uuid).ok_or(bad)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The address of one connected tab or device at the relay: 128 random bits, base64url (22 characters).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(type = "string & { readonly brand: \"RelayId\" }")
)]
#[cfg_attr(feature = "sql", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow), diesel(sql_type = diesel::sql_types::Text))]
pub struct RelayId(pub(crate) String);

/// An address at the relay that stands for several relay IDs: same form as a relay ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(type = "string & { readonly brand: \"Group\" }")
)]
#[cfg_attr(feature = "sql", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow), diesel(sql_type = diesel::sql_types::Text))]
pub struct Group(pub(crate) String);

/// How many characters a relay ID or a group has.
pub const ADDRESS_CHARS: usize = 22;

fn address(text: &str, what: &'static str) -> Result<String, BadId> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = text.len() == ADDRESS_CHARS && text.bytes().all(plain);
    good.then(|| text.to_owned()).ok_or(BadId(what))
}

impl RelayId {
    /// The id that these 128 random bits spell.
    pub fn new(bits: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bits))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For log lines: the first 6 characters, enough to follow one connection, too few to use it.
    pub fn short(&self) -> &str {
        &self.0[..6]
    }
}

impl Group {
    /// The group that these 128 random bits spell.
    pub fn new(bits: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bits))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// Maps keyed by an address are asked with the text of an event, without a copy.
impl Borrow<str> for RelayId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Group {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for RelayId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        address(text, "relay ID: it has 22 characters of base64url").map(Self)
    }
}

impl FromStr for Group {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        address(text, "group: it has 22 characters of base64url").map(Self)
    }
}

impl fmt::Display for RelayId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

// Serde goes through the same `parse`. Five small impls of each kind read better than a macro.
impl TryFrom<String> for UserId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}
impl TryFrom<String> for ConversationId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}
impl TryFrom<String> for MessageId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}
impl TryFrom<String> for RelayId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}
impl TryFrom<String> for Group {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}
impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.to_string()
    }
}
impl From<ConversationId> for String {
    fn from(id: ConversationId) -> Self {
        id.to_string()
    }
}
impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.to_string()
    }
}
impl From<RelayId> for String {
    fn from(id: RelayId) -> Self {
        id.0
    }
}
impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<i64>) {
        assert_eq!(text.parse::<UserId>().ok().map(UserId::number), want, "{text:?}");
    }

    #[test]
    fn a_user_id_has_ten_digits() {
        check("1234567890", Some(1_234_567_890));
        check(" 123 456 7890 ", Some(1_234_567_890));
        check("9999999999", Some(9_999_999_999));
        for bad in [
            "",
            "0123456789",
            "123456789",
            "12345678901",
            "123456789x",
            "+123456789",
            "１２３４５６７８９０",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn a_user_id_is_read_in_groups() {
        assert_eq!(UserId(1_234_567_890).grouped(), "123 456 7890");
    }

    #[test]
    fn a_message_id_is_a_uuid_v7() {
        assert!(
            "0192f5d0-7c1e-7abc-8def-0123456789ab"
                .parse::<MessageId>()
                .is_ok()
        );
        for bad in [
            "",
            "0192f5d07c1e7abc8def0123456789ab",
            "550e8400-e29b-41d4-a716-446655440000",
            "0192f5d0-7c1e-7abc-0def-0123456789ab",
        ] {
            assert!(bad.parse::<MessageId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses_are_128_bits_of_base64url() {
        let id = RelayId::new([255; 16]);
        assert_eq!(id.as_str().parse::<RelayId>().as_ref(), Ok(&id));
        for bad in ["", "short", "/////////////////////w", "aaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(bad.parse::<Group>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_travel_as_strings() {
        assert_eq!(
            serde_json::to_string(&ConversationId(7)).ok().as_deref(),
            Some("\"7\"")
        );
        assert!(serde_json::from_str::<ConversationId>("7").is_err());
        assert!(serde_json::from_str::<ConversationId>("\"07\"").is_err());
    }
}
