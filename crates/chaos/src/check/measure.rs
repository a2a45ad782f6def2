//! The figures of a run.

use crate::record::{Mark, Part, Record, Transport, What, Who};
use shared_protocol::MessageId;
use std::collections::{BTreeMap, BTreeSet};

/// What is printed at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) written: usize,
    pub(crate) acked: usize,
    pub(crate) by_https: usize,
    /// Their author learned it from the row, not from an answer.
    pub(crate) by_row: usize,
    pub(crate) passed_on: usize,
    pub(crate) refused: usize,
    /// Blocks that stood for a while.
    pub(crate) blocks: usize,
    /// Acked and not in the history.
    pub(crate) lost: usize,
    /// Stored lines that screens have shown.
    pub(crate) shown: usize,
    pub(crate) lives: usize,
    pub(crate) signed_out: usize,
    pub(crate) faults: BTreeMap<String, usize>,
    /// Milliseconds from writing to the tick: the longest.
    pub(crate) longest_pause: i64,
    /// Milliseconds from the calm until the last screen showed a stored line for the first time.
    pub(crate) healed_after: i64,
    /// Seconds in which the machine was too busy to say how long things take, of all seconds.
    pub(crate) busy: (usize, usize),
    /// Percent of the time of the faults in which each program ran.
    pub(crate) up: BTreeMap<Part, i64>,
}

pub(crate) fn measure(record: &Record) -> Measured {
    let mut measured = Measured::default();
    let mut written: BTreeMap<MessageId, (Who, i64)> = BTreeMap::new();
    let mut acked: BTreeSet<MessageId> = BTreeSet::new();
    let mut https: BTreeSet<MessageId> = BTreeSet::new();
    let mut passed_on: BTreeSet<MessageId> = BTreeSet::new();
    let mut refused: BTreeSet<MessageId> = BTreeSet::new();
    let mut screens = BTreeSet::new();
    let mut calm = None;
    for line in &record.lines {
        match &line.what {
            What::Invoke { who, id, .. } => drop(written.insert(*id, (*who, line.t))),
            What::Ok { id, by, .. } if acked.insert(*id) => {
                if *by == Transport::Https {
                    https.insert(*id);
                }
                let pause = written.get(id).map_or(0, |(_, begin)| line.t - begin);
                measured.longest_pause = measured.longest_pause.max(pause);
            }
            What::PassedOn { id, .. } => drop(passed_on.insert(*id)),
            What::Refused { id, .. } => drop(refused.insert(*id)),
            What::Shown {
                who,
                conversation,
                line: shown,
            } if shown.mark == Mark::Stored => {
                measured.shown += 1;
                // The row itself is an ack too, for whoever wrote it there.
                if let Some((_, begin)) = written.get(&shown.id).filter(|(writer, _)| writer == who)
                    && acked.insert(shown.id)
                {
                    measured.by_row += 1;
                    measured.longest_pause = measured.longest_pause.max(line.t - begin);
                }
                if screens.insert((*who, *conversation, shown.seq)) {
                    measured.healed_after = calm.map_or(0, |calm| line.t - calm);
                }
            }
            What::Blocked { on: true, .. } => measured.blocks += 1,
            What::Life { .. } => measured.lives += 1,
            What::SignedOut { .. } => measured.signed_out += 1,
            What::Fault { kind, on: true, .. } => *measured.faults.entry(kind.clone()).or_default() += 1,
            What::Load { tasks, cores } => {
                measured.busy.0 += usize::from(super::BUSY * (*cores as f64) < *tasks);
                measured.busy.1 += 1;
            }
            What::Calm => calm = Some(line.t),
            _ => {}
        }
    }
    let stored: BTreeSet<MessageId> = record.database.rows.iter().map(|row| row.id).collect();
    measured.written = written.len();
    measured.acked = acked.len();
    measured.by_https = https.len();
    measured.passed_on = passed_on.len();
    measured.refused = refused.len();
    measured.lost = acked.difference(&stored).count();
    measured.up = up(record, calm);
    measured
}

fn up(record: &Record, calm: Option<i64>) -> BTreeMap<Part, i64> {
    let end = calm
        .or(record.lines.last().map(|line| line.t))
        .unwrap_or_default()
        .max(1);
    let mut down: BTreeMap<Part, (i64, Option<i64>)> =
        BTreeMap::from([Part::Relay, Part::LogicServer, Part::Database].map(|part| (part, (0, None))));
    for line in record.lines.iter().filter(|line| line.t <= end) {
        let What::Up { part, up } = &line.what else {
            continue;
        };
        let Some((sum, since)) = down.get_mut(part) else {
            continue;
        };
        match (*up, *since) {
            (true, Some(begin)) => {
                *sum += line.t - begin;
                *since = None;
            }
            (false, None) => *since = Some(line.t),
            _ => {}
        }
    }
    down.into_iter()
        .map(|(part, (sum, since))| {
            let sum = sum + since.map_or(0, |begin| end - begin);
            (part, 100 - 100 * sum / end)
        })
        .collect()
}
