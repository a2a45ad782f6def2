//! Who knows whom: contacts, requests, blocks, and the one rule who may reach whom, and how.

mod asking;
mod blocking;
pub mod http;
mod leaving;
mod model;
pub mod pictures;
mod sight;
mod store;

pub use asking::{Asked, accept, ask, reject, remove, withdraw};
pub use blocking::{block, unblock};
pub use leaving::forget;
pub use model::{Barrier, Note, Pair, Reach, Relation};
pub use sight::{Sight, Split, Ties, hidden, split};

use crate::accounts::privacy::What;
use crate::accounts::{self, PeopleQuery};
use crate::platform::app::App;
use crate::platform::db::{DbConn, dialect};
use crate::platform::problem::{Problem, Result};
use diesel::OptionalExtension;
use shared_protocol::api::{self, ContactState};
use shared_protocol::{Group, ServerFrame, UserId};
use std::collections::{HashMap, HashSet};

/// How many people a search gives.
const MOST_FOUND: usize = 20;

/// Whether `from` may reach `to`, and how. Messages, calls, invitations and pages ask here and nowhere else; whole
/// batches ask [`list_barriers`], which this rests on.
pub fn reach(conn: &mut DbConn, from: UserId, to: UserId) -> Result<Reach> {
    if from == to {
        return Ok(Reach::Free);
    }
    if let Some(barrier) = list_barriers(conn, &[Pair::of(from, to)])?.get(&(from, to)) {
        return Ok(Reach::Not(*barrier));
    }
    Ok(match relation(conn, from, to)?.contact {
        ContactState::Contact | ContactState::Incoming => Reach::Free,
        ContactState::None | ContactState::Requested => Reach::AsRequest,
    })
}

/// What stands between the two of each pair, by (who wants to reach, whom); nothing for whom there is a way. One question
/// for a whole batch of messages.
pub fn list_barriers(conn: &mut DbConn, pairs: &[Pair]) -> Result<HashMap<(UserId, UserId), Barrier>> {
    let blocks = store::list_blocks_between(conn, pairs)?;
    let mut barriers: HashMap<_, _> = blocks
        .iter()
        .map(|(who, whom)| ((*whom, *who), Barrier::NotReachable))
        .collect();
    // Whoever has blocked knows it: of two blocks that meet, one's own is named.
    barriers.extend(blocks.into_iter().map(|block| (block, Barrier::OwnBlock)));
    let people: Vec<UserId> = pairs.iter().flat_map(|pair| pair.people()).collect();
    let (closed, left) = sight::list_closed_to_strangers(conn, &people)?;
    let contacts = store::list_contacts_between(conn, &closed, &people)?;
    for pair in pairs {
        for person in pair.people() {
            let stranger = pair.other(person);
            let is_stranger = stranger != person && !contacts.contains(&(person, stranger));
            if is_stranger && closed.contains(&person) {
                barriers
                    .entry((stranger, person))
                    .or_insert(Barrier::NotReachable);
            }
        }
    }
    let to_left = barriers.iter_mut().filter(|((_, whom), _)| left.contains(whom));
    to_left.for_each(|(_, barrier)| *barrier = Barrier::Left);
    Ok(barriers)
}

/// What holds between `me` and `other`, as `me` may know it.
pub fn relation(conn: &mut DbConn, me: UserId, other: UserId) -> Result<Relation> {
    Ok(list_relations(conn, me, &[other])?
        .remove(&other)
        .unwrap_or_default())
}

/// The same with many; every one of `others` has an entry.
pub fn list_relations(conn: &mut DbConn, me: UserId, others: &[UserId]) -> Result<HashMap<UserId, Relation>> {
    let mut relations: HashMap<UserId, Relation> =
        others.iter().map(|other| (*other, Relation::default())).collect();
    let pairs: Vec<Pair> = others.iter().map(|other| Pair::of(me, *other)).collect();
    for request in store::list_requests_between(conn, &pairs)? {
        let relation = relations.entry(request.pair().other(me)).or_default();
        if let Some(state) = request.state_for(me) {
            relation.contact = state;
            relation.request = Some(request);
        }
    }
    for (other, since) in store::list_contacts_among(conn, me, others)? {
        let relation = relations.entry(other).or_default();
        relation.contact = ContactState::Contact;
        relation.since = Some(since);
    }
    for (who, whom) in store::list_blocks_between(conn, &pairs)? {
        if who == me {
            relations.entry(whom).or_default().blocked = true;
        }
    }
    Ok(relations)
}

