//! Which faults come when: made from the seed alone, before anything starts.

use crate::chance::Chance;
use crate::record::{Part, Who};
use proxy::{Mode, Way};
use std::collections::BTreeMap;
use std::time::Duration;

/// At most so many faults at once.
const AT_ONCE: usize = 2;
/// Every program is up for at least 40 % of the time; so much of the past may be planned away, and starting takes its time.
const DOWN_PERCENT: i64 = 40;
const START_MS: i64 = 1500;

/// Where the logic server can be made to die, by the names that it knows.
pub(crate) const FAIL_POINTS: [&str; 5] = [
    "link-read",
    "before-commit",
    "after-commit",
    "after-settle",
    "before-forward",
];

/// What is done to a part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Deed {
    /// SIGKILL, and a start when the fault is over.
    Kill,
    /// SIGSTOP … SIGCONT.
    Stop,
    /// The program dies when it next comes there.
    FailPoint(&'static str),
    /// Every connection of the database is ended by it.
    DropConnections,
    /// The bytes on this way are treated so.
    Net { ways: Vec<Way>, mode: Mode },
}

/// One fault of the plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// Milliseconds since the begin of the faults.
    pub(crate) at: i64,
    pub(crate) lasts: i64,
    pub(crate) part: Part,
    pub(crate) deed: Deed,
}

impl Fault {
    /// How it is counted.
    pub(crate) fn kind(&self) -> String {
        let part = match self.part {
            Part::Relay => "relay",
            Part::LogicServer => "logic server",
            Part::Database => "database",
            Part::Link => "relay–logic server",
            Part::DatabaseLine => "logic server–database",
            Part::BrowserRelay(_) => "browser–relay",
            Part::BrowserLogicServer(_) => "browser–logic server",
            Part::Client(_) => "client",
        };
        let deed = match &self.deed {
            Deed::Kill => "killed",
            Deed::Stop => "stopped",
            Deed::FailPoint(point) => return format!("fail point {point}"),
            Deed::DropConnections => "connections dropped",
            Deed::Net { mode, .. } => match mode {
                Mode::Pass => "passed",
                Mode::Delay { .. } => "delayed",
                Mode::Throttle { .. } => "throttled",
                Mode::Blackhole => "into a black hole",
                Mode::Cut => "cut",
                Mode::Reset => "reset",
                Mode::Truncate { .. } => "truncated",
            },
        };
        let ways = match &self.deed {
            Deed::Net { ways, .. } if ways.len() == 1 => ", one way",
            _ => "",
        };
        format!("{part} {deed}{ways}")
    }

    fn end(&self) -> i64 {
        self.at + self.lasts
    }

    /// How long its part does not run because of it.
    fn down(&self) -> i64 {
        match self.deed {
            Deed::Kill | Deed::FailPoint(_) => self.lasts + START_MS,
            Deed::Stop => self.lasts,
            Deed::DropConnections | Deed::Net { .. } => 0,
        }
    }
}

/// Faults for so many milliseconds, every 0.3 to 3 s.
pub(crate) fn plan(seed: u64, length: i64, everybody: &[Who], has_server: bool) -> Vec<Fault> {
    let mut chance = Chance::new(seed, &[1]);
    let mut plan: Vec<Fault> = Vec::new();
    let mut down: BTreeMap<Part, i64> = BTreeMap::new();
    let mut at = 0;
    loop {
        at += chance.between(300, 3000) as i64;
        // Not the third at once: as soon as one of the two is over.
        let mut running: Vec<i64> = plan.iter().map(Fault::end).filter(|end| at < *end).collect();
        running.sort_unstable();
        if AT_ONCE <= running.len() {
            at = running[running.len() - AT_ONCE];
        }
        if length <= at {
            return plan;
        }
        let fault = Fault {
            at,
            ..draw(&mut chance, everybody, has_server)
        };
        let is_busy = plan
            .iter()
            .any(|other| at < other.end() && touches(other.part, fault.part));
        let before = down.get(&fault.part).copied().unwrap_or_default();
        let is_too_much = (fault.end() + 5000) * DOWN_PERCENT / 100 < before + fault.down();
        if fault.down() != 0 && is_too_much || is_busy {
            at -= 290; // another one, soon
            continue;
        }
        *down.entry(fault.part).or_default() += fault.down();
        plan.push(fault);
    }
}

/// Whether both faults are about the same thing.
fn touches(one: Part, other: Part) -> bool {
    let kind = |part| match part {
        Part::BrowserRelay(_) => Part::BrowserRelay(None),
        Part::BrowserLogicServer(_) => Part::BrowserLogicServer(None),
        other => other,
    };
    kind(one) == kind(other)
}

#[derive(Clone, Copy)]
enum Draw {
    Program,
    Database,
    FailPoint,
    Net,
    Client,
}

