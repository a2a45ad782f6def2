//! What must be true between two people of whom one has blocked the other: nothing passes while a block stands, and
//! everything does while none can.

use super::Facts;
use crate::record::{Line, Mark, Part, What, Who};
use shared_protocol::{ConversationId, MessageId, UserId};
use std::collections::BTreeMap;

/// A try without an answer may still be carried out so much later, and not after that.
const LATE_MS: i64 = 15_000;
/// Clocks are read in milliseconds, on both sides.
const EDGE_MS: i64 = 10;
/// The relay is told within the request; what had come over it before such a time was of before.
const TELLING_MS: i64 = 3_000;
/// Frames that say who is there are collected, and may be on their way.
const COLLECTING_MS: i64 = 2_000;
/// What the logic server says to whoever may not write to the other one.
const APART: [&str; 2] = ["/problems/not-reachable", "/problems/forbidden"];

/// Two people, the lower one first.
type Pair = [UserId; 2];

fn pair(one: UserId, other: UserId) -> Pair {
    [one.min(other), one.max(other)]
}

/// Somebody asked to block somebody, or to lift it.
#[derive(Clone, Copy)]
struct Try {
    on: bool,
    asked: i64,
    answered: Option<i64>,
}

impl Try {
    /// From then on it changes nothing any more.
    fn done(self) -> i64 {
        self.answered.unwrap_or(self.asked + LATE_MS)
    }
}

/// A block stands: from its answer until somebody asks to lift it.
struct Stretch {
    pair: Pair,
    from: i64,
    to: i64,
    /// The relay knew of it, since nothing was in the way when it was told.
    is_told: bool,
}

/// Everything about blocks, looked up.
struct Blocks {
    standing: Vec<Stretch>,
    /// When a block may have stood.
    possible: Vec<(Pair, i64, i64)>,
}

impl Blocks {
    fn of(facts: &Facts<'_>) -> Self {
        let mut blocks = Self {
            standing: Vec::new(),
            possible: Vec::new(),
        };
        for ((who, other), tries) in tries(facts) {
            let pair = pair(who, other);
            let lifts: Vec<Try> = tries.iter().filter(|one| !one.on).copied().collect();
            for block in tries.iter().filter(|one| one.on) {
                let lifted = lifts.iter().filter(|lift| block.done() <= lift.asked);
                let lifted = lifted.filter_map(|lift| lift.answered).min();
                blocks
                    .possible
                    .push((pair, block.asked, lifted.unwrap_or(i64::MAX)));
                let Some(from) = block.answered else {
                    continue;
                };
                // Of two that were at work together nobody knows which came last.
                let meets = |lift: &Try| lift.asked < from && block.asked < lift.done();
                if lifts.iter().any(meets) {
                    continue;
                }
                let to = lifts.iter().map(|lift| lift.asked).filter(|asked| from <= *asked);
                let is_told = !facts.delays(block.asked - TELLING_MS, from + EDGE_MS, carries_groups);
                blocks.standing.push(Stretch {
                    pair,
                    from,
                    to: to.min().unwrap_or(i64::MAX),
                    is_told,
                });
            }
        }
        blocks
    }

    /// Blocks that stood between these two at this time.
    fn at(&self, pair: Pair, t: i64) -> impl Iterator<Item = &Stretch> {
        let of = self.standing.iter().filter(move |stretch| stretch.pair == pair);
        of.filter(move |stretch| stretch.from + EDGE_MS < t && t < stretch.to - EDGE_MS)
    }
}

fn carries_groups(part: Part) -> bool {
    matches!(
        part,
        Part::Relay | Part::LogicServer | Part::Link | Part::Database | Part::DatabaseLine
    )
}

/// All tries, by who asked and about whom.
fn tries(facts: &Facts<'_>) -> BTreeMap<(UserId, UserId), Vec<Try>> {
    let mut tries: BTreeMap<(UserId, UserId), BTreeMap<(Who, u64), Try>> = BTreeMap::new();
    for line in &facts.record.lines {
        match &line.what {
            What::Blocking {
                who,
                other,
                on,
                number,
            } => {
                let Some(user) = facts.user(*who) else { continue };
                let asked = Try {
                    on: *on,
                    asked: line.t,
                    answered: None,
                };
                let of = tries.entry((user, *other)).or_default();
                of.insert((*who, *number), asked);
            }
            What::Blocked {
                who, other, number, ..
            } => {
                let of = facts.user(*who).and_then(|user| tries.get_mut(&(user, *other)));
                if let Some(asked) = of.and_then(|of| of.get_mut(&(*who, *number))) {
                    asked.answered = Some(line.t);
                }
            }
            _ => {}
        }
    }
    let each = tries.into_iter();
    each.map(|(key, of)| (key, of.into_values().collect())).collect()
}

/// When what was written where, by whom.
struct Said {
    t: i64,
    conversation: ConversationId,
    user: UserId,
}

