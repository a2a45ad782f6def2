//! Schedules of one timeline: a small server with its changes, frames that get lost, come twice, late and out of order,
//! restores, and what the relay passes on meanwhile.

mod shown;

use crate::chance::Chance;
use serde_json::{Value, json};
use shared_protocol::api::{Changes, Mark, Message, MessagePage, Person};
use shared_protocol::{ConversationId, Group, MessageId, Problem, UserId};
use socket_client::Rules;
use socket_client::catch_up::{From, Pending, PendingState, Timeline, TimelineEvent, Unsaved, UnsavedState};

const ME: i64 = 1_000_000_001;
const OTHER: i64 = 1_000_000_002;
/// Rows of the latest page, and of a page of changes.
const PAGE: usize = 3;
const STEPS: usize = 26;

struct Recorder {
    timeline: Timeline,
    chance: Chance,
    now: i64,
    written: u32,
    history: u32,
    rev: i64,
    rows: Vec<Message>,
    /// Live rows on their way, with their history.
    wire: Vec<(Message, String)>,
    /// What the relay has passed on; it may say it again.
    passed: Vec<Unsaved>,
    steps: Vec<Value>,
}

pub fn record(seed: u64) -> Value {
    let me = UserId::new(ME).unwrap();
    let mut recorder = Recorder {
        timeline: Timeline::new(me, Rules::ALL),
        chance: Chance::new(1000 + seed),
        now: 1_000_000,
        written: 0,
        history: 1,
        rev: 0,
        rows: Vec::new(),
        wire: Vec::new(),
        passed: Vec::new(),
        steps: Vec::new(),
    };
    for _ in 0..recorder.chance.below(6) {
        recorder.change();
    }
    if !seed.is_multiple_of(6) {
        recorder.catch_up();
    }
    while recorder.steps.len() < STEPS {
        recorder.step();
    }
    recorder.look();
    let end = recorder.end();
    recorder.steps.push(json!({ "end": end }));
    json!({ "title": format!("timeline {seed}"), "me": me, "steps": recorder.steps })
}

fn id(number: u32) -> MessageId {
    format!("0192f5d0-7c1e-7abc-8def-{number:012x}").parse().unwrap()
}

fn person(user: i64) -> Person {
    Person {
        user_id: UserId::new(user).unwrap(),
        username: String::new(),
        display_name: String::new(),
        avatar_color: 0,
        subject: Group::new([(user % 10) as u8; 16]),
        avatar: None,
    }
}

impl Recorder {
    fn apply(&mut self, event: TimelineEvent) {
        self.steps.push(serde_json::to_value(&event).unwrap());
        self.timeline.apply(event);
    }

    fn history(&self) -> String {
        format!("h{}", self.history)
    }

    fn new_id(&mut self) -> MessageId {
        self.written += 1;
        id(self.written)
    }

    /// Something is stored or changed; mostly somebody tells.
    fn change(&mut self) {
        self.rev += 1;
        if self.chance.percent(30) && !self.rows.is_empty() {
            let at = self.chance.below(self.rows.len());
            self.rows[at].rev = self.rev;
            self.rows[at].body = format!("edit {}", self.rev);
            let row = self.rows[at].clone();
            return self.tell(row);
        }
        let sender = if self.chance.percent(25) { ME } else { OTHER };
        let id = self.new_id();
        self.store(id, sender, format!("m{}", self.rev));
    }

    fn store(&mut self, id: MessageId, sender: i64, body: String) {
        let row = Message {
            conversation: ConversationId::new(7).unwrap(),
            seq: self.rows.len() as i64 + 1,
            rev: self.rev,
            id,
            sender: person(sender),
            kind: "text".to_owned(),
            body,
            at: self.rev * 10,
            sent_at: None,
        };
        self.rows.push(row.clone());
        self.tell(row);
    }

    fn tell(&mut self, row: Message) {
        let times = [1, 1, 1, 1, 1, 0, 2][self.chance.below(7)];
        for _ in 0..times {
            self.wire.push((row.clone(), self.history()));
        }
    }