fn draw(chance: &mut Chance, everybody: &[Who], has_server: bool) -> Fault {
    let database = if has_server { 18 } else { 0 };
    let drawn = chance.weighted(&[
        (25, Draw::Program),
        (database, Draw::Database),
        (15, Draw::FailPoint),
        (40, Draw::Net),
        (15, Draw::Client),
    ]);
    let lasts = chance.between(200, 2500) as i64;
    let (part, deed) = match drawn {
        Draw::Program => {
            let part = chance.weighted(&[(1, Part::Relay), (1, Part::LogicServer)]);
            let deeds = [Deed::Kill, Deed::Stop];
            (part, deeds[chance.below(2) as usize].clone())
        }
        Draw::Database => {
            let deeds = [Deed::Kill, Deed::Stop, Deed::DropConnections];
            (Part::Database, deeds[chance.below(3) as usize].clone())
        }
        Draw::FailPoint => {
            let point = chance.pick(&FAIL_POINTS).copied().unwrap_or(FAIL_POINTS[0]);
            (Part::LogicServer, Deed::FailPoint(point))
        }
        Draw::Net => net(chance, everybody, has_server),
        Draw::Client => {
            let who = chance.pick(everybody).copied().unwrap_or(everybody[0]);
            (Part::Client(who), Deed::Kill)
        }
    };
    Fault {
        at: 0,
        lasts,
        part,
        deed,
    }
}

fn net(chance: &mut Chance, everybody: &[Who], has_server: bool) -> (Part, Deed) {
    // Everybody's way, or that of one person.
    let person = chance.pick(everybody).map(|who| who.person);
    let whose = if chance.below(2) == 0 { None } else { person };
    let part = chance.weighted(&[
        (3, Part::BrowserRelay(whose)),
        (3, Part::BrowserLogicServer(whose)),
        (3, Part::Link),
        (if has_server { 3 } else { 0 }, Part::DatabaseLine),
    ]);
    let delay = Mode::Delay {
        by: Duration::from_millis(80),
        jitter: Duration::from_millis(chance.between(0, 60)),
    };
    let truncate = Mode::Truncate {
        after: chance.between(0, 3000) as u32,
    };
    let mode = chance.weighted(&[
        (2, delay),
        (
            2,
            Mode::Throttle {
                bytes_per_second: 20_000,
            },
        ),
        (4, Mode::Blackhole),
        (3, Mode::Cut),
        (3, Mode::Reset),
        (3, truncate),
    ]);
    let ways = match chance.below(4) {
        0 => vec![Way::ToServer],
        1 => vec![Way::ToClient],
        _ => Way::BOTH.to_vec(),
    };
    (part, Deed::Net { ways, mode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn everybody() -> Vec<Who> {
        (0..12)
            .flat_map(|person| (0..2).map(move |device| Who { person, device }))
            .collect()
    }

    #[test]
    fn a_seed_repeats_the_plan() {
        let of = |seed| plan(seed, 60_000, &everybody(), true);
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    #[test]
    fn at_most_two_at_once_each_of_something_else_and_enough_of_them() {
        for seed in 0..200 {
            for has_server in [false, true] {
                let plan = plan(seed, 60_000, &everybody(), has_server);
                assert!(25 < plan.len(), "seed {seed}: only {}", plan.len());
                for fault in &plan {
                    let others = plan
                        .iter()
                        .filter(|other| other.at <= fault.at && fault.at < other.end());
                    let parts: Vec<Part> = others.map(|other| other.part).collect();
                    assert!(parts.len() <= AT_ONCE, "seed {seed}: {parts:?}");
                    assert!(parts.len() < 2 || !touches(parts[0], parts[1]), "{parts:?}");
                }
            }
        }
    }

    #[test]
    fn every_program_is_up_for_most_of_the_time() {
        for seed in 0..200 {
            let plan = plan(seed, 60_000, &everybody(), true);
            for part in [Part::Relay, Part::LogicServer, Part::Database] {
                let down: i64 = plan
                    .iter()
                    .filter(|fault| fault.part == part)
                    .map(Fault::down)
                    .sum();
                assert!(down <= 60_000 * 45 / 100, "seed {seed}: {part:?} {down}");
            }
        }
    }

    #[test]
    fn in_half_an_hour_every_kind_comes() {
        let plan = plan(1, 30 * 60_000, &everybody(), true);
        let kinds: BTreeSet<String> = plan.iter().map(Fault::kind).collect();
        for kind in [
            "relay killed",
            "logic server stopped",
            "database connections dropped",
            "browser–relay truncated, one way",
            "relay–logic server into a black hole",
            "logic server–database reset",
            "client killed",
        ] {
            assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
        }
        for point in FAIL_POINTS {
            assert!(kinds.contains(&format!("fail point {point}")), "{point}");
        }
        let sqlite = super::plan(1, 30 * 60_000, &everybody(), false);
        assert!(
            sqlite
                .iter()
                .all(|fault| !matches!(fault.part, Part::Database | Part::DatabaseLine))
        );
    }
}
