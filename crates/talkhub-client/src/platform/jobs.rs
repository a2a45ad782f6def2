//! Work that may happen later but must happen. Data only: the shell decides who does it.

use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::schema::jobs::dsl as j;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shared_protocol::{ConversationId, RelayId, UserId};

/// Written in the transaction that makes it necessary; safe to do twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Tell those who see this person about the new name.
    ProfileChanged { user: UserId },
    /// Tell those who saw more of this person, or see more now, what they see from now on.
    PrivacyChanged { user: UserId },
    /// Remove this picture if nobody shows it.
    PurgeAvatar { key: String },
    /// These two are contacts now: nothing that one of them began is a message request any longer.
    BecameContacts { one: UserId, other: UserId },
    /// A block was made or lifted: put the group of this conversation at the relay right.
    SetGroup { conversation: ConversationId },
    /// Let the members of this conversation into its group at the relay, which did not answer before.
    LetIn { conversation: ConversationId },
    /// Take these relay IDs back at the relay, which did not answer before.
    RevokeRelayIds { relay_ids: Vec<RelayId> },
}

/// A job that is due.
#[derive(Clone, Debug, Queryable)]
pub struct Due {
    pub id: i64,
    body: String,
    pub tries: i32,
}

impl Due {
    /// `None` for a kind that this version does not know.
    pub fn job(&self) -> Option<Job> {
        serde_json::from_str(&self.body).ok()
    }
}

/// How many jobs one round takes.
const ROUND: i64 = 100;
/// After so many tries a job is set aside with an error line.
pub const MOST_TRIES: i32 = 20;

/// Adds a job that is due at once.
pub fn enqueue(conn: &mut DbConn, job: &Job, clock: &Clock) -> QueryResult<()> {
    enqueue_for(conn, job, clock.now(), clock)
}

/// Adds a job that is due at `run_at`.
pub fn enqueue_for(conn: &mut DbConn, job: &Job, run_at: i64, clock: &Clock) -> QueryResult<()> {
    let body = serde_json::to_string(job)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let row = (
        j::id.eq(clock.row_id()),
        j::body.eq(body),
        j::run_at.eq(run_at),
        j::tries.eq(0),
    );
    diesel::insert_into(j::jobs).values(row).execute(conn).map(|_| ())
}

/// What is due at `now`, oldest first.
pub fn list_due(conn: &mut DbConn, now: i64) -> QueryResult<Vec<Due>> {
    let due = j::jobs
        .filter(j::run_at.le(now))
        .filter(j::tries.lt(MOST_TRIES))
        .order(j::id)
        .limit(ROUND);
    due.select((j::id, j::body, j::tries)).load(conn)
}

/// It is done.
pub fn delete(conn: &mut DbConn, id: i64) -> QueryResult<()> {
    diesel::delete(j::jobs.find(id)).execute(conn).map(|_| ())
}

/// It failed: again after 1, 2, 4 … 600 seconds.
pub fn put_off(conn: &mut DbConn, due: &Due, now: i64) -> QueryResult<()> {
    let seconds = (1_i64 << due.tries.clamp(0, 10)).min(600);
    let later = (j::run_at.eq(now + seconds * 1000), j::tries.eq(due.tries + 1));
    diesel::update(j::jobs.find(due.id))
        .set(later)
        .execute(conn)
        .map(|_| ())
}
