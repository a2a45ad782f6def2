//! What was done with accounts, by whom and from where: lines for the person and for the operator, written in the
//! transaction that does it. Never an address of a mail, a password or a token.

mod refusals;

pub use refusals::{MOST_A_DAY, Refusal, Refusals};

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
    /// On a device where the person had not signed in before.
    SignedInAnew,
    /// A wrong password.
    SignInRefused,
    /// A wrong code, after a right password.
    CodeRefused,
    /// A wrong password where it is asked for again.
    PasswordRefused,
    SignedOut,
    /// One of the other sign-ins was ended from the list.
    DeviceEnded,
    OthersEnded,
    /// A program signed in.
    TokensMade,
    TokensEnded,
    /// A refresh token came a second time: its sign-in was ended.
    TokenReused,
    FactorBegun,
    FactorOn,
    FactorOff,
    /// The operator turned it off.
    FactorLost,
    RecoveryCodeUsed,
    RecoveryCodesRenewed,
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
    /// All there are.
    pub const ALL: [Self; 26] = [
        Self::SignedIn,
        Self::SignedInAnew,
        Self::SignInRefused,
        Self::CodeRefused,
        Self::PasswordRefused,
        Self::SignedOut,
        Self::DeviceEnded,
        Self::OthersEnded,
        Self::TokensMade,
        Self::TokensEnded,
        Self::TokenReused,
        Self::FactorBegun,
        Self::FactorOn,
        Self::FactorOff,
        Self::FactorLost,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesRenewed,
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
            Self::SignedInAnew => "signed-in-new-device",
            Self::SignInRefused => "sign-in-refused",
            Self::CodeRefused => "code-refused",
            Self::PasswordRefused => "password-refused",
            Self::SignedOut => "signed-out",
            Self::DeviceEnded => "device-ended",
            Self::OthersEnded => "others-ended",
            Self::TokensMade => "tokens-made",
            Self::TokensEnded => "tokens-ended",
            Self::TokenReused => "token-reused",
            Self::FactorBegun => "factor-begun",
            Self::FactorOn => "factor-on",
            Self::FactorOff => "factor-off",
            Self::FactorLost => "factor-lost",
            Self::RecoveryCodeUsed => "recovery-code-used",
            Self::RecoveryCodesRenewed => "recovery-codes-renewed",
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

/// Writes one line; gives back its id.
pub fn write(conn: &mut DbConn, line: Line<'_>, clock: &Clock) -> QueryResult<i64> {
    let id = clock.row_id();
    let row = (
        a::id.eq(id),
        a::at.eq(clock.now()),
        a::event.eq(line.event.word()),
        a::user_id.eq(line.user),
        a::done_by.eq(line.by),
        a::device.eq(&line.source.device),
        a::address.eq(&line.source.address),
    );
    diesel::insert_into(a::audit).values(row).execute(conn)?;
    Ok(id)
}

/// This person's lines from before `before`, the newest first. What a newer version wrote is left out.
pub fn list(conn: &mut DbConn, user: UserId, before: i64, limit: i64) -> QueryResult<Vec<Entry>> {
    let rows: Vec<Row> = a::audit
        .filter(a::user_id.eq(user))
        .filter(a::id.lt(before))
        .filter(a::event.eq_any(Event::ALL.map(Event::word)))
        .order(a::id.desc())
        .limit(limit)
        .select((a::id, a::at, a::event, a::device, a::address))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(entry).collect())
}

/// The line with this id, if it is this person's.
pub fn find(conn: &mut DbConn, user: UserId, id: i64) -> QueryResult<Option<Entry>> {
    let row: Option<Row> = a::audit
        .find(id)
        .filter(a::user_id.eq(user))
        .select((a::id, a::at, a::event, a::device, a::address))
        .first(conn)
        .optional()?;
    Ok(row.and_then(entry))
}

type Row = (i64, i64, String, String, String);

fn entry((id, at, event, device, address): Row) -> Option<Entry> {
    Some(Entry {
        id,
        at,
        event: Event::parse(&event)?,
        source: Source { device, address },
    })
}

/// How many lines of these kinds this person has since `since`.
pub fn count(conn: &mut DbConn, user: UserId, events: &[Event], since: i64) -> QueryResult<i64> {
    let words: Vec<&str> = events.iter().map(|event| event.word()).collect();
    a::audit
        .filter(a::user_id.eq(user))
        .filter(a::id.ge(Clock::first_row_id(since)))
        .filter(a::event.eq_any(words))
        .count()
        .get_result(conn)
}

/// From how many devices and addresses this person did any of this since `since`.
pub fn count_places(conn: &mut DbConn, user: UserId, events: &[Event], since: i64) -> QueryResult<usize> {
    let words: Vec<&str> = events.iter().map(|event| event.word()).collect();
    let places: Vec<(String, String)> = a::audit
        .filter(a::user_id.eq(user))
        .filter(a::id.ge(Clock::first_row_id(since)))
        .filter(a::event.eq_any(words))
        .select((a::device, a::address))
        .distinct()
        .load(conn)?;
    Ok(places.len())
}

/// Whether another line since `since` than the one with this id says that the person did this from the same device and
/// address.
pub fn was_done_from(
    conn: &mut DbConn,
    user: UserId,
    event: Event,
    source: &Source,
    but: i64,
    since: i64,
) -> QueryResult<bool> {
    let found: Option<i64> = a::audit
        .filter(a::user_id.eq(user))
        .filter(a::id.ge(Clock::first_row_id(since)))
        .filter(a::id.ne(but))
        .filter(a::event.eq(event.word()))
        .filter(a::device.eq(&source.device))
        .filter(a::address.eq(&source.address))
        .select(a::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
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
