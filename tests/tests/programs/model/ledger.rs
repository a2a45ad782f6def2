//! What must be true, whatever happened: the invariants marked M, checked after every step.

use super::device::{Device, Disk};
use super::server::{Place, Truth};
use shared_protocol::api::Message;
use shared_protocol::{ConversationId, MessageId, UserId};
use socket_client::catch_up::{Line, Timeline, Unsaved, UnsavedState};
use socket_client::outbox::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub invariant: &'static str,
    pub said: String,
}

pub type Checked = Result<(), Broken>;

pub fn ensure(holds: bool, invariant: &'static str, said: impl FnOnce() -> String) -> Checked {
    if holds {
        return Ok(());
    }
    Err(Broken {
        invariant,
        said: said(),
    })
}

/// Who wrote what where, by what names it.
pub type Key = (ConversationId, UserId, MessageId);

/// What was written, and what was promised about it.
#[derive(Default)]
pub struct Ledger {
    /// What the row's text may be: as it was written, trimmed; then its edits.
    bodies: BTreeMap<Key, Vec<String>>,
    /// In the order in which one tab wrote it.
    written: BTreeMap<(ConversationId, String), Vec<Key>>,
    acked: BTreeMap<Key, i64>,
    failed: BTreeSet<Key>,
    /// What a device was told a definite no about, and what was written there.
    told_no: BTreeMap<Key, String>,
    /// Whose device is gone for good: nobody offers it again.
    lost: BTreeSet<Key>,
    /// What was refused after the copy was made: a restore takes that back, as it takes ticks back.
    taken_back: BTreeSet<Key>,
    copied_failed: BTreeSet<Key>,
    /// Every row that ever was in a history.
    ever: BTreeMap<String, BTreeSet<(i64, Key)>>,
    revs: BTreeMap<ConversationId, i64>,
    marks: BTreeMap<(ConversationId, UserId), i64>,
    copied: BTreeMap<String, BTreeSet<(i64, Key)>>,
    pub acks: usize,
}

impl Ledger {
    pub fn wrote(&mut self, key: Key, tab: &str, body: &str) {
        self.bodies.entry(key).or_default().push(body.to_owned());
        self.written.entry((key.0, tab.to_owned())).or_default().push(key);
    }

    pub fn knows(&self, key: Key) -> bool {
        self.bodies.contains_key(&key)
    }

    pub fn edited(&mut self, message: &Message, body: &str) {
        let key = key_of(message);
        self.bodies.entry(key).or_default().push(body.to_owned());
    }

    /// Somebody was told `stored`.
    pub fn acked(&mut self, key: Key, seq: i64) -> Checked {
        self.acks += 1;
        let first = *self.acked.entry(key).or_insert(seq);
        ensure(first == seq, "inv21", || {
            format!("{key:?} was acked at {first}, then at {seq}")
        })
    }

    /// Somebody is shown that it was refused.
    pub fn failed(&mut self, key: Key) {
        if !self.taken_back.contains(&key) {
            self.failed.insert(key);
        }
    }

    /// Its device is told that a rule forbids it.
    pub fn told_no(&mut self, entry: &Entry) {
        let key = (entry.conversation, entry.user, entry.id);
        self.told_no.insert(key, entry.body.clone());
    }

    pub fn lost(&mut self, entries: &[Entry]) {
        let keys = entries
            .iter()
            .map(|entry| (entry.conversation, entry.user, entry.id));
        self.lost.extend(keys);
    }

    pub fn copied(&mut self, history: &str) {
        let rows = self.ever.get(history).cloned().unwrap_or_default();
        self.copied = BTreeMap::from([(history.to_owned(), rows)]);
        self.copied_failed = self.failed.clone();
    }

