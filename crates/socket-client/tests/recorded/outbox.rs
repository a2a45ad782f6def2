//! Schedules of the outbox: what a shell tells it, in an order that a shell could.

use crate::chance::Chance;
use serde_json::{Value, json};
use shared_protocol::{ConversationId, Group, MessageId, Problem, UserId};
use socket_client::outbox::{Due, Entry, Outbox, OutboxEvent};
use std::collections::BTreeSet;

const TAB: &str = "a";
const OTHER_TAB: &str = "b";
const WINDOW: usize = 3;
const STEPS: usize = 30;

struct Recorder {
    outbox: Outbox,
    chance: Chance,
    now: i64,
    written: u32,
    /// Tried, and not answered yet; some twice.
    waiting: Vec<MessageId>,
    steps: Vec<Value>,
}

pub fn record(seed: u64) -> Value {
    let mut recorder = Recorder {
        outbox: Outbox::default(),
        chance: Chance::new(seed),
        now: 1_000,
        written: 0,
        waiting: Vec::new(),
        steps: Vec::new(),
    };
    if seed.is_multiple_of(3) {
        let entries = (0..3).map(|_| recorder.entry()).collect();
        recorder.apply(OutboxEvent::Loaded { entries });
    }
    while recorder.steps.len() < STEPS {
        recorder.step();
    }
    recorder.look();
    let end = recorder.end();
    recorder.steps.push(json!({ "end": end }));
    json!({ "title": format!("outbox {seed}"), "tab": TAB, "window": WINDOW, "steps": recorder.steps })
}

fn id(number: u32) -> MessageId {
    format!("0192f5d0-7c1e-7abc-8def-{number:012x}").parse().unwrap()
}

impl Recorder {
    fn apply(&mut self, event: OutboxEvent) {
        self.steps.push(serde_json::to_value(&event).unwrap());
        self.outbox.apply(event);
    }

    fn entry(&mut self) -> Entry {
        self.written += 1;
        let is_other = self.chance.percent(15);
        Entry {
            id: id(self.written),
            user: UserId::new(1_000_000_001).unwrap(),
            conversation: ConversationId::new(1 + i64::from(self.chance.percent(25))).unwrap(),
            group: Group::new([7; 16]),
            body: format!("m{}", self.written),
            at: self.now,
            order: i64::from(self.written),
            tab: if is_other { OTHER_TAB } else { TAB }.to_owned(),
            writer: None,
            emitted: false,
            refused: None,
            passed: None,
            ticked: None,
        }
    }

    fn unit(&mut self) -> f64 {
        self.chance.below(5) as f64 / 4.0
    }

    fn history(&mut self) -> String {
        let number = 1 + usize::from(self.chance.percent(20));
        format!("h{number}")
    }

    fn step(&mut self) {
        self.now += self.chance.below(4000) as i64;
        match self.chance.below(100) {
            0..20 => {
                let entry = self.entry();
                self.apply(OutboxEvent::Wrote { entry });
            }
            20..46 => self.pump(),
            46..76 if 0 < self.written => self.answer(),
            76..79 => {
                self.waiting.clear();
                self.apply(OutboxEvent::Cut);
            }
            79..83 => self.apply(OutboxEvent::Hurry { now: self.now }),
            83..86 => {
                let (history, now) = (self.history(), self.now);
                self.apply(OutboxEvent::History { history, now });
            }
            86..90 => self.after_refusal(),
            90..92 => self.withdraw(),
            92..94 => self.apply(OutboxEvent::TakenOver {
                from: BTreeSet::from([OTHER_TAB.to_owned()]),
                by: TAB.to_owned(),
            }),
            46..76 => {}
            94 => self.now += 24 * 60 * 60 * 1000,
            95..97 => self.now += 40_000,
            _ => self.look(),
        }
    }

    fn pump(&mut self) {
        self.look();
        for due in self.outbox.due(TAB, self.now, WINDOW) {
            let id = due.entry.id;
            self.apply(OutboxEvent::Tried { id });
            self.apply(OutboxEvent::Emitted { id });
            self.waiting.push(id);
        }
    }

    /// Of one that waits, mostly; sometimes of one that was answered before.
    fn answer(&mut self) {
        let any = id(1 + self.chance.below(self.written as usize + 1) as u32);
        let is_late = self.chance.percent(8) || self.waiting.is_empty();
        let id = if is_late {
            any
        } else {
            let at = self.chance.below(self.waiting.len().min(2));
            self.waiting.remove(at)
        };
        let (now, chance) = (self.now, self.unit());
        let event = match self.chance.below(20) {
            0..5 => OutboxEvent::Stored {
                id,
                history: self.history(),
                now,
            },
            5..13 => OutboxEvent::PassedOn {
                id,
                at: now - self.chance.below(3) as i64,
                receipt: format!("r{}", self.steps.len()),
                now,
                chance,
            },
            13..15 => OutboxEvent::Refused {
                id,
                problem: Problem::new("invalid", 400, "no"),
            },
            15..18 => OutboxEvent::PutOff {
                id,
                now,
                chance,
                retry_after: None,
            },
            _ => OutboxEvent::PutOff {
                id,
                now,
                chance,
                retry_after: Some(1000 * self.chance.below(8) as i64),
            },
        };
        self.apply(event);
    }

    fn after_refusal(&mut self) {
        let refused = self
            .outbox
            .entries()
            .iter()
            .filter(|entry| entry.refused.is_some());
        let refused: Vec<MessageId> = refused.map(|entry| entry.id).collect();
        let Some(again) = self.chance.pick(&refused).copied() else {
            return;
        };
        self.written += 1;
        self.apply(OutboxEvent::Again {
            id: again,
            order: i64::from(self.written),
            anew: Some(id(self.written)),
        });
    }

    fn withdraw(&mut self) {
        let entries = self.outbox.entries().iter();
        let stay: Vec<MessageId> = entries
            .filter(|entry| !entry.emitted)
            .map(|entry| entry.id)
            .collect();
        if let Some(id) = self.chance.pick(&stay).copied() {
            self.apply(OutboxEvent::Withdrew { id });
        }
    }

    fn look(&mut self) {
        let due = self.outbox.due(TAB, self.now, WINDOW);
        let due: Vec<Value> = due
            .iter()
            .map(|Due { entry, prev, receipt }| json!([entry.id, prev, receipt]))
            .collect();
        let wake = self.outbox.wake_at(TAB);
        self.steps
            .push(json!({ "look": self.now, "due": due, "wake": wake }));
    }

    fn end(&self) -> Value {
        let entries = self.outbox.entries();
        let flying: Vec<MessageId> = entries.iter().map(|entry| entry.id).collect();
        let flying: Vec<&MessageId> = flying.iter().filter(|id| self.outbox.is_flying(**id)).collect();
        let unsent: Vec<MessageId> = self.outbox.unsent().map(|entry| entry.id).collect();
        json!({ "entries": entries, "flying": flying, "unsent": unsent, "history": self.outbox.history() })
    }
}
