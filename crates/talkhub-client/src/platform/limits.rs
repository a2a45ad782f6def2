//! Slowing down those who ask too often. In memory: a restart forgives.

use crate::platform::problem::{Problem, Result};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How many keys are remembered before the oldest are forgotten.
const MOST_KEYS: usize = 50_000;

/// So many events a minute for each key, with a burst of the same size (a token bucket). Cheap to clone.
#[derive(Clone)]
pub struct PerMinute<K> {
    most: f64,
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
            buckets: Arc::default(),
        }
    }

    /// Counts one event; too many are refused with the seconds to wait.
    pub fn take(&self, key: K, now: Duration) -> Result<()> {
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if MOST_KEYS <= buckets.len() {
            buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < Duration::from_secs(60));
            if MOST_KEYS <= buckets.len() {
                // So many at once: forgiving everybody is better than remembering without end.
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket {
            left: self.most,
            at: now,
        });
        let regained = now.saturating_sub(bucket.at).as_secs_f64() * self.most / 60.0;
        bucket.left = (bucket.left + regained).min(self.most);
        bucket.at = now;
        if bucket.left < 1.0 {
            let seconds = ((1.0 - bucket.left) * 60.0 / self.most).ceil();
            return Err(Problem::TooFast(seconds as u64));
        }
        bucket.left -= 1.0;
        Ok(())
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
}

const FREE_FAILURES: u32 = 5;
const LONGEST_WAIT: u64 = 60;
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

impl<K: Eq + Hash> Guessing<K> {
    /// For what is short enough to be guessed: from the fifth failure on each one waits a whole minute.
    pub fn strict() -> Self {
        Self {
            strict: true,
            failures: Arc::default(),
        }
    }

    /// Whether a try is allowed now.
    pub fn check(&self, key: &K, now: Duration) -> Result<()> {
        let failures = self
            .failures
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        match failures.get(key) {
            Some(failed) if now < failed.until => Err(Problem::TooFast((failed.until - now).as_secs() + 1)),
            _ => Ok(()),
        }
    }

    /// A try was wrong.
    pub fn failed(&self, key: K, now: Duration) {
        let mut failures = self
            .failures
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if MOST_KEYS <= failures.len() {
            failures.retain(|_, failed| now < failed.until + FORGIVEN);
            if MOST_KEYS <= failures.len() {
                failures.clear();
            }
        }
        let failed = failures.entry(key).or_insert(Failures { count: 0, until: now });
        if failed.until + FORGIVEN < now {
            failed.count = 0;
        }
        failed.count += 1;
        let doublings = failed.count.saturating_sub(FREE_FAILURES);
        let wait = match doublings {
            _ if self.strict && FREE_FAILURES <= failed.count => LONGEST_WAIT,
            0 => 0,
            _ => (1_u64 << (doublings - 1).min(10)).min(LONGEST_WAIT),
        };
        failed.until = now + Duration::from_secs(wait);
    }

    /// A try was right: all is forgotten.
    pub fn succeeded(&self, key: &K) {
        self.failures
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .remove(key);
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
    fn five_wrong_guesses_are_free_then_the_wait_doubles() {
        let guessing = Guessing::default();
        let mut now = Duration::ZERO;
        for _ in 0..5 {
            assert!(guessing.check(&"ann", now).is_ok());
            guessing.failed("ann", now);
        }
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert!(guessing.check(&"ann", now).is_ok());
            guessing.failed("ann", now);
            assert!(guessing.check(&"ann", now).is_err(), "after {wait}");
            now += Duration::from_secs(wait);
        }
        assert!(guessing.check(&"bob", now).is_ok());
        guessing.succeeded(&"ann");
        guessing.failed("ann", now);
        assert!(guessing.check(&"ann", now).is_ok());
    }

    #[test]
    fn five_wrong_codes_are_followed_by_one_a_minute() {
        let guessing = Guessing::strict();
        let mut now = Duration::ZERO;
        for _ in 0..5 {
            assert!(guessing.check(&"ann", now).is_ok());
            guessing.failed("ann", now);
        }
        for _ in 0..3 {
            assert!(matches!(guessing.check(&"ann", now), Err(Problem::TooFast(61))));
            now += Duration::from_secs(60);
            assert!(guessing.check(&"ann", now).is_ok());
            guessing.failed("ann", now);
        }
    }
}
