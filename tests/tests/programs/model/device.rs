//! One tab or device of the model: the cores without IO, and a disk that survives it.

use super::answers::{Answer, Reply};
use super::server::{LATEST, Place};
use shared_protocol::api::{Message, Person};
use shared_protocol::{ConversationId, MessageId, Problem, RelayId, UserId};
use socket_client::Rules;
use socket_client::catch_up::{PendingState, Timeline, TimelineEvent, Unsaved};
use socket_client::heads::{Heads, HeadsEvent};
use socket_client::outbox::{Due, Entry, Outbox, OutboxEvent};
use std::collections::{BTreeMap, BTreeSet};

/// So long a submit may be without an answer. (RU4)
const PATIENCE: i64 = 10_000;

/// What lies on a device's disk: the entries of each of its tabs.
pub type Disk = BTreeMap<String, Vec<Entry>>;

/// A tab.
pub struct Device {
    pub me: Person,
    pub relay_id: RelayId,
    /// Tabs of one device share it.
    pub disk: usize,
    pub tab: String,
    pub outbox: Outbox,
    pub timelines: BTreeMap<ConversationId, Timeline>,
    pub heads: Heads,
    pub is_connecting: bool,
    pub is_connected: bool,
    /// Counts connections: what belongs to an earlier one is not heard.
    pub connection: u32,
    /// Counts starts.
    pub life: u32,
    pub has_https: bool,
    /// It will never be seen again, nor what lay on its disk.
    pub is_gone: bool,
    /// The last question had no answer.
    has_failed: bool,
    emitted_at: BTreeMap<MessageId, i64>,
    last_tick: i64,
    rules: Rules,
}

impl Device {
    pub fn new(
        me: &Person,
        relay_id: RelayId,
        disk: usize,
        places: &[Place],
        now: i64,
        rules: Rules,
    ) -> Self {
        let mut device = Self {
            me: me.clone(),
            relay_id,
            disk,
            tab: String::new(),
            outbox: Outbox::new(rules),
            timelines: BTreeMap::new(),
            heads: Heads::new(now, rules),
            is_connecting: false,
            is_connected: false,
            connection: 0,
            life: 0,
            has_https: true,
            is_gone: false,
            has_failed: false,
            emitted_at: BTreeMap::new(),
            last_tick: now,
            rules,
        };
        device.start(places, now);
        device
    }

    /// A fresh page: nothing in memory.
    pub fn start(&mut self, places: &[Place], now: i64) {
        self.life += 1;
        self.tab = format!("{}-{}-{}", self.disk, self.relay_id, self.life);
        self.outbox = Outbox::new(self.rules);
        let own = places
            .iter()
            .filter(|place| place.members.contains(&self.me.user_id));
        self.timelines = own
            .map(|place| (place.id, Timeline::new(self.me.user_id, self.rules)))
            .collect();
        self.heads = Heads::new(now, self.rules);
        self.is_connecting = false;
        self.is_connected = false;
        self.connection += 1;
        self.emitted_at.clear();
        self.last_tick = now;
    }

    /// Reads the disk and adopts what tabs that are gone have left; whether there was anything.
    pub fn take_over(&mut self, disk: &mut Disk, alive: &BTreeSet<String>) -> bool {
        let gone: BTreeSet<String> = disk.keys().filter(|tab| !alive.contains(*tab)).cloned().collect();
        let entries: Vec<Entry> = gone.iter().filter_map(|tab| disk.remove(tab)).flatten().collect();
        if entries.is_empty() {
            return false;
        }
        self.outbox.apply(OutboxEvent::Loaded { entries });
        self.outbox.apply(OutboxEvent::TakenOver {
            from: gone,
            by: self.tab.clone(),
        });
        self.save(disk);
        self.show_unsent();
        true
    }

    pub fn save(&self, disk: &mut Disk) {
        disk.insert(self.tab.clone(), self.outbox.entries().to_vec());
    }

    /// Writes one message down: on disk, then shown, then sent. (RU1)
    pub fn write(&mut self, entry: Entry, disk: &mut Disk) {
        self.outbox.apply(OutboxEvent::Wrote { entry });
        self.save(disk);
        self.show_unsent();
    }

