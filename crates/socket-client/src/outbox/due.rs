//! What may leave the outbox now, in which order, and after which message.

use super::{Entry, Outbox};
use shared_protocol::{ConversationId, MessageId};
use std::collections::{BTreeMap, BTreeSet};

/// One entry that may go out now.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub entry: Entry,
    /// The message before it in this conversation, of the same writing tab; of any, for the first one of a tab. The server
    /// takes it only after that one.
    pub prev: Option<MessageId>,
    /// What the relay gave when it passed this one on. (RU5)
    pub receipt: Option<String>,
}

impl Outbox {
    /// What may go out now, in the order written, and with which `prev`. `window` bounds what is on its way per
    /// conversation.
    ///
    /// What a tab took over stands among its own by the time of writing. One of its own that named such a one would not
    /// wait for its own before it: the other may be stored already, after what its own tab wrote before it. Hence a chain
    /// for each writing tab. The first of a tab names whatever is before it, so that a reload keeps the order too.
    pub fn due(&self, tab: &str, now: i64, window: usize) -> Vec<Due> {
        let mut out = Vec::new();
        let mut previous: BTreeMap<ConversationId, MessageId> = BTreeMap::new();
        let mut previous_of: BTreeMap<(ConversationId, &str), MessageId> = BTreeMap::new();
        let mut closed: BTreeSet<ConversationId> = BTreeSet::new();
        let mut flying: BTreeMap<ConversationId, usize> = BTreeMap::new();
        for entry in self.in_turn() {
            if entry.refused.is_some() {
                continue; // settled: a refusal of one does not hold up the rest
            }
            let is_settled = self.is_settled(entry);
            if is_settled && !self.rules.prev_may_be_ticked {
                continue;
            }
            let before = previous.insert(entry.conversation, entry.id);
            let own = previous_of.insert((entry.conversation, entry.writer()), entry.id);
            let prev = own.or(before).filter(|_| self.rules.prev);
            if is_settled {
                continue;
            }
            let on_the_way = flying.entry(entry.conversation).or_default();
            if self.flying.contains(&entry.id) {
                *on_the_way += 1;
                continue;
            }
            let is_resting = entry.passed.is_some() && self.rests_here(entry.conversation, now);
            if entry.tab != tab
                || closed.contains(&entry.conversation)
                || is_resting
                || self.is_paused(entry.conversation, now)
            {
                continue;
            }
            if window <= *on_the_way {
                closed.insert(entry.conversation);
                continue;
            }
            *on_the_way += 1;
            let passed = entry.passed.as_ref().filter(|_| self.rules.receipts);
            out.push(Due {
                entry: entry.clone(),
                prev,
                receipt: passed.map(|passed| passed.receipt.clone()),
            });
        }
        out
    }

    /// When to look again; `None` when nothing waits for the clock.
    pub fn wake_at(&self, tab: &str) -> Option<i64> {
        let own = self.unsent().filter(|entry| entry.tab == tab);
        let times = own.filter_map(|entry| {
            let pause = self.pauses.get(&entry.conversation).map(|pause| pause.until);
            let rest = self.rests.get(&entry.conversation).copied();
            pause.or_else(|| rest.filter(|_| entry.passed.is_some()))
        });
        times.min()
    }

    fn is_paused(&self, conversation: ConversationId, now: i64) -> bool {
        self.pauses
            .get(&conversation)
            .is_some_and(|pause| now < pause.until)
    }

    fn in_turn(&self) -> Box<dyn Iterator<Item = &Entry> + '_> {
        if self.rules.in_order {
            Box::new(self.entries.iter())
        } else {
            Box::new(self.entries.iter().rev())
        }
    }
}
