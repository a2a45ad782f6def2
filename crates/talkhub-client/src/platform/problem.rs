//! Everything that a person or a program can be refused, in one enum, and how it is told.

use crate::platform::words::{Said, Words};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as DbError};
use shared_protocol as wire;
use std::fmt;

pub type Result<T> = std::result::Result<T, Problem>;

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIssue {
    pub field: &'static str,
    pub said: Said,
}

/// Why something was not done. Causes are logged here, once, and never sent.
#[derive(Debug)]
pub enum Problem {
    /// Nobody is signed in.
    SignedOut,
    /// An administrator who has yet to set up the second factor that is asked of administrators here.
    FactorMissing,
    /// The name or the password is wrong; which of them is not told.
    WrongLogin,
    /// Known, and not allowed.
    Forbidden(Said),
    /// They have blocked the caller, or take messages from their contacts only; which of them is not told. (SEC16)
    NotReachable,
    /// There is no such thing, or the caller may not know of it: the same answer.
    Missing(&'static str),
    /// Fields that cannot be taken; all of them at once.
    Invalid(Vec<FieldIssue>),
    /// Well-formed, and cannot be.
    Impossible(Said),
    /// Somebody else was faster, or the thing has changed.
    Conflict(Said),
    /// It was there once: used, or over.
    Gone(Said),
    /// Too often: so many seconds to wait.
    TooFast(u64),
    /// Larger than is taken.
    TooLarge(Said),
    /// There is no room left on the server for a file.
    Full,
    /// The body did not arrive in time.
    TooSlow,
    /// Another content type than is taken.
    WrongType,
    /// The method is not for this address.
    WrongMethod(String),
    /// The request did not come from a page of ours.
    ForeignOrigin,
    /// An address that is longer than any of ours.
    LongAddress,
    /// The relay cannot be reached.
    RelayAway,
    /// A receipt that does not belong to the message it came with.
    BadReceipt,
    /// A receipt that is too old to prove anything.
    OldReceipt,
    /// It was refused when it came first, and stays so.
    Decided(Box<wire::Problem>),
    /// A relay ID that nobody holds any longer: its owner comes again with a new one.
    GoneConnection,
    /// All hands are busy; so many seconds to wait.
    Busy(u64),
    /// No connection to the database in time.
    Unreachable(String),
    /// The database refused a statement: nothing was changed.
    Database(DbError),
    /// The commit ended without an answer: it may or may not have been done.
    Unsure(DbError),
    /// A fault of ours.
    Internal(anyhow::Error),
}

impl Problem {
    /// One field that cannot be taken.
    pub fn invalid(field: &'static str, said: Said) -> Self {
        Self::Invalid(vec![FieldIssue { field, said }])
    }

    /// The last part of `type`; programs branch on it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::FactorMissing => "second-factor-missing",
            Self::WrongLogin => "wrong-login",
            Self::Forbidden(_) => "forbidden",
            Self::NotReachable => "not-reachable",
            Self::Missing(_) => "missing",
            Self::Invalid(_) => "invalid",
            Self::Impossible(_) => "impossible",
            Self::Conflict(_) => "conflict",
            Self::Gone(_) => "gone",
            Self::TooFast(_) => "too-fast",
            Self::TooLarge(_) => "too-large",
            Self::Full => "storage-full",
            Self::TooSlow => "too-slow",
            Self::WrongType => "wrong-type",
            Self::WrongMethod(_) => "wrong-method",
            Self::ForeignOrigin => "foreign-origin",
            Self::LongAddress => "long-address",
            Self::RelayAway => "relay-away",
            Self::BadReceipt => "bad-receipt",
            Self::OldReceipt => "receipt-expired",
            Self::Decided(_) => "refused",
            Self::Busy(_) | Self::GoneConnection => "busy",
            Self::Unreachable(_) | Self::Database(_) | Self::Unsure(_) => "storage",
            Self::Internal(_) => "internal",
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut | Self::WrongLogin => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::NotReachable | Self::ForeignOrigin | Self::FactorMissing => {
                StatusCode::FORBIDDEN
            }
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Invalid(_) | Self::BadReceipt => StatusCode::BAD_REQUEST,
            Self::OldReceipt | Self::Gone(_) => StatusCode::GONE,
            Self::Decided(first) => StatusCode::from_u16(first.status).unwrap_or(StatusCode::FORBIDDEN),
            Self::Impossible(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Full => StatusCode::INSUFFICIENT_STORAGE,
            Self::LongAddress => StatusCode::URI_TOO_LONG,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WrongMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::RelayAway
            | Self::GoneConnection
            | Self::Busy(_)
            | Self::Unreachable(_)
            | Self::Database(_)
            | Self::Unsure(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence that people read.
    pub fn said(&self) -> Said {
        match self {
            Self::Forbidden(said)
            | Self::Impossible(said)
            | Self::Conflict(said)
            | Self::Gone(said)
            | Self::TooLarge(said) => said.clone(),
            Self::SignedOut => Said::new("problem-signed-out"),
            Self::FactorMissing => Said::new("problem-factor-missing"),
            Self::WrongLogin => Said::new("problem-wrong-login"),
            Self::NotReachable => Said::new("problem-not-reachable"),
            Self::Missing(what) => match *what {
                "conversation" => Said::new("problem-missing-conversation"),
                "person" => Said::new("problem-missing-person"),
                "request" => Said::new("problem-missing-request"),
                "contact" => Said::new("problem-missing-contact"),
                "block" => Said::new("problem-missing-block"),
                "link" => Said::new("problem-missing-link"),
                _ => Said::new("problem-missing"),
            },
            Self::Invalid(issues) => match issues.as_slice() {
                [only] => only.said.clone(),
                _ => Said::new("problem-invalid"),
            },
            Self::TooFast(seconds) => {
                Said::new("problem-too-fast").number("seconds", i64::try_from(*seconds).unwrap_or(i64::MAX))
            }
            Self::Full => Said::new("problem-no-room"),
            Self::TooSlow => Said::new("body-too-slow"),
            Self::WrongType => Said::new("problem-wrong-type"),
            Self::WrongMethod(_) => Said::new("problem-wrong-method"),
            Self::ForeignOrigin => Said::new("problem-foreign-origin"),
            Self::LongAddress => Said::new("problem-missing"),
            Self::RelayAway => Said::new("problem-relay-away"),
            Self::BadReceipt => Said::new("problem-bad-receipt"),
            Self::OldReceipt => Said::new("problem-receipt-expired"),
            Self::Decided(_) => Said::new("problem-refused-before"),
            Self::Busy(_) | Self::GoneConnection => Said::new("problem-busy"),
            Self::Database(error) | Self::Unsure(error) if is_full(error) => {
                Said::new("problem-storage-full")
            }
            Self::Unreachable(_) | Self::Database(_) | Self::Unsure(_) => Said::new("problem-storage"),
            Self::Internal(_) => Said::new("problem-internal"),
        }
    }

    /// Whether trying the same again later can succeed.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::TooFast(_)
                | Self::RelayAway
                | Self::GoneConnection
                | Self::Full
                | Self::Busy(_)
                | Self::Unreachable(_)
                | Self::Database(_)
                | Self::Unsure(_)
                | Self::Internal(_)
        )
    }

