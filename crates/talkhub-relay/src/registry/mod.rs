//! What the relay remembers: registered relay IDs with their leases, groups, origins, and who is connected. All in memory.

mod admit;
mod fan_out;
mod registration;
mod sets;
#[cfg(test)]
mod tests;

pub(crate) use admit::Entered;
pub(crate) use fan_out::Addressed;
pub(crate) use registration::Parsed;
pub(crate) use sets::SetError;

use crate::client::Client;
use crate::config::Config;
use crate::limits::{Rates, Spent};
use crate::secret::DigestBytes;
use shared_protocol::{Group, RelayId};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// An ended lease is remembered for so long, so that its client is told `expired`.
const REMEMBER_EXPIRED: Duration = Duration::from_secs(600);

/// The registry of one relay.
pub(crate) struct Registry {
    state: RwLock<State>,
    pub(crate) rates: Rates,
    lease_min: Duration,
    lease_max: Duration,
}

struct State {
    ids: HashMap<RelayId, Entry>,
    /// Who is in a group, and who of them is connected.
    groups: HashMap<Group, HashMap<RelayId, Option<Arc<Client>>>>,
    /// How many registrations name an origin.
    origins: HashMap<String, usize>,
    /// Counts registrations, so that a set can tell what came before it.
    changes: u64,
    set: Option<sets::Run>,
    /// Until then unknown relay IDs are told `starting`.
    starting_until: Option<Instant>,
}

struct Entry {
    subject: Arc<str>,
    token: DigestBytes,
    groups: HashSet<Group>,
    ends: Instant,
    expired: bool,
    origins: Vec<String>,
    hello: Arc<str>,
    spent: Arc<Mutex<Spent>>,
    live: Option<Arc<Client>>,
    /// The value of `changes` at its last registration.
    changed: u64,
}

impl Registry {
    pub(crate) fn new(config: &Config, now: Instant) -> Self {
        Self {
            state: RwLock::new(State {
                ids: HashMap::new(),
                groups: HashMap::new(),
                origins: HashMap::new(),
                changes: 0,
                set: None,
                starting_until: Some(now + Duration::from_millis(config.times.starting_ms)),
            }),
            rates: Rates::new(config),
            lease_min: Duration::from_secs(config.limits.lease_min_s),
            lease_max: Duration::from_secs(config.limits.lease_max_s),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no complete set has come since the start, and it was not long ago.
    pub(crate) fn is_starting(&self, now: Instant) -> bool {
        self.read().is_starting(now)
    }

    /// Whether pages of this origin may read our answers.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.read().origins.contains_key(origin)
    }

    /// Everybody who is connected. `with` runs while nobody can connect or disconnect.
    pub(crate) fn with_connected<T>(&self, with: impl FnOnce(Vec<RelayId>) -> T) -> T {
        let state = self.read();
        let connected = state.ids.iter().filter(|(_, entry)| entry.live.is_some());
        with(connected.map(|(id, _)| id.clone()).collect())
    }

    pub(crate) fn clients(&self) -> Vec<Arc<Client>> {
        self.read()
            .ids
            .values()
            .filter_map(|entry| entry.live.clone())
            .collect()
    }

    /// The live client of a relay ID.
    pub(crate) fn client(&self, id: &RelayId) -> Option<Arc<Client>> {
        self.read().ids.get(id).and_then(|entry| entry.live.clone())
    }

    /// Ends the leases that are over and gives back who was connected with one. Forgets old ones.
    pub(crate) fn end_leases(&self, now: Instant) -> Vec<Arc<Client>> {
        let mut state = self.write();
        let ended = |entry: &Entry| !entry.expired && entry.ends <= now;
        let ids: Vec<_> = state
            .ids
            .iter()
            .filter(|(_, entry)| ended(entry))
            .map(|(id, _)| id.clone())
            .collect();
        let cut = ids.iter().filter_map(|id| state.expire(id)).collect();
        state
            .ids
            .retain(|_, entry| !entry.expired || now < entry.ends + REMEMBER_EXPIRED);
        cut
    }
}

impl State {
    fn is_starting(&self, now: Instant) -> bool {
        self.starting_until.is_some_and(|until| now < until)
    }

    /// Takes the relay ID out of its groups; the entry stays, to say `expired`.
    fn expire(&mut self, id: &RelayId) -> Option<Arc<Client>> {
        let entry = self.ids.get_mut(id)?;
        entry.expired = true;
        let live = entry.live.take();
        let (groups, origins) = (
            std::mem::take(&mut entry.groups),
            std::mem::take(&mut entry.origins),
        );
        groups.iter().for_each(|group| self.leave(group, id));
        self.forget_origins(&origins);
        live
    }

    fn leave(&mut self, group: &Group, id: &RelayId) {
        if let Some(members) = self.groups.get_mut(group) {
            members.remove(id);
            if members.is_empty() {
                self.groups.remove(group);
            }
        }
    }

    fn remember_origins(&mut self, origins: &[String]) {
        for origin in origins {
            *self.origins.entry(origin.clone()).or_default() += 1;
        }
    }

    fn forget_origins(&mut self, origins: &[String]) {
        for origin in origins {
            if let Some(count) = self.origins.get_mut(origin) {
                *count -= 1;
                if *count == 0 {
                    self.origins.remove(origin);
                }
            }
        }
    }

    /// In every group of the relay ID: it is connected, or is not.
    fn show_live(&mut self, id: &RelayId) {
        let Some(entry) = self.ids.get(id) else { return };
        for group in &entry.groups {
            self.groups
                .entry(group.clone())
                .or_default()
                .insert(id.clone(), entry.live.clone());
        }
    }
}