    fn step(&mut self) {
        self.now += self.chance.below(3000) as i64;
        match self.chance.below(100) {
            0..14 => self.change(),
            14..36 => self.hear(),
            36..50 => self.catch_up(),
            50..64 => self.pass_on(),
            64..72 => self.save(),
            72..80 => self.own(),
            80..84 => self.older(),
            84..87 => {
                self.now += 60_000;
                self.look();
            }
            87..90 => self.hand_in(),
            90 => self.apply(TimelineEvent::Aged { now: self.now }),
            91 => {
                self.now += 24 * 60 * 60 * 1000;
                self.apply(TimelineEvent::Aged { now: self.now });
            }
            92..94 => self.apply(TimelineEvent::Behind),
            94 => self.apply(TimelineEvent::Afresh),
            95..98 => self.mark(),
            _ => self.restore(),
        }
    }

    fn hear(&mut self) {
        if self.wire.is_empty() {
            return;
        }
        let at = self.chance.below(self.wire.len().min(3));
        let (message, history) = self.wire.remove(at);
        self.apply(TimelineEvent::Heard { message, history });
    }

    /// The server answers as it is now.
    fn catch_up(&mut self) {
        if self.timeline.catch_up().want && !self.timeline.catch_up().running {
            self.apply(TimelineEvent::Asked);
        }
        let catch_up = self.timeline.catch_up();
        if !catch_up.running || self.chance.percent(15) {
            return;
        }
        let run = catch_up.run;
        if self.chance.percent(10) {
            return self.apply(TimelineEvent::Failed { run });
        }
        match catch_up.from {
            From::Fresh => {
                let first = self.rows.len().saturating_sub(PAGE);
                let page = self.page(first..self.rows.len());
                self.apply(TimelineEvent::AnsweredPage {
                    run,
                    page,
                    limit: PAGE,
                });
            }
            From::Changes => {
                let mut rows: Vec<Message> = self
                    .rows
                    .iter()
                    .filter(|row| catch_up.page < row.rev)
                    .cloned()
                    .collect();
                rows.sort_by_key(|row| row.rev);
                let is_last = rows.len() <= PAGE;
                rows.truncate(PAGE);
                let too_far = self.rev < catch_up.page || self.chance.percent(5);
                let changes = Changes {
                    messages: if too_far { Vec::new() } else { rows },
                    marks: Vec::new(),
                    upto: (is_last && !too_far).then_some(self.rev),
                    too_far,
                    history_id: self.history(),
                };
                self.apply(TimelineEvent::AnsweredChanges { run, changes });
            }
        }
    }

    fn page(&mut self, rows: std::ops::Range<usize>) -> MessagePage {
        MessagePage {
            messages: self.rows[rows].to_vec(),
            marks: Vec::new(),
            rev: self.rev,
            history_id: self.history(),
        }
    }

    fn older(&mut self) {
        let first = self
            .timeline
            .rows()
            .next()
            .map(|held| held.message.seq as usize - 1);
        let Some(first) = first.filter(|first| !self.timeline.is_complete() && *first <= self.rows.len())
        else {
            return;
        };
        self.apply(TimelineEvent::OlderAsked);
        if self.chance.percent(25) {
            return self.apply(TimelineEvent::OlderFailed);
        }
        let page = self.page(first.saturating_sub(PAGE)..first);
        if self.chance.percent(30) {
            self.change();
            self.hear();
        }
        self.apply(TimelineEvent::OlderAnswered { page, limit: PAGE });
    }

