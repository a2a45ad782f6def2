//! The heart of the commit: drafts become numbered rows, each once.

use super::model::{Author, Draft, Known, Row, Stored};
use super::store;
use crate::conversations::{self, Writer};
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::dialect::{self, Locked, NewMessage, Refusal};
#[cfg(feature = "chaos")]
use crate::platform::fail_point::{self, Point};
use crate::platform::problem::{Problem, Result};
use crate::platform::words::Said;
use crate::{accounts, presence};
use shared_protocol as wire;
use shared_protocol::api::Person;
use shared_protocol::{ConversationId, Group, MessageId, RelayId, UserId};
use std::collections::{HashMap, HashSet};

/// What became of one draft: stored, refused for good, or told to come back (`Problem::is_passing`).
pub type Outcome = Result<Stored>;

/// Keeps each draft once, in order, in the caller's transaction: the same id from the same author gives back the first
/// result, whatever the draft carries and whatever the rules say now. Refusals are outcomes; an error of the database
/// ends all of them. (RU3)
pub fn send_all(conn: &mut DbConn, drafts: &[Draft], clock: &Clock) -> Result<Vec<Outcome>> {
    let owners = list_owners(conn, drafts)?;
    let subjects = list_subjects(conn, drafts)?;
    let author_of = |draft: &Draft| match &draft.author {
        Author::User(user) => Some(*user),
        Author::Relay(relay_id) => owners.get(relay_id).copied(),
        Author::Subject(subject) => subjects.get(subject).copied(),
    };
    let authors = distinct(drafts.iter().filter_map(author_of));
    let groups = distinct(drafts.iter().map(|draft| &draft.group));
    let mut places: HashMap<Group, Locked> = conversations::lock(conn, &groups)?
        .into_iter()
        .map(|place| (place.group.clone(), place))
        .collect();
    let ids = distinct(places.values().map(|place| place.id));
    let accounts = accounts::list(conn, &authors)?;
    let gone = accounts.values().filter(|account| account.is_deleted());
    let mut rules = Rules {
        gone: gone.map(|account| account.user_id).collect(),
        people: accounts
            .into_iter()
            .map(|(id, account)| (id, account.person()))
            .collect(),
        writers: conversations::list_writers(conn, &ids, &authors)?,
        refused: list_refused(conn, drafts)?,
        now: clock.now(),
    };
    // After the locks: whoever was before us has committed, and is found.
    let mut known = Known::new(store::list_by_ids(conn, &named(drafts))?);
    let mut outcomes = Vec::with_capacity(drafts.len());
    let mut refusals = Vec::new();
    for draft in drafts {
        let author = author_of(draft).and_then(|user| rules.people.get(&user).cloned());
        let place = places.get_mut(&draft.group);
        let named = author.as_ref().zip(place.as_ref());
        let named = named.map(|(author, place)| (place.id, author.user_id));
        let outcome = rules.place(draft, author, place, &mut known);
        if let (Err(problem), Some((conversation, sender))) = (&outcome, named)
            && draft.must_remember(problem)
        {
            let problem = problem.to_wire();
            refusals.push(Refusal {
                conversation_id: conversation,
                sender,
                id: draft.id,
                problem: serde_json::to_string(&problem).unwrap_or_default(),
                at: rules.now,
            });
            rules.refused.insert((conversation, sender, draft.id), problem);
        }
        outcomes.push(outcome);
    }
    save(conn, &known, places)?;
    take_up_answered(conn, &known, &rules)?;
    dialect::insert_refusals(conn, &refusals)?;
    #[cfg(feature = "chaos")]
    fail_point::pass(Point::BeforeCommit);
    Ok(outcomes)
}

/// What is the same for every draft of a batch.
struct Rules {
    people: HashMap<UserId, Person>,
    /// Those of them who have left.
    gone: HashSet<UserId>,
    writers: HashMap<(ConversationId, UserId), Writer>,
    refused: HashMap<(ConversationId, UserId, MessageId), wire::Problem>,
    now: i64,
}

