//! How much one relay ID may send: token buckets by monotonic time, and what happens to those who do not listen.

use crate::config::Config;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So much per second, so much at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    per_second: f64,
    burst: f64,
}

impl Rate {
    #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^52")]
    pub(crate) fn new(per_second: u64, burst: u64) -> Self {
        Self {
            per_second: per_second as f64,
            burst: burst as f64,
        }
    }
}

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self {
            tokens: rate.burst,
            filled: now,
        }
    }

    fn fill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * rate.per_second).min(rate.burst);
        self.filled = now;
    }

    /// Takes `cost`, or says after how long it will be there. A cost beyond the burst needs a full bucket and leaves a debt.
    pub(crate) fn take(&mut self, rate: Rate, cost: f64, now: Instant) -> Result<(), Duration> {
        self.fill(rate, now);
        let needed = cost.min(rate.burst);
        if self.tokens < needed {
            return Err(Duration::from_secs_f64((needed - self.tokens) / rate.per_second));
        }
        self.tokens -= cost;
        Ok(())
    }

    pub(crate) fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        rate.burst <= self.tokens
    }
}

/// The rates of every relay ID.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    durable: Rate,
    ephemeral: Rate,
    deliveries: Rate,
    bytes: Rate,
    patience: Duration,
}

impl Rates {
    pub(crate) fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let (deliveries, bytes) = (limits.ephemeral_deliveries_per_second, limits.bytes_per_second);
        Self {
            durable: Rate::new(limits.durable_per_second, limits.durable_burst),
            ephemeral: Rate::new(limits.ephemeral_per_second, limits.ephemeral_burst),
            deliveries: Rate::new(deliveries, deliveries),
            bytes: Rate::new(bytes, bytes),
            patience: Duration::from_millis(config.times.ignored_busy_ms),
        }
    }
}

/// What one relay ID has used. It belongs to the registration, so that connecting again gains nothing.
#[derive(Debug)]
pub(crate) struct Spent {
    durable: Bucket,
    ephemeral: Bucket,
    deliveries: Bucket,
    bytes: Bucket,
    /// Since when `busy` is being ignored, and when it was last said.
    ignored: Option<(Instant, Instant)>,
}

/// An event that may not pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMuch {
    Busy {
        retry_after_ms: u64,
    },
    /// `busy` was ignored for too long.
    Close,
}

/// A pause of at least this long shows that `busy` was heard.
const HEARD: Duration = Duration::from_secs(1);

impl Spent {
    pub(crate) fn new(rates: &Rates, now: Instant) -> Self {
        Self {
            durable: Bucket::full(rates.durable, now),
            ephemeral: Bucket::full(rates.ephemeral, now),
            deliveries: Bucket::full(rates.deliveries, now),
            bytes: Bucket::full(rates.bytes, now),
            ignored: None,
        }
    }

    /// Any event, by its size, before it is looked into.
    pub(crate) fn event(&mut self, rates: &Rates, bytes: usize, now: Instant) -> Result<(), TooMuch> {
        #[expect(clippy::cast_precision_loss, reason = "an event has at most 64 KiB")]
        let taken = self.bytes.take(rates.bytes, bytes as f64, now);
        taken.map_err(|wait| self.busy(rates, wait, now))
    }

    pub(crate) fn durable(&mut self, rates: &Rates, now: Instant) -> Result<(), TooMuch> {
        let taken = self.durable.take(rates.durable, 1.0, now);
        taken.map_err(|wait| self.busy(rates, wait, now))
    }

    pub(crate) fn ephemeral(&mut self, rates: &Rates, receivers: usize, now: Instant) -> Result<(), TooMuch> {
        #[expect(clippy::cast_precision_loss, reason = "groups are far smaller than 2^52")]
        let receivers = receivers as f64;
        let taken = self.ephemeral.take(rates.ephemeral, 1.0, now);
        let taken = taken.and_then(|()| self.deliveries.take(rates.deliveries, receivers, now));
        taken.map_err(|wait| self.busy(rates, wait, now))
    }

