//! What becomes of the messages of somebody who leaves: read once more for an export, or emptied for everybody.

use super::model::Row;
use super::store;
use crate::platform::db::DbConn;
use crate::platform::db::dialect;
use crate::platform::problem::Result;
use crate::{accounts, conversations};
use shared_protocol::api::Message;
use shared_protocol::{ConversationId, Group, UserId};

/// How many messages one transaction empties.
const BATCH: i64 = 200;

/// One batch of emptied messages.
pub struct Emptied {
    /// The newest of these changes.
    pub last: Option<Message>,
    pub is_done: bool,
}

/// Empties the next messages of this person after `after` in the conversation of `group`; each is a change of its own, with the next
/// `rev`. The places stay, so that `seq` has no gaps.
pub fn empty(conn: &mut DbConn, user: UserId, group: &Group, after: i64) -> Result<Emptied> {
    let mut locked = conversations::lock(conn, &[group])?;
    let Some(place) = locked.first_mut() else {
        return Ok(Emptied {
            last: None,
            is_done: true,
        });
    };
    let rows = store::list_full_of(conn, place.id, user, after, BATCH)?;
    let is_done = (rows.len() as i64) < BATCH;
    let mut last = None;
    for mut row in rows {
        place.rev += 1;
        row.rev = place.rev;
        row.kind = "deleted".to_owned();
        row.body = String::new();
        store::update_emptied(conn, &row)?;
        last = Some(row);
    }
    dialect::save_counters(conn, &locked)?;
    let sender = accounts::get(conn, user)?.person();
    let last = last.map(|row| row.to_wire(sender));
    Ok(Emptied { last, is_done })
}

/// What this person wrote in this conversation after `after`, oldest first.
pub fn list_own(
    conn: &mut DbConn,
    user: UserId,
    conversation: ConversationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    Ok(store::list_own(conn, conversation, user, after, limit)?)
}
