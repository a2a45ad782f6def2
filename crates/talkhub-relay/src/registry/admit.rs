//! Who may connect, and who is connected.

use super::{Entry, Registry, State};
use crate::client::{Client, Handed, Identity};
use crate::secret::digest;
use shared_protocol::RelayId;
use shared_protocol::envelope::ConnectRefusal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;
use subtle::ConstantTimeEq;

/// A client whose relay ID, token and origin were right.
pub(crate) type Admitted = Arc<Identity>;

/// What became of an admitted client.
pub(crate) enum Entered {
    /// It is live. An earlier connection with this relay ID, if there was one, is to be told and cut.
    Live { replaced: Option<Arc<Client>> },
    /// The relay ID was taken back in the meantime, or the client has left: cut it.
    Late,
}

impl Registry {
    /// Checks relay ID, token and origin.
    pub(crate) fn admit(
        &self,
        relay_id: &str,
        token: &str,
        origin: Option<&str>,
        now: Instant,
    ) -> Result<Admitted, ConnectRefusal> {
        let presented = digest(token);
        let state = self.read();
        let Some((id, entry)) = state.ids.get_key_value(relay_id) else {
            return Err(match state.is_starting(now) {
                true => ConnectRefusal::Starting,
                false => ConnectRefusal::Unregistered,
            });
        };
        if !bool::from(presented.ct_eq(&entry.token)) {
            return Err(ConnectRefusal::BadToken);
        }
        if entry.expired || entry.ends <= now {
            return Err(ConnectRefusal::Expired);
        }
        // Without Origin it is no browser; the token is the proof.
        if origin.is_some_and(|origin| !entry.origins.iter().any(|known| known == origin)) {
            return Err(ConnectRefusal::Unregistered);
        }
        Ok(identity(id, entry))
    }

    /// Makes an admitted client live: greets it, shows it to its groups. `told` runs before anything else can happen to
    /// this relay ID.
    pub(crate) fn enter(&self, client: &Arc<Client>, told: impl FnOnce(&RelayId)) -> Entered {
        let id = &client.identity.relay_id;
        let mut state = self.write();
        let Some(entry) = state.ids.get_mut(id).filter(|entry| !entry.expired) else {
            return Entered::Late;
        };
        let stale = entry.subject != client.identity.subject || client.identity.gone.load(Ordering::Relaxed);
        if stale || client.greet(&entry.hello) != Handed::Over {
            return Entered::Late;
        }
        let replaced = entry.live.replace(Arc::clone(client));
        state.show_live(id);
        told(id);
        Entered::Live { replaced }
    }

    /// The client has gone. `told` runs if it was the live one of its relay ID.
    pub(crate) fn exit(&self, identity: &Identity, told: impl FnOnce(&RelayId)) {
        let mut state = self.write();
        identity.gone.store(true, Ordering::Relaxed);
        if state.exit(identity) {
            told(&identity.relay_id);
        }
    }
}

fn identity(id: &RelayId, entry: &Entry) -> Admitted {
    Arc::new(Identity {
        relay_id: id.clone(),
        subject: Arc::clone(&entry.subject),
        spent: Arc::clone(&entry.spent),
        strange: AtomicU64::new(0),
        gone: AtomicBool::new(false),
    })
}

impl State {
    fn exit(&mut self, identity: &Identity) -> bool {
        let Some(entry) = self.ids.get_mut(&identity.relay_id) else {
            return false;
        };
        let own = entry
            .live
            .as_ref()
            .is_some_and(|live| std::ptr::eq(&raw const *live.identity, identity));
        if own {
            entry.live = None;
            self.show_live(&identity.relay_id);
        }
        own
    }
}
