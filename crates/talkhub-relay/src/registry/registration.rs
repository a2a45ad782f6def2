//! Registering, renewing and taking back relay IDs; who enters and leaves groups.

use super::{Entry, Registry, State};
use crate::client::Client;
use crate::limits::Spent;
use crate::secret::DigestBytes;
use shared_protocol::internal::GroupChange;
use shared_protocol::{Group, RelayId};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A registration that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) subject: String,
    pub(crate) token: DigestBytes,
    pub(crate) groups: Vec<Group>,
    pub(crate) lease: Duration,
    /// In their plain form: lower case, no slash at the end.
    pub(crate) origins: Vec<String>,
    pub(crate) hello: String,
}

impl Registry {
    /// The lease that is given for the wished one.
    pub(crate) fn clamp_lease(&self, wished: Duration) -> Duration {
        wished.clamp(self.lease_min, self.lease_max)
    }

    /// Registers or renews. Gives back a client that must be cut, because the relay ID now means somebody else.
    pub(crate) fn put(&self, id: RelayId, registration: Parsed, now: Instant) -> Option<Arc<Client>> {
        let mut state = self.write();
        self.put_into(&mut state, id, registration, now)
    }

    pub(super) fn put_into(
        &self,
        state: &mut State,
        id: RelayId,
        registration: Parsed,
        now: Instant,
    ) -> Option<Arc<Client>> {
        state.changes += 1;
        let earlier = state.ids.remove(&id);
        let groups: HashSet<Group> = registration.groups.into_iter().collect();
        let mut entry = Entry {
            subject: registration.subject.into(),
            token: registration.token,
            groups,
            ends: now + self.clamp_lease(registration.lease),
            expired: false,
            origins: registration.origins,
            hello: registration.hello.into(),
            spent: Arc::new(Mutex::new(Spent::new(&self.rates, now))),
            live: None,
            changed: state.changes,
        };
        let mut cut = None;
        state.remember_origins(&entry.origins);
        if let Some(earlier) = earlier {
            state.forget_origins(&earlier.origins);
            earlier
                .groups
                .difference(&entry.groups)
                .for_each(|group| state.leave(group, &id));
            entry.spent = earlier.spent;
            match earlier.subject == entry.subject {
                true => entry.live = earlier.live,
                false => cut = earlier.live,
            }
        }
        state.ids.insert(id.clone(), entry);
        state.show_live(&id);
        cut
    }

    /// Takes a relay ID back. Gives back its client, to be cut.
    pub(crate) fn remove(&self, id: &RelayId) -> Option<Arc<Client>> {
        self.write().remove(id)
    }

    /// Lets relay IDs into groups and out of them. Unknown ones are passed over.
    pub(crate) fn change_groups(&self, changes: &[GroupChange]) {
        let mut state = self.write();
        for change in changes {
            for id in &change.add {
                if let Some(entry) = state.ids.get_mut(id).filter(|entry| !entry.expired) {
                    entry.groups.insert(change.group.clone());
                    let live = entry.live.clone();
                    state
                        .groups
                        .entry(change.group.clone())
                        .or_default()
                        .insert(id.clone(), live);
                }
            }
            for id in &change.remove {
                if let Some(entry) = state.ids.get_mut(id) {
                    entry.groups.remove(&change.group);
                    state.leave(&change.group, id);
                }
            }
        }
    }
}

impl State {
    pub(super) fn remove(&mut self, id: &RelayId) -> Option<Arc<Client>> {
        let live = self.expire(id);
        self.ids.remove(id);
        live
    }
}
