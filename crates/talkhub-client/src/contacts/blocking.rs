//! Blocking somebody, and letting them be again. Who is in which group of the relay is for those who know groups.

use super::model::Pair;
use super::{lock, note_change, store};
use crate::accounts;
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::problem::{Problem, Result};
use crate::platform::words::Said;
use shared_protocol::UserId;

/// `me` blocks `other`; gives back who must hear that something of their own has changed. The two are contacts no more and
/// nothing waits between them any longer, which to `other` looks like a contact that was removed. Safe to repeat.
pub fn block(conn: &mut DbConn, me: UserId, other: UserId, clock: &Clock) -> Result<Vec<UserId>> {
    if me == other {
        return Err(Problem::Impossible(Said::new("block-oneself")));
    }
    accounts::find(conn, other)?.ok_or(Problem::Missing("person"))?;
    let pair = Pair::of(me, other);
    lock(conn, pair)?;
    accounts::find(conn, me)?.ok_or(Problem::SignedOut)?;
    if store::list_blocks_between(conn, &[pair])?.contains(&(me, other)) {
        return Ok(Vec::new());
    }
    store::insert_block(conn, me, other, clock.now())?;
    let mut shows = store::delete_contacts(conn, pair)?;
    match store::find_request_between(conn, pair)? {
        Some(request) if request.sender == me => {
            shows |= !request.is_silent;
            store::delete_request(conn, request.id)?;
        }
        // Theirs goes on waiting, for them alone.
        Some(request) => store::silence_request(conn, request.id)?,
        None => (),
    }
    note_change(conn, me, other)?;
    if !shows {
        return Ok(vec![me]);
    }
    note_change(conn, other, me)?;
    Ok(vec![me, other])
}

/// `me` lifts the block. What `other` tried meanwhile stays undone.
pub fn unblock(conn: &mut DbConn, me: UserId, other: UserId) -> Result<()> {
    let missing = || Problem::Missing("block");
    accounts::find(conn, other)?.ok_or_else(missing)?;
    lock(conn, Pair::of(me, other))?;
    if !store::delete_block(conn, me, other)? {
        return Err(missing());
    }
    note_change(conn, me, other)
}
