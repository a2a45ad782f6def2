//! The outbox without storage and network: which own messages wait, which may go out now, and what an answer means.
//! The page has its twin in `messages/outbox.std.ts`: same rules, same words.

mod due;
mod passed;
#[cfg(test)]
mod passed_tests;
#[cfg(test)]
mod tests;

pub use due::Due;
pub use passed::Passed;

use crate::rules::Rules;
use serde::{Deserialize, Serialize};
use shared_protocol::{ConversationId, Group, MessageId, Problem, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// An entry stays so long after its tick, for a server that comes back with an older history. (RU12)
pub const KEEP_TICKED_MS: i64 = 24 * 60 * 60 * 1000;

/// One own message from the key press until it is stored or thrown away. This is what lies on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub id: MessageId,
    pub user: UserId,
    pub conversation: ConversationId,
    pub group: Group,
    pub body: String,
    /// When it was written, by the server's clock as this device knows it.
    pub at: i64,
    /// Its place among this device's entries; grows with every entry, over tabs and restarts.
    pub order: i64,
    /// The tab that sends it: the one that wrote it, until that is gone and another one takes it over.
    pub tab: String,
    /// The tab that wrote it, where another one has taken it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// It has left this device at least once: from now on its content stands.
    pub emitted: bool,
    /// A definite no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Problem>,
    /// The relay has passed it on while no logic server was there. It is not stored: never a tick for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Passed>,
    /// It is stored, in this history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticked: Option<Tick>,
}

impl Entry {
    /// The tab that wrote it. What it wrote stays in order, whoever sends it. (INV09)
    fn writer(&self) -> &str {
        self.writer.as_deref().unwrap_or(&self.tab)
    }
}

/// Where and when an entry got its tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    pub history: String,
    pub at: i64,
}

/// A conversation waits before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pause {
    until: i64,
    tries: u32,
    /// Up to here the server asked us to wait: no hurry of ours makes that shorter.
    asked: i64,
}

/// What can happen to an outbox. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum OutboxEvent {
    /// Read from disk.
    Loaded {
        entries: Vec<Entry>,
    },
    Wrote {
        entry: Entry,
    },
    /// It is about to leave.
    Tried {
        id: MessageId,
    },
    /// It leaves this device now.
    Emitted {
        id: MessageId,
    },
    /// An ack, or the row itself, says that it is stored.
    Stored {
        id: MessageId,
        history: String,
        now: i64,
    },
    /// A definite no that names a rule.
    Refused {
        id: MessageId,
        problem: Problem,
    },
    /// No logic server was there: the relay has handed it to the group, at this time of its clock.
    PassedOn {
        id: MessageId,
        at: i64,
        receipt: String,
        now: i64,
        chance: f64,
    },
    /// Neither yes nor no: `busy`, 5xx, a cut, or no answer in time.
    PutOff {
        id: MessageId,
        now: i64,
        chance: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<i64>,
    },
    /// The connection is gone with everything that was on its way.
    Cut,
    /// The connection is there, the relay says `look`, or the logic server answers again: nothing waits any longer but
    /// for what the server asked to wait.
    Hurry {
        now: i64,
    },
    /// The logic server said which history holds. Late frames and acks never do: they may be of before a restore.
    History {
        history: String,
        now: i64,
    },
    /// After a refusal: once more, as the last one written. A refusal stands for ever, so it goes as a new message, by the
    /// id `anew`; without one by its own, for what never reached the logic server.
    Again {
        id: MessageId,
        order: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        anew: Option<MessageId>,
    },
    Withdrew {
        id: MessageId,
    },
    /// Those tabs are gone.
    TakenOver {
        from: BTreeSet<String>,
        by: String,
    },
}

/// See the module. Pure: it knows no clock, no disk, no network.
#[derive(Clone, Debug)]
pub struct Outbox {
    entries: Vec<Entry>,
    flying: BTreeSet<MessageId>,
    pauses: BTreeMap<ConversationId, Pause>,
    /// Until when what was passed on is not offered again, if nothing else happens.
    rests: BTreeMap<ConversationId, i64>,
    history: Option<String>,
    rules: Rules,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new(Rules::ALL)
    }
}

impl Outbox {
    /// An empty outbox. `rules` is [`Rules::ALL`] but for tests of the tests.
    pub fn new(rules: Rules) -> Self {
        Self {
            entries: Vec::new(),
            flying: BTreeSet::new(),
            pauses: BTreeMap::new(),
            rests: BTreeMap::new(),
            history: None,
            rules,
        }
    }

    /// What must lie on disk, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether this one is on its way.
    pub fn is_flying(&self, id: MessageId) -> bool {
        self.flying.contains(&id)
    }

    /// Which history holds, as far as the logic server has said.
    pub fn history(&self) -> Option<&str> {
        self.history.as_deref()
    }

