//! One conversation's timeline without network: the rows held, the own lines on their way, how far the catch-up has come.
//! The page has its twin in `messages/state.std.ts`: same rules, same words.

mod event;
mod rows;
#[cfg(test)]
mod tests;
mod unsaved;
#[cfg(test)]
mod unsaved_tests;

pub use event::{PendingState, TimelineEvent};
pub use rows::Held;
pub use unsaved::{HAND_IN_AFTER_MS, Line, NOT_SAVED_AFTER_MS, Unsaved, UnsavedState};

use crate::rules::Rules;
use shared_protocol::api::{Changes, Mark, Message, MessagePage};
use shared_protocol::{MessageId, Problem, UserId};
use std::collections::BTreeMap;

/// An own line that is not stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    pub id: MessageId,
    pub body: String,
    pub at: i64,
    pub state: PendingState,
    pub problem: Option<Problem>,
    /// Stored, by an ack that came before the first page: the page takes its place.
    pub settled: bool,
}

/// From where a catch-up goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The latest page.
    Fresh,
    /// What changed after `page`.
    Changes,
}

/// How a catch-up goes. `want`: one is due. `running`: answers to this `run` are awaited. `gapped`: go round once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatchUp {
    pub want: bool,
    pub running: bool,
    pub gapped: bool,
    pub from: From,
    pub page: i64,
    /// Counts the catch-ups, so that an answer to an abandoned one is not taken.
    pub run: u64,
}

const IDLE: CatchUp = CatchUp {
    want: true,
    running: false,
    gapped: false,
    from: From::Fresh,
    page: 0,
    run: 0,
};

/// How asking for older pages goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    Idle,
    Loading,
    Failed,
}

/// See the module. Hearing anything twice or late does no harm.
#[derive(Clone, Debug)]
pub struct Timeline {
    me: UserId,
    /// Held rows by seq.
    rows: BTreeMap<i64, Held>,
    pending: Vec<Pending>,
    /// By the relay's time.
    unsaved: Vec<Unsaved>,
    /// Before this nothing is handed in.
    hand_in_after: i64,
    /// Everything up to this `rev` is held, as far as the window reaches. `None`: nothing was loaded yet.
    cursor: Option<i64>,
    history: Option<String>,
    marks: BTreeMap<UserId, i64>,
    catch_up: CatchUp,
    /// The first message of all is held.
    complete: bool,
    older: Older,
    /// The last catch-up failed and will be tried again.
    failed: bool,
    rules: Rules,
}

impl Timeline {
    /// Nothing held yet, a catch-up due. `rules` is [`Rules::ALL`] but for tests of the tests.
    pub fn new(me: UserId, rules: Rules) -> Self {
        Self {
            me,
            rows: BTreeMap::new(),
            pending: Vec::new(),
            unsaved: Vec::new(),
            hand_in_after: 0,
            cursor: None,
            history: None,
            marks: BTreeMap::new(),
            catch_up: IDLE,
            complete: false,
            older: Older::Idle,
            failed: false,
            rules,
        }
    }

