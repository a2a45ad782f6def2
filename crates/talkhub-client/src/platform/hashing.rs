//! Password hashes: bcrypt over a keyed digest, away from the threads that serve requests.

use crate::platform::problem::{Problem, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// The number of the scheme below, kept beside each hash.
pub const SCHEME: i32 = 1;
/// So many may wait; the next one is told to come back.
const QUEUE: usize = 16;

/// Hashes and verifies, a few at a time. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    cost: u32,
    hands: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// Verified against when there is no such person, so that the answer takes as long. Made beside the start, which
    /// need not wait a quarter of a second for it.
    dummy: Arc<OnceLock<String>>,
}

struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hasher {
    /// `cost` as bcrypt counts it (2^cost rounds); `threads` at once.
    pub fn new(cost: u32, threads: usize) -> anyhow::Result<Self> {
        let dummy = Arc::new(OnceLock::new());
        let place = dummy.clone();
        std::thread::Builder::new()
            .name("dummy hash".into())
            .spawn(move || {
                place.get_or_init(|| hash_of_nobody(cost));
            })?;
        Ok(Self {
            cost,
            hands: Arc::new(Semaphore::new(threads.max(1))),
            waiting: Arc::default(),
            dummy,
        })
    }

    /// A `$2b$…` string, with a salt of its own.
    pub async fn hash(&self, password: String) -> Result<String> {
        let cost = self.cost;
        self.work(move || Ok(bcrypt::hash(keyed(&password), cost)?)).await
    }

    /// Whether `password` made `hash`. Without a hash it takes as long and says no.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let (known, dummy, cost) = (hash.is_some(), self.dummy.clone(), self.cost);
        let verify = move || {
            let hash = hash.unwrap_or_else(|| dummy.get_or_init(|| hash_of_nobody(cost)).clone());
            Ok(bcrypt::verify(keyed(&password), &hash)?)
        };
        let fits = self.work(verify).await?;
        Ok(known && fits)
    }

    /// Whether a stored hash should be made anew at the next chance.
    pub fn is_outdated(&self, hash: &str, scheme: i32) -> bool {
        let cost = hash.split('$').nth(2).and_then(|cost| cost.parse::<u32>().ok());
        scheme != SCHEME || cost != Some(self.cost)
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T> {
        if QUEUE <= self.waiting.fetch_add(1, Ordering::Relaxed) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::Busy(2));
        }
        let waiting = Waiting(self.waiting.clone());
        let hand = self
            .hands
            .clone()
            .acquire_owned()
            .await
            .map_err(|error| Problem::Internal(error.into()))?;
        drop(waiting);
        let done = tokio::task::spawn_blocking(move || {
            let done = job();
            drop(hand);
            done
        });
        Ok(done.await.map_err(|error| Problem::Internal(error.into()))??)
    }
}

fn hash_of_nobody(cost: u32) -> String {
    // A cost out of range is refused where the setting is read; then any hash of that shape will do.
    bcrypt::hash(keyed("nobody has this password"), cost).unwrap_or_default()
}

/// 44 characters for every password, so that bcrypt's limit of 72 bytes cuts nothing.
fn keyed(password: &str) -> String {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(b"talkhub/password/v1").expect("HMAC takes keys of any length");
    mac.update(password.nfc().collect::<String>().as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_password_has_different_hashes() {
        let hasher = Hasher::new(4, 1).unwrap();
        let (one, two) = (
            hasher.hash("same".into()).await.unwrap(),
            hasher.hash("same".into()).await.unwrap(),
        );
        assert!(one.starts_with("$2b$04$") && one != two);
        assert!(hasher.verify("same".into(), Some(one.clone())).await.unwrap());
        assert!(!hasher.verify("other".into(), Some(one)).await.unwrap());
    }

    #[tokio::test]
    async fn nothing_of_a_long_password_is_cut() {
        let hasher = Hasher::new(4, 1).unwrap();
        let long = "x".repeat(200);
        let hash = hasher.hash(long.clone()).await.unwrap();
        assert!(
            !hasher
                .verify(format!("{}y", &long[..199]), Some(hash))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nobody_gets_in_without_a_hash() {
        let hasher = Hasher::new(4, 1).unwrap();
        assert!(
            !hasher
                .verify("nobody has this password".into(), None)
                .await
                .unwrap()
        );
    }

    #[test]
    fn other_costs_and_schemes_are_outdated() {
        let hasher = Hasher::new(4, 1).unwrap();
        assert!(!hasher.is_outdated("$2b$04$rest", SCHEME));
        assert!(hasher.is_outdated("$2b$05$rest", SCHEME) && hasher.is_outdated("$2b$04$rest", 0));
    }

    #[tokio::test]
    async fn a_full_queue_says_come_back() {
        let hasher = Hasher::new(4, 1).unwrap();
        hasher.waiting.store(QUEUE, Ordering::Relaxed);
        assert!(matches!(hasher.hash("x".into()).await, Err(Problem::Busy(_))));
    }
}
