//! Becoming contacts: to ask, to accept, to reject, to take back, and to part.

use super::model::{Note, Pair, Request};
use super::{lock, note_change, relation, store};
use crate::accounts;
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{Problem, Result};
use crate::platform::words::Said;
use shared_protocol::api::ContactState;
use shared_protocol::{RequestId, UserId};

/// What became of a request, and who must hear of it.
#[derive(Debug)]
pub struct Asked {
    /// They had asked already: now they are contacts.
    pub accepted: bool,
    pub told: Vec<UserId>,
}

/// Asks `other` to become a contact. Whoever has asked already is accepted by it. Somebody who has blocked `me` never hears
/// of it, and the answer is everybody's. (SEC16)
pub fn ask(conn: &mut DbConn, me: UserId, other: UserId, note: &Note, clock: &Clock) -> Result<Asked> {
    if me == other {
        return Err(Problem::Impossible(Said::new("request-to-oneself")));
    }
    accounts::find(conn, other)?.ok_or(Problem::Missing("person"))?;
    let pair = Pair::of(me, other);
    lock(conn, pair)?;
    // Whoever leaves at this moment leaves nothing waiting.
    accounts::find(conn, me)?.ok_or(Problem::SignedOut)?;
    let present = relation(conn, me, other)?;
    if present.blocked {
        return Err(Problem::Conflict(Said::new("request-to-blocked")));
    }
    match present.contact {
        ContactState::Contact => return Err(Problem::Conflict(Said::new("request-contact-already"))),
        ContactState::Requested => return Err(Problem::Conflict(Said::new("request-waiting"))),
        ContactState::Incoming | ContactState::None => (),
    }
    // One that `me` had rejected still stands for whoever made it.
    if let Some(theirs) = store::find_request_between(conn, pair)? {
        befriend(conn, &theirs, clock)?;
        return Ok(Asked {
            accepted: true,
            told: vec![me, other],
        });
    }
    // Of what keeps `me` from writing only a block counts: whoever takes messages from contacts only can be asked.
    let is_silent = store::list_blocks_between(conn, &[pair])?.contains(&(other, me));
    let request = Request {
        id: clock.request_id(),
        sender: me,
        addressee: other,
        note: String::new(),
        is_silent,
        at: clock.now(),
    };
    store::insert_request(conn, &request, note)?;
    note_change(conn, me, other)?;
    let mut told = vec![me];
    if !is_silent {
        note_change(conn, other, me)?;
        told.push(other);
    }
    Ok(Asked {
        accepted: false,
        told,
    })
}

/// `me` accepts a request; gives back whose it was. Only its addressee may.
pub fn accept(conn: &mut DbConn, me: UserId, id: RequestId, clock: &Clock) -> Result<UserId> {
    let request = get_incoming(conn, me, id)?;
    befriend(conn, &request, clock)?;
    Ok(request.sender)
}

/// `me` says no. Nobody tells the sender: for them it goes on waiting.
pub fn reject(conn: &mut DbConn, me: UserId, id: RequestId) -> Result<()> {
    let request = get_incoming(conn, me, id)?;
    store::silence_request(conn, request.id)?;
    note_change(conn, me, request.sender)
}

/// `me` takes an own request back; gives back who must hear of it.
pub fn withdraw(conn: &mut DbConn, me: UserId, id: RequestId) -> Result<Vec<UserId>> {
    let request = get_locked(conn, id, |request| request.sender == me)?;
    store::delete_request(conn, id)?;
    note_change(conn, me, request.addressee)?;
    if request.is_silent {
        return Ok(vec![me]);
    }
    note_change(conn, request.addressee, me)?;
    Ok(vec![me, request.addressee])
}

/// The two are contacts no more; what they wrote stays.
pub fn remove(conn: &mut DbConn, me: UserId, other: UserId, clock: &Clock) -> Result<()> {
    let pair = Pair::of(me, other);
    let missing = || Problem::Missing("contact");
    accounts::find(conn, other)?.ok_or_else(missing)?;
    lock(conn, pair)?;
    if !store::delete_contacts(conn, pair)? {
        return Err(missing());
    }
    note_change(conn, me, other)?;
    note_change(conn, other, me)?;
    let [one, other] = pair.people();
    Ok(jobs::enqueue(conn, &Job::Parted { one, other }, clock)?)
}

fn get_incoming(conn: &mut DbConn, me: UserId, id: RequestId) -> Result<Request> {
    get_locked(conn, id, |request| request.addressee == me && !request.is_silent)
}

/// The request, with both people held, if it is one that the caller may know of.
fn get_locked(conn: &mut DbConn, id: RequestId, fits: impl Fn(&Request) -> bool) -> Result<Request> {
    let found = store::find_request(conn, id)?.filter(&fits);
    lock(conn, found.ok_or(Problem::Missing("request"))?.pair())?;
    // Answered or taken back while we waited for the lock?
    let found = store::find_request(conn, id)?.filter(&fits);
    found.ok_or(Problem::Missing("request"))
}

/// The request is answered with yes. The caller holds both people.
fn befriend(conn: &mut DbConn, request: &Request, clock: &Clock) -> Result<()> {
    let pair = request.pair();
    store::delete_request(conn, request.id)?;
    store::insert_contacts(conn, pair, clock.now())?;
    let [one, other] = pair.people();
    note_change(conn, one, other)?;
    note_change(conn, other, one)?;
    // A message request between them is none any more, and they may share more: matters of slices that stand above.
    Ok(jobs::enqueue(conn, &Job::BecameContacts { one, other }, clock)?)
}