    /// The relay passes on what nobody stores yet, mostly somebody else's; or says again what it has said.
    fn pass_on(&mut self) {
        let is_repeat = self.chance.percent(25);
        let line = match self.chance.pick(&self.passed).filter(|_| is_repeat) {
            Some(line) => line.clone(),
            None => {
                let sender = if self.chance.percent(15) { ME } else { OTHER };
                let id = self.new_id();
                Unsaved {
                    sender: person(sender),
                    id,
                    prev: None,
                    frame: format!(r#"{{"kind":"message","body":"u{}"}}"#, self.written),
                    body: format!("u{}", self.written),
                    at: self.now - self.chance.below(2000) as i64,
                    receipt: format!("r{}", self.written),
                    state: UnsavedState::Waiting,
                    problem: None,
                }
            }
        };
        self.passed.push(line.clone());
        self.apply(TimelineEvent::Unsaved { line });
    }

    /// What was passed on is stored, or refused for good.
    fn save(&mut self) {
        if self.passed.is_empty() {
            return;
        }
        let at = self.chance.below(self.passed.len());
        let line = self.passed[at].clone();
        let sender = line.sender.user_id;
        let is_stored = self
            .rows
            .iter()
            .any(|row| row.id == line.id && row.sender.user_id == sender);
        if is_stored {
            return;
        }
        if self.chance.percent(30) {
            let problem = [
                None,
                Some("invalid"),
                Some("receipt-expired"),
                Some("bad-receipt"),
            ][self.chance.below(4)];
            let problem = problem.map(|code| Problem::new(code, 400, "no"));
            return self.apply(TimelineEvent::NotSaved {
                sender,
                id: line.id,
                problem,
            });
        }
        self.rev += 1;
        self.store(line.id, sender.number(), format!("saved {}", line.body));
    }

    /// An own line is written, changes how it stands, or has its tick.
    fn own(&mut self) {
        let pending: Vec<Pending> = self.timeline.pending().to_vec();
        let one = self.chance.pick(&pending).cloned();
        match (one, self.chance.below(6)) {
            (None, _) | (_, 0..2) => {
                // Sometimes one that another tab has left behind.
                let mine = self
                    .passed
                    .iter()
                    .filter(|line| line.sender.user_id.number() == ME);
                let left: Vec<MessageId> = mine.map(|line| line.id).collect();
                let left = self.chance.pick(&left).copied();
                let id = match left {
                    Some(id) if self.chance.percent(50) => id,
                    _ => self.new_id(),
                };
                self.apply(TimelineEvent::Wrote {
                    id,
                    body: format!("own {}", self.written),
                    at: self.now,
                    state: PendingState::Sending,
                    problem: None,
                });
            }
            (Some(Pending { id, .. }), 2) => self.apply(TimelineEvent::Stands {
                id,
                state: PendingState::PassedOn,
                problem: None,
            }),
            (Some(Pending { id, .. }), 3) => self.apply(TimelineEvent::Stands {
                id,
                state: PendingState::Failed,
                problem: Some(Problem::new("invalid", 400, "no")),
            }),
            (Some(Pending { id, .. }), 4) if self.chance.percent(50) => {
                self.apply(TimelineEvent::Withdrew { id });
            }
            (Some(Pending { id, body, .. }), _) => {
                self.rev += 1;
                self.store(id, ME, format!("{body}!"));
                let row = self.rows[self.rows.len() - 1].clone();
                let history = self.history();
                self.apply(TimelineEvent::Stored {
                    message: Message { body, ..row },
                    history,
                });
            }
        }
    }

    fn hand_in(&mut self) {
        self.now += 60_000;
        self.look();
        if self.timeline.to_hand_in(self.now).is_empty() {
            return;
        }
        self.apply(TimelineEvent::HandedIn { now: self.now });
        self.look();
    }

    fn mark(&mut self) {
        let user_id = UserId::new(OTHER).unwrap();
        let read = self.chance.below(self.rows.len() + 1) as i64;
        self.apply(TimelineEvent::Marked {
            mark: Mark { user_id, read },
        });
    }

    /// The server comes back with less, as another history.
    fn restore(&mut self) {
        self.history += 1;
        let left = self.chance.below(self.rows.len() + 1);
        self.rows.truncate(left);
        self.rev = self.rows.iter().map(|row| row.rev).fold(0, i64::max);
    }
}
