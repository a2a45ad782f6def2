//! What was done with accounts, by whom and from where: lines for the person and for the operator, written in the
//! transaction that does it. Never an address of a mail, a password or a token.

use crate::platform::client_address::{client_ip, device};
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::schema::audit::dsl as a;
use actix_web::HttpRequest;
use diesel::prelude::*;
use shared_protocol::UserId;

/// What can be done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    SignedIn,
    PasswordChanged,
    /// Somebody asked for a link by mail.
    ResetAsked,
    /// The operator made a link.
    ResetLinkMade,
    PasswordReset,
    EmailAsked,
    EmailChanged,
    Exported,
    Deleted,
    MadeAdministrator,
}

impl Event {
    const ALL: [Self; 10] = [
        Self::SignedIn,
        Self::PasswordChanged,
        Self::ResetAsked,
        Self::ResetLinkMade,
        Self::PasswordReset,
        Self::EmailAsked,
        Self::EmailChanged,
        Self::Exported,
        Self::Deleted,
        Self::MadeAdministrator,
    ];

    /// As it is stored and as programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::PasswordChanged => "password-changed",
            Self::ResetAsked => "reset-asked",
            Self::ResetLinkMade => "reset-link-made",
            Self::PasswordReset => "password-reset",
            Self::EmailAsked => "email-asked",
            Self::EmailChanged => "email-changed",
            Self::Exported => "exported",
            Self::Deleted => "deleted",
            Self::MadeAdministrator => "made-administrator",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }
}

/// Where something was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// In a few words.
    pub device: String,
    pub address: String,
}

impl Source {
    pub fn of(request: &HttpRequest) -> Self {
        Self {
            device: device(request),
            address: client_ip(request).to_string(),
        }
    }

    /// The command line of the server.
    pub fn operator() -> Self {
        Self::default()
    }
}

/// One line to be written.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub event: Event,
    /// Whom it concerns.
    pub user: UserId,
    /// Who did it, if they were signed in.
    pub by: Option<UserId>,
    pub source: &'a Source,
}

/// A line as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub at: i64,
    pub event: Event,
    pub source: Source,
}

/// Writes one line.
pub fn write(conn: &mut DbConn, line: Line<'_>, clock: &Clock) -> QueryResult<()> {
    let row = (
        a::id.eq(clock.row_id()),
        a::at.eq(clock.now()),
        a::event.eq(line.event.word()),
        a::user_id.eq(line.user),
        a::done_by.eq(line.by),
        a::device.eq(&line.source.device),
        a::address.eq(&line.source.address),
    );
    diesel::insert_into(a::audit)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

/// This person's lines from before `before`, the newest first. What a newer version wrote is left out.
pub fn list(conn: &mut DbConn, user: UserId, before: i64, limit: i64) -> QueryResult<Vec<Entry>> {
    let rows: Vec<(i64, i64, String, String, String)> = a::audit
        .filter(a::user_id.eq(user))
        .filter(a::id.lt(before))
        .order(a::id.desc())
        .limit(limit)
        .select((a::id, a::at, a::event, a::device, a::address))
        .load(conn)?;
    let entries = rows.into_iter().filter_map(|(id, at, event, device, address)| {
        Some(Entry {
            id,
            at,
            event: Event::parse(&event)?,
            source: Source { device, address },
        })
    });
    Ok(entries.collect())
}

/// Takes devices and addresses out of this person's lines: the account is no more.
pub fn blank(conn: &mut DbConn, user: UserId) -> QueryResult<()> {
    diesel::update(a::audit.filter(a::user_id.eq(user)))
        .set((a::device.eq(""), a::address.eq("")))
        .execute(conn)
        .map(|_| ())
}

/// Forgets lines from before `at`.
pub fn forget(conn: &mut DbConn, at: i64) -> QueryResult<usize> {
    diesel::delete(a::audit.filter(a::at.lt(at))).execute(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_as_it_was_written() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.word()), Some(event));
        }
        assert_eq!(Event::parse("danced"), None);
    }
}
