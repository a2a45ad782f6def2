//! The TCP connections that lead to one client: the WebSocket's own, or the polls of the moment.

use crate::line::Line;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, Weak};
use std::time::{Duration, Instant};

/// How a client is reached, and cut. A WebSocket has a connection of its own from the beginning; polling has none, only
/// requests that wait, until it is upgraded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    lines: RwLock<Vec<Weak<Line>>>,
    polls: Mutex<Vec<Weak<Line>>>,
    cut: OnceLock<Instant>,
}

impl Way {
    pub(crate) fn websocket(line: &Arc<Line>) -> Self {
        let way = Self::default();
        way.add(line);
        way
    }

    /// A WebSocket for it is being tried. Whether it succeeds only Socket.IO knows, so all that live are kept.
    fn add(&self, line: &Arc<Line>) {
        let mut lines = self.0.lines.write().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| 0 < line.strong_count());
        lines.push(Arc::downgrade(line));
    }

    fn lines(&self) -> RwLockReadGuard<'_, Vec<Weak<Line>>> {
        self.0.lines.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn polls(&self) -> MutexGuard<'_, Vec<Weak<Line>>> {
        self.0.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A poll waits on this connection as long as the guard lives. `None`: the client has been cut.
    pub(crate) fn carry(&self, line: &Arc<Line>) -> Option<Carried> {
        self.polls().push(Arc::downgrade(line));
        let carried = Carried {
            way: self.clone(),
            line: Arc::clone(line),
        };
        // Looked at after it was noted: whoever cuts meanwhile finds one or the other.
        (!self.is_cut()).then_some(carried)
    }

    /// See [`Line::note`].
    pub(crate) fn note(&self, bytes: usize) {
        if let Some(line) = self.lines().last().and_then(Weak::upgrade) {
            line.note(bytes);
        }
    }

    /// See [`Line::backlog`].
    pub(crate) fn backlog(&self) -> (u64, u64) {
        self.lines()
            .last()
            .and_then(Weak::upgrade)
            .map_or((0, 0), |line| line.backlog())
    }

    /// Ends every connection that leads to the client; requests of its session are refused from now on.
    pub(crate) fn cut(&self) {
        self.0.cut.get_or_init(Instant::now);
        for lines in [&*self.lines(), &*self.polls()] {
            lines.iter().filter_map(Weak::upgrade).for_each(|line| line.cut());
        }
    }

    /// Whether it has been cut.
    pub(crate) fn is_cut(&self) -> bool {
        self.0.cut.get().is_some()
    }
}

/// A poll that waits.
pub(crate) struct Carried {
    way: Way,
    line: Arc<Line>,
}

impl Drop for Carried {
    fn drop(&mut self) {
        let own = Arc::as_ptr(&self.line);
        self.way.polls().retain(|line| line.as_ptr() != own);
    }
}

/// The ways of clients that began by polling, by Socket.IO id. The ids never leave this process.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Way>>);

impl Sessions {
    fn ways(&self) -> MutexGuard<'_, HashMap<String, Way>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way of this client, to which upgrades are added.
    pub(crate) fn of(&self, sid: &str) -> Way {
        self.ways().entry(sid.to_owned()).or_default().clone()
    }

    /// The way of a client that is known.
    pub(crate) fn find(&self, sid: &str) -> Option<Way> {
        self.ways().get(sid).cloned()
    }

    pub(crate) fn add(&self, sid: &str, line: &Arc<Line>) {
        self.of(sid).add(line);
    }

    /// Forgets clients that nobody holds any longer and tries that have ended; those that were cut only after Socket.IO has
    /// forgotten them too.
    pub(crate) fn sweep(&self, remembered: Duration) {
        self.ways().retain(|_, way| match way.0.cut.get() {
            Some(cut) => cut.elapsed() < remembered,
            None => 1 < Arc::strong_count(&way.0) || way.lines().iter().any(|line| 0 < line.strong_count()),
        });
    }
}