/// Which of `people` are contacts of `me`.
pub fn list_contacts_among(conn: &mut DbConn, me: UserId, people: &[UserId]) -> Result<HashSet<UserId>> {
    let found = store::list_contacts_among(conn, me, people)?;
    Ok(found.into_iter().map(|(contact, _)| contact).collect())
}

/// The contacts of each of these people.
pub fn list_contacts_of(conn: &mut DbConn, people: &[UserId]) -> Result<HashMap<UserId, Vec<UserId>>> {
    let mut contacts: HashMap<UserId, Vec<UserId>> = HashMap::new();
    for (person, contact) in store::list_contacts_of(conn, people)? {
        contacts.entry(person).or_default().push(contact);
    }
    Ok(contacts)
}

/// Who has blocked whom, of those who have blocked one of `people`.
pub fn list_blockers(conn: &mut DbConn, people: &[UserId]) -> Result<HashSet<(UserId, UserId)>> {
    Ok(store::list_blockers(conn, people)?.into_iter().collect())
}

/// Whom `me` has blocked: nothing that `me` does is told to them.
pub fn list_blocked(conn: &mut DbConn, me: UserId) -> Result<HashSet<UserId>> {
    let blocks = store::list_blocks(conn, me)?;
    Ok(blocks.into_iter().map(|(blocked, _)| blocked).collect())
}

/// What changed for `me` after their `rev` `after`, as it is now.
pub fn list_changed(conn: &mut DbConn, me: UserId, after: i64) -> Result<Vec<api::Relation>> {
    let others = store::list_changed(conn, me, after)?;
    describe(conn, me, &others)
}

/// These people with what holds between `me` and them, in this order.
fn describe(conn: &mut DbConn, me: UserId, others: &[UserId]) -> Result<Vec<api::Relation>> {
    let accounts = accounts::list(conn, others)?;
    let (relations, sight) = (list_relations(conn, me, others)?, Sight::of(conn, me, others)?);
    let described = others.iter().filter_map(|other| {
        let person = sight.person(accounts.get(other)?);
        Some(relations.get(other)?.to_wire(person))
    });
    Ok(described.collect())
}

/// People that this query finds, best first. Whoever has blocked `me` is not found.
pub fn search(conn: &mut DbConn, query: &PeopleQuery, me: UserId) -> Result<Vec<api::Relation>> {
    let blockers = store::list_blockers(conn, &[me])?.into_iter().map(|(who, _)| who);
    let hidden: Vec<UserId> = blockers.chain([me]).collect();
    let found = accounts::search(conn, query, &hidden)?;
    let mut ids: Vec<UserId> = found.iter().map(|person| person.user_id).collect();
    if !matches!(query, PeopleQuery::Id(_)) {
        // Whoever knows the ID was given it.
        let (sight, accounts) = (Sight::of(conn, me, &ids)?, accounts::list(conn, &ids)?);
        ids.retain(|id| {
            accounts
                .get(id)
                .is_some_and(|account| sight.shares(account, What::Find))
        });
    }
    ids.truncate(MOST_FOUND);
    describe(conn, me, &ids)
}

/// The card of a person; whoever has blocked `me` is not there.
pub fn card(conn: &mut DbConn, me: UserId, other: UserId) -> Result<api::Profile> {
    let account = accounts::find(conn, other)?.ok_or(Problem::Missing("person"))?;
    let blocks = store::list_blocks_between(conn, &[Pair::of(me, other)])?;
    if blocks.contains(&(other, me)) {
        return Err(Problem::Missing("person"));
    }
    let sight = Sight::of(conn, me, &[other])?;
    let presence = sight.presence(&account);
    Ok(api::Profile {
        relation: relation(conn, me, other)?.to_wire(sight.person(&account)),
        status_line: account.shown().status_line,
        online: presence.online,
        status: presence.status,
        last_seen: presence.last_seen,
        created_at: account.created_at,
    })
}