    /// What is shown, in the order of `seq`.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &Held> {
        self.rows.values()
    }

    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    pub fn cursor(&self) -> Option<i64> {
        self.cursor
    }

    pub fn history(&self) -> Option<&str> {
        self.history.as_deref()
    }

    pub fn marks(&self) -> &BTreeMap<UserId, i64> {
        &self.marks
    }

    pub fn catch_up(&self) -> CatchUp {
        self.catch_up
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub fn older(&self) -> Older {
        self.older
    }

    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Takes what has happened.
    pub fn apply(&mut self, event: TimelineEvent) {
        match event {
            TimelineEvent::Wrote { .. } | TimelineEvent::Stands { .. } | TimelineEvent::Withdrew { .. } => {
                self.write(event);
            }
            TimelineEvent::Stored { message, history } => self.take_ack(message, &history),
            TimelineEvent::Heard { message, history } => self.hear(message, &history),
            TimelineEvent::Unsaved { .. }
            | TimelineEvent::NotSaved { .. }
            | TimelineEvent::HandedIn { .. }
            | TimelineEvent::Aged { .. } => self.take_unsaved(event),
            TimelineEvent::Marked { mark } => self.mark(&[mark]),
            TimelineEvent::Behind if self.catch_up.running => self.catch_up.gapped = true,
            TimelineEvent::Behind => self.catch_up.want = true,
            TimelineEvent::Afresh => self.start_afresh(),
            TimelineEvent::Asked => self.ask(),
            TimelineEvent::AnsweredPage { run, page, limit } if self.awaits(run) => {
                self.take_page(page, limit);
            }
            TimelineEvent::AnsweredChanges { run, changes } if self.awaits(run) => self.take_changes(changes),
            TimelineEvent::Failed { run } if self.awaits(run) => {
                self.failed = true;
                self.catch_up.running = false;
                self.catch_up.want = true;
            }
            TimelineEvent::OlderAsked => self.older = Older::Loading,
            TimelineEvent::OlderAnswered { page, limit } => self.take_older(page, limit),
            TimelineEvent::OlderFailed => self.older = Older::Failed,
            // An answer to a catch-up that was abandoned.
            TimelineEvent::AnsweredPage { .. }
            | TimelineEvent::AnsweredChanges { .. }
            | TimelineEvent::Failed { .. } => {}
        }
    }

    /// RU11: something was or may have been missed.
    pub fn compare(&mut self, rev: i64, history: &str) {
        if self.is_other(history) {
            self.start_afresh();
        } else if self.cursor.is_some_and(|cursor| cursor != rev) {
            self.apply(TimelineEvent::Behind);
        }
    }

    /// The ack: the row is known, but the cursor is moved by frames and catch-ups alone.
    fn take_ack(&mut self, message: Message, history: &str) {
        if self.is_other(history) {
            return self.start_afresh();
        }
        if self.is_too_early() {
            let own = self.pending.iter_mut().filter(|line| line.id == message.id);
            return own.for_each(|line| line.settled = true);
        }
        self.put(vec![Held::from_ack(message)], self.window_start());
    }

    fn awaits(&self, run: u64) -> bool {
        self.catch_up.running && self.catch_up.run == run
    }

    fn ask(&mut self) {
        let from = if self.cursor.is_none() {
            From::Fresh
        } else {
            From::Changes
        };
        self.catch_up = CatchUp {
            want: false,
            running: true,
            gapped: false,
            from,
            page: self.cursor.unwrap_or(0),
            run: self.catch_up.run + 1,
        };
    }

    /// Drops what is held and asks for the latest page. Own unsent lines stay, they belong to the outbox; unsaved
    /// ones too, they are of no history.
    fn start_afresh(&mut self) {
        self.rows.clear();
        self.cursor = None;
        self.history = None;
        self.marks.clear();
        self.catch_up = CatchUp {
            run: self.catch_up.run + 1,
            ..IDLE
        };
        self.complete = false;
        self.older = Older::Idle;
    }

    /// RU12: rows of two histories are never mixed.
    fn is_other(&self, history: &str) -> bool {
        self.rules.one_history && self.history.as_deref().is_some_and(|held| held != history)
    }

    /// RU12: before the first page nothing says which history holds, so what is heard is not taken; it makes the catch-up go
    /// round once more.
    fn is_too_early(&mut self) -> bool {
        let is_early = self.rules.one_history && self.history.is_none();
        self.catch_up.gapped |= is_early && self.catch_up.running;
        is_early
    }

    /// RU8: a live row moves the cursor only over an unbroken run and while no catch-up is running.
    fn hear(&mut self, message: Message, history: &str) {
        if self.is_other(history) {
            return self.start_afresh();
        }
        if self.is_too_early() {
            return self.drop_unsaved(message.sender.user_id, message.id);
        }
        let rev = message.rev;
        self.put(vec![Held::whole(message)], self.window_start());
        if !self.rules.unbroken_run {
            self.cursor = self.cursor.map(|cursor| cursor.max(rev));
            return;
        }
        if self.catch_up.running {
            self.catch_up.gapped = true;
            return;
        }
        match self.cursor {
            Some(cursor) if rev == cursor + 1 => self.cursor = Some(rev),
            Some(cursor) if cursor < rev => self.catch_up.want = true,
            _ => {}
        }
    }

    /// The catch-up ends here, or goes round once more if something was heard while it ran.
    fn settle(&mut self) {
        self.failed = false;
        self.catch_up.running = false;
        if !self.catch_up.gapped {
            self.pending.retain(|line| !line.settled); // its row stands there by now, or outside the window
        }
        self.catch_up.want = self.catch_up.gapped;
        self.catch_up.gapped = false;
    }

    fn take_page(&mut self, page: MessagePage, limit: usize) {
        self.cursor = None;
        self.complete = true;
        let (count, first) = (
            page.messages.len(),
            page.messages.first().map_or(0, |row| row.seq),
        );
        self.put_all(page.messages, 0);
        // Without RU12 rows may be there that were heard while the page was on its way, of before the window.
        self.rows.retain(|seq, _| first <= *seq);
        self.cursor = Some(page.rev);
        self.history = Some(page.history_id);
        self.complete = count < limit;
        self.mark(&page.marks);
        self.settle();
    }

    /// RU9: the next page starts at the last row's `rev`; only the last page lifts the cursor to `upto`.
    fn take_changes(&mut self, changes: Changes) {
        let is_before = |upto: i64| self.cursor.is_some_and(|cursor| upto < cursor);
        if self.is_other(&changes.history_id)
            || changes.too_far
            || self.rules.one_history && changes.upto.is_some_and(is_before)
        {
            return self.start_afresh();
        }
        self.mark(&changes.marks);
        let page = self.catch_up.page;
        let last = changes.messages.iter().map(|row| row.rev).fold(page, i64::max);
        self.put_all(changes.messages, self.window_start());
        let lifted = |cursor: Option<i64>, to: i64| Some(cursor.unwrap_or(0).max(to));
        if let Some(upto) = changes.upto {
            self.cursor = lifted(self.cursor, upto);
            return self.settle();
        }
        if !self.rules.last_row_pages {
            let told = self
                .rows
                .values()
                .map(|held| held.message.rev)
                .fold(last, i64::max);
            self.cursor = lifted(self.cursor, told);
            return self.settle();
        }
        if last == page {
            self.catch_up.gapped = true; // an empty page that is not the last says nothing
            return self.settle();
        }
        self.cursor = lifted(self.cursor, last);
        self.catch_up.page = last;
    }

    fn take_older(&mut self, page: MessagePage, limit: usize) {
        if self.is_other(&page.history_id) {
            return self.start_afresh();
        }
        self.older = Older::Idle;
        let first = self.rows.keys().next().copied();
        let last = page.messages.last().map(|row| row.seq);
        // Asked for another window than the one held now: the rows would leave a hole.
        let leaves_hole = first.zip(last).is_some_and(|(first, last)| last + 1 < first);
        let Some(cursor) = self.cursor.filter(|_| !leaves_hole) else {
            return;
        };
        self.complete = page.messages.len() < limit;
        self.put_all(page.messages, 0);
        self.mark(&page.marks);
        // An answer from before what we hold may lack changes of rows that were outside the window when they were told.
        if page.rev < cursor {
            // A catch-up that runs began behind it, so it is begun again from there.
            self.cursor = Some(page.rev);
            self.catch_up = CatchUp {
                running: false,
                gapped: false,
                want: true,
                run: self.catch_up.run + 1,
                ..self.catch_up
            };
        }
    }

    /// INV10: a mark never goes back.
    fn mark(&mut self, news: &[Mark]) {
        for mark in news {
            let held = self.marks.entry(mark.user_id).or_default();
            *held = mark.read.max(*held);
        }
    }
}
