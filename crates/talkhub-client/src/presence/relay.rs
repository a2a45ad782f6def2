//! Frames in: what the relay says of connections.

use super::{Tracker, store};
use crate::platform::app::App;
use crate::platform::clock::millis;
use crate::platform::problem::Result;
use shared_protocol::RelayId;
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
        Ok(known)
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
    let (id, now) = (relay_id.clone(), app.clock.now());
    let owner = app.db.write(move |conn| {
        store::mark_present(conn, std::slice::from_ref(&id), now)?;
        Ok(store::find_owner(conn, &id)?)
    });
    if let Some(user) = owner.await? {
        tracker.beat(relay_id, user, app.clock.monotonic());
    }
    Ok(())
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