    /// Whether it must be remembered: a rule said no, and the same could be allowed later. What is wrong in the thing
    /// itself is refused again by itself.
    pub fn is_for_good(&self) -> bool {
        !self.is_passing() && !matches!(self, Self::Invalid(_) | Self::Decided(_))
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooFast(seconds) | Self::Busy(seconds) => Some(*seconds),
            Self::RelayAway | Self::Unreachable(_) | Self::Database(_) | Self::Unsure(_) => Some(2),
            _ => None,
        }
    }

    /// Logs the cause of a fault and gives the reference under which it is found.
    fn log(&self) -> Option<String> {
        let reference = || {
            let bits: [u8; 6] = rand::random();
            bits.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        match self {
            Self::Internal(cause) => {
                let reference = reference();
                tracing::error!(reference, error = ?cause, "A request failed");
                Some(reference)
            }
            Self::Database(error) | Self::Unsure(error) => {
                let reference = reference();
                tracing::error!(reference, %error, "The database refused");
                Some(reference)
            }
            Self::Unreachable(error) => {
                let reference = reference();
                tracing::error!(reference, error, "The database cannot be reached");
                Some(reference)
            }
            _ => None,
        }
    }

    /// As programs get it (RFC 9457). Logs the cause.
    pub fn to_wire(&self) -> wire::Problem {
        if let Self::Decided(first) = self {
            return wire::Problem::clone(first);
        }
        let words = Words::english();
        let fields = match self {
            Self::Invalid(issues) => issues
                .iter()
                .map(|issue| wire::FieldError {
                    field: issue.field.to_owned(),
                    message: issue.said.in_words(words),
                })
                .collect(),
            _ => Vec::new(),
        };
        wire::Problem {
            kind: format!("/problems/{}", self.code()),
            title: self.said().in_words(words),
            status: self.status().as_u16(),
            detail: None,
            reference: self.log(),
            fields,
        }
    }
}

/// What the databases say when there is no room left.
fn is_full(error: &DbError) -> bool {
    let signs = ["is full", "No space left", "Disk full"];
    matches!(error, DbError::DatabaseError(_, info) if signs.iter().any(|sign| info.message().contains(sign)))
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.said().in_words(Words::english()))
    }
}

impl std::error::Error for Problem {}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) | DbError::DatabaseError(..) => {
                Self::Database(error)
            }
            other => Self::Internal(other.into()),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if let Some(seconds) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Self::WrongMethod(allowed) = self {
            response.insert_header((header::ALLOW, allowed.as_str()));
        }
        let told = self.to_wire();
        let body = serde_json::to_string(&told).unwrap_or_default();
        let mut response = response.content_type("application/problem+json").body(body);
        // For the shell, which makes a page of it where a person asked.
        response.extensions_mut().insert(told);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(problem: &Problem, want: &str) {
        let told = problem.to_wire();
        assert_eq!(format!("{} {} {}", told.status, told.kind, told.title), want);
    }

    #[test]
    fn each_problem_has_its_status_and_its_sentence() {
        check(&Problem::SignedOut, "401 /problems/signed-out Sign in to go on.");
        check(
            &Problem::Missing("conversation"),
            "404 /problems/missing There is no such conversation.",
        );
        check(
            &Problem::BadReceipt,
            "400 /problems/bad-receipt This receipt does not belong to this message.",
        );
        check(
            &Problem::OldReceipt,
            "410 /problems/receipt-expired This message was passed on more than 24 hours ago. Its sender can send it again.",
        );
        let first = wire::Problem::new("forbidden", 403, "Not here.");
        check(
            &Problem::Decided(Box::new(first)),
            "403 /problems/forbidden Not here.",
        );
        check(
            &Problem::Full,
            "507 /problems/storage-full The server has no room left for this file. Nothing was changed; try again later.",
        );
        check(
            &Problem::RelayAway,
            "503 /problems/relay-away The live connection is away. Messages are kept and go out by themselves.",
        );
    }

    #[test]
    fn a_cause_never_reaches_anybody() {
        let told = serde_json::to_string(&Problem::Internal(anyhow::anyhow!("the cause")).to_wire()).unwrap();
        assert!(
            !told.contains("the cause") && told.contains("reference"),
            "{told}"
        );
    }
}
