//! Frames in: what the relay says of connections.

use super::{Heard, Tracker, store};
use crate::accounts;
use crate::platform::app::App;
use crate::platform::clock::millis;
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use shared_protocol::internal::Up;
use shared_protocol::{RelayId, UserId};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// A registration this young may still be on its way to its first connection.
const YOUNG: Duration = Duration::from_secs(30);

/// The relay's full set, complete.
pub async fn on_present(app: &App, tracker: &Tracker, present: HashSet<RelayId>) -> Result<()> {
    let (relay_ids, now) = (present.into_iter().collect::<Vec<_>>(), app.clock.now());
    let known = app.db.write(move |conn| {
        store::mark_present(conn, &relay_ids, now)?;
        let known = list_owners(conn, &relay_ids)?;
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

/// What came up the link, in order. Comings and goings that follow each other are written down together: of each connection
/// only the last one counts.
pub async fn on_events(app: &App, tracker: &Tracker, events: Vec<Up>) -> Result<()> {
    let mut moved = HashMap::new();
    for event in events {
        match event {
            Up::Connected { relay_id } => drop(moved.insert(relay_id, true)),
            Up::Disconnected { relay_id } => drop(moved.insert(relay_id, false)),
            Up::Present {
                part,
                last,
                relay_ids,
                ..
            } => {
                if let Some(present) = tracker.collect(part, last, relay_ids) {
                    on_moved(app, tracker, std::mem::take(&mut moved)).await?;
                    on_present(app, tracker, present).await?;
                }
            }
            Up::Submit(_) => (),
        }
    }
    on_moved(app, tracker, moved).await
}

/// A client is there.
pub async fn on_connected(app: &App, tracker: &Tracker, relay_id: RelayId) -> Result<()> {
    on_moved(app, tracker, HashMap::from([(relay_id, true)])).await
}

/// A client is gone.
pub async fn on_disconnected(app: &App, tracker: &Tracker, relay_id: RelayId) -> Result<()> {
    on_moved(app, tracker, HashMap::from([(relay_id, false)])).await
}

/// Which connections are there now, and which are not. Whose sign-in has ended is gone at once; others may be back in a
/// moment.
async fn on_moved(app: &App, tracker: &Tracker, moved: HashMap<RelayId, bool>) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let of = |is_here: bool| -> Vec<RelayId> {
        let these = moved.iter().filter(|(_, here)| **here == is_here);
        these.map(|(relay_id, _)| relay_id.clone()).collect()
    };
    let (here, gone, now) = (of(true), of(false), app.clock.now());
    let left = gone.clone();
    let written = app.db.write(move |conn| {
        store::mark_present(conn, &here, now)?;
        store::mark_absent(conn, &left, now)?;
        let signed_in = list_owners(conn, &left)?.into_iter();
        let signed_in: HashSet<RelayId> = signed_in.map(|(relay_id, _)| relay_id).collect();
        let here = list_owners(conn, &here)?;
        Ok((describe(conn, here)?, signed_in))
    });
    let (here, signed_in) = written.await?;
    for heard in here {
        tracker.beat(heard, app.clock.monotonic());
    }
    for relay_id in gone {
        let at_once = !signed_in.contains(&relay_id);
        tracker.lose(&relay_id, at_once, app.clock.monotonic());
    }
    Ok(())
}

fn list_owners(conn: &mut DbConn, relay_ids: &[RelayId]) -> Result<Vec<(RelayId, UserId)>> {
    let mut known = Vec::with_capacity(relay_ids.len());
    for chunk in relay_ids.chunks(500) {
        known.extend(store::list_owners(conn, &chunk.iter().collect::<Vec<_>>())?);
    }
    Ok(known)
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
