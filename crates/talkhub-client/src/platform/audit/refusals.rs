//! Refused sign-ins on their way into the audit. They wait here for a moment: whoever guesses must not be able to make the
//! database write once for each try, nor learn from the time of an answer that there is such a person.

use super::{Event, Source};
use shared_protocol::UserId;
use std::sync::{Arc, Mutex, PoisonError};

/// How many wait at most; what comes beyond is dropped, and only the log knows.
const MOST: usize = 1000;

/// Somebody was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub event: Event,
    /// Whom they said to be.
    pub user: UserId,
    pub source: Source,
}

/// Those that are not written down yet. Cheap to clone.
#[derive(Clone, Default)]
pub struct Refusals(Arc<Mutex<Vec<Refusal>>>);

impl Refusals {
    /// It is written down with the next round.
    pub fn note(&self, event: Event, user: UserId, source: Source) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            waiting.push(Refusal { event, user, source });
        }
    }

    /// Takes all that wait.
    pub fn take(&self) -> Vec<Refusal> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_taken_once() {
        let refusals = Refusals::default();
        let user = UserId::new(1_000_000_001).unwrap();
        for _ in 0..MOST + 5 {
            refusals.note(Event::SignInRefused, user, Source::default());
        }
        assert_eq!(refusals.take().len(), MOST);
        assert_eq!(refusals.take(), []);
    }
}
