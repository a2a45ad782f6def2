//! The links: what goes up to the logic servers, and what waits there for its answer.

mod down;
#[cfg(test)]
mod fuzz;
mod passing;
mod queue;
mod session;

pub(crate) use down::forward;
pub(crate) use queue::Acknowledge;
pub(crate) use session::run;

use crate::client::Identity;
use crate::event::Incoming;
use passing::Passing;
use queue::Link;
use serde::Serialize;
use shared_protocol::RelayId;
use shared_protocol::internal::Up;
use socketioxide::extract::AckSender;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

/// Every link there is, oldest first. Submits go to the newest; older ones keep what waits for an answer on them.
#[derive(Default)]
pub(crate) struct Links {
    links: RwLock<Vec<Arc<Link>>>,
    opened: AtomicU64,
    passing: Mutex<Passing>,
}

/// Why an event could not be submitted. Gives the ack back.
enum NotTaken {
    /// There is no link at all.
    NoLink(Option<AckSender>),
    /// The link, or what waits on it, takes no more.
    Full(Option<AckSender>),
}

impl Links {
    /// How many links there have been.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Whether a logic server is there.
    pub(crate) fn any(&self) -> bool {
        !self.read().is_empty()
    }

    /// Hands a durable event to the newest link, or gives the ack back.
    fn submit(
        &self,
        event: &Incoming<'_>,
        from: &Arc<Identity>,
        ack: Option<AckSender>,
    ) -> Result<(), NotTaken> {
        match self.read().last() {
            Some(link) => link.submit(event, from, ack).map_err(NotTaken::Full),
            None => Err(NotTaken::NoLink(ack)),
        }
    }

    pub(crate) fn connected(&self, relay_id: &RelayId) {
        self.tell(&Up::Connected {
            relay_id: relay_id.clone(),
        });
    }

    pub(crate) fn disconnected(&self, relay_id: &RelayId) {
        self.tell(&Up::Disconnected {
            relay_id: relay_id.clone(),
        });
    }

    /// Only makes presence faster: when a queue is full the next round tells.
    fn tell(&self, up: &impl Serialize) {
        self.read().iter().for_each(|link| link.tell(up));
    }

    fn add(&self, link: &Arc<Link>) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.links
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(link));
    }

    /// Whether none is left.
    fn remove(&self, link: &Arc<Link>) -> bool {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        links.retain(|other| !Arc::ptr_eq(other, link));
        links.is_empty()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Link>>> {
        self.links.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers `busy` for what has waited too long.
    pub(crate) fn end_waits(&self, since: Instant) {
        let links = self.read().clone();
        links.iter().for_each(|link| link.end_waits(since));
    }

    /// How many durable events wait for their answer.
    pub(crate) fn waiting(&self) -> usize {
        self.read().iter().map(|link| link.waiting()).sum()
    }
}
