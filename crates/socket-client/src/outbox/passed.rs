//! What the relay has passed on while no logic server was there: kept with its receipt, offered again.

use super::{Outbox, back_off};
use serde::{Deserialize, Serialize};
use shared_protocol::{ConversationId, MessageId};

/// So many failures make the longest pause.
const LONGEST: u32 = 6;

/// Proof that the relay has handed a message to the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// When, by the relay's clock.
    pub at: i64,
    /// Opaque; sent with every repeat.
    pub receipt: String,
}

impl Outbox {
    /// RU5: neither yes nor no, but what comes after it need not wait.
    pub(super) fn pass_on(&mut self, id: MessageId, passed: Passed, now: i64, chance: f64) {
        let Some(entry) = self.find(id) else {
            return;
        };
        let conversation = entry.conversation;
        let is_late = self.is_settled(entry) || entry.refused.is_some();
        self.flying.remove(&id);
        if is_late {
            return; // of a repeat
        }
        if !self.rules.passed_on_is_no_tick {
            let history = self.history.clone().unwrap_or_default();
            return self.tick(id, history, now);
        }
        // Of two receipts the earlier counts.
        self.change(id, |entry| match &entry.passed {
            Some(before) if before.at <= passed.at => {}
            _ => entry.passed = Some(passed),
        });
        // The relay answers: nothing but what it asked for holds up what is written next.
        let asked = self
            .pauses
            .get_mut(&conversation)
            .filter(|pause| now < pause.asked);
        if let Some(pause) = asked {
            pause.until = pause.asked;
            return; // then all go again, in order
        }
        self.pauses.remove(&conversation);
        let until = self.rests.get(&conversation).copied().unwrap_or(now);
        if until <= now {
            self.rests.insert(conversation, now + back_off(LONGEST, chance));
        }
    }

    /// Whether what was passed on here is not offered again yet.
    pub(super) fn rests_here(&self, conversation: ConversationId, now: i64) -> bool {
        self.rests.get(&conversation).is_some_and(|until| now < *until)
    }

    /// After a refusal: once more.
    pub(super) fn again(&mut self, id: MessageId, order: i64, anew: Option<MessageId>) {
        self.change(id, |entry| {
            entry.refused = None;
            entry.order = order;
            entry.writer = None; // said anew, by the tab that has it now
            if let Some(anew) = anew {
                entry.id = anew;
                entry.passed = None;
                entry.emitted = false;
            }
        });
        self.sort();
    }
}
