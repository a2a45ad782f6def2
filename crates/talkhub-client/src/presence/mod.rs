//! Connections: relay IDs, who is there, and telling those who may know.

pub mod blocks;
pub mod blocks_page;
pub mod choice;
pub mod http;
pub mod live;
mod model;
pub mod relay;
pub mod sets;
mod store;
pub mod telling;
mod tracker;
pub mod work;

pub use tracker::{Difference, Heard, Tracker};

use crate::platform::app::App;
use crate::platform::db::DbConn;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{Problem, Result};
use crate::{accounts, contacts, conversations};
use model::Connection;
use shared_protocol::internal::{GroupChange, Registered, Registration, SetItem};
use shared_protocol::{ConversationId, Group, RelayId, ServerFrame, UserId};
use std::collections::HashMap;

/// Whose these relay IDs are; unknown ones are left out.
pub fn list_owners(conn: &mut DbConn, relay_ids: &[&RelayId]) -> Result<Vec<(RelayId, UserId)>> {
    Ok(store::list_owners(conn, relay_ids)?)
}

/// Everybody of this conversation whom the other one has not blocked is let into its group with all their connections, and
/// hears that something of their own is new. When this returns the relay knows; a relay that does not answer hears of it again through a job. Safe to
/// repeat.
pub async fn let_in(app: &App, conversation: ConversationId) -> Result<()> {
    match try_to_let_in(app, conversation).await {
        Err(Problem::RelayAway) => {
            let clock = app.clock.clone();
            app.db
                .write(move |conn| Ok(jobs::enqueue(conn, &Job::LetIn { conversation }, &clock)?))
                .await
        }
        done => done,
    }
}

/// [`let_in`] for the job itself.
pub async fn try_to_let_in(app: &App, conversation: ConversationId) -> Result<()> {
    set_group(app, conversation).await?;
    let read = app.db.read(move |conn| {
        let shut_out = conversations::list_shut_out(conn, conversation)?;
        let members = conversations::list_members(conn, &[conversation])?.into_iter();
        let people = members.map(|member| member.user);
        Ok(people.filter(|user| !shut_out.contains(user)).collect::<Vec<_>>())
    });
    contacts::tell(app, &read.await?).await
}

/// Puts the group of a conversation right: its members are in it with all their connections, whoever is blocked by the other
/// one is not. When this returns the relay knows. Safe to repeat.
pub async fn set_group(app: &App, conversation: ConversationId) -> Result<()> {
    // Invariant: what was read before a block never arrives after it.
    let turns = app.relay.turns();
    turns.take(&conversation, send_group(app, conversation)).await
}

async fn send_group(app: &App, conversation: ConversationId) -> Result<()> {
    let read = app.db.read(move |conn| {
        let group = conversations::get_group(conn, conversation)?;
        let shut_out = conversations::list_shut_out(conn, conversation)?;
        let members = conversations::list_members(conn, &[conversation])?;
        let (out, within): (Vec<UserId>, Vec<UserId>) = members
            .into_iter()
            .map(|member| member.user)
            .partition(|user| shut_out.contains(user));
        let change = GroupChange {
            group,
            add: store::list_relay_ids(conn, &within)?,
            remove: store::list_relay_ids(conn, &out)?,
        };
        Ok((change, within, out))
    });
    let (change, within, out) = read.await?;
    app.relay.live().join(&change.group, &within);
    app.relay.live().leave(&change.group, &out);
    app.relay.change_groups(vec![change]).await
}

/// What the relay must know of these connections.
fn registrations(
    conn: &mut DbConn,
    connections: Vec<Connection>,
    lease_s: u64,
    history_id: &str,
) -> Result<Vec<SetItem>> {
    let mut people: Vec<UserId> = connections.iter().map(|connection| connection.user).collect();
    people.sort_unstable();
    people.dedup();
    let accounts = accounts::list(conn, &people)?;
    let mut groups: HashMap<UserId, Vec<Group>> = HashMap::new();
    for (user, _, group) in conversations::list_groups(conn, &people)? {
        groups.entry(user).or_default().push(group);
    }
    let mut items = Vec::with_capacity(connections.len());
    for connection in connections {
        let Some(account) = accounts.get(&connection.user) else {
            continue;
        };
        let hello = ServerFrame::Hello {
            user: account.whole_person(),
            relay_id: connection.relay_id.clone(),
            history_id: history_id.to_owned(),
        };
        let mut groups = groups.get(&connection.user).cloned().unwrap_or_default();
        groups.push(account.relay_group.clone());
        let registration = Registration {
            subject: account.relay_group.to_string(),
            token_sha256: connection.token_sha256,
            groups,
            lease_s,
            origins: connection.origins,
            hello: serde_json::to_string(&hello).map_err(|error| Problem::Internal(error.into()))?,
        };
        items.push(SetItem {
            relay_id: connection.relay_id,
            registration,
        });
    }
    Ok(items)
}

/// What the relay must know of this connection now; `SignedOut` when it has ended.
async fn describe(app: &App, relay_id: &RelayId) -> Result<Registration> {
    let (relay_id, lease_s, history_id) = (
        relay_id.clone(),
        app.config.relay.lease.as_secs(),
        app.history_id.clone(),
    );
    let read = app.db.read(move |conn| {
        let connection = store::find(conn, &relay_id)?.ok_or(Problem::SignedOut)?;
        let items = registrations(conn, vec![connection], lease_s, &history_id)?;
        items
            .into_iter()
            .next()
            .map(|item| item.registration)
            .ok_or(Problem::SignedOut)
    });
    read.await
}

/// Registers until what is registered is what the database says: a conversation that was made meanwhile is not missed,
/// and a sign-in that has ended is taken back (`SignedOut`).
async fn register(app: &App, relay_id: &RelayId, mut wanted: Registration) -> Result<Registered> {
    loop {
        let registered = app.relay.register(relay_id, wanted.clone()).await?;
        match describe(app, relay_id).await {
            Ok(present) if present.groups == wanted.groups => return Ok(registered),
            Ok(present) => wanted = present,
            Err(Problem::SignedOut) => {
                app.relay.revoke(relay_id).await?;
                return Err(Problem::SignedOut);
            }
            Err(problem) => return Err(problem),
        }
    }
}
