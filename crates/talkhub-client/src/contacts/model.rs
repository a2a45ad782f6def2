//! What holds between two people, and the rule who may reach whom. No queries.

use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::words::Said;
use shared_protocol::api::{self, ContactState, Person};
use shared_protocol::{RequestId, UserId};
use std::str::FromStr;

/// Two people, or one; the same whoever is named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    low: UserId,
    high: UserId,
}

impl Pair {
    pub fn of(one: UserId, other: UserId) -> Self {
        Self {
            low: one.min(other),
            high: one.max(other),
        }
    }

    /// `lower:higher`, as columns have it.
    pub fn key(self) -> String {
        format!("{}:{}", self.low, self.high)
    }

    /// The lower first: whoever locks both does it in this order.
    pub fn people(self) -> [UserId; 2] {
        [self.low, self.high]
    }

    /// The other one, as seen by `me`; oneself where there is only one.
    pub fn other(self, me: UserId) -> UserId {
        match me == self.low {
            true => self.high,
            false => self.low,
        }
    }
}

impl FromStr for Pair {
    type Err = shared_protocol::BadId;
    fn from_str(key: &str) -> std::result::Result<Self, Self::Err> {
        let (one, other) = key.split_once(':').ok_or(shared_protocol::BadId("pair"))?;
        Ok(Self::of(one.parse()?, other.parse()?))
    }
}

/// Why somebody cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// They have blocked whoever asks, or take messages from their contacts only: word for word the same. (SEC16)
    NotReachable,
    /// Whoever asks has blocked them.
    OwnBlock,
    /// They have deleted their account.
    Left,
}

impl Barrier {
    pub fn problem(self) -> Problem {
        match self {
            Self::NotReachable => Problem::NotReachable,
            Self::OwnBlock => Problem::Forbidden(Said::new("problem-own-block")),
            Self::Left => Problem::Gone(Said::new("problem-person-left")),
        }
    }
}

/// How A may reach B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Straight into the list: contacts, oneself, or whom B has asked to become a contact.
    Free,
    /// A stranger: what they begin is a message request until B takes it up.
    AsRequest,
    Not(Barrier),
}

impl Reach {
    /// A refusal, unless there is a way.
    pub fn check(self) -> Result<()> {
        match self {
            Self::Free | Self::AsRequest => Ok(()),
            Self::Not(barrier) => Err(barrier.problem()),
        }
    }
}

/// What holds between somebody and one other person, as the first may know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    pub contact: ContactState,
    /// By the one whose relation it is.
    pub blocked: bool,
    pub request: Option<Request>,
    pub since: Option<i64>,
}

impl Relation {
    pub fn to_wire(&self, person: Person) -> api::Relation {
        let request = self.request.as_ref().map(|request| api::ContactRequest {
            id: request.id,
            note: request.note.clone(),
            at: request.at,
        });
        api::Relation {
            person,
            contact: self.contact,
            blocked: self.blocked,
            request,
            since: self.since,
        }
    }
}

/// One row of `contact_requests`.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Request {
    pub id: RequestId,
    pub sender: UserId,
    pub addressee: UserId,
    pub note: String,
    /// Only the sender still sees it.
    pub is_silent: bool,
    pub at: i64,
}

impl Request {
    pub fn pair(&self) -> Pair {
        Pair::of(self.sender, self.addressee)
    }

    /// What it is for `me`, if `me` sees it at all.
    pub fn state_for(&self, me: UserId) -> Option<ContactState> {
        match (self.sender == me, self.addressee == me && !self.is_silent) {
            (true, _) => Some(ContactState::Requested),
            (_, true) => Some(ContactState::Incoming),
            _ => None,
        }
    }
}

/// The line that may come with a request: one line, not too long, nothing that nobody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note(String);

const MOST_NOTE: usize = 200;

impl Note {
    pub fn parse(raw: &str) -> Result<Self> {
        let text = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        let issue = |said| Problem::Invalid(vec![FieldIssue { field: "note", said }]);
        if text.chars().any(|letter| letter.is_control() || is_bidi(letter)) {
            return Err(issue(Said::new("request-note-control")));
        }
        let count = text.chars().count();
        if MOST_NOTE < count {
            let said = Said::new("request-note-long").number("count", count as i64);
            return Err(issue(said.number("most", MOST_NOTE as i64)));
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_bidi(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: i64) -> UserId {
        UserId::new(1_000_000_000 + number).unwrap()
    }

    #[test]
    fn two_people_are_one_pair() {
        let pair = Pair::of(person(2), person(1));
        assert_eq!(pair, Pair::of(person(1), person(2)));
        assert_eq!(pair.key(), "1000000001:1000000002");
        assert_eq!(pair.key().parse(), Ok(pair));
        assert_eq!(
            (pair.other(person(1)), pair.other(person(2))),
            (person(2), person(1))
        );
        assert_eq!(Pair::of(person(1), person(1)).other(person(1)), person(1));
        assert!("".parse::<Pair>().is_err() && "1:2".parse::<Pair>().is_err());
    }

    #[test]
    fn a_silent_request_is_seen_by_its_sender_alone() {
        let request = |is_silent| Request {
            id: RequestId::new(1).unwrap(),
            sender: person(1),
            addressee: person(2),
            note: String::new(),
            is_silent,
            at: 0,
        };
        let check = |is_silent, of, want| assert_eq!(request(is_silent).state_for(person(of)), want);
        check(false, 1, Some(ContactState::Requested));
        check(false, 2, Some(ContactState::Incoming));
        check(true, 1, Some(ContactState::Requested));
        check(true, 2, None);
        check(false, 3, None);
    }

    fn check_note(raw: &str, want: std::result::Result<&str, &str>) {
        let note = Note::parse(raw);
        let got = note.as_ref().map(Note::as_str).map_err(|problem| match problem {
            Problem::Invalid(issues) => issues[0].said.key(),
            _ => "another problem",
        });
        assert_eq!(got, want, "{raw:?}");
    }

    #[test]
    fn a_note_is_one_short_line() {
        check_note("", Ok(""));
        check_note("  from the\nharbour ", Ok("from the harbour"));
        check_note(&"é".repeat(200), Ok(&"é".repeat(200)));
        check_note(&"x".repeat(201), Err("request-note-long"));
        check_note("a\0b", Err("request-note-control"));
        check_note("a\u{202e}b", Err("request-note-control"));
    }
}
