//! What a device shows, and the log of every line that it shows anew.

use crate::log::Log;
use crate::record::{self, Mark, Shown, What, Who};
use shared_protocol::{ConversationId, MessageId, UserId};
use socket_client::catch_up::{Line, PendingState, Timeline, UnsavedState};
use std::collections::{BTreeMap, BTreeSet};

/// So many of the last rows are compared after a live frame; after an answer all are.
const LAST: usize = 60;

/// What was said in the log of one conversation.
#[derive(Default)]
struct Said {
    rows: BTreeMap<i64, (MessageId, i64)>,
    others: BTreeMap<(UserId, MessageId), Mark>,
}

/// The log of a device's screen.
pub(crate) struct Screens {
    who: Who,
    me: UserId,
    said: BTreeMap<ConversationId, Said>,
    log: Log,
}

/// How much of a screen may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Last,
    All,
}

impl Screens {
    pub(crate) fn new(who: Who, me: UserId, log: &Log) -> Self {
        Self {
            who,
            me,
            said: BTreeMap::new(),
            log: log.clone(),
        }
    }

    /// Says what is shown now and was not before: first what is gone, then what is new.
    pub(crate) fn compare(&mut self, conversation: ConversationId, timeline: &Timeline, extent: Extent) {
        let (who, me) = (self.who, self.me);
        let said = self.said.entry(conversation).or_default();
        let marked = marked(timeline, me);
        let present: BTreeSet<(UserId, MessageId)> =
            marked.iter().map(|line| (line.sender, line.id)).collect();
        let before = said.others.keys().copied();
        let gone: Vec<(UserId, MessageId)> = before.filter(|key| !present.contains(key)).collect();
        for (sender, id) in gone {
            said.others.remove(&(sender, id));
            self.log.say(What::Gone {
                who,
                conversation,
                sender,
                id,
            });
        }
        let count = match extent {
            Extent::Last => LAST,
            Extent::All => usize::MAX,
        };
        let rows: Vec<_> = timeline.rows().rev().take(count).collect();
        for held in rows.into_iter().rev() {
            let row = &held.message;
            if said.rows.insert(row.seq, (row.id, row.rev)) != Some((row.id, row.rev)) {
                self.log.say(What::Shown {
                    who,
                    conversation,
                    line: stored(row),
                });
            }
        }
        for line in marked {
            if said.others.insert((line.sender, line.id), line.mark) != Some(line.mark) {
                self.log.say(What::Shown {
                    who,
                    conversation,
                    line,
                });
            }
        }
    }

    /// Nothing is shown any more.
    pub(crate) fn clear(&mut self) {
        self.said.clear();
    }

    /// Everything on it, in the order of the screen.
    pub(crate) fn whole(&self, conversation: ConversationId, timeline: &Timeline) -> record::Screen {
        record::Screen {
            conversation,
            cursor: timeline.cursor().filter(|_| !timeline.catch_up().running),
            lines: timeline.lines().iter().map(|line| shown(line, self.me)).collect(),
            marks: timeline
                .marks()
                .iter()
                .map(|(user, read)| (*user, *read))
                .collect(),
        }
    }
}

/// The lines that are not stored.
fn marked(timeline: &Timeline, me: UserId) -> Vec<Shown> {
    let own = timeline.pending().iter().map(Line::Own);
    let unsaved = timeline.unsaved().iter().map(Line::Unsaved);
    own.chain(unsaved).map(|line| shown(&line, me)).collect()
}

fn stored(row: &shared_protocol::api::Message) -> Shown {
    Shown {
        sender: row.sender.user_id,
        id: row.id,
        seq: Some(row.seq),
        body: row.body.clone(),
        mark: Mark::Stored,
    }
}

fn shown(line: &Line<'_>, me: UserId) -> Shown {
    let unsaved = |line: &socket_client::catch_up::Unsaved, mark| Shown {
        sender: line.sender.user_id,
        id: line.id,
        seq: None,
        body: line.body.clone(),
        mark,
    };
    match line {
        Line::Stored(row) => stored(row),
        Line::Unmarked(line) => unsaved(line, Mark::Stored),
        Line::Unsaved(line) if line.state == UnsavedState::Refused => unsaved(line, Mark::Failed),
        // "Not saved" is what its receipt is good for; its writer may still come.
        Line::Unsaved(line) => unsaved(line, Mark::Waiting),
        Line::Own(own) => Shown {
            sender: me,
            id: own.id,
            seq: None,
            body: own.body.clone(),
            mark: match own.state {
                PendingState::Failed => Mark::Failed,
                PendingState::Sending | PendingState::Waiting | PendingState::PassedOn => Mark::Waiting,
            },
        },
    }
}
