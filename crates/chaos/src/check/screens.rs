//! What must be true of everything that a screen has shown, and shows at the end.

use super::Facts;
use crate::record::{Mark, Row, Screen, Shown, What, Who};
use shared_protocol::{ConversationId, MessageId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Every stored line that was ever shown, and everything on the last screens.
fn ever<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (Who, ConversationId, &'a Shown)> {
    let lines = facts.record.lines.iter().filter_map(|line| match &line.what {
        What::Shown {
            who,
            conversation,
            line,
        } => Some((*who, *conversation, line)),
        _ => None,
    });
    lines.chain(at_the_end(facts).flat_map(|(who, screen)| {
        let conversation = screen.conversation;
        screen.lines.iter().map(move |line| (who, conversation, line))
    }))
}

fn at_the_end<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (Who, &'a Screen)> {
    let devices = facts.record.devices.iter();
    devices.flat_map(|device| device.screens.iter().map(|screen| (device.who, screen)))
}

pub(super) fn inv04(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut stands: BTreeMap<(ConversationId, i64), (UserId, MessageId)> = BTreeMap::new();
    for (who, conversation, line) in ever(facts) {
        let Some(seq) = line.seq else {
            continue;
        };
        let one = (line.sender, line.id);
        let first = *stands.entry((conversation, seq)).or_insert(one);
        if first != one {
            broken.push(format!(
                "{who} shows {} at {conversation}/{seq}, others {}",
                one.1, first.1
            ));
        }
    }
    for (who, screen) in at_the_end(facts) {
        let seqs: Vec<i64> = screen.lines.iter().filter_map(|line| line.seq).collect();
        let stored_first = screen
            .lines
            .iter()
            .take(seqs.len())
            .all(|line| line.seq.is_some());
        if !seqs.is_sorted() || !stored_first {
            broken.push(format!("{who} shows {} in another order", screen.conversation));
        }
    }
}

pub(super) fn inv05(facts: &Facts<'_>, broken: &mut Vec<String>) {
    // Replays each screen: what is not stored must be gone before its row is shown.
    let mut marked: BTreeMap<Who, BTreeSet<(UserId, MessageId)>> = BTreeMap::new();
    let mut stored: BTreeMap<(Who, ConversationId, UserId, MessageId), i64> = BTreeMap::new();
    for line in &facts.record.lines {
        match &line.what {
            What::Life { who, .. } | What::SignedOut { who } => {
                marked.remove(who);
                stored.retain(|key, _| key.0 != *who);
            }
            What::Gone { who, sender, id, .. } => {
                marked.entry(*who).or_default().remove(&(*sender, *id));
            }
            What::Shown {
                who,
                conversation,
                line,
            } => {
                let one = (line.sender, line.id);
                let marks = marked.entry(*who).or_default();
                let key = (*who, *conversation, line.sender, line.id);
                match line.seq {
                    Some(seq) => {
                        let before = stored.insert(key, seq);
                        if before.is_some_and(|before| before != seq) || marks.contains(&one) {
                            broken.push(format!("{who} shows {} twice", line.id));
                        }
                    }
                    None => {
                        marks.insert(one);
                        if stored.contains_key(&key) {
                            broken.push(format!("{who} shows {} twice, once marked", line.id));
                        }
                    }
                }
            }
            _ => {}
        }
    }
    for (who, screen) in at_the_end(facts) {
        let mut seen = BTreeSet::new();
        let mut seqs = BTreeSet::new();
        for line in &screen.lines {
            let is_new = seen.insert((line.sender, line.id));
            if !is_new || line.seq.is_some_and(|seq| !seqs.insert(seq)) {
                broken.push(format!("{who} shows {} twice at the end", line.id));
            }
        }
    }
}

pub(super) fn inv06(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for (who, conversation, line) in ever(facts) {
        if line.mark != Mark::Stored {
            continue;
        }
        let rows = facts.rows.get(&(conversation, line.sender, line.id));
        let mut rows = rows.into_iter().flatten();
        if !rows.any(|row| Some(row.seq) == line.seq && row.body == line.body) {
            broken.push(format!(
                "{who} shows {} without a mark at {conversation}/{:?}, and the history has no such row",
                line.id, line.seq
            ));
        }
    }
}

pub(super) fn inv07(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for (who, screen) in at_the_end(facts) {
        let rev = rev_of(facts, screen.conversation);
        if screen.cursor.is_none() || screen.cursor != rev {
            continue; // INV08's business
        }
        let shown: Vec<&Shown> = screen.lines.iter().filter(|line| line.seq.is_some()).collect();
        let first = shown.first().and_then(|line| line.seq).unwrap_or(1);
        let rows = facts.record.database.rows.iter();
        let want: Vec<&Row> = rows
            .filter(|row| row.conversation == screen.conversation && first <= row.seq)
            .collect();
        let is_same = |(line, row): (&&Shown, &&Row)| {
            line.seq == Some(row.seq)
                && line.id == row.id
                && line.body == row.body
                && line.sender == row.sender
        };
        if shown.len() != want.len() || !shown.iter().zip(&want).all(is_same) {
            broken.push(format!(
                "{who} shows {} rows of {} from {first}, a fresh load gives {}",
                shown.len(),
                screen.conversation,
                want.len()
            ));
        }
    }
}

pub(super) fn inv08(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for device in &facts.record.devices {
        if !device.connected {
            broken.push(format!("{} is not connected", device.who));
        }
        let user = facts.user(device.who);
        let places = facts.record.database.places.iter();
        let own = places.filter(|place| place.members.iter().any(|(member, _)| Some(*member) == user));
        for place in own {
            let mut screens = device.screens.iter();
            let screen = screens.find(|screen| screen.conversation == place.id);
            let cursor = screen.and_then(|screen| screen.cursor);
            if cursor != Some(place.rev) {
                broken.push(format!(
                    "{} is at {cursor:?} of {}, which is at {}",
                    device.who, place.id, place.rev
                ));
            }
        }
    }
}

pub(super) fn inv11(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for (who, conversation, line) in ever(facts) {
        if line.mark == Mark::Failed && facts.rows.contains_key(&(conversation, line.sender, line.id)) {
            broken.push(format!("{who} shows {} as failed, and it is stored", line.id));
        }
    }
}

pub(super) fn inv13(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut members: BTreeSet<(ConversationId, UserId)> = BTreeSet::new();
    for place in &facts.record.database.places {
        members.extend(place.members.iter().map(|(member, _)| (place.id, *member)));
    }
    for (who, conversation, line) in ever(facts) {
        let is_theirs = facts
            .user(who)
            .is_some_and(|user| members.contains(&(conversation, user)));
        if !is_theirs {
            broken.push(format!("{who} is shown {} of {conversation}", line.id));
        }
    }
}

fn rev_of(facts: &Facts<'_>, conversation: ConversationId) -> Option<i64> {
    let mut places = facts.record.database.places.iter();
    places
        .find(|place| place.id == conversation)
        .map(|place| place.rev)
}