    /// Back to the copy: what was acked since is owed again, without a place. Of a no on its way nobody knows any more.
    pub fn restored(&mut self, history: &str, on_the_way: &[Key]) {
        self.taken_back.extend(on_the_way);
        let rows = self.copied.values().next().cloned().unwrap_or_default();
        let kept: BTreeMap<Key, i64> = rows.iter().map(|(seq, key)| (*key, *seq)).collect();
        self.acked.retain(|key, _| kept.contains_key(key));
        self.ever.entry(history.to_owned()).or_default().extend(rows);
        self.taken_back
            .extend(self.failed.difference(&self.copied_failed));
        self.failed.clone_from(&self.copied_failed);
        self.revs.clear();
        self.marks.clear();
    }

    /// The database has changed.
    pub fn check_disk(&mut self, place: &Place, truth: &Truth, history: &str) -> Checked {
        let rows = &truth.rows;
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let dense: Vec<i64> = (1..=truth.seq).collect();
        ensure(seqs == dense, "inv03", || {
            format!("seqs {seqs:?} with a last one of {}", truth.seq)
        })?;
        let before = self.revs.insert(place.id, truth.rev).unwrap_or(0);
        ensure(before <= truth.rev, "inv03", || {
            format!("rev went from {before} to {}", truth.rev)
        })?;
        let mut places: BTreeMap<Key, i64> = BTreeMap::new();
        for row in rows {
            let key = key_of(row);
            ensure(row.rev <= truth.rev, "inv03", || {
                format!("row {} has rev {} of {}", row.seq, row.rev, truth.rev)
            })?;
            ensure(place.members.contains(&key.1), "inv13", || {
                format!("{} is no member and has written {}", key.1, row.seq)
            })?;
            let known = self
                .bodies
                .get(&key)
                .is_some_and(|bodies| bodies.contains(&row.body));
            ensure(known, "inv02", || {
                format!("nobody has written {:?} as {}", row.body, row.id)
            })?;
            ensure(!self.failed.contains(&key), "inv11", || {
                format!("{:?} was shown as failed and is stored", row.body)
            })?;
            let twice = places.insert(key, row.seq);
            ensure(twice.is_none(), "inv21", || {
                format!("{:?} is stored twice", row.body)
            })?;
        }
        let acked = self.acked.iter().filter(|(key, _)| key.0 == place.id);
        for (key, seq) in acked {
            ensure(places.get(key) == Some(seq), "inv01", || {
                format!("{key:?} was acked at {seq} and is at {:?}", places.get(key))
            })?;
        }
        self.check_order(place, &places)?;
        self.check_marks(place, truth)?;
        let rows = rows.iter().map(|row| (row.seq, key_of(row)));
        self.ever.entry(history.to_owned()).or_default().extend(rows);
        Ok(())
    }

    fn check_order(&self, place: &Place, places: &BTreeMap<Key, i64>) -> Checked {
        for ((id, tab), keys) in &self.written {
            if *id != place.id {
                continue;
            }
            // What was refused is overtaken; if a restore takes the refusal back, it comes after what overtook it.
            let kept = keys.iter().filter(|key| !self.taken_back.contains(key));
            let seqs: Vec<i64> = kept.filter_map(|key| places.get(key).copied()).collect();
            ensure(seqs.is_sorted(), "inv09", || {
                format!("what {tab} wrote one after the other stands at {seqs:?}")
            })?;
        }
        Ok(())
    }

    fn check_marks(&mut self, place: &Place, truth: &Truth) -> Checked {
        for (user, read, badge) in &truth.marks {
            let before = self.marks.insert((place.id, *user), *read).unwrap_or(0);
            ensure(before <= *read && *read <= truth.seq, "inv10", || {
                format!("the mark of {user} went from {before} to {read} of {}", truth.seq)
            })?;
            let others = truth.rows.iter().filter(|row| row.sender.user_id != *user);
            let unread = others.filter(|row| *read < row.seq).count() as i64;
            ensure(unread == *badge, "inv10", || {
                format!("{user} has {unread} unread and a badge of {badge}")
            })?;
        }
        Ok(())
    }

