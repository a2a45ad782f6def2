//! What the two tasks of a connection and all of its handles share: the acks that are waited for, and whether it is open.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{oneshot, watch};

/// What both tasks and all handles share.
pub(crate) struct Shared {
    pub(crate) next_ack: AtomicU64,
    /// `None` once the connection has ended.
    pub(crate) acks: Mutex<Option<HashMap<u64, oneshot::Sender<String>>>>,
    pub(crate) open: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn acks(&self) -> std::sync::MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<String>>>> {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every ack that is still waited for fails.
    pub(crate) fn end(&self) {
        self.acks().take();
        self.open.send_replace(false);
    }
}

/// The connection ends when the last handle and the receiving half are gone.
#[derive(Debug)]
pub(crate) struct EndWhenDropped(pub(crate) Arc<Shared>);

impl Drop for EndWhenDropped {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Shared")
            .field("open", &*self.open.borrow())
            .finish_non_exhaustive()
    }
}
