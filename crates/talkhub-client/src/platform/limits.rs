//! Slowing down those who ask too often. In memory: a restart forgives.

use crate::platform::problem::{Problem, Result};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many keys are remembered; more are forgotten, all of them if none is old.
const MOST_KEYS: usize = 50_000;

/// So many events a minute for each key, with a burst of the same size (a token bucket). Cheap to clone.
#[derive(Clone)]
pub struct PerMinute<K> {
    most: f64,
    /// Seconds in which a bucket fills.
    span: f64,
    buckets: Arc<Mutex<HashMap<K, Bucket>>>,
}

struct Bucket {
    left: f64,
    at: Duration,
}

impl<K: Eq + Hash> PerMinute<K> {
    pub fn new(most: u32) -> Self {
        Self {
            most: f64::from(most),
            span: 60.0,
            buckets: Arc::default(),
        }
    }

    /// The same for what is rarer: so many an hour.
    pub fn per_hour(most: u32) -> Self {
        Self {
            span: 3600.0,
            ..Self::new(most)
        }
    }

    /// Counts one event; too many are refused with the seconds to wait.
    pub fn take(&self, key: K, now: Duration) -> Result<()> {
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if MOST_KEYS <= buckets.len() {
            let span = Duration::from_secs_f64(self.span);
            buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < span);
            if MOST_KEYS <= buckets.len() {
                // So many at once: forgiving everybody is better than remembering without end.
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket {
            left: self.most,
            at: now,
        });
        let regained = now.saturating_sub(bucket.at).as_secs_f64() * self.most / self.span;
        bucket.left = (bucket.left + regained).min(self.most);
        bucket.at = now;
        if bucket.left < 1.0 {
            let seconds = ((1.0 - bucket.left) * self.span / self.most).ceil();
            return Err(Problem::TooFast(seconds as u64));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

/// One at a time for each key, and so many in all. Cheap to clone.
#[derive(Clone)]
pub struct OneEach<K> {
    most: usize,
    held: Arc<Mutex<HashSet<K>>>,
}

/// Somebody's turn; over when it is dropped.
pub struct Turn<K: Eq + Hash> {
    key: K,
    held: Arc<Mutex<HashSet<K>>>,
}

impl<K: Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.key);
    }
}

impl<K: Eq + Hash + Clone> OneEach<K> {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            held: Arc::default(),
        }
    }

    /// Whose turn it is already waits until that one is over; so does everybody while too many have theirs.
    pub fn take(&self, key: K) -> Result<Turn<K>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains(&key) {
            return Err(Problem::TooFast(10));
        }
        if self.most <= held.len() {
            return Err(Problem::Busy(10));
        }
        held.insert(key.clone());
        let held = self.held.clone();
        Ok(Turn { key, held })
    }
}

/// Failures that make the next try wait: five free ones, then 1, 2, 4 … 60 seconds. Cheap to clone.
#[derive(Clone)]
pub struct Guessing<K> {
    strict: bool,
    failures: Arc<Mutex<HashMap<K, Failures>>>,
}

struct Failures {
    count: u32,
    until: Duration,
    /// Tries under way.
    trying: u32,
}

const FREE_FAILURES: u32 = 5;
const LONGEST_WAIT: u64 = 60;
/// So many passwords are checked at once for one key.
const AT_ONCE: u32 = 32;
/// After so long without a failure all is forgotten.
const FORGIVEN: Duration = Duration::from_secs(900);

impl<K> Default for Guessing<K> {
    fn default() -> Self {
        Self {
            strict: false,
            failures: Arc::default(),
        }
    }
}

impl<K: Eq + Hash + Clone> Guessing<K> {
    /// For what is short enough to be guessed: from the fifth failure on each one waits a whole minute.
    pub fn strict() -> Self {
        Self {
            strict: true,
            failures: Arc::default(),
        }
    }

