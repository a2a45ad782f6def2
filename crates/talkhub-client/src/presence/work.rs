//! What happens again and again: telling who came and went, renewing leases, sweeping what is left over.

use super::tracker::Difference;
use super::{Tracker, store, telling};
use crate::accounts;
use crate::platform::app::App;
use crate::platform::clock::millis;
use crate::platform::problem::Result;
use std::time::Duration;

/// So often it is written down that those who are there were seen.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// About so many people are told at once.
const PEOPLE: usize = 100;

/// Tells those who share a conversation with whoever came or went. Part by part: a round that fails in its midst does not
/// begin again from its start, and no transaction is long.
pub async fn tell_changes(app: &App, tracker: &Tracker) -> Result<()> {
    let presence = &app.config.presence;
    let monotonic = app.clock.monotonic();
    let difference = tracker.difference(monotonic, presence.expiry, presence.grace);
    for part in difference.parts(PEOPLE) {
        tell(app, tracker, part).await?;
    }
    if tracker.is_time_to_write(monotonic, SEEN_EVERY) {
        let (heard, now) = (tracker.list_heard(), app.clock.now());
        let touched = app
            .db
            .write(move |conn| accounts::online::touch_shown(conn, &heard, now));
        touched.await?;
    }
    Ok(())
}

/// First it is written down, then read who must hear of it.
async fn tell(app: &App, tracker: &Tracker, part: Difference) -> Result<()> {
    let (changed, now) = (part.clone(), app.clock.now());
    let written = app.db.write(move |conn| {
        accounts::online::set_shown(conn, &changed.came, &changed.went, &changed.lost, now)
    });
    written.await?;
    let _turn = app.relay.telling().lock().await;
    let changed = part.clone();
    let frames = app.db.read(move |conn| telling::frames_for(conn, &changed));
    let frames = frames.await?;
    tracker.told(&part);
    app.relay.tell_all(frames);
    Ok(())
}

/// Drops relay IDs without a connection, here and at the relay. Only while the link is up: without it nobody has a
/// heartbeat.
pub async fn sweep(app: &App, tracker: &Tracker) -> Result<()> {
    let now = app.clock.now();
    let since = now - millis(app.config.presence.forget);
    let future = now + 2 * millis(app.config.relay.lease);
    let tracker = tracker.clone();
    let swept = app.db.write(move |conn| {
        let mut silent = store::list_silent(conn, since, now, future)?;
        silent.retain(|relay_id| !tracker.is_live(relay_id));
        store::delete(conn, &silent)?;
        Ok(silent)
    });
    for relay_id in swept.await? {
        // The lease ends by itself where this fails.
        if let Err(problem) = app.relay.revoke(&relay_id).await {
            tracing::debug!(relay_id = relay_id.short(), %problem, "A silent relay ID could not be taken back");
        }
    }
    Ok(())
}
