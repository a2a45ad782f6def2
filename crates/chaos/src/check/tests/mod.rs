//! A good history that passes, and for each invariant broken ones, made by hand, that must be noticed.

mod blocks;
mod history;
mod others;
mod screens;

use super::*;
use crate::record::{Badge, Database, Device, Line, Mark, Place, Screen, Shown, Standing, Transport};

const ANN: Who = Who { person: 0, device: 0 };
const BOB: Who = Who { person: 1, device: 0 };
const EVE: Who = Who { person: 2, device: 0 };

fn user(number: i64) -> UserId {
    UserId::new(1_000_000_001 + number).unwrap()
}

fn id(number: i64) -> MessageId {
    format!("0192f5d0-7c1e-7abc-8def-{number:012x}").parse().unwrap()
}

fn talk() -> ConversationId {
    ConversationId::new(1).unwrap()
}

fn body(number: i64) -> String {
    format!("0:0:{number}")
}

fn shown(number: i64, seq: Option<i64>, mark: Mark) -> Shown {
    Shown {
        sender: user(0),
        id: id(number),
        seq,
        body: body(number),
        mark,
    }
}

fn stored(number: i64) -> Shown {
    shown(number, Some(number), Mark::Stored)
}

fn row(number: i64) -> Row {
    Row {
        conversation: talk(),
        seq: number,
        rev: number,
        id: id(number),
        sender: user(0),
        body: body(number),
        at: number,
    }
}

fn invoke(number: i64) -> What {
    What::Invoke {
        who: ANN,
        conversation: talk(),
        id: id(number),
        number: number as u64,
        body: body(number),
    }
}

fn acked(number: i64) -> What {
    What::Ok {
        who: ANN,
        id: id(number),
        seq: number,
        rev: number,
        by: Transport::Relay,
    }
}

fn shows(who: Who, line: Shown) -> What {
    What::Shown {
        who,
        conversation: talk(),
        line,
    }
}

fn gone(number: i64) -> What {
    What::Gone {
        who: ANN,
        conversation: talk(),
        sender: user(0),
        id: id(number),
    }
}

fn socket(who: Who, open: bool) -> What {
    What::Socket {
        who,
        open,
        by_us: false,
    }
}

fn presence(person: u8, online: bool) -> What {
    What::Presence { person, online }
}

fn read(asked: i64, read: i64) -> What {
    What::Read {
        who: BOB,
        conversation: talk(),
        asked,
        wanted: read,
        read,
    }
}

fn fault(number: usize, part: Part, on: bool) -> What {
    let kind = "a fault".to_owned();
    What::Fault {
        number,
        kind,
        part,
        on,
    }
}

/// Bob asks to block Ann, or to let her be.
fn blocking(on: bool, number: u64) -> What {
    What::Blocking {
        who: BOB,
        other: user(0),
        on,
        number,
    }
}

fn blocked(on: bool, number: u64) -> What {
    What::Blocked {
        who: BOB,
        other: user(0),
        on,
        number,
    }
}

fn device(who: Who, outbox: Vec<(MessageId, Standing)>) -> Device {
    let marks = vec![(user(0), 0), (user(1), 2)];
    Device {
        who,
        connected: true,
        outbox,
        screens: vec![Screen {
            conversation: talk(),
            cursor: Some(2),
            lines: vec![stored(1), stored(2)],
            marks,
        }],
        badges: vec![Badge {
            conversation: talk(),
            read: if who == BOB { 2 } else { 0 },
            unread: 0,
        }],
    }
}