    /// Begins a try, if one is allowed now. What is short enough to be guessed counts as wrong until it is known to be
    /// right: many at once get no more tries than one after the other. Passwords are too slow to check for that.
    pub fn begin(&self, key: K, now: Duration) -> Result<Try<K>> {
        let mut failures = lock(&self.failures);
        if MOST_KEYS <= failures.len() {
            failures.retain(|_, failed| 0 < failed.trying || now < failed.until + FORGIVEN);
            if MOST_KEYS <= failures.len() {
                failures.retain(|_, failed| 0 < failed.trying);
            }
        }
        let failed = failures.entry(key.clone()).or_insert(Failures {
            count: 0,
            until: now,
            trying: 0,
        });
        if failed.until + FORGIVEN < now {
            failed.count = 0;
        }
        if now < failed.until {
            return Err(Problem::TooFast((failed.until - now).as_secs() + 1));
        }
        let at_once = match self.strict {
            true => FREE_FAILURES.saturating_sub(failed.count).max(1),
            false => AT_ONCE,
        };
        if at_once <= failed.trying {
            return Err(Problem::TooFast(1));
        }
        failed.trying += 1;
        Ok(Try {
            key,
            strict: self.strict,
            failures: Arc::clone(&self.failures),
        })
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A try under way; dropped without a word it counts for nothing.
pub struct Try<K: Eq + Hash> {
    key: K,
    strict: bool,
    failures: Arc<Mutex<HashMap<K, Failures>>>,
}

impl<K: Eq + Hash> Try<K> {
    /// It was wrong.
    pub fn failed(self, now: Duration) {
        let mut failures = lock(&self.failures);
        let Some(failed) = failures.get_mut(&self.key) else {
            return;
        };
        failed.count += 1;
        let doublings = failed.count.saturating_sub(FREE_FAILURES);
        let wait = match doublings {
            _ if self.strict && FREE_FAILURES <= failed.count => LONGEST_WAIT,
            0 => 0,
            _ => (1_u64 << (doublings - 1).min(10)).min(LONGEST_WAIT),
        };
        failed.until = now + Duration::from_secs(wait);
    }

    /// It was right: all is forgotten.
    pub fn succeeded(self) {
        if let Some(failed) = lock(&self.failures).get_mut(&self.key) {
            failed.count = 0;
        }
    }
}

impl<K: Eq + Hash> Drop for Try<K> {
    fn drop(&mut self) {
        let mut failures = lock(&self.failures);
        if let Some(failed) = failures.get_mut(&self.key) {
            failed.trying = failed.trying.saturating_sub(1);
            if failed.count == 0 && failed.trying == 0 {
                failures.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_one_waits() {
        let limit = PerMinute::new(30);
        for _ in 0..30 {
            assert!(limit.take("ann", Duration::ZERO).is_ok());
        }
        assert!(matches!(
            limit.take("ann", Duration::ZERO),
            Err(Problem::TooFast(2))
        ));
        assert!(limit.take("bob", Duration::ZERO).is_ok());
        assert!(limit.take("ann", Duration::from_secs(2)).is_ok());
    }

    #[test]
    fn so_many_an_hour() {
        let limit = PerMinute::per_hour(6);
        for _ in 0..6 {
            assert!(limit.take("ann", Duration::ZERO).is_ok());
        }
        assert!(matches!(
            limit.take("ann", Duration::from_secs(599)),
            Err(Problem::TooFast(_))
        ));
        assert!(limit.take("ann", Duration::from_secs(600)).is_ok());
    }

    #[test]
    fn one_at_a_time_for_each_and_so_many_in_all() {
        let turns = OneEach::new(2);
        let ann = turns.take("ann").ok();
        assert!(matches!(turns.take("ann"), Err(Problem::TooFast(_))));
        let bob = turns.take("bob").ok();
        assert!(matches!(turns.take("eve"), Err(Problem::Busy(_))));
        drop((ann, bob));
        assert!(turns.take("ann").is_ok());
    }

    /// One wrong try.
    fn fails(guessing: &Guessing<&'static str>, now: Duration) {
        guessing.begin("ann", now).expect("a try").failed(now);
    }

    #[test]
    fn five_wrong_guesses_are_free_then_the_wait_doubles() {
        let guessing = Guessing::default();
        let mut now = Duration::ZERO;
        for _ in 0..5 {
            fails(&guessing, now);
        }
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            fails(&guessing, now);
            assert!(guessing.begin("ann", now).is_err(), "after {wait}");
            now += Duration::from_secs(wait);
        }
        assert!(guessing.begin("bob", now).is_ok());
        guessing.begin("ann", now).expect("a try").succeeded();
        fails(&guessing, now);
        assert!(guessing.begin("ann", now).is_ok());
    }

    #[test]
    fn five_wrong_codes_are_followed_by_one_a_minute() {
        let guessing = Guessing::strict();
        let mut now = Duration::ZERO;
        for _ in 0..5 {
            fails(&guessing, now);
        }
        for _ in 0..3 {
            assert!(matches!(guessing.begin("ann", now), Err(Problem::TooFast(61))));
            now += Duration::from_secs(60);
            fails(&guessing, now);
        }
    }

    #[test]
    fn sec06_many_tries_at_once_are_no_more_than_one_after_the_other() {
        let guessing = Guessing::strict();
        let mut now = Duration::ZERO;
        fails(&guessing, now);
        let tries: Vec<_> = (0..50).filter_map(|_| guessing.begin("ann", now).ok()).collect();
        assert_eq!(tries.len(), 4);
        assert!(guessing.begin("bob", now).is_ok());
        tries.into_iter().for_each(|one| one.failed(now));
        now += Duration::from_secs(60);
        let one = guessing.begin("ann", now);
        assert!(one.is_ok() && guessing.begin("ann", now).is_err());
        drop(one);
        assert!(
            guessing.begin("ann", now).is_ok(),
            "what came to nothing counts for nothing"
        );
    }
}