    /// What is not stored is shown as an own line, marked.
    fn show_unsent(&mut self) {
        for entry in self.outbox.entries() {
            let state = match (&entry.refused, self.outbox.is_settled(entry)) {
                (Some(_), _) => PendingState::Failed,
                (None, false) if entry.passed.is_some() => PendingState::PassedOn,
                (None, false) => PendingState::Sending,
                (None, true) => continue,
            };
            let Some(timeline) = self.timelines.get_mut(&entry.conversation) else {
                continue;
            };
            timeline.apply(TimelineEvent::Wrote {
                id: entry.id,
                body: entry.body.clone(),
                at: entry.at,
                state,
                problem: entry.refused.clone(),
            });
        }
    }

    /// What leaves now.
    pub fn pump(&mut self, now: i64, window: usize, disk: &mut Disk) -> Vec<Due> {
        let due = self.outbox.due(&self.tab, now, window);
        for due in &due {
            self.outbox.apply(OutboxEvent::Emitted { id: due.entry.id });
            self.emitted_at.insert(due.entry.id, now);
        }
        if !due.is_empty() {
            self.save(disk);
        }
        due
    }

    pub fn answered(&mut self, id: MessageId, answer: Answer, now: i64, chance: f64, disk: &mut Disk) {
        let put_off = |retry_after| OutboxEvent::PutOff {
            id,
            now,
            chance,
            retry_after,
        };
        match answer {
            Answer::Acked {
                seq,
                rev,
                at,
                history,
            } => {
                let entry = self.outbox.entries().iter().find(|entry| entry.id == id);
                if let Some(message) = entry.map(|entry| self.row_of(entry, seq, rev, at)) {
                    self.stored(message, history, now);
                }
            }
            Answer::Row { message, history } => {
                self.learn(&history, now);
                self.stored(message, history, now);
            }
            Answer::Refused(problem) => {
                self.outbox.apply(OutboxEvent::Refused {
                    id,
                    problem: problem.clone(),
                });
                self.stands(id, PendingState::Failed, Some(&problem));
            }
            Answer::PassedOn { at, receipt } => {
                self.outbox.apply(OutboxEvent::PassedOn {
                    id,
                    at,
                    receipt,
                    now,
                    chance,
                });
                self.stands(id, PendingState::PassedOn, None);
            }
            Answer::Busy => self.outbox.apply(put_off(Some(1000))),
            Answer::Nothing | Answer::NotThere { .. } => self.outbox.apply(put_off(None)),
        }
        self.save(disk);
    }

    fn stands(&mut self, id: MessageId, state: PendingState, problem: Option<&Problem>) {
        for timeline in self.timelines.values_mut() {
            timeline.apply(TimelineEvent::Stands {
                id,
                state,
                problem: problem.cloned(),
            });
        }
    }

    fn row_of(&self, entry: &Entry, seq: i64, rev: i64, at: i64) -> Message {
        Message {
            conversation: entry.conversation,
            seq,
            rev,
            id: entry.id,
            sender: self.me.clone(),
            kind: "text".to_owned(),
            body: entry.body.clone(),
            at,
            sent_at: None,
        }
    }

    fn stored(&mut self, message: Message, history: String, now: i64) {
        self.outbox.apply(OutboxEvent::Stored {
            id: message.id,
            history: history.clone(),
            now,
        });
        if let Some(timeline) = self.timelines.get_mut(&message.conversation) {
            timeline.apply(TimelineEvent::Stored { message, history });
        }
    }

    pub fn hear(&mut self, message: &Message, history: &str, now: i64, disk: &mut Disk) {
        if let Some(timeline) = self.timelines.get_mut(&message.conversation) {
            timeline.apply(TimelineEvent::Heard {
                message: message.clone(),
                history: history.to_owned(),
            });
        }
        self.settle_shown(now, disk);
    }

    /// The relay has passed on what somebody sent.
    pub fn hear_unsaved(&mut self, id: ConversationId, line: &Unsaved) {
        let line = line.clone();
        self.tell(id, TimelineEvent::Unsaved { line });
    }

    /// What had been passed on was refused for good.
    pub fn hear_not_saved(&mut self, conversation: ConversationId, sender: UserId, id: MessageId) {
        let problem = None;
        self.tell(conversation, TimelineEvent::NotSaved { sender, id, problem });
    }

    /// The relay asks to compare heads: the logic server is back.
    pub fn look(&mut self, now: i64) {
        self.heads.apply(HeadsEvent::Look);
        self.outbox.apply(OutboxEvent::Hurry { now });
    }

