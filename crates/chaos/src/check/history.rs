//! What must be true of the history and of what its writers were told.

use super::Facts;
use crate::record::{Standing, What};
use shared_protocol::{ConversationId, MessageId};
use std::collections::BTreeMap;

pub(super) fn inv01(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for line in &facts.record.lines {
        let What::Ok { id, seq, rev, .. } = &line.what else {
            continue;
        };
        match facts.rows_of(*id) {
            [row] if row.seq == *seq => {
                if row.rev < *rev {
                    broken.push(format!("{id} was acked with rev {rev}, the row has {}", row.rev));
                }
            }
            rows => {
                let at: Vec<i64> = rows.iter().map(|row| row.seq).collect();
                broken.push(format!(
                    "{id} was acked at seq {seq}; in the history it is at {at:?}"
                ));
            }
        }
    }
}

pub(super) fn inv02(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for row in &facts.record.database.rows {
        let written = facts.written.get(&row.id);
        let is_theirs = written.is_some_and(|written| {
            facts.user(written.who) == Some(row.sender) && written.conversation == row.conversation
        });
        if !is_theirs {
            broken.push(format!(
                "nobody wrote {} of {} in {}",
                row.id, row.sender, row.conversation
            ));
        } else if written.is_some_and(|written| written.body != row.body) {
            broken.push(format!(
                "{} is stored with another text than it was written with",
                row.id
            ));
        }
    }
}

pub(super) fn inv03(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for place in &facts.record.database.places {
        let rows = facts.record.database.rows.iter();
        let mut rows: Vec<_> = rows.filter(|row| row.conversation == place.id).collect();
        rows.sort_by_key(|row| row.seq);
        let gapless = rows.iter().zip(1..).all(|(row, seq)| row.seq == seq);
        if !gapless || rows.len() as i64 != place.seq {
            broken.push(format!("{}: the rows are not 1…{}", place.id, place.seq));
        }
        if rows.iter().any(|row| place.rev < row.rev) {
            broken.push(format!("{}: a row is beyond rev {}", place.id, place.rev));
        }
        let mut revs: Vec<i64> = rows.iter().map(|row| row.rev).collect();
        revs.sort_unstable();
        if revs.windows(2).any(|pair| pair[0] == pair[1]) {
            broken.push(format!("{}: two rows have one rev", place.id));
        }
        if rows.windows(2).any(|pair| pair[1].at < pair[0].at) {
            broken.push(format!("{}: a time goes back", place.id));
        }
    }
}

pub(super) fn inv09(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut last: BTreeMap<_, (u64, MessageId)> = BTreeMap::new();
    for row in &facts.record.database.rows {
        let Some(written) = facts.written.get(&row.id) else {
            continue;
        };
        let place: (ConversationId, _) = (row.conversation, written.who);
        if let Some((number, before)) = last.insert(place, (written.number, row.id))
            && written.number <= number
        {
            broken.push(format!(
                "{}: {} was written before {before} and stands after it",
                row.conversation, row.id
            ));
        }
    }
}

pub(super) fn inv12(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for id in &facts.refused {
        if !facts.rows_of(*id).is_empty() {
            broken.push(format!("{id} was refused and is stored"));
        }
        let Some(written) = facts.written.get(id) else {
            continue;
        };
        let mut devices = facts.record.devices.iter();
        let kept = devices
            .find(|device| device.who == written.who)
            .is_some_and(|device| device.outbox.contains(&(*id, Standing::Refused)));
        if !kept && !facts.withdrawn.contains(id) {
            broken.push(format!("{id} was refused and is in no outbox"));
        }
    }
}

pub(super) fn inv14(facts: &Facts<'_>, broken: &mut Vec<String>) {
    // The text names its writer: `person:device:number`.
    let mut check = |sender, id, body: &str| {
        let person = body
            .split(':')
            .next()
            .and_then(|person| person.parse::<usize>().ok());
        if person.and_then(|person| facts.record.people.get(person)) != Some(&sender) {
            let start: String = body.chars().take(20).collect();
            broken.push(format!("{id} says {start:?} and is shown as of {sender}"));
        }
    };
    for row in &facts.record.database.rows {
        check(row.sender, row.id, &row.body);
    }
    for line in &facts.record.lines {
        if let What::Shown { line, .. } = &line.what {
            check(line.sender, line.id, &line.body);
        }
    }
}

pub(super) fn inv21(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut first: BTreeMap<MessageId, (i64, i64)> = BTreeMap::new();
    for line in &facts.record.lines {
        if let What::Ok { id, seq, rev, .. } = &line.what {
            let answer = *first.entry(*id).or_insert((*seq, *rev));
            if answer != (*seq, *rev) {
                broken.push(format!("{id} was answered {answer:?}, then {:?}", (seq, rev)));
            }
            if facts.refused.contains(id) {
                broken.push(format!("{id} was answered stored and refused"));
            }
        }
    }
    for ((conversation, sender, id), rows) in &facts.rows {
        if 1 < rows.len() {
            broken.push(format!(
                "{conversation}: {id} of {sender} has {} rows",
                rows.len()
            ));
        }
    }
}

pub(super) fn inv22(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for device in &facts.record.devices {
        for (id, standing) in &device.outbox {
            if *standing == Standing::Waiting {
                broken.push(format!("{}: {id} still waits", device.who));
            }
        }
    }
    // What was written is stored or refused: nothing was thrown away on the way.
    let kept = |id: &MessageId| {
        let mut devices = facts.record.devices.iter();
        devices.any(|device| device.outbox.iter().any(|(entry, _)| entry == id))
    };
    for (id, written) in &facts.written {
        let has_ended = !facts.rows_of(*id).is_empty() || facts.refused.contains(id);
        if !has_ended && !kept(id) {
            broken.push(format!(
                "{id} of {} is neither stored nor refused nor kept",
                written.who
            ));
        }
    }
}
