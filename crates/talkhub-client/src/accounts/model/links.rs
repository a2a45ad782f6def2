//! Links as rows, and when they are dead.

use crate::platform::db::schema::links;
use crate::platform::words::Said;
use diesel::prelude::*;
use shared_protocol::UserId;

/// How long a link is good, in milliseconds.
pub const GOOD_FOR: i64 = 3_600_000;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new password.
    Reset,
    /// A new e-mail address.
    Email,
}

impl Purpose {
    pub fn word(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Email => "email",
        }
    }

    /// The page that the link leads to.
    pub fn path(self) -> &'static str {
        match self {
            Self::Reset => "/reset",
            Self::Email => "/confirm",
        }
    }
}

/// One link, without its token, which nobody knows but who has the mail.
#[derive(Clone, Debug, Queryable)]
pub struct Link {
    pub id: i64,
    pub user: UserId,
    pub new_email: String,
    pub old_email: String,
    state: String,
    pub created_at: i64,
    expires_at: i64,
}

/// A row to be inserted.
#[derive(Insertable)]
#[diesel(table_name = links)]
pub struct NewLink {
    id: i64,
    purpose: &'static str,
    token_sha256: String,
    user_id: UserId,
    new_email: String,
    old_email: String,
    state: &'static str,
    created_at: i64,
    expires_at: i64,
}

impl NewLink {
    /// `emails` are the new and the old address.
    pub fn new(
        id: i64,
        user: UserId,
        purpose: Purpose,
        token_sha256: String,
        emails: [&str; 2],
        now: i64,
    ) -> Self {
        Self {
            id,
            purpose: purpose.word(),
            token_sha256,
            user_id: user,
            new_email: emails[0].to_owned(),
            old_email: emails[1].to_owned(),
            state: "open",
            created_at: now,
            expires_at: now + GOOD_FOR,
        }
    }
}

impl Link {
    /// Why it opens nothing, and how to get another one. Names no account. (BAD08)
    pub fn refusal(&self, purpose: Purpose, now: i64) -> Option<Said> {
        let keys = match purpose {
            Purpose::Reset => ["reset-used", "reset-replaced", "reset-expired"],
            Purpose::Email => ["confirm-used", "confirm-replaced", "confirm-expired"],
        };
        match self.state.as_str() {
            "used" => Some(Said::new(keys[0])),
            "replaced" => Some(Said::new(keys[1])),
            _ if self.expires_at <= now => Some(Said::new(keys[2])),
            _ => None,
        }
    }
}
