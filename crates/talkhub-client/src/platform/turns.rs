//! Work on one thing by one at a time: what was read earlier never arrives later. Whoever asks while it is under way is
//! served by the next one, all of them together.

use crate::platform::problem::{Problem, Result};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The things that are being worked on.
#[derive(Debug)]
pub struct Turns<K: Eq + Hash> {
    places: Mutex<HashMap<K, Arc<Place>>>,
}

/// One thing, as long as somebody asks for it.
#[derive(Debug, Default)]
struct Place {
    asked: AtomicU64,
    served: tokio::sync::Mutex<Served>,
}

#[derive(Debug, Default)]
struct Served {
    /// Everybody up to this one was served by work that began after they had asked.
    upto: u64,
    /// The relay did not answer that work.
    away: bool,
}

impl<K: Eq + Hash> Default for Turns<K> {
    fn default() -> Self {
        Self {
            places: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash + Clone> Turns<K> {
    /// Does `work` when it is its turn, or waits for somebody who has begun it since: nobody waits for more than what is
    /// under way and one more, however many ask.
    pub async fn take(&self, key: &K, work: impl Future<Output = Result<()>>) -> Result<()> {
        let asking = self.ask(key);
        let place = &asking.place;
        let mine = 1 + place.asked.fetch_add(1, Ordering::Relaxed);
        let mut served = place.served.lock().await;
        if mine <= served.upto {
            return if served.away {
                Err(Problem::RelayAway)
            } else {
                Ok(())
            };
        }
        let upto = place.asked.load(Ordering::Relaxed);
        let done = work.await;
        let away = matches!(done, Err(Problem::RelayAway));
        if done.is_ok() || away {
            *served = Served { upto, away };
        }
        done
    }

    /// How many have their turn or wait for it.
    pub fn count(&self, key: &K) -> usize {
        self.lock()
            .get(key)
            .map_or(0, |place| Arc::strong_count(place) - 1)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, key: &K) -> Asking<'_, K> {
        let place = Arc::clone(self.lock().entry(key.clone()).or_default());
        Asking {
            turns: self,
            key: key.clone(),
            place,
        }
    }
}

/// Somebody who asks; the last one takes the place away.
struct Asking<'a, K: Eq + Hash + Clone> {
    turns: &'a Turns<K>,
    key: K,
    place: Arc<Place>,
}

impl<K: Eq + Hash + Clone> Drop for Asking<'_, K> {
    fn drop(&mut self) {
        let mut places = self.turns.lock();
        // The map's own and ours.
        if Arc::strong_count(&self.place) == 2 {
            places.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::cell::{Cell, RefCell};

    #[tokio::test]
    async fn inv22_whoever_asks_meanwhile_is_served_together_by_what_begins_afterwards() {
        let turns = Turns::default();
        let (begun, present) = (RefCell::new(Vec::new()), Cell::new(0));
        let work = || async {
            begun.borrow_mut().push(present.get());
            while begun.borrow().len() == 1 && turns.count(&"talk") < 4 {
                tokio::task::yield_now().await;
            }
            Ok(())
        };
        let asking = (0..4).map(|number| {
            let (turns, present, work) = (&turns, &present, &work);
            async move {
                present.set(number);
                turns.take(&"talk", work()).await
            }
        });
        assert!(join_all(asking).await.iter().all(Result::is_ok));
        assert_eq!(
            *begun.borrow(),
            [0, 3],
            "the second sees what the last one wanted"
        );
        assert_eq!(turns.count(&"talk"), 0);
        assert!(turns.lock().is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn a_relay_that_is_away_is_waited_for_once_and_other_errors_serve_nobody() {
        let turns = Turns::default();
        let begun = Cell::new(0);
        for (error, want) in [
            ((|| Problem::RelayAway) as fn() -> Problem, 2),
            (|| Problem::Missing("conversation"), 4),
        ] {
            begun.set(0);
            let work = || async {
                begun.set(begun.get() + 1);
                while turns.count(&1) < 4 && begun.get() == 1 {
                    tokio::task::yield_now().await;
                }
                Err(error())
            };
            let asking = (0..4).map(|_| turns.take(&1, work()));
            assert!(join_all(asking).await.iter().all(Result::is_err));
            assert_eq!(begun.get(), want);
        }
    }
}
