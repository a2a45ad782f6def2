//! INV09 for what was passed on: what comes again within one pause is stored in the order in which it was passed on.

use crate::model::ledger::{Checked, Key, ensure};
use crate::model::passing::Place;
use crate::model::server::Truth;
use shared_protocol::ConversationId;
use std::collections::{BTreeMap, BTreeSet};

/// How long the logic server waits for those who come again, in milliseconds.
pub const PAUSE: i64 = 2_000;
/// The same for what another boot of the relay has passed on.
const LONG_PAUSE: i64 = 3 * PAUSE;

/// What came within one pause, and in which place it was passed on.
#[derive(Default)]
struct Window {
    /// Until when everybody is waited for. `None`: not said yet.
    until: Option<i64>,
    /// Until when this conversation is, because of the first receipt.
    own: i64,
    came: BTreeMap<Key, Place>,
}

/// See the module.
#[derive(Default)]
pub struct Windows {
    open: BTreeMap<ConversationId, Window>,
    past: Vec<Window>,
    /// Their own devices do not know that they were passed on, and bring them in the order in which they were written.
    unheard: BTreeSet<Key>,
    /// Of the relay to which the logic server has a link; `None`: it has had none since its start.
    boot: Option<u32>,
}

impl Windows {
    /// A link is up to the relay of this boot.
    pub fn linked(&mut self, boot: u32) {
        self.boot = Some(boot);
    }

    /// The link is up: a pause begins everywhere, or goes on.
    pub fn close(&mut self, ids: &[ConversationId], now: i64) {
        for id in ids {
            self.present(*id, now).until = None;
        }
    }

    /// Everybody has been asked to come again.
    pub fn release(&mut self, now: i64) {
        for window in self.open.values_mut().filter(|window| window.until.is_none()) {
            window.until = Some(now + PAUSE);
        }
    }

    /// A receipt comes: from the first on there is a pause.
    pub fn receive(&mut self, id: ConversationId, place: Place, now: i64) {
        let is_old = self.boot.is_some_and(|boot| boot != place.0);
        let window = self.present(id, now);
        if window.own <= now {
            window.own = now + if is_old { LONG_PAUSE } else { PAUSE };
        }
    }

    /// Something that was passed on comes.
    pub fn come(&mut self, key: Key, place: Place, now: i64) {
        if !self.unheard.contains(&key) {
            let first = self.present(key.0, now).came.entry(key).or_insert(place);
            *first = place.min(*first);
        }
    }

    /// Something comes whose device does not know that it was passed on.
    pub fn come_unheard(&mut self, key: Key) {
        self.unheard.insert(key);
        self.forget(key);
    }

    /// It is told to come again, or never will be stored.
    pub fn forget(&mut self, key: Key) {
        for window in self.open.values_mut().chain(&mut self.past) {
            window.came.remove(&key);
        }
    }

    /// The logic server has forgotten what it held.
    pub fn clear(&mut self) {
        self.open.clear();
        self.past.clear();
        self.boot = None;
    }

    /// What came in pauses that are over is stored now.
    pub fn end(&mut self, now: i64) {
        let is_over = |window: &Window| window.own <= now && window.until.is_some_and(|until| until <= now);
        let over: Vec<ConversationId> = self
            .open
            .iter()
            .filter(|(_, window)| is_over(window))
            .map(|(id, _)| *id)
            .collect();
        self.past
            .extend(over.iter().filter_map(|id| self.open.remove(id)));
    }

    fn present(&mut self, id: ConversationId, now: i64) -> &mut Window {
        self.open.entry(id).or_insert_with(|| Window {
            until: Some(now + PAUSE),
            own: 0,
            came: BTreeMap::new(),
        })
    }

    pub fn check(&self, truths: &BTreeMap<ConversationId, Truth>) -> Checked {
        for window in self.open.values().chain(&self.past) {
            let mut stored: Vec<(Place, i64)> = window
                .came
                .iter()
                .filter_map(|(key, place)| {
                    let mut rows = truths[&key.0].rows.iter();
                    let row = rows.find(|row| row.id == key.2 && row.sender.user_id == key.1)?;
                    Some((*place, row.seq))
                })
                .collect();
            stored.sort_unstable();
            ensure(stored.is_sorted_by_key(|(_, seq)| *seq), "inv09", || {
                format!("what was passed on in the order of its places stands at {stored:?}")
            })?;
        }
        Ok(())
    }
}
