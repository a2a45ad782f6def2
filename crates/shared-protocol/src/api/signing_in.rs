//! Signing in: devices, tokens for programs, second factors.

use crate::UserId;
use serde::{Deserialize, Serialize};

/// `GET /sessions`: where the caller is signed in, last used first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    pub sessions: Vec<Session>,
}

/// One browser, device or program that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Whether it holds tokens rather than a cookie.
    pub program: bool,
    /// In a few words, such as "Firefox, Linux": a hint, never a proof.
    pub device: String,
    pub address: String,
    pub created_at: i64,
    pub last_used_at: i64,
}

/// The answer (202) to a right password where a second factor is on: go on with `POST /sessions/step` or
/// `POST /tokens/step`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondStep {
    pub step: String,
    /// Seconds.
    pub expires_in: u64,
}

/// `POST /sessions/step`, `POST /tokens/step`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepForm {
    pub step: String,
    /// Six digits of the app, or a recovery code.
    pub code: String,
    /// What the list of devices should call a program.
    #[serde(default)]
    pub device: String,
}

/// `POST /tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenForm {
    /// Username, e-mail or user ID.
    pub name: String,
    pub password: String,
    /// What the list of devices should call this program.
    #[serde(default)]
    pub device: String,
}

/// `POST /tokens/refresh`. Each refresh token is good for one use; a second use ends the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshForm {
    pub refresh_token: String,
}

/// What a program holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    pub refresh_token: String,
    pub user_id: UserId,
}

/// `GET /me/second-factor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    pub on: bool,
    /// How many are left.
    pub recovery_codes: u32,
}

/// `POST /me/second-factor`: begins to set one up, with the password as proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorForm {
    /// The password.
    pub current: String,
}

/// What the authenticator app must know. Shown once; in force after `POST /me/second-factor/confirm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorSecret {
    /// Base32.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub uri: String,
}

/// `POST /me/second-factor/confirm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeForm {
    pub code: String,
}

/// `POST /me/second-factor/recovery-codes`, `POST /me/second-factor/end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofForm {
    /// The password.
    pub current: String,
    pub code: String,
}

/// Each is good for one sign-in without the app. Shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}
