//! Drafts, rows, and the rules that need neither clock nor database.

use super::holding::Sent;
use crate::platform::db::dialect::{Locked, NewMessage};
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::words::Said;
use shared_protocol::api::{Message, Person};
use shared_protocol::receipt::{Key, Passed, Receipt};
use shared_protocol::{ConversationId, Group, MAX_BODY_CHARS, MessageId, RelayId, UserId};
use std::collections::HashMap;

/// Text worth sending: blank lines at both ends and trailing space cut (never the first line's indent), not empty, not
/// too long, no NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    pub fn parse(raw: &str) -> std::result::Result<Self, FieldIssue> {
        let issue = |said| FieldIssue { field: "body", said };
        if raw.contains(['\0', '\u{fffe}', '\u{ffff}']) {
            return Err(issue(Said::new("message-control")));
        }
        let text = without_outer_blank_lines(raw);
        if text.chars().all(is_invisible) {
            return Err(issue(Said::new("message-empty")));
        }
        let count = text.chars().count();
        if MAX_BODY_CHARS < count {
            let said = Said::new("message-too-long").number("count", count as i64);
            return Err(issue(said.number("most", MAX_BODY_CHARS as i64)));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn without_outer_blank_lines(raw: &str) -> &str {
    let text = raw.trim_end();
    let first = text
        .find(|letter: char| !letter.is_whitespace())
        .unwrap_or(text.len());
    let line = text[..first].rfind('\n').map_or(0, |end| end + 1);
    &text[line..]
}

fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}')
}

/// Who wrote a draft: a connection at the relay, somebody over HTTPS, or whom a receipt names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Author {
    Relay(RelayId),
    User(UserId),
    Subject(Group),
}

/// A message that somebody wants to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub group: Group,
    pub author: Author,
    pub id: MessageId,
    /// The same device's message before this one that was not settled when this was sent.
    pub prev: Option<MessageId>,
    /// A body that cannot be taken only counts if the id is new.
    pub body: std::result::Result<Body, FieldIssue>,
    /// When the relay passed it on, if it did, as its receipt proves.
    pub passed: Option<Receipt>,
}

impl Draft {
    /// Whether a refusal must hold for ever: somebody else may have it, and could hand it in later. What was passed on and
    /// is refused for itself is remembered too, since what comes after it names it. What a member sends over HTTPS may have
    /// been passed on before, without their knowing; whoever is none has nothing in that group.
    pub fn must_remember(&self, problem: &Problem) -> bool {
        match (&self.passed, &self.author) {
            (Some(_), _) => problem.is_for_good() || matches!(problem, Problem::Invalid(_)),
            (None, Author::User(_)) => matches!(problem, Problem::NotReachable | Problem::Forbidden(_)),
            (None, Author::Relay(_) | Author::Subject(_)) => problem.is_for_good(),
        }
    }

    /// What of it says whether it is held.
    pub fn sent(&self) -> Sent {
        Sent {
            group: self.group.clone(),
            author: self.author.clone(),
            passed: self.passed.clone(),
        }
    }

    /// About how many bytes it takes while it waits.
    pub fn size(&self) -> usize {
        const REST: usize = 512;
        REST + self.body.as_ref().map_or(0, |body| body.as_str().len())
    }

    /// The relay's time, if that was earlier than `now`; never more than a day.
    fn sent_at(&self, now: i64) -> Option<i64> {
        let at = self.passed.as_ref()?.at.max(now - PROVES_FOR);
        (at < now).then_some(at)
    }
}

/// How long a receipt proves something, in milliseconds.
pub const PROVES_FOR: i64 = 24 * 60 * 60 * 1000;

/// The receipt in `text`, if a relay with one of these keys gave it for exactly this message, not longer than
/// [`PROVES_FOR`] before `now`.
pub fn check_receipt(text: &str, passed: &Passed<'_>, keys: &[Key], now: i64) -> Result<Receipt> {
    let receipt: Receipt = text.parse().map_err(|_| Problem::BadReceipt)?;
    if !keys.iter().any(|key| receipt.proves(key, passed)) {
        return Err(Problem::BadReceipt);
    }
    if receipt.at < now - PROVES_FOR {
        return Err(Problem::OldReceipt);
    }
    Ok(receipt)
}

/// A message that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub message: Message,
    pub group: Group,
    /// False: it had been kept before, and this is the first result.
    pub is_new: bool,
}

/// One row of `messages`.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Row {
    pub conversation: ConversationId,
    pub seq: i64,
    pub rev: i64,
    pub id: MessageId,
    pub sender: UserId,
    pub kind: String,
    pub body: String,
    pub at: i64,
    pub sent_at: Option<i64>,
}

impl Row {
    /// The next message at this place, whose counters have been moved.
    pub fn new(place: &Locked, draft: &Draft, sender: UserId, body: &Body) -> Self {
        Self {
            conversation: place.id,
            seq: place.seq,
            rev: place.rev,
            id: draft.id,
            sender,
            kind: "text".to_owned(),
            body: body.0.clone(),
            at: place.last_at,
            sent_at: draft.sent_at(place.last_at),
        }
    }

