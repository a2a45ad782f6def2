//! The id of a contact request.

use crate::BadId;
use crate::ids::positive;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A contact request: a positive number, made by the logic server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(type = "string & { readonly brand: \"RequestId\" }")
)]
#[cfg_attr(feature = "sql", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow), diesel(sql_type = diesel::sql_types::BigInt))]
pub struct RequestId(pub(crate) i64);

impl RequestId {
    /// The id with this number, if it is positive.
    pub fn new(number: i64) -> Option<Self> {
        (0 < number).then_some(Self(number))
    }
}

impl FromStr for RequestId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        positive(text).map(Self).ok_or(BadId("contact request id"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl TryFrom<String> for RequestId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_positive_number_that_travels_as_text() {
        assert_eq!("7".parse(), Ok(RequestId(7)));
        for bad in ["", "0", "07", "-1", "+1", " 7", "9223372036854775808"] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad:?}");
        }
        assert_eq!(
            serde_json::to_string(&RequestId(7)).ok().as_deref(),
            Some("\"7\"")
        );
    }
}