/// Ann writes two messages, which Bob reads, and a third, which is refused. Later he blocks her for
/// a while. Eve is somebody else.
fn good() -> Record {
    let lines = [
        (0, What::Begin { epoch: 0 }),
        (0, What::Life { who: ANN, life: 1 }),
        (0, What::Life { who: BOB, life: 1 }),
        (1, socket(ANN, true)),
        (1, socket(BOB, true)),
        (10, invoke(1)),
        (10, shows(ANN, shown(1, None, Mark::Waiting))),
        (11, invoke(2)),
        (11, shows(ANN, shown(2, None, Mark::Waiting))),
        (20, acked(1)),
        (20, gone(1)),
        (20, shows(ANN, stored(1))),
        (21, acked(2)),
        (21, gone(2)),
        (21, shows(ANN, stored(2))),
        (22, shows(BOB, stored(1))),
        (22, shows(BOB, stored(2))),
        (30, invoke(3)),
        (30, shows(ANN, shown(3, None, Mark::Waiting))),
        (
            31,
            What::Refused {
                who: ANN,
                id: id(3),
                problem: "/problems/invalid".to_owned(),
            },
        ),
        (31, shows(ANN, shown(3, None, Mark::Failed))),
        (40, read(39, 1)),
        (50, read(49, 2)),
        (
            60,
            What::Typed {
                who: ANN,
                conversation: talk(),
                id: id(60),
            },
        ),
        (
            61,
            What::Typing {
                who: BOB,
                id: id(60),
                age_ms: 1,
            },
        ),
        (70, fault(0, Part::Relay, true)),
        (
            71,
            What::Up {
                part: Part::Relay,
                up: false,
            },
        ),
        (
            80,
            What::Ready {
                part: Part::Relay,
                after_ms: 9,
            },
        ),
        (
            80,
            What::Up {
                part: Part::Relay,
                up: true,
            },
        ),
        (81, fault(0, Part::Relay, false)),
        (1000, What::Calm),
        (30_000, blocking(true, 1)),
        (30_010, blocked(true, 1)),
        (35_000, blocking(false, 2)),
        (35_010, blocked(false, 2)),
        (40_000, presence(1, true)),
        (39_999, What::SigningOut { who: BOB }),
        (40_000, What::SignedOut { who: BOB }),
        (
            40_001,
            What::Probed {
                who: BOB,
                status: 401,
            },
        ),
        (40_100, socket(BOB, false)),
        (40_200, What::SignedIn { who: BOB }),
        (40_201, socket(BOB, true)),
        (60_000, presence(0, true)),
    ];
    let lines = lines.map(|(t, what)| Line { t, what }).to_vec();
    Record {
        people: vec![user(0), user(1), user(2)],
        lines,
        database: Database {
            places: vec![Place {
                id: talk(),
                seq: 2,
                rev: 2,
                members: vec![(user(0), 0), (user(1), 2)],
            }],
            rows: vec![row(1), row(2)],
        },
        devices: vec![
            device(ANN, vec![(id(2), Standing::Ticked), (id(3), Standing::Refused)]),
            device(BOB, Vec::new()),
        ],
    }
}

/// The invariants that do not hold. That so short a run is not enough is another matter.
fn found(record: &Record) -> Vec<&'static str> {
    let broken = check(record).into_iter().filter(|verdict| verdict.count != 0);
    let names = broken.map(|verdict| verdict.invariant);
    names.filter(|name| *name != "MINIMUM").collect()
}

/// The good history passes; what `harm` makes of it breaks this invariant.
fn breaks(invariant: &str, harm: impl FnOnce(&mut Record)) {
    let mut record = good();
    assert_eq!(found(&record), Vec::<&str>::new());
    harm(&mut record);
    let found = found(&record);
    assert!(found.contains(&invariant), "{invariant} is not among {found:?}");
}

/// The same, with something in the log at this time.
fn breaks_with(invariant: &str, t: i64, what: What) {
    breaks(invariant, |record| add(record, t, what));
}

fn add(record: &mut Record, t: i64, what: What) {
    let at = record.lines.partition_point(|line| line.t <= t);
    record.lines.insert(at, Line { t, what });
}

fn remove(record: &mut Record, what: &What) {
    let before = record.lines.len();
    record.lines.retain(|line| line.what != *what);
    assert!(record.lines.len() < before, "{what:?} was not there");
}

#[test]
fn a_good_history_passes_and_says_that_it_is_short() {
    let verdicts = check(&good());
    let broken: Vec<_> = verdicts.iter().filter(|verdict| verdict.count != 0).collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0].broken, ["2 messages were acked", "1 faults came"]);
}