    /// A row may tell what a lost ack could not: that an entry is stored.
    fn settle_shown(&mut self, now: i64, disk: &mut Disk) {
        for timeline in self.timelines.values() {
            let Some(history) = timeline.history() else {
                continue;
            };
            let rows = timeline.rows();
            for held in rows.filter(|held| held.message.sender.user_id == self.me.user_id) {
                let id = held.message.id;
                let is_unsent = self.outbox.unsent().any(|entry| entry.id == id);
                if is_unsent {
                    self.outbox.apply(OutboxEvent::Stored {
                        id,
                        history: history.to_owned(),
                        now,
                    });
                }
            }
        }
        self.save(disk);
    }

    /// An answer of the logic server says which history holds.
    fn learn(&mut self, history: &str, now: i64) {
        self.outbox.apply(OutboxEvent::History {
            history: history.to_owned(),
            now,
        });
    }

    pub fn replied(&mut self, reply: Reply, now: i64, chance: f64, disk: &mut Disk) {
        let fails = matches!(
            reply,
            Reply::NoPage(..) | Reply::NoHeads | Reply::Posted(_, Answer::Nothing)
        );
        if self.has_failed && !fails {
            self.outbox.apply(OutboxEvent::Hurry { now });
        }
        self.has_failed = fails;
        match reply {
            Reply::Page(run, id, page) => {
                self.learn(&page.history_id, now);
                let limit = LATEST;
                self.tell(id, TimelineEvent::AnsweredPage { run, page, limit });
            }
            Reply::Older(id, page) => {
                self.learn(&page.history_id, now);
                let limit = LATEST;
                self.tell(id, TimelineEvent::OlderAnswered { page, limit });
            }
            Reply::Changes(run, id, changes) => {
                self.learn(&changes.history_id, now);
                self.tell(id, TimelineEvent::AnsweredChanges { run, changes });
            }
            Reply::Heads(heads) => {
                self.learn(&heads.history_id, now);
                self.heads.apply(HeadsEvent::Answered { now, chance });
                for head in &heads.heads {
                    if let Some(timeline) = self.timelines.get_mut(&head.0) {
                        timeline.compare(head.1, &heads.history_id);
                    }
                }
            }
            Reply::Posted(id, answer) => return self.answered(id, answer, now, chance, disk),
            Reply::HandedIn(conversation, sender, id, answer) => match answer {
                Answer::Row { message, history } => {
                    self.learn(&history, now);
                    self.tell(conversation, TimelineEvent::Heard { message, history });
                }
                Answer::Refused(problem) => {
                    let problem = Some(problem);
                    self.tell(conversation, TimelineEvent::NotSaved { sender, id, problem });
                }
                _ => {}
            },
            Reply::NoPage(run, id) => self.tell(id, TimelineEvent::Failed { run }),
            Reply::NoHeads => self.heads.apply(HeadsEvent::Failed),
        }
        self.show_unsent();
        self.settle_shown(now, disk);
    }

    fn tell(&mut self, id: ConversationId, event: TimelineEvent) {
        if let Some(timeline) = self.timelines.get_mut(&id) {
            timeline.apply(event);
        }
    }

    /// Time has passed: what has waited too long for an answer is tried again.
    pub fn tick(&mut self, now: i64, chance: f64, disk: &mut Disk) {
        let late: Vec<MessageId> = self
            .emitted_at
            .iter()
            .filter(|(id, at)| **at + PATIENCE <= now && self.outbox.is_flying(**id))
            .map(|(id, _)| *id)
            .collect();
        self.emitted_at.retain(|_, at| now < *at + PATIENCE);
        for id in late {
            self.answered(id, Answer::Nothing, now, chance, disk);
        }
        for timeline in self.timelines.values_mut() {
            timeline.apply(TimelineEvent::Aged { now });
        }
        let due = self.last_tick + 1000;
        self.heads.apply(HeadsEvent::Ticked { due, now });
        self.last_tick = now;
    }

    /// The relay's connection is gone.
    pub fn cut(&mut self) {
        self.is_connecting = false;
        if self.is_connected {
            self.is_connected = false;
            self.connection += 1;
            self.outbox.apply(OutboxEvent::Cut);
        }
    }
}
