//! Time and chance, from one place, so that tests can set and move them.

use rand::RngCore;
use shared_protocol::{ConversationId, Group, MessageId, RelayId, RequestId, USER_IDS, UserId};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Milliseconds since 1970, monotonic time, and randomness. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    started: Instant,
    /// Set in tests: time stands still until it is moved.
    frozen: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self {
            started: Instant::now(),
            frozen: None,
        }
    }

    /// A clock that stands at `now` (milliseconds since 1970) until somebody moves it.
    pub fn frozen(now: i64) -> Self {
        Self {
            started: Instant::now(),
            frozen: Some(Arc::new(AtomicI64::new(now))),
        }
    }

    /// Moves a frozen clock; the system's clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(now) = &self.frozen {
            now.fetch_add(millis(by), Ordering::Relaxed);
        }
    }

    /// Wall time in milliseconds since 1970. Never used for order, leases or limits.
    pub fn now(&self) -> i64 {
        match &self.frozen {
            Some(now) => now.load(Ordering::Relaxed),
            None => wall(),
        }
    }

    /// Time that only moves forward, from some start.
    pub fn monotonic(&self) -> Duration {
        match &self.frozen {
            Some(now) => Duration::from_millis(now.load(Ordering::Relaxed).unsigned_abs()),
            None => self.started.elapsed(),
        }
    }

    /// Random bytes from the system's generator.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `limit`, each as likely.
    pub fn below(&self, limit: u64) -> u64 {
        rand::Rng::random_range(&mut rand::rng(), 0..limit)
    }

    /// For rows of our own: grows with time, so that an index grows at one end; positive.
    pub fn row_id(&self) -> i64 {
        Self::first_row_id(self.now()) | (self.below(1 << 22) as i64).max(1)
    }

    /// Below all row ids of this moment (milliseconds since 1970) and later, above those from before.
    pub fn first_row_id(at: i64) -> i64 {
        const EPOCH: i64 = 1_700_000_000_000;
        at.saturating_sub(EPOCH).clamp(0, (1 << 41) - 1) << 22
    }

    pub fn conversation_id(&self) -> ConversationId {
        ConversationId::new(self.row_id()).expect("row ids are positive")
    }

    pub fn request_id(&self) -> RequestId {
        RequestId::new(self.row_id()).expect("row ids are positive")
    }

    pub fn relay_id(&self) -> RelayId {
        RelayId::new(self.random())
    }

    pub fn group(&self) -> Group {
        Group::new(self.random())
    }

    /// A UUIDv7 for messages that the logic server itself writes.
    pub fn message_id(&self) -> MessageId {
        let uuid =
            uuid::Builder::from_unix_timestamp_millis(self.now().unsigned_abs(), &self.random()).into_uuid();
        MessageId::new(uuid).expect("the builder makes UUIDv7")
    }

    /// A user ID out of `range`, each as likely; whether it is free is another question.
    pub fn user_id(&self, range: &std::ops::RangeInclusive<i64>) -> UserId {
        let (low, high) = (
            (*range.start()).max(*USER_IDS.start()),
            (*range.end()).min(*USER_IDS.end()),
        );
        let number = low + self.below((high - low + 1).unsigned_abs()) as i64;
        UserId::new(number).expect("the range is within ten digits")
    }
}

/// A duration in whole milliseconds.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
fn wall() -> i64 {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).map_or(0, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_ids_grow_with_time_and_are_positive() {
        let clock = Clock::frozen(1_800_000_000_000);
        let first = clock.row_id();
        clock.advance(Duration::from_millis(1));
        assert!(0 < first && first < clock.row_id());
    }

    #[test]
    fn user_ids_stay_in_their_range() {
        let clock = Clock::system();
        for _ in 0..1000 {
            assert!(
                (5_000_000_000..=5_000_000_010)
                    .contains(&clock.user_id(&(5_000_000_000..=5_000_000_010)).number())
            );
        }
    }

    #[test]
    fn message_ids_of_our_own_are_uuid_v7() {
        assert!(
            Clock::system()
                .message_id()
                .to_string()
                .parse::<MessageId>()
                .is_ok()
        );
    }
}