    fn busy(&mut self, rates: &Rates, wait: Duration, now: Instant) -> TooMuch {
        let since = match self.ignored {
            Some((since, last)) if now.saturating_duration_since(last) < HEARD => since,
            _ => now,
        };
        self.ignored = Some((since, now));
        if rates.patience <= now.saturating_duration_since(since) {
            return TooMuch::Close;
        }
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        TooMuch::Busy {
            retry_after_ms: wait.clamp(1_000, 30_000),
        }
    }
}

/// How often one connection may still try to enter the namespace. Every entry and every leaving is told to the logic server,
/// so nobody may do it without end.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    rate: Rate,
    /// `None`: it has tried too often.
    left: Arc<Mutex<Option<Bucket>>>,
}

/// A try to enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Try {
    Fair,
    /// The first that is too much: the connection is to be closed.
    TooMuch,
    /// One that was on its way when it was closed.
    Late,
}

impl Entries {
    pub(crate) fn new(config: &Config, now: Instant) -> Self {
        let most = config.limits.entries_per_second;
        let rate = Rate::new(most, most);
        Self {
            rate,
            left: Arc::new(Mutex::new(Some(Bucket::full(rate, now)))),
        }
    }

    /// Counts one more.
    pub(crate) fn note(&self, now: Instant) -> Try {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.as_mut().map(|bucket| bucket.take(self.rate, 1.0, now)) {
            Some(Ok(())) => Try::Fair,
            Some(Err(_)) => {
                *left = None;
                Try::TooMuch
            }
            None => Try::Late,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn sec27_the_burst_passes_then_the_rate() {
        let (rates, start) = (Rates::new(&Config::default()), Instant::now());
        let mut spent = Spent::new(&rates, start);
        assert!((0..60).all(|_| spent.durable(&rates, start).is_ok()));
        assert!(matches!(spent.durable(&rates, start), Err(TooMuch::Busy { .. })));
        assert!(spent.durable(&rates, at(start, 50)).is_ok());
        assert!(spent.durable(&rates, at(start, 51)).is_err());
        assert!((0..80).all(|_| spent.ephemeral(&rates, 2, start).is_ok()));
        assert!(spent.ephemeral(&rates, 2, start).is_err());
    }

    #[test]
    fn sec27_deliveries_count_by_receiver() {
        let (rates, start) = (Rates::new(&Config::default()), Instant::now());
        let mut spent = Spent::new(&rates, start);
        assert!(spent.ephemeral(&rates, 1_999, start).is_ok());
        assert!(spent.ephemeral(&rates, 2, start).is_err());
    }

    #[test]
    fn sec27_who_ignores_busy_is_closed() {
        let (rates, start) = (Rates::new(&Config::default()), Instant::now());
        let mut spent = Spent::new(&rates, start);
        let outcomes: Vec<_> = (0..400)
            .map(|step| spent.durable(&rates, at(start, step * 10)))
            .collect();
        let closed = outcomes
            .iter()
            .position(|outcome| *outcome == Err(TooMuch::Close));
        let busy = outcomes
            .iter()
            .position(|outcome| matches!(outcome, Err(TooMuch::Busy { .. })));
        let (closed, busy) = (closed.expect("closed"), busy.expect("busy"));
        assert!((300..=310).contains(&(closed - busy)), "{busy} {closed}");
    }

    #[test]
    fn sec27_who_waits_is_not_closed() {
        let (rates, start) = (Rates::new(&Config::default()), Instant::now());
        let mut spent = Spent::new(&rates, start);
        for round in 0..10 {
            let outcomes = (0..100).map(|_| spent.durable(&rates, at(start, round * 1_100)));
            assert!(outcomes.filter(|outcome| *outcome == Err(TooMuch::Close)).count() == 0);
        }
    }
}
