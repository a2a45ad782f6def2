//! What must be true of read marks, sign-ins, presence and what is heard in passing.

use super::{Facts, Span};
use crate::record::{Part, What, Who};
use shared_protocol::{ConversationId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// How long the socket of somebody who has signed out may live. (INV16)
const SOCKET_MS: i64 = 5000;
/// An ephemeral frame is shown within so long. (INV18)
const EPHEMERAL_MS: i64 = 10_000;
/// 60 s at a tenth, and as much again for rounds, pings and a program that was stopped meanwhile.
const HEARTBEAT_MS: i64 = 12_000;

/// When it was asked, when it was answered, and what.
type Answer = (i64, i64, i64);

pub(super) fn inv10(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut answers: BTreeMap<(ConversationId, u8), Vec<Answer>> = BTreeMap::new();
    for line in &facts.record.lines {
        if let What::Read {
            who,
            conversation,
            asked,
            read,
            ..
        } = &line.what
        {
            let of = answers.entry((*conversation, who.person)).or_default();
            of.push((*asked, line.t, *read));
        }
    }
    for ((conversation, person), answers) in &answers {
        let mut best = 0;
        let mut earlier: Vec<(i64, i64)> = answers
            .iter()
            .map(|(_, answered, read)| (*answered, *read))
            .collect();
        earlier.sort_unstable();
        let mut earlier = earlier.into_iter().peekable();
        let mut by_asked = answers.clone();
        by_asked.sort_unstable();
        for (asked, _, read) in by_asked {
            while let Some((_, before)) = earlier.next_if(|(answered, _)| *answered < asked) {
                best = best.max(before);
            }
            if read < best {
                broken.push(format!(
                    "{conversation}: the mark of {person} went back from {best} to {read}"
                ));
            }
        }
        let place = facts
            .record
            .database
            .places
            .iter()
            .find(|place| place.id == *conversation);
        let user = facts.record.people.get(usize::from(*person));
        let kept = place.and_then(|place| place.members.iter().find(|(member, _)| Some(member) == user));
        let most = answers.iter().map(|(_, _, read)| *read).max().unwrap_or_default();
        if kept.is_none_or(|(_, read)| *read < most) {
            broken.push(format!(
                "{conversation}: the mark of {person} was {most}, the database has {kept:?}"
            ));
        }
    }
    for place in &facts.record.database.places {
        for (member, read) in &place.members {
            if place.seq < *read || *read < 0 {
                broken.push(format!(
                    "{}: the mark of {member} is {read} of {}",
                    place.id, place.seq
                ));
            }
        }
    }
    badges(facts, broken);
}

fn badges(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for device in &facts.record.devices {
        let Some(user) = facts.user(device.who) else {
            continue;
        };
        for badge in &device.badges {
            let rows = facts.record.database.rows.iter();
            let unread = rows
                .filter(|row| row.conversation == badge.conversation)
                .filter(|row| row.sender != user && badge.read < row.seq)
                .count() as i64;
            if badge.unread != unread.min(1000) {
                broken.push(format!(
                    "{}: the badge of {} is {}, {unread} are unread",
                    device.who, badge.conversation, badge.unread
                ));
            }
        }
        let marks = device.screens.iter().flat_map(|screen| {
            let conversation = screen.conversation;
            screen
                .marks
                .iter()
                .map(move |(member, read)| (conversation, *member, *read))
        });
        for (conversation, member, read) in marks {
            if mark_of(facts, conversation, member).is_none_or(|kept| kept < read) {
                broken.push(format!(
                    "{} shows a mark {read} of {member} in {conversation}",
                    device.who
                ));
            }
        }
    }
}

fn mark_of(facts: &Facts<'_>, conversation: ConversationId, user: UserId) -> Option<i64> {
    let mut places = facts.record.database.places.iter();
    let place = places.find(|place| place.id == conversation)?;
    let mut members = place.members.iter();
    members.find(|(member, _)| *member == user).map(|(_, read)| *read)
}

/// A connection may end late because of a fault: after the relay's pings.
const ENDS_MS: i64 = 6000;

pub(super) fn inv15(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut leaving: BTreeSet<Who> = BTreeSet::new();
    for line in &facts.record.lines {
        match &line.what {
            What::SigningOut { who } => drop(leaving.insert(*who)),
            What::SignedIn { who } => drop(leaving.remove(who)),
            What::Socket {
                who,
                open: false,
                by_us: false,
            } if !leaving.contains(who) => {
                let is_on_the_way = |part| match part {
                    Part::Relay => true,
                    Part::BrowserRelay(person) => person.is_none_or(|person| person == who.person),
                    _ => false,
                };
                if !facts.delays(line.t - ENDS_MS, line.t, is_on_the_way) {
                    broken.push(format!("the socket of {who} was closed at {}", line.t));
                }
            }
            _ => {}
        }
    }
}

pub(super) fn inv16(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut out: BTreeMap<Who, i64> = BTreeMap::new();
    for line in &facts.record.lines {
        match &line.what {
            What::SignedOut { who } => {
                out.insert(*who, line.t);
                let open = facts.sockets.get(who).into_iter().flatten();
                let stays = open
                    .filter(|span| span.from <= line.t && line.t + SOCKET_MS < span.to)
                    .count();
                if stays != 0 && !is_cut_off(facts, *who, line.t, line.t + SOCKET_MS) {
                    broken.push(format!("{who} signed out at {}, and its socket stays", line.t));
                }
            }
            // A 5xx says nothing.
            What::Probed { who, status } if out.contains_key(who) && *status != 401 && *status < 500 => {
                broken.push(format!("{who} signed out, and its next request got {status}"));
            }
            What::SignedIn { who } => drop(out.remove(who)),
            _ => {}
        }
    }
}

/// Whether faults were in the way of closing this device's socket: then its lease ends it. (RU17)
fn is_cut_off(facts: &Facts<'_>, who: Who, from: i64, to: i64) -> bool {
    facts.delays(from, to, |part| match part {
        Part::Relay | Part::LogicServer | Part::Link | Part::Database | Part::DatabaseLine => true,
        Part::BrowserRelay(person) => person.is_none_or(|person| person == who.person),
        Part::BrowserLogicServer(_) | Part::Client(_) => false,
    })
}

pub(super) fn inv17(facts: &Facts<'_>, broken: &mut Vec<String>) {
    for line in &facts.record.lines {
        let What::Presence { person, online } = &line.what else {
            continue;
        };
        let begin = line.t - HEARTBEAT_MS;
        let spans = facts.sockets.iter().filter(|(who, _)| who.person == *person);
        let spans: Vec<Span> = spans.flat_map(|(_, spans)| spans.iter().copied()).collect();
        if *online {
            // A stream of `/live` is a heartbeat too; it is open only while the relay is out of reach.
            let was_heard = spans.iter().any(|span| span.meets(begin, line.t));
            if !was_heard && !facts.delays(begin, line.t, |_| true) {
                broken.push(format!(
                    "{person} is called online at {}, and nobody heard of them",
                    line.t
                ));
            }
        } else {
            let lives = spans.iter().any(|span| span.from <= begin && line.t <= span.to);
            if lives && !facts.delays(begin, line.t, |part| !matches!(part, Part::Client(_))) {
                broken.push(format!(
                    "{person} is called offline at {} with a live tab",
                    line.t
                ));
            }
        }
    }
}

pub(super) fn inv18(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let mut typed = BTreeMap::new();
    let mut heard = BTreeSet::new();
    let mut lives: BTreeMap<Who, u32> = BTreeMap::new();
    for line in &facts.record.lines {
        match &line.what {
            What::Life { who, life } => drop(lives.insert(*who, *life)),
            What::Typed { id, .. } => drop(typed.insert(*id, line.t)),
            What::Typing { who, id, .. } => {
                let life = lives.get(who).copied().unwrap_or_default();
                if !heard.insert((*who, life, *id)) {
                    broken.push(format!("{who} is shown {id} twice"));
                }
                match typed.get(id) {
                    None => broken.push(format!("{who} is shown {id}, which nobody sent")),
                    Some(sent) if sent + EPHEMERAL_MS < line.t => {
                        broken.push(format!("{who} is shown {id} after {} ms", line.t - sent));
                    }
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }
}
