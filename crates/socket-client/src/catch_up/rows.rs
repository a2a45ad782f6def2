//! How rows and own lines get into a timeline and out of it.

use super::{Pending, Timeline, TimelineEvent};
use shared_protocol::api::Message;

/// A row as it is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    pub message: Message,
    /// False: put together from an ack, with the text as it was written. The server's row of the same `rev` wins.
    pub is_whole: bool,
}

impl Held {
    pub(super) fn whole(message: Message) -> Self {
        Self {
            message,
            is_whole: true,
        }
    }

    pub(super) fn from_ack(message: Message) -> Self {
        Self {
            message,
            is_whole: false,
        }
    }

    fn rank(&self) -> (i64, bool) {
        // Below every whole row of its `rev`, above all of the one before.
        (self.message.rev, self.is_whole)
    }
}

impl Timeline {
    /// Own lines, before they are stored.
    pub(super) fn write(&mut self, event: TimelineEvent) {
        match event {
            TimelineEvent::Wrote {
                id,
                body,
                at,
                state,
                problem,
            } => {
                let mut own = self.rows.values().filter(|held| self.is_own(&held.message));
                if own.any(|held| held.message.id == id) || self.pending.iter().any(|line| line.id == id) {
                    return;
                }
                self.drop_unsaved(self.me, id); // taken over from a tab that is gone
                self.pending.push(Pending {
                    id,
                    body,
                    at,
                    state,
                    problem,
                    settled: false,
                });
            }
            TimelineEvent::Stands { id, state, problem } => {
                for line in self.pending.iter_mut().filter(|line| line.id == id) {
                    line.state = state;
                    line.problem.clone_from(&problem);
                }
            }
            TimelineEvent::Withdrew { id } => self.pending.retain(|line| line.id != id),
            _ => {}
        }
    }

    /// Rows of one answer.
    pub(super) fn put_all(&mut self, messages: Vec<Message>, first: i64) {
        self.put(messages.into_iter().map(Held::whole).collect(), first);
    }

    /// RU7: a row goes in only if its `rev` is greater than the one held for its place, and a row before `first` only
    /// updates what is held. Own pending lines and unsaved lines of the same sender give way to their row, content too.
    pub(super) fn put(&mut self, rows: Vec<Held>, first: i64) {
        for row in rows {
            let message = &row.message;
            if self.is_own(message) {
                self.pending.retain(|line| line.id != message.id);
            }
            self.drop_unsaved(message.sender.user_id, message.id);
            let held = self.rows.get(&message.seq);
            let is_news = match held {
                Some(held) => held.rank() < row.rank(),
                None => first <= message.seq,
            };
            if is_news || !self.rules.newer_row_wins {
                self.rows.insert(message.seq, row);
            }
        }
    }

    /// Rows before this are outside the window: they only update what is held.
    pub(super) fn window_start(&self) -> i64 {
        if self.cursor.is_none() || self.complete {
            return 0;
        }
        self.rows.keys().next().copied().unwrap_or(0)
    }

    fn is_own(&self, message: &Message) -> bool {
        message.sender.user_id == self.me
    }
}