    /// INV12: whoever is told no has the text still.
    pub fn check_texts(&self, disks: &[Disk]) -> Checked {
        let is_owed = |key: &Key| !self.lost.contains(key) && !self.taken_back.contains(key);
        let told = self.told_no.iter().filter(|(key, _)| is_owed(key));
        for (key, body) in told {
            let mut kept = disks.iter().flat_map(BTreeMap::values).flatten();
            let is_kept = kept.any(|entry| {
                let is_this = (entry.conversation, entry.user, entry.id) == *key;
                is_this && entry.refused.is_some() && entry.body == *body
            });
            ensure(is_kept, "inv12", || {
                format!("{body:?} was refused, and its text is gone")
            })?;
        }
        Ok(())
    }

    /// A device has changed, or what it looks at has.
    pub fn check_device(
        &mut self,
        device: &Device,
        truths: &BTreeMap<ConversationId, Truth>,
        history: &str,
    ) -> Checked {
        for entry in device
            .outbox
            .entries()
            .iter()
            .filter(|entry| entry.refused.is_some())
        {
            self.shows_failed((entry.conversation, entry.user, entry.id), truths)?;
        }
        for (id, timeline) in &device.timelines {
            let refused = timeline
                .unsaved()
                .iter()
                .filter(|line| line.state == UnsavedState::Refused);
            for line in refused {
                self.shows_failed((*id, line.sender.user_id, line.id), truths)?;
            }
        }
        for entry in device.outbox.entries() {
            let here = entry.ticked.as_ref().filter(|tick| tick.history == history);
            let rows = &truths[&entry.conversation].rows;
            let mut own = rows.iter().filter(|row| row.sender.user_id == entry.user);
            ensure(
                here.is_none() || own.any(|row| row.id == entry.id),
                "inv06",
                || format!("{:?} has a tick and is not stored", entry.body),
            )?;
        }
        self.check_screen(device.me.user_id, &device.timelines, truths, history)
    }

    fn shows_failed(&mut self, key: Key, truths: &BTreeMap<ConversationId, Truth>) -> Checked {
        self.failed(key);
        let is_stored = truths[&key.0].rows.iter().any(|row| key_of(row) == key);
        ensure(!is_stored || !self.failed.contains(&key), "inv11", || {
            format!("{key:?} is shown as failed and is stored")
        })
    }

    /// What somebody's timelines show.
    pub fn check_screen(
        &self,
        me: UserId,
        timelines: &BTreeMap<ConversationId, Timeline>,
        truths: &BTreeMap<ConversationId, Truth>,
        history: &str,
    ) -> Checked {
        for (id, timeline) in timelines {
            let truth = &truths[id];
            let mut names = BTreeSet::new();
            let mut shown = BTreeSet::new();
            for held in timeline.rows() {
                let row = &held.message;
                ensure(row.conversation == *id, "inv13", || {
                    format!("{} shows a row of {}", id, row.conversation)
                })?;
                let is_new = names.insert((row.sender.user_id, row.id));
                ensure(is_new, "inv05", || format!("{:?} is shown twice", row.body))?;
                shown.insert((row.seq, key_of(row)));
            }
            let mut is_after = false;
            for line in timeline.lines() {
                let name = match line {
                    Line::Stored(_) => {
                        ensure(!is_after, "inv06", || {
                            "what is stored stands after what is not".to_owned()
                        })?;
                        continue;
                    }
                    Line::Unsaved(line) => (line.sender.user_id, line.id),
                    Line::Unmarked(line) => {
                        let said = || format!("{:?} is shown as if it were stored", line.body);
                        return ensure(false, "inv06", said);
                    }
                    Line::Own(line) => (me, line.id),
                };
                is_after = true;
                ensure(names.insert(name), "inv05", || format!("{name:?} is shown twice"))?;
            }
            let of_one = self.ever.values().any(|rows| shown.is_subset(rows));
            let somewhere = |row: &(i64, Key)| self.ever.values().any(|rows| rows.contains(row));
            ensure(shown.iter().all(somewhere), "inv06", || {
                "a row is shown that no history ever had".to_owned()
            })?;
            ensure(of_one, "inv24", || {
                "rows of two histories are shown together".to_owned()
            })?;
            if timeline.cursor() == Some(truth.rev) && timeline.history() == Some(history) {
                check_fresh(timeline, truth)?;
            }
        }
        Ok(())
    }

