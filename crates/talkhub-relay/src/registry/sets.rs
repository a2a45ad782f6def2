//! The logic server's whole set, in numbered chunks. Only its end drops what it does not name.

use super::{Parsed, Registry};
use crate::client::Client;
use shared_protocol::RelayId;
use std::sync::Arc;
use std::time::Instant;

/// A set that is coming in.
pub(super) struct Run {
    generation: u64,
    /// The link that was the newest when it began: a logic server that starts again dials first.
    link: u64,
    next_chunk: u32,
    /// `changes` when it began: what was registered later, by the set or singly, stays.
    began: u64,
}

/// A chunk that does not fit: the caller begins again with chunk 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetError {
    /// The generation and the chunk that would have fitted, if a set has begun.
    pub(crate) expected: Option<(u64, u32)>,
}

impl Registry {
    /// Takes one chunk. Gives back the clients to be cut: at the end of the set those that it does not name.
    pub(crate) fn put_chunk(
        &self,
        (generation, chunk, last): (u64, u32, bool),
        link: u64,
        items: Vec<(RelayId, Parsed)>,
        now: Instant,
    ) -> Result<Vec<Arc<Client>>, SetError> {
        let mut state = self.write();
        // A chunk may come again when its answer was lost on the way; it begins nothing new then.
        let again = |run: &Run| run.generation == generation && run.link == link && run.next_chunk <= 1;
        if chunk == 0 && !state.set.as_ref().is_some_and(again) {
            let began = state.changes;
            state.set = Some(Run {
                generation,
                link,
                next_chunk: 0,
                began,
            });
        }
        let began = match &mut state.set {
            Some(run)
                if run.generation == generation
                    && (chunk == run.next_chunk || chunk.saturating_add(1) == run.next_chunk) =>
            {
                run.next_chunk = chunk.saturating_add(1);
                run.began
            }
            other => {
                let expected = other.as_ref().map(|run| (run.generation, run.next_chunk));
                return Err(SetError { expected });
            }
        };
        let mut cut: Vec<_> = items
            .into_iter()
            .filter_map(|(id, item)| self.put_into(&mut state, id, item, now))
            .collect();
        if last {
            let unnamed = state
                .ids
                .iter()
                .filter(|(_, entry)| entry.changed <= began && !entry.expired);
            let unnamed: Vec<_> = unnamed.map(|(id, _)| id.clone()).collect();
            cut.extend(unnamed.iter().filter_map(|id| state.remove(id)));
            state.starting_until = None;
        }
        Ok(cut)
    }
}
