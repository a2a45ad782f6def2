//! The checker: a pure function of what a run has left. Each invariant of the table that is marked C is one verdict.

mod blocks;
mod clients;
mod history;
mod measure;
mod programs;
mod screens;
#[cfg(test)]
mod tests;

pub(crate) use measure::measure;

use crate::record::{Part, Record, Row, What, Who};
use shared_protocol::{ConversationId, MessageId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// More of one kind are not told.
const TOLD: usize = 5;

/// What was found about one invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Such as `INV01`.
    pub(crate) invariant: &'static str,
    /// What it says.
    pub(crate) says: &'static str,
    /// Where it does not hold, the first few.
    pub(crate) broken: Vec<String>,
    /// Everywhere where it does not hold.
    pub(crate) count: usize,
}

type Check = fn(&Facts<'_>, &mut Vec<String>);

/// INV19, INV20 and INV24 need more than a run shows, or what does not exist yet: they have tests elsewhere.
const CHECKS: [(&str, &str, Check); 22] = [
    (
        "INV01",
        "acked as stored is there once, at that place",
        history::inv01,
    ),
    (
        "INV02",
        "stored is what its author wrote, nothing else",
        history::inv02,
    ),
    ("INV03", "seq is 1…n, rev only grows", history::inv03),
    ("INV04", "every screen has the order of seq", screens::inv04),
    ("INV05", "nothing is shown twice", screens::inv05),
    ("INV06", "shown without a mark is in the history", screens::inv06),
    (
        "INV07",
        "a screen at the conversation's rev is what a fresh load gives",
        screens::inv07,
    ),
    (
        "INV08",
        "everybody has everything after the last fault",
        screens::inv08,
    ),
    (
        "INV09",
        "one device's messages stand in the order written",
        history::inv09,
    ),
    (
        "INV10",
        "read marks never go back or too far, badges are right",
        clients::inv10,
    ),
    ("INV11", "shown as failed is never stored", screens::inv11),
    (
        "INV12",
        "refused is not stored, and its text is kept",
        history::inv12,
    ),
    ("INV13", "nobody is shown what is not theirs", screens::inv13),
    (
        "INV13",
        "nothing passes while a block stands, everything while none does",
        blocks::inv13,
    ),
    ("INV14", "the sender shown is the one who wrote", history::inv14),
    ("INV15", "the logic server closes no socket", clients::inv15),
    ("INV16", "who has signed out is out", clients::inv16),
    ("INV17", "online is who was heard of", clients::inv17),
    ("INV18", "typing is shown once and not late", clients::inv18),
    ("INV21", "one id has one answer", history::inv21),
    ("INV22", "nobody waits for ever", history::inv22),
    (
        "INV23",
        "killed programs come back by themselves",
        programs::inv23,
    ),
];

/// Every verdict, those of the run itself among them.
pub(crate) fn check(record: &Record) -> Vec<Verdict> {
    let facts = Facts::of(record);
    let invariants = CHECKS.iter().map(|(invariant, says, check)| {
        let mut broken = Vec::new();
        check(&facts, &mut broken);
        verdict(invariant, says, broken)
    });
    let enough = [
        (
            "MINIMUM",
            "at least 1,000 acked messages, 20 faults and a block",
            programs::enough as Check,
        ),
        (
            "UP",
            "every program was up for at least 40 % of the time",
            programs::up,
        ),
    ];
    let enough = enough.map(|(name, says, check)| {
        let mut broken = Vec::new();
        check(&facts, &mut broken);
        verdict(name, says, broken)
    });
    invariants.chain(enough).collect()
}

fn verdict(invariant: &'static str, says: &'static str, mut broken: Vec<String>) -> Verdict {
    let count = broken.len();
    broken.truncate(TOLD);
    Verdict {
        invariant,
        says,
        broken,
        count,
    }
}

/// A message that was written.
struct Written<'a> {
    who: Who,
    conversation: ConversationId,
    number: u64,
    body: &'a str,
}

/// A stretch of time in which something was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: i64,
    to: i64,
}

impl Span {
    fn meets(self, from: i64, to: i64) -> bool {
        self.from <= to && from <= self.to
    }
}