pub(super) fn inv13(facts: &Facts<'_>, broken: &mut Vec<String>) {
    let blocks = Blocks::of(facts);
    let mut pairs: BTreeMap<ConversationId, Pair> = BTreeMap::new();
    for place in &facts.record.database.places {
        if let [(one, _), (other, _)] = place.members[..] {
            pairs.insert(place.id, pair(one, other));
        }
    }
    stored(facts, &blocks, &pairs, broken);
    let mut said: BTreeMap<MessageId, Said> = BTreeMap::new();
    for line in &facts.record.lines {
        let (What::Invoke {
            who,
            conversation,
            id,
            ..
        }
        | What::Typed {
            who,
            conversation,
            id,
        }) = &line.what
        else {
            hear(facts, &blocks, &pairs, &said, line, broken);
            continue;
        };
        if let Some(user) = facts.user(*who) {
            let (t, conversation) = (line.t, *conversation);
            said.insert(
                *id,
                Said {
                    t,
                    conversation,
                    user,
                },
            );
        }
    }
}

/// By the logic server's own time nothing was stored while a block stood.
fn stored(
    facts: &Facts<'_>,
    blocks: &Blocks,
    pairs: &BTreeMap<ConversationId, Pair>,
    broken: &mut Vec<String>,
) {
    let epoch = facts.record.lines.iter().find_map(|line| match line.what {
        What::Begin { epoch } => Some(epoch),
        _ => None,
    });
    let (Some(epoch), rows) = (epoch, &facts.record.database.rows) else {
        return;
    };
    for row in rows {
        let between = pairs.get(&row.conversation).copied();
        if let Some(stretch) = between.and_then(|pair| blocks.at(pair, row.at - epoch).next()) {
            broken.push(format!(
                "{} of {} was stored at {}, and a block stood from {} to {}",
                row.id,
                row.sender,
                row.at - epoch,
                stretch.from,
                stretch.to
            ));
        }
    }
}

/// Something is heard of what was said before: by its writer, or by the other one.
fn hear(
    facts: &Facts<'_>,
    blocks: &Blocks,
    pairs: &BTreeMap<ConversationId, Pair>,
    said: &BTreeMap<MessageId, Said>,
    line: &Line,
    broken: &mut Vec<String>,
) {
    let (who, id, is_stored) = match &line.what {
        What::Ok { who, id, .. } => (*who, *id, true),
        What::Shown { who, line, .. } => (*who, line.id, line.mark == Mark::Stored),
        What::Typing { who, id, .. } => (*who, *id, false),
        What::Refused { who, id, problem } => {
            let one = said.get(id);
            let between = one.and_then(|one| Some((one, pairs.get(&one.conversation)?)));
            let is_possible = |one: &Said, of: &Pair| {
                let mut possible = blocks.possible.iter();
                possible.any(|(pair, from, to)| pair == of && *from <= line.t && one.t <= *to)
            };
            if APART.contains(&problem.as_str()) && !between.is_some_and(|(one, of)| is_possible(one, of)) {
                broken.push(format!(
                    "{id} of {who} was refused as {problem}, and there was no block"
                ));
            }
            return;
        }
        What::Saw { who, other, asked } => return saw(facts, blocks, (*who, *other, *asked), line.t, broken),
        _ => return,
    };
    let (Some(one), Some(user)) = (said.get(&id), facts.user(who)) else {
        return;
    };
    let Some(between) = pairs.get(&one.conversation) else {
        return;
    };
    let reaches = |stretch: &Stretch| is_stored || stretch.is_told && user != one.user;
    let mut standing = blocks.at(*between, one.t);
    if let Some(stretch) = standing.find(|stretch| line.t < stretch.to && reaches(stretch)) {
        broken.push(format!(
            "{who} hears at {} of {id}, said at {} while a block stood from {} to {}",
            line.t, one.t, stretch.from, stretch.to
        ));
    }
}

/// Neither sees whether the other one is there. An answer keeps to it at once, frames when those on their way have come.
fn saw(
    facts: &Facts<'_>,
    blocks: &Blocks,
    (who, other, asked): (Who, UserId, Option<i64>),
    t: i64,
    broken: &mut Vec<String>,
) {
    let Some(user) = facts.user(who) else { return };
    let between = pair(user, other);
    let found = match asked {
        Some(asked) => blocks.at(between, asked).find(|stretch| t < stretch.to),
        None if facts.delays(t - TELLING_MS, t, |_| true) => None,
        None => blocks
            .at(between, t)
            .find(|stretch| stretch.is_told && stretch.from + COLLECTING_MS < t),
    };
    if let Some(stretch) = found {
        broken.push(format!(
            "{who} sees at {t} that {other} is there, and a block stood from {} to {}",
            stretch.from, stretch.to
        ));
    }
}