/// The contacts of `me`, who is online first, then by name.
pub fn contacts(conn: &mut DbConn, me: UserId) -> Result<api::Contacts> {
    let rev = accounts::get(conn, me)?.rev;
    let ids: Vec<UserId> = store::list_contacts(conn, me)?
        .into_iter()
        .map(|(contact, _)| contact)
        .collect();
    let (accounts, sight) = (accounts::list(conn, &ids)?, Sight::of(conn, me, &ids)?);
    let mut contacts: Vec<api::Contact> = describe(conn, me, &ids)?
        .into_iter()
        .filter_map(|relation| {
            let presence = sight.presence(accounts.get(&relation.person.user_id)?);
            Some(api::Contact {
                relation,
                online: presence.online,
                status: presence.status,
                last_seen: presence.last_seen,
            })
        })
        .collect();
    contacts.sort_by_cached_key(|contact| (!contact.online, name_of(&contact.relation)));
    Ok(api::Contacts { contacts, rev })
}

/// Open requests that `me` sees, newest first.
pub fn requests(conn: &mut DbConn, me: UserId) -> Result<api::ContactRequests> {
    let rev = accounts::get(conn, me)?.rev;
    let requests = store::list_requests(conn, me)?;
    let others: Vec<UserId> = requests.iter().map(|request| request.pair().other(me)).collect();
    let (outgoing, incoming) = describe(conn, me, &others)?
        .into_iter()
        .partition(|relation| relation.contact == ContactState::Requested);
    Ok(api::ContactRequests {
        incoming,
        outgoing,
        rev,
    })
}

/// Whom `me` has blocked, by name.
pub fn blocks(conn: &mut DbConn, me: UserId) -> Result<api::Blocks> {
    let rev = accounts::get(conn, me)?.rev;
    let ids: Vec<UserId> = store::list_blocks(conn, me)?
        .into_iter()
        .map(|(other, _)| other)
        .collect();
    let mut blocks = describe(conn, me, &ids)?;
    blocks.sort_by_cached_key(name_of);
    Ok(api::Blocks { blocks, rev })
}

fn name_of(relation: &api::Relation) -> (String, UserId) {
    (
        relation.person.display_name.to_lowercase(),
        relation.person.user_id,
    )
}

/// Tells all tabs of these people that something of their own has changed: they ask for it.
pub async fn tell(app: &App, people: &[UserId]) -> Result<()> {
    let people = people.to_vec();
    let accounts = app.db.read(move |conn| accounts::list(conn, &people)).await?;
    let frames = accounts.into_values().map(|account| -> (Group, ServerFrame) {
        let history_id = app.history_id.to_string();
        (
            account.relay_group,
            ServerFrame::Person {
                rev: account.rev,
                history_id,
            },
        )
    });
    app.relay.tell_all(frames);
    Ok(())
}

/// `me` shows their contacts more or less than before: gives back whom.
pub fn note_change_for_contacts(conn: &mut DbConn, me: UserId) -> Result<Vec<UserId>> {
    let mut contacts: Vec<UserId> = store::list_contacts(conn, me)?
        .into_iter()
        .map(|(contact, _)| contact)
        .collect();
    contacts.sort_unstable();
    for contact in &contacts {
        note_change(conn, *contact, me)?;
    }
    Ok(contacts)
}

/// Holds both people until the transaction ends: whatever happens between two people happens one after the other. Who holds
/// a conversation too has taken it before, as whoever writes in it does.
pub fn lock(conn: &mut DbConn, pair: Pair) -> Result<()> {
    for person in pair.people() {
        // Nobody with this user ID: nothing to hold.
        dialect::lock_person(conn, person).optional()?;
    }
    Ok(())
}

/// What holds between `me` and `other` has changed for `me`.
fn note_change(conn: &mut DbConn, me: UserId, other: UserId) -> Result<()> {
    let rev = accounts::next_rev(conn, me)?;
    Ok(store::save_change(conn, me, other, rev)?)
}
