//! The whole set of registrations: what the relay must know after a start, and what renews every lease.

use super::{registrations, store};
use crate::platform::app::App;
use crate::platform::clock::millis;
use crate::platform::problem::{Problem, Result};
use shared_protocol::RelayId;
use shared_protocol::internal::{Registration, RegistrationSet, SetItem};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many rows are read at once.
const ROWS: i64 = 200;
/// A chunk is cut at this size (bytes of JSON): well below what the relay takes.
const CHUNK: usize = 1 << 20;

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Sends the relay of this boot everything that it must know, which also renews all leases. No socket closes. One at a
/// time: two sets that overlap would undo each other.
pub async fn send_set(app: &App, boot_id: &str) -> Result<()> {
    let _alone = app.setting.lock().await;
    let mut set = Sending {
        app,
        boot_id,
        generation: next_generation(app.clock.now().unsigned_abs()),
        chunk: 0,
    };
    // Begun before the first row is read: what is registered from now on is newer than the set and stays.
    set.put(Vec::new(), false).await?;
    let mut after = String::new();
    loop {
        let (from, lease_s, history_id) = (after, app.config.relay.lease.as_secs(), app.history_id.clone());
        let part = app.db.read(move |conn| {
            let connections = store::list_part(conn, &from, ROWS)?;
            let last = connections.last().map(|last| last.relay_id.to_string());
            Ok((
                connections.len(),
                last,
                registrations(conn, connections, lease_s, &history_id)?,
            ))
        });
        let (count, last, items) = part.await?;
        for chunk in cut(items) {
            set.put(chunk, false).await?;
        }
        match last {
            Some(id) if count as i64 == ROWS => after = id,
            _ => return set.put(Vec::new(), true).await,
        }
    }
}

/// Grows even if the wall clock was set back.
fn next_generation(clock: u64) -> u64 {
    let before = GENERATION.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(last.max(clock) + 1)
    });
    before.unwrap_or_default().max(clock) + 1
}

/// Parts of about [`CHUNK`] bytes, each with at least one item.
fn cut(items: Vec<SetItem>) -> Vec<Vec<SetItem>> {
    let mut chunks: Vec<Vec<SetItem>> = Vec::new();
    let mut size = 0;
    for item in items {
        let own = 400 + item.registration.hello.len() + 25 * item.registration.groups.len();
        match chunks.last_mut() {
            Some(chunk) if size + own <= CHUNK => chunk.push(item),
            _ => {
                chunks.push(vec![item]);
                size = 0;
            }
        }
        size += own;
    }
    chunks
}

struct Sending<'a> {
    app: &'a App,
    boot_id: &'a str,
    generation: u64,
    chunk: u32,
}

impl Sending<'_> {
    async fn put(&mut self, items: Vec<SetItem>, last: bool) -> Result<()> {
        let sent: HashMap<RelayId, Registration> = items
            .iter()
            .map(|item| (item.relay_id.clone(), item.registration.clone()))
            .collect();
        let set = RegistrationSet {
            generation: self.generation,
            chunk: self.chunk,
            last,
            relay_ids: items,
        };
        self.app.relay.send_set(&set, self.boot_id).await?;
        self.chunk += 1;
        self.mend(sent).await
    }

    /// What changed between the reading of the rows and their arrival is put right: a sign-out is not undone by a set
    /// that was on its way, nor is somebody kept out of a conversation that was made meanwhile.
    async fn mend(&self, sent: HashMap<RelayId, Registration>) -> Result<()> {
        if sent.is_empty() {
            return Ok(());
        }
        let (app, boot_id) = (self.app, self.boot_id.to_owned());
        let lease_end = app.clock.now() + millis(app.config.relay.lease);
        let (lease_s, history_id) = (app.config.relay.lease.as_secs(), app.history_id.clone());
        let ids: Vec<RelayId> = sent.keys().cloned().collect();
        let now = app.db.write(move |conn| {
            store::update_boot(conn, &ids, &boot_id, lease_end)?;
            let connections = store::list_by_ids(conn, &ids)?;
            registrations(conn, connections, lease_s, &history_id)
        });
        let mut now: HashMap<RelayId, Registration> = now
            .await?
            .into_iter()
            .map(|item| (item.relay_id, item.registration))
            .collect();
        for (relay_id, before) in sent {
            match now.remove(&relay_id) {
                None => app.relay.revoke(&relay_id).await?,
                Some(present) if present.groups != before.groups => {
                    match super::register(app, &relay_id, present).await {
                        // Signed out meanwhile, and taken back.
                        Ok(_) | Err(Problem::SignedOut) => (),
                        Err(problem) => return Err(problem),
                    }
                }
                Some(_) => (),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: u8, groups: usize) -> SetItem {
        let registration = Registration {
            subject: String::new(),
            token_sha256: String::new(),
            groups: vec![shared_protocol::Group::new([number; 16]); groups],
            lease_s: 900,
            origins: Vec::new(),
            hello: String::new(),
        };
        SetItem {
            relay_id: RelayId::new([number; 16]),
            registration,
        }
    }

    #[test]
    fn chunks_stay_small_and_nothing_is_missing() {
        let chunks = cut((0..100).map(|number| item(number, 2000)).collect());
        assert!(
            chunks
                .iter()
                .all(|chunk| serde_json::to_vec(chunk).unwrap().len() <= CHUNK + 60_000)
        );
        assert_eq!(chunks.concat().len(), 100);
        assert_eq!(
            cut(vec![item(1, 100_000)]).len(),
            1,
            "at least one item, however large"
        );
    }

    #[test]
    fn generations_grow_even_if_the_clock_falls() {
        let first = next_generation(1_000);
        assert!(first < next_generation(10));
    }
}