    pub fn to_wire(&self, sender: Person) -> Message {
        Message {
            conversation: self.conversation,
            seq: self.seq,
            rev: self.rev,
            id: self.id,
            sender,
            kind: self.kind.clone(),
            body: self.body.clone(),
            at: self.at,
            sent_at: self.sent_at,
        }
    }

    pub fn to_new(&self) -> NewMessage<'_> {
        NewMessage {
            conversation_id: self.conversation,
            seq: self.seq,
            rev: self.rev,
            id: &self.id,
            sender: self.sender,
            message_type: &self.kind,
            body: &self.body,
            at: self.at,
            sent_at: self.sent_at,
        }
    }
}

/// Rows by what names them, those of this batch among them.
pub struct Known {
    rows: Vec<Row>,
    fresh_from: usize,
    places: HashMap<(ConversationId, UserId, MessageId), usize>,
}

impl Known {
    pub fn new(rows: Vec<Row>) -> Self {
        let places = rows
            .iter()
            .enumerate()
            .map(|(at, row)| ((row.conversation, row.sender, row.id), at))
            .collect();
        Self {
            fresh_from: rows.len(),
            rows,
            places,
        }
    }

    pub fn find(&self, conversation: ConversationId, sender: UserId, id: MessageId) -> Option<&Row> {
        self.places
            .get(&(conversation, sender, id))
            .map(|at| &self.rows[*at])
    }

    pub fn add(&mut self, row: Row) {
        self.places
            .insert((row.conversation, row.sender, row.id), self.rows.len());
        self.rows.push(row);
    }

    /// What must be inserted.
    pub fn fresh(&self) -> impl Iterator<Item = &Row> {
        self.rows[self.fresh_from..].iter()
    }
}

/// Which part of the history is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub edge: Edge,
    pub limit: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Newest,
    Before(i64),
    After(i64),
}

/// The default and the most of `limit`.
pub const PAGE: i64 = 100;
pub const MOST_PAGE: i64 = 200;

impl Window {
    pub fn parse(before: Option<&str>, after: Option<&str>, limit: Option<&str>) -> Result<Self> {
        let edge = match (before, after) {
            (Some(_), Some(_)) => return Err(Problem::invalid("before", Said::new("cursor-both"))),
            (Some(before), None) => Edge::Before(cursor("before", before)?),
            (None, Some(after)) => Edge::After(cursor("after", after)?),
            (None, None) => Edge::Newest,
        };
        Ok(Self {
            edge,
            limit: parse_limit(limit)?,
        })
    }
}

pub fn parse_limit(limit: Option<&str>) -> Result<i64> {
    let Some(text) = limit else {
        return Ok(PAGE);
    };
    let number = text.parse().ok().filter(|limit| (1..=MOST_PAGE).contains(limit));
    number.ok_or_else(|| Problem::invalid("limit", Said::new("limit-range").number("most", MOST_PAGE)))
}

/// A `seq` or a `rev`: 0 and up.
pub fn cursor(name: &'static str, text: &str) -> Result<i64> {
    let number = text.parse().ok().filter(|number| 0 <= *number);
    number.ok_or_else(|| Problem::invalid(name, Said::new("cursor-malformed").text("name", name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, want: std::result::Result<&str, &str>) {
        let got = Body::parse(raw);
        let got = got.as_ref().map(Body::as_str).map_err(|issue| issue.said.key());
        assert_eq!(got, want, "{raw:?}");
    }

    #[test]
    fn body_is_trimmed() {
        check("hi\n", Ok("hi"));
        check("\n \n  hi \n\n", Ok("  hi"));
        check("  let x = 1;\n  let y = 2;  ", Ok("  let x = 1;\n  let y = 2;"));
    }

    #[test]
    fn body_may_not_be_blank() {
        check("", Err("message-empty"));
        check(" \n\t", Err("message-empty"));
        check("\u{200b}\u{202e}\u{feff}", Err("message-empty"));
    }

    #[test]
    fn body_has_a_limit_in_characters() {
        check(&"é".repeat(10_000), Ok(&"é".repeat(10_000)));
        check(&"x".repeat(10_001), Err("message-too-long"));
    }

    #[test]
    fn nul_is_no_text() {
        check("a\0b", Err("message-control"));
    }

    fn check_window(
        before: Option<&str>,
        after: Option<&str>,
        limit: Option<&str>,
        want: std::result::Result<(Edge, i64), &str>,
    ) {
        let got = Window::parse(before, after, limit);
        let got = got
            .as_ref()
            .map(|window| (window.edge, window.limit))
            .map_err(|problem| match problem {
                Problem::Invalid(issues) => issues[0].field,
                _ => "another problem",
            });
        assert_eq!(got, want);
    }

    #[test]
    fn bad15_cursors_are_named_with_their_range() {
        check_window(None, None, None, Ok((Edge::Newest, 100)));
        check_window(Some("7"), None, Some("200"), Ok((Edge::Before(7), 200)));
        check_window(Some("7"), Some("9"), None, Err("before"));
        for bad in ["0", "-1", "201", "1e9", "abc", ""] {
            check_window(None, None, Some(bad), Err("limit"));
        }
        for bad in ["-1", "x", "1.5", ""] {
            check_window(None, Some(bad), None, Err("after"));
        }
    }
}
