//! What a person or a program is told when something cannot be done: RFC 9457 problem details.

use serde::{Deserialize, Serialize};

/// One field of a form and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FieldError {
    pub field: String,
    /// A sentence for people: what is wrong and what is allowed.
    pub message: String,
}

/// `application/problem+json` (RFC 9457), also inside acks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Problem {
    /// `/problems/<code>`; programs branch on it.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub detail: Option<String>,
    /// Found again in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reference: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<FieldError>>"))]
    pub fields: Vec<FieldError>,
}

impl Problem {
    /// A problem without detail, reference or fields.
    pub fn new(code: &str, status: u16, title: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            title: title.into(),
            status,
            detail: None,
            reference: None,
            fields: Vec::new(),
        }
    }

    /// One field is wrong: status 400.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let fields = vec![FieldError {
            field: field.to_owned(),
            message: message.clone(),
        }];
        Self {
            fields,
            ..Self::new("invalid", 400, message)
        }
    }
}