    /// The faults are over, and time enough has passed.
    pub fn check_end(
        &self,
        device: &Device,
        truths: &BTreeMap<ConversationId, Truth>,
        history: &str,
    ) -> Checked {
        for (id, timeline) in &device.timelines {
            let truth = &truths[id];
            ensure(timeline.cursor() == Some(truth.rev), "inv08", || {
                format!(
                    "{} stands at {:?} of {}",
                    device.tab,
                    timeline.cursor(),
                    truth.rev
                )
            })?;
            check_fresh(timeline, truth)?;
            ensure(timeline.history() == Some(history), "inv24", || {
                format!("{} believes in {:?}", device.tab, timeline.history())
            })?;
            let mut lines = timeline.unsaved().iter();
            let waits = lines.find(|line| {
                line.state == UnsavedState::Waiting && !self.is_orphaned(line, &truth.rows, *id)
            });
            ensure(waits.is_none(), "inv22", || {
                format!("{waits:?} is not yet saved, for ever")
            })?;
        }
        let unsent: Vec<&str> = device.outbox.unsent().map(|entry| entry.body.as_str()).collect();
        ensure(unsent.is_empty(), "inv22", || format!("{unsent:?} wait for ever"))
    }

    /// The one before it never came, and its writer is gone: after a day it says that it was not saved.
    fn is_orphaned(&self, line: &Unsaved, rows: &[Message], id: ConversationId) -> bool {
        let sender = line.sender.user_id;
        let is_open = |prev| {
            let key = (id, sender, prev);
            !rows.iter().any(|row| key_of(row) == key) && !self.failed.contains(&key)
        };
        self.lost.contains(&(id, sender, line.id)) && line.prev.is_some_and(is_open)
    }

    /// Everything that was written is stored or refused; after a restore it was offered again.
    pub fn check_all_stored(&self, truths: &BTreeMap<ConversationId, Truth>) -> Checked {
        let stored: BTreeSet<Key> = truths
            .values()
            .flat_map(|truth| truth.rows.iter().map(key_of))
            .collect();
        let missing = self.bodies.iter().find(|(key, _)| {
            ![&stored, &self.failed, &self.lost, &self.taken_back]
                .iter()
                .any(|keys| keys.contains(key))
        });
        ensure(missing.is_none(), "inv24", || {
            format!("{missing:?} is neither stored nor refused")
        })
    }
}

/// INV07: from where the window begins, what is held is what a fresh load gives.
fn check_fresh(timeline: &Timeline, truth: &Truth) -> Checked {
    let first = if timeline.is_complete() {
        1
    } else {
        timeline
            .rows()
            .next()
            .map_or(truth.seq + 1, |held| held.message.seq)
    };
    let held: Vec<(i64, i64, &str)> = timeline.rows().map(|held| of(&held.message)).collect();
    let fresh: Vec<(i64, i64, &str)> = truth.rows.iter().filter(|row| first <= row.seq).map(of).collect();
    ensure(held == fresh, "inv07", || {
        format!("held {held:?}, a fresh load gives {fresh:?}")
    })
}

fn of(row: &Message) -> (i64, i64, &str) {
    (row.seq, row.rev, row.body.as_str())
}

fn key_of(row: &Message) -> Key {
    (row.conversation, row.sender.user_id, row.id)
}