/// The record, looked up.
struct Facts<'a> {
    record: &'a Record,
    written: BTreeMap<MessageId, Written<'a>>,
    /// By conversation, sender and id.
    rows: BTreeMap<(ConversationId, UserId, MessageId), Vec<&'a Row>>,
    refused: BTreeSet<MessageId>,
    withdrawn: BTreeSet<MessageId>,
    /// When each fault was there, and at what.
    faults: Vec<(Part, Span)>,
    /// When the machine had far too much to do: nothing is said then about how long things took.
    busy: Vec<Span>,
    /// When each device was connected with the relay.
    sockets: BTreeMap<Who, Vec<Span>>,
}

impl<'a> Facts<'a> {
    fn of(record: &'a Record) -> Self {
        let end = record.lines.last().map_or(0, |line| line.t);
        let mut facts = Self {
            record,
            written: BTreeMap::new(),
            rows: BTreeMap::new(),
            refused: BTreeSet::new(),
            withdrawn: BTreeSet::new(),
            faults: faults(record, end),
            busy: busy(record),
            sockets: sockets(record, end),
        };
        for line in &record.lines {
            match &line.what {
                What::Invoke {
                    who,
                    conversation,
                    id,
                    number,
                    body,
                } => {
                    let written = Written {
                        who: *who,
                        conversation: *conversation,
                        number: *number,
                        body,
                    };
                    facts.written.insert(*id, written);
                }
                What::Refused { id, .. } => drop(facts.refused.insert(*id)),
                What::Withdrew { id, .. } => drop(facts.withdrawn.insert(*id)),
                _ => {}
            }
        }
        for row in &record.database.rows {
            let key = (row.conversation, row.sender, row.id);
            facts.rows.entry(key).or_default().push(row);
        }
        facts
    }

    fn user(&self, who: Who) -> Option<UserId> {
        self.record.people.get(usize::from(who.person)).copied()
    }

    /// The rows of a message that was written here.
    fn rows_of(&self, id: MessageId) -> &[&'a Row] {
        let written = self.written.get(&id);
        let key = written.and_then(|written| Some((written.conversation, self.user(written.who)?, id)));
        key.and_then(|key| self.rows.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// Whether a fault at one of these parts was there between the two.
    fn disturbs(&self, from: i64, to: i64, is_one: impl Fn(Part) -> bool) -> bool {
        let mut faults = self.faults.iter();
        faults.any(|(part, span)| is_one(*part) && span.meets(from, to))
    }

    /// The same, or the machine was too busy to say how long anything takes.
    fn delays(&self, from: i64, to: i64, is_one: impl Fn(Part) -> bool) -> bool {
        self.disturbs(from, to, is_one) || self.busy.iter().any(|span| span.meets(from, to))
    }
}

/// More tasks than this want each core.
const BUSY: f64 = 3.0;

fn busy(record: &Record) -> Vec<Span> {
    let seconds = record.lines.iter().filter_map(|line| match &line.what {
        What::Load { tasks, cores } if BUSY * (*cores as f64) < *tasks => Some(Span {
            from: line.t - 1000,
            to: line.t,
        }),
        _ => None,
    });
    seconds.collect()
}

fn faults(record: &Record, end: i64) -> Vec<(Part, Span)> {
    let mut begun: BTreeMap<usize, (Part, i64)> = BTreeMap::new();
    let mut found = Vec::new();
    for line in &record.lines {
        let What::Fault { number, part, on, .. } = &line.what else {
            continue;
        };
        if *on {
            begun.insert(*number, (*part, line.t));
        } else if let Some((part, from)) = begun.remove(number) {
            found.push((part, Span { from, to: line.t }));
        }
    }
    let open = begun.into_values();
    found.extend(open.map(|(part, from)| (part, Span { from, to: end })));
    found
}

fn sockets(record: &Record, end: i64) -> BTreeMap<Who, Vec<Span>> {
    let mut open: BTreeMap<Who, i64> = BTreeMap::new();
    let mut found: BTreeMap<Who, Vec<Span>> = BTreeMap::new();
    for line in &record.lines {
        let ended = match &line.what {
            What::Socket { who, open: true, .. } => {
                open.entry(*who).or_insert(line.t);
                continue;
            }
            What::Socket { who, .. } | What::Dead { who } | What::Life { who, .. } => who,
            _ => continue,
        };
        if let Some(from) = open.remove(ended) {
            found.entry(*ended).or_default().push(Span { from, to: line.t });
        }
    }
    for (who, from) in open {
        found.entry(who).or_default().push(Span { from, to: end });
    }
    found
}
