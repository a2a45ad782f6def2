//! Frames in: what the relay says of connections.

use super::{Heard, Tracker, store};
use crate::accounts;
use crate::platform::app::App;
use crate::platform::clock::millis;
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use shared_protocol::{RelayId, UserId};
use std::collections::HashSet;
use std::time::Duration;

/// A registration this young may still be on its way to its first connection.
const YOUNG: Duration = Duration::from_secs(30);

/// The relay's full set, complete.
pub async fn on_present(app: &App, tracker: &Tracker, present: HashSet<RelayId>) -> Result<()> {
    let (relay_ids, now) = (present.into_iter().collect::<Vec<_>>(), app.clock.now());
    let known = app.db.write(move |conn| {
        store::mark_present(conn, &relay_ids, now)?;
        let mut known = Vec::with_capacity(relay_ids.len());
        for chunk in relay_ids.chunks(500) {
            known.extend(store::list_owners(conn, &chunk.iter().collect::<Vec<_>>())?);
        }
        describe(conn, known)
    });
    tracker.replace(known.await?, app.clock.monotonic());
    Ok(())
}

/// The first full set after the link came up: exactly those that are present are kept of what this boot knew; a relay
/// that has restarted knows nobody, and everybody is kept. (RU16)
pub async fn on_first_present(
    app: &App,
    tracker: &Tracker,
    boot_id: String,
    present: HashSet<RelayId>,
) -> Result<()> {
    let (young_since, here) = (app.clock.now() - millis(YOUNG), present.clone());
    let dropped = app.db.write(move |conn| {
        let gone = store::list_gone(conn, &boot_id, &here, young_since)?;
        store::delete(conn, &gone)?;
        Ok(gone.len())
    });
    let dropped = dropped.await?;
    tracing::info!(
        present = present.len(),
        dropped,
        "The relay said who is connected"
    );
    on_present(app, tracker, present).await
}

/// A client is there.
pub async fn on_connected(app: &App, tracker: &Tracker, relay_id: RelayId) -> Result<()> {
    let (id, now) = (relay_id, app.clock.now());
    let owner = app.db.write(move |conn| {
        store::mark_present(conn, std::slice::from_ref(&id), now)?;
        let owner = store::find_owner(conn, &id)?;
        describe(conn, owner.into_iter().map(|user| (id.clone(), user)).collect())
    });
    for heard in owner.await? {
        tracker.beat(heard, app.clock.monotonic());
    }
    Ok(())
}

/// What the database knows of these connections and their people.
fn describe(conn: &mut DbConn, owners: Vec<(RelayId, UserId)>) -> Result<Vec<Heard>> {
    let (relay_ids, people): (Vec<RelayId>, Vec<UserId>) = owners.iter().cloned().unzip();
    let mut idle = HashSet::new();
    for chunk in relay_ids.chunks(500) {
        idle.extend(store::list_idle(conn, chunk)?);
    }
    let choices = accounts::online::list_choices(conn, &people)?;
    let heard = |(relay_id, user): (RelayId, UserId)| Heard {
        idle: idle.contains(&relay_id),
        choice: choices.get(&user).copied().unwrap_or_default(),
        relay_id,
        user,
    };
    Ok(owners.into_iter().map(heard).collect())
}

/// A client is gone. Whose sign-in has ended is gone at once; others may be back in a moment.
pub async fn on_disconnected(app: &App, tracker: &Tracker, relay_id: RelayId) -> Result<()> {
    let (id, now) = (relay_id.clone(), app.clock.now());
    let owner = app.db.write(move |conn| {
        store::mark_absent(conn, &id, now)?;
        Ok(store::find_owner(conn, &id)?)
    });
    let signed_out = owner.await?.is_none();
    tracker.lose(&relay_id, signed_out, app.clock.monotonic());
    Ok(())
}
