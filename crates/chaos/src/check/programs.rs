//! What must be true of the programs, and how much a run must have seen to say anything.

use super::{Facts, measure};
use crate::record::{Part, What};

/// A program that was killed answers again within so long (INV23).
const READY_MS: i64 = 5000;
/// A run that saw less says nothing.
const LEAST_ACKED: usize = 1000;
const LEAST_FAULTS: usize = 20;
const LEAST_BLOCKS: usize = 1;
const LEAST_UP_PERCENT: i64 = 40;

pub(super) fn inv23(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let is_database = |part| matches!(part, Part::Database | Part::DatabaseLine);
    for line in &facts.record.lines {
        match &line.what {
            // Without its database the logic server does not start, and says so.
            What::Died { part, said } if !facts.disturbs(line.t - 3000, line.t, is_database) => {
                broken.push(format!("{part:?} ended by itself at {}: {said}", line.t));
            }
            What::Ready { part, after_ms } if READY_MS < *after_ms => {
                let began = line.t - after_ms;
                if *part != Part::Database && !facts.delays(began, line.t, is_database) {
                    broken.push(format!("{part:?} answered {after_ms} ms after its start"));
                }
            }
            _ => {}
        }
    }
}

pub(super) fn enough(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let measured = measure(facts.record);
    let faults: usize = measured.faults.values().sum();
    if measured.acked < LEAST_ACKED {
        broken.push(format!("{} messages were acked", measured.acked));
    }
    if faults < LEAST_FAULTS {
        broken.push(format!("{faults} faults came"));
    }
    if measured.blocks < LEAST_BLOCKS {
        broken.push("nobody blocked anybody".to_owned());
    }
}

pub(super) fn up(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for (part, percent) in measure(facts.record).up {
        if percent < LEAST_UP_PERCENT {
            broken.push(format!("{part:?} was up for {percent} % of the time"));
        }
    }
}