impl Rules {
    /// Decides on one draft; what is new gets the next number and is remembered as fresh.
    fn place(
        &self,
        draft: &Draft,
        author: Option<Person>,
        place: Option<&mut Locked>,
        known: &mut Known,
    ) -> Outcome {
        // Nothing is decided on what comes from a relay ID that has ended.
        let author = author.ok_or(match draft.author {
            Author::Relay(_) => Problem::GoneConnection,
            Author::User(_) | Author::Subject(_) => Problem::Missing("person"),
        })?;
        let place = place.ok_or(Problem::Missing("conversation"))?;
        let user = author.user_id;
        if let Some(row) = known.find(place.id, user, draft.id) {
            return Ok(Stored {
                message: row.to_wire(author),
                group: place.group.clone(),
                is_new: false,
            });
        }
        if let Some(first) = self.refused.get(&(place.id, user, draft.id)) {
            return Err(Problem::Decided(Box::new(first.clone())));
        }
        // The one before it has not arrived: the device offers both again, in order. (RU5) This comes before the rules, so
        // that what was refused has nothing open before it, and settles its place for what comes after it. Who asks over
        // HTTPS has not been let into the group by the relay, and is told first that they do not belong there.
        let is_open = |prev| {
            known.find(place.id, user, prev).is_none() && !self.refused.contains_key(&(place.id, user, prev))
        };
        let is_early = draft.prev.is_some_and(is_open);
        let is_of_group = draft.passed.is_some() || matches!(draft.author, Author::Relay(_));
        if is_early && is_of_group {
            return Err(Problem::Busy(1));
        }
        let writer = self.writers.get(&(place.id, user));
        let writer = writer.ok_or(Problem::Missing("conversation"))?;
        if is_early {
            return Err(Problem::Busy(1));
        }
        if self.gone.contains(&user) {
            // Said before they left, handed in afterwards: nobody could take it back any more.
            return Err(Problem::Missing("person"));
        }
        if let Some(barrier) = writer.barrier {
            return Err(barrier.problem());
        }
        let body = draft
            .body
            .as_ref()
            .map_err(|issue| Problem::Invalid(vec![issue.clone()]))?;
        place.seq += 1;
        place.rev += 1;
        place.last_at = place.last_at.max(self.now);
        let row = Row::new(place, draft, user, body);
        let message = row.to_wire(author);
        known.add(row);
        Ok(Stored {
            message,
            group: place.group.clone(),
            is_new: true,
        })
    }
}

fn save(conn: &mut DbConn, known: &Known, places: HashMap<Group, Locked>) -> Result<()> {
    let fresh: Vec<NewMessage<'_>> = known.fresh().map(Row::to_new).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    dialect::insert_messages(conn, &fresh)?;
    let touched: HashSet<ConversationId> = fresh.iter().map(|row| row.conversation_id).collect();
    let mut touched: Vec<Locked> = places
        .into_values()
        .filter(|place| touched.contains(&place.id))
        .collect();
    touched.sort_unstable_by_key(|place| place.id);
    Ok(dialect::save_counters(conn, &touched)?)
}

/// Whoever answers a stranger has taken the conversation up. Their tabs know it from the message itself.
fn take_up_answered(conn: &mut DbConn, known: &Known, rules: &Rules) -> Result<()> {
    let answers = |place: &(ConversationId, UserId)| {
        let writer = rules.writers.get(place);
        writer.is_some_and(|writer| writer.answers)
    };
    let fresh = known.fresh().map(|row| (row.conversation, row.sender));
    for (conversation, user) in distinct(fresh.filter(answers)) {
        conversations::take_up(conn, conversation, user)?;
    }
    Ok(())
}

fn list_owners(conn: &mut DbConn, drafts: &[Draft]) -> Result<HashMap<RelayId, UserId>> {
    let relay_ids = distinct(drafts.iter().filter_map(|draft| match &draft.author {
        Author::Relay(relay_id) => Some(relay_id),
        Author::User(_) | Author::Subject(_) => None,
    }));
    if relay_ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(presence::list_owners(conn, &relay_ids)?.into_iter().collect())
}

fn list_subjects(conn: &mut DbConn, drafts: &[Draft]) -> Result<HashMap<Group, UserId>> {
    let subjects = distinct(drafts.iter().filter_map(|draft| match &draft.author {
        Author::Subject(subject) => Some(subject),
        Author::User(_) | Author::Relay(_) => None,
    }));
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    accounts::list_by_subjects(conn, &subjects)
}

/// What was refused before, of all that these name: the same id gets the same answer, from whoever it comes. (INV21)
fn list_refused(
    conn: &mut DbConn,
    drafts: &[Draft],
) -> Result<HashMap<(ConversationId, UserId, MessageId), wire::Problem>> {
    // Hardly ever is there any, and every commit asks.
    if !store::has_refusals(conn)? {
        return Ok(HashMap::new());
    }
    let ids = named(drafts);
    let rows = store::list_refusals(conn, &ids)?;
    let read = rows.into_iter().map(|(conversation, sender, id, problem)| {
        // Written by ourselves; one of a later version is still a refusal.
        let unreadable = |_| {
            wire::Problem::new(
                "refused",
                403,
                Problem::Forbidden(Said::new("problem-refused-before")).to_string(),
            )
        };
        (
            (conversation, sender, id),
            serde_json::from_str(&problem).unwrap_or_else(unreadable),
        )
    });
    Ok(read.collect())
}

/// Every id that the drafts are, or say that they follow.
fn named(drafts: &[Draft]) -> Vec<MessageId> {
    distinct(
        drafts
            .iter()
            .flat_map(|draft| [Some(draft.id), draft.prev])
            .flatten(),
    )
}

fn distinct<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}
