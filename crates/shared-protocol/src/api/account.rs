//! One's own account: a forgotten password, another address, what was done with it, leaving.

use serde::{Deserialize, Serialize};

/// `POST /password-resets`: a link by mail, if anybody has this address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgotForm {
    pub email: String,
}

/// `PUT /password-resets`: the new password, with the last part of the mailed link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetForm {
    pub token: String,
    pub password: String,
    pub password_again: String,
}

/// `PUT /me/email`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailForm {
    pub email: String,
    /// The present password.
    pub current: String,
}

/// The answer (202, or 200 when it counts already).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailAsked {
    pub email: String,
    /// Whether the address is the account's now; else it will be once the mailed link is opened.
    pub confirmed: bool,
}

/// `DELETE /me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveForm {
    /// The present password.
    pub current: String,
    /// Empties one's own messages, for everybody.
    #[serde(default)]
    pub messages_too: bool,
}

/// `POST /me/export`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportForm {
    /// The present password.
    pub current: String,
}

/// `GET /me/activity`: what was done with one's account, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub activity: Vec<Act>,
    /// For `before=`; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Such as `signed-in` or `password-changed`; there will be more.
    pub event: String,
    pub at: i64,
    /// In a few words, such as "Firefox, Linux"; empty for the command line of the server.
    pub device: String,
    pub address: String,
}
