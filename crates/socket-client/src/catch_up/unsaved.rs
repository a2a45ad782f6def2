//! Lines that the relay passed on and nobody has stored yet: RU6, and the receiver's part of RU5.

use super::{Held, Pending, Timeline, TimelineEvent};
use serde::{Deserialize, Serialize};
use shared_protocol::api::{Message, PassedOn, Person};
use shared_protocol::envelope::Delivery;
use shared_protocol::{ClientFrame, MessageId, Problem, UserId};

/// So long the sender may come again before others hand it in.
pub const HAND_IN_AFTER_MS: i64 = 60_000;
/// So long after it was passed on a line says that it was not saved: its receipt is of no use any more.
pub const NOT_SAVED_AFTER_MS: i64 = 24 * 60 * 60 * 1000;
/// A line that will never be saved is shown so long.
const SHOWN_FOR_MS: i64 = 7 * NOT_SAVED_AFTER_MS;
/// What was handed in and is still not stored is handed in again so much later.
const AGAIN_AFTER_MS: i64 = 30_000;
/// How many are handed in at once.
const AT_ONCE: usize = 100;
/// How many are held; what comes beyond is not shown before it is stored.
const MOST: usize = 1000;

/// Where an unsaved line stands. Each is shown with a mark and with words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnsavedState {
    /// Not yet saved.
    #[default]
    Waiting,
    /// It was not saved: refused.
    Refused,
    /// It was not saved in time.
    NotSaved,
}

/// One message as the relay passed it on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unsaved {
    pub sender: Person,
    pub id: MessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<MessageId>,
    /// Byte for byte, for handing it in.
    pub frame: String,
    /// What is shown of it.
    pub body: String,
    /// When the relay passed it on, by its clock.
    pub at: i64,
    pub receipt: String,
    #[serde(default)]
    pub state: UnsavedState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl Unsaved {
    /// The line that this delivery is, if it is an unsaved message. `sender` is the member whom its stamp names.
    pub fn read(delivery: &Delivery, sender: &Person) -> Option<Self> {
        let parse = |id: &String| id.parse().ok();
        let ClientFrame::Message { body } = serde_json::from_str(&delivery.frame).ok()? else {
            return None;
        };
        delivery.unsaved.then_some(())?;
        Some(Self {
            sender: sender.clone(),
            id: delivery.id.as_ref().and_then(parse)?,
            prev: delivery.prev.as_ref().and_then(parse),
            frame: delivery.frame.clone(),
            body,
            at: delivery.at?,
            receipt: delivery.receipt.clone()?,
            state: UnsavedState::Waiting,
            problem: None,
        })
    }

    /// As it is handed in.
    pub fn to_hand_in(&self) -> PassedOn {
        PassedOn {
            subject: self.sender.subject.clone(),
            id: self.id,
            prev: self.prev,
            frame: self.frame.clone(),
            receipt: self.receipt.clone(),
        }
    }

    fn is(&self, sender: UserId, id: MessageId) -> bool {
        self.sender.user_id == sender && self.id == id
    }

    fn waits(&self) -> bool {
        self.state == UnsavedState::Waiting
    }
}

/// One line of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line<'t> {
    /// Shown as a message like any other.
    Stored(&'t Message),
    /// Marked as not yet saved, or as not saved.
    Unsaved(&'t Unsaved),
    /// A line without its mark: only without RU6.
    Unmarked(&'t Unsaved),
    /// Marked as an own one on its way.
    Own(&'t Pending),
}

impl Timeline {
    /// What the relay passed on and nobody has stored yet, in the order of its clock.
    pub fn unsaved(&self) -> &[Unsaved] {
        &self.unsaved
    }

    /// Everything in the order of the screen: first what is stored, then what is not, by the time at which it was
    /// written or passed on.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let mut out: Vec<Line<'_>> = self
            .rows()
            .map(|Held { message, .. }| Line::Stored(message))
            .collect();
        let mut unsaved = self.unsaved.iter().peekable();
        let shown = |line| match self.rules.unsaved_is_marked {
            true => Line::Unsaved(line),
            false => Line::Unmarked(line),
        };
        for own in &self.pending {
            while let Some(line) = unsaved.next_if(|line| line.at <= own.at) {
                out.push(shown(line));
            }
            out.push(Line::Own(own));
        }
        out.extend(unsaved.map(shown));
        out
    }

    /// What to hand in now, in order; say [`TimelineEvent::HandedIn`] when it leaves.
    pub fn to_hand_in(&self, now: i64) -> Vec<&Unsaved> {
        if now < self.hand_in_after || !self.rules.hand_in {
            return Vec::new();
        }
        let old = self.unsaved.iter().filter(|line| line.waits());
        old.filter(|line| line.at + HAND_IN_AFTER_MS <= now)
            .take(AT_ONCE)
            .collect()
    }

    /// When to look again at the lines that wait; `None` when there are none.
    pub fn wake_at(&self) -> Option<i64> {
        let first = self.unsaved.iter().find(|line| line.waits())?;
        Some(self.hand_in_after.max(first.at + HAND_IN_AFTER_MS))
    }

    pub(super) fn take_unsaved(&mut self, event: TimelineEvent) {
        match event {
            TimelineEvent::Unsaved { line } => self.add_unsaved(line),
            TimelineEvent::NotSaved { sender, id, problem } => {
                let state = match &problem {
                    Some(problem) if says_nothing_of_a_rule(problem) => UnsavedState::NotSaved,
                    _ => UnsavedState::Refused,
                };
                for line in self.unsaved.iter_mut().filter(|line| line.is(sender, id)) {
                    line.state = state;
                    line.problem.clone_from(&problem);
                }
            }
            TimelineEvent::HandedIn { now } => self.hand_in_after = now + AGAIN_AFTER_MS,
            TimelineEvent::Aged { now } => {
                self.unsaved.retain(|line| now < line.at + SHOWN_FOR_MS);
                let waiting = self.unsaved.iter_mut().filter(|line| line.waits());
                for line in waiting.filter(|line| line.at + NOT_SAVED_AFTER_MS <= now) {
                    line.state = UnsavedState::NotSaved;
                }
            }
            _ => {}
        }
    }

    /// Heard twice, or known as a row or as an own line, it is no news.
    fn add_unsaved(&mut self, line: Unsaved) {
        let (sender, id) = (line.sender.user_id, line.id);
        let is_known = self.unsaved.iter().any(|other| other.is(sender, id))
            || self.has_row(sender, id)
            || sender == self.me && self.pending.iter().any(|own| own.id == id);
        if is_known || MOST <= self.unsaved.len() {
            return;
        }
        let at = self.unsaved.partition_point(|other| other.at <= line.at);
        self.unsaved.insert(at, line);
    }

    fn has_row(&self, sender: UserId, id: MessageId) -> bool {
        let mut rows = self.rows.values().map(|held| &held.message);
        rows.any(|row| row.sender.user_id == sender && row.id == id)
    }

    /// Another line of this screen stands for it now.
    pub(super) fn drop_unsaved(&mut self, sender: UserId, id: MessageId) {
        if self.rules.stored_replaces_unsaved {
            self.unsaved.retain(|line| !line.is(sender, id));
        }
    }
}

/// The receipt is of no use, which does not say that the message is not wanted.
fn says_nothing_of_a_rule(problem: &Problem) -> bool {
    ["/problems/bad-receipt", "/problems/receipt-expired"].contains(&problem.kind.as_str())
}