    /// Entries that are neither stored nor refused.
    pub fn unsent(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.refused.is_none() && !self.is_settled(entry))
    }

    /// Takes what has happened. Hearing something twice or late does no harm.
    pub fn apply(&mut self, event: OutboxEvent) {
        match event {
            OutboxEvent::Loaded { entries } => entries.into_iter().for_each(|entry| self.add(entry)),
            OutboxEvent::Wrote { entry } => self.add(entry),
            OutboxEvent::Tried { id } => drop(self.flying.insert(id)),
            OutboxEvent::Emitted { id } => {
                self.change(id, |entry| entry.emitted = true);
                self.flying.insert(id);
            }
            OutboxEvent::Stored { id, history, now } => self.tick(id, history, now),
            OutboxEvent::Refused { id, problem } => self.refuse(id, problem),
            OutboxEvent::PassedOn {
                id,
                at,
                receipt,
                now,
                chance,
            } => self.pass_on(id, Passed { at, receipt }, now, chance),
            OutboxEvent::PutOff {
                id,
                now,
                chance,
                retry_after,
            } => self.put_off(id, now, chance, retry_after),
            OutboxEvent::Cut => {
                for id in std::mem::take(&mut self.flying) {
                    self.rename(id);
                }
            }
            OutboxEvent::Hurry { now } => self.hurry(now),
            OutboxEvent::History { history, now } => self.learn(history, now),
            OutboxEvent::Again { id, order, anew } => self.again(id, order, anew),
            OutboxEvent::Withdrew { id } => self.remove(id),
            OutboxEvent::TakenOver { from, by } => {
                for entry in self.entries.iter_mut().filter(|entry| from.contains(&entry.tab)) {
                    let before = std::mem::replace(&mut entry.tab, by.clone());
                    entry.writer.get_or_insert(before);
                }
            }
        }
    }

    /// Whether it is stored. Invariant: settled means a tick in the history that holds now.
    pub fn is_settled(&self, entry: &Entry) -> bool {
        entry.ticked.as_ref().is_some_and(|tick| {
            !self.rules.offer_again
                || self
                    .history
                    .as_ref()
                    .is_none_or(|history| *history == tick.history)
        })
    }

    fn find(&self, id: MessageId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    fn add(&mut self, entry: Entry) {
        if self.find(entry.id).is_none() {
            self.entries.push(entry);
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.entries
            .sort_by(|a, b| a.order.cmp(&b.order).then(a.id.cmp(&b.id)));
    }

    fn change(&mut self, id: MessageId, to: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            to(entry);
        }
    }

    fn remove(&mut self, id: MessageId) {
        self.entries.retain(|entry| entry.id != id);
        self.flying.remove(&id);
    }

    fn tick(&mut self, id: MessageId, history: String, now: i64) {
        self.flying.remove(&id);
        let Some(conversation) = self.find(id).map(|entry| entry.conversation) else {
            return;
        };
        self.pauses.remove(&conversation);
        self.rests.clear(); // the logic server answers
        let present = self.history.clone();
        self.change(id, |entry| {
            entry.refused = None;
            // A late ack of a history that is no more takes no tick away.
            let has_present = entry
                .ticked
                .as_ref()
                .is_some_and(|tick| Some(&tick.history) == present.as_ref());
            if !has_present {
                entry.ticked = Some(Tick { history, at: now });
            }
        });
        self.forget_old_ticks(now);
    }

    fn refuse(&mut self, id: MessageId, problem: Problem) {
        self.change(id, |entry| entry.refused = Some(problem));
        self.flying.remove(&id);
    }

    fn hurry(&mut self, now: i64) {
        self.rests.clear();
        self.pauses.retain(|_, pause| {
            pause.until = pause.asked;
            now < pause.asked
        });
    }

    fn learn(&mut self, history: String, now: i64) {
        if self.history.as_ref() != Some(&history) {
            self.history = Some(history);
            self.pauses.clear();
            self.rests.clear();
        }
        self.forget_old_ticks(now);
    }

    fn forget_old_ticks(&mut self, now: i64) {
        self.entries.retain(|entry| {
            entry
                .ticked
                .as_ref()
                .is_none_or(|tick| now < tick.at + KEEP_TICKED_MS)
        });
    }

    /// RU4: neither yes nor no. The whole conversation waits, so that nothing overtakes. What the server asks for wins.
    fn put_off(&mut self, id: MessageId, now: i64, chance: f64, retry_after: Option<i64>) {
        self.flying.remove(&id);
        let Some(conversation) = self.find(id).map(|entry| entry.conversation) else {
            return;
        };
        if !self.rules.no_answer_is_no_refusal && retry_after.is_none() {
            return self.refuse(id, no_answer());
        }
        self.rename(id);
        self.rests.remove(&conversation); // what waits here goes again together, in order
        let before = self.pauses.get(&conversation).copied();
        let asked = retry_after.unwrap_or(0);
        // Several answers of one burst are one failure.
        let pause = match before {
            Some(before) if now < before.until => Pause {
                until: before.until.max(now + asked),
                ..before
            },
            _ => {
                let tries = before.map_or(0, |pause| pause.tries) + 1;
                Pause {
                    until: now + retry_after.unwrap_or_else(|| back_off(tries, chance)),
                    tries,
                    asked: before.map_or(0, |pause| pause.asked),
                }
            }
        };
        let asked = pause.asked.max(now + asked);
        self.pauses.insert(conversation, Pause { asked, ..pause });
    }

    /// Without RU1 every try has an id of its own.
    fn rename(&mut self, id: MessageId) {
        if self.rules.one_id {
            return;
        }
        let text = id.to_string();
        let tail = u32::from_str_radix(&text[28..], 16).map_or(0, |tail| tail.wrapping_add(0x1000_0000));
        if let Ok(other) = format!("{}{tail:08x}", &text[..28]).parse() {
            self.change(id, |entry| entry.id = other);
        }
    }
}

/// 1, 2, 4 … 30 s, give or take 30 %. `tries` counts the failures so far, from 1; `chance` is 0 to 1. (RU4)
pub fn back_off(tries: u32, chance: f64) -> i64 {
    let seconds = 1_i64 << tries.saturating_sub(1).min(5);
    (seconds.min(30) as f64 * 1000.0 * (0.7 + 0.6 * chance)).round() as i64
}

/// What a device without RU4 makes of silence.
fn no_answer() -> Problem {
    Problem::new("no-answer", 504, "no answer came")
}
