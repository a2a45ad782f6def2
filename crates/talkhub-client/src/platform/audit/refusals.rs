//! Refused sign-ins on their way into the audit. They wait here for a moment: whoever guesses must not be able to make the
//! database write once for each try, nor learn from the time of an answer that there is such a person.

use super::{Event, Source};
use shared_protocol::UserId;
use std::sync::{Arc, Mutex, PoisonError};

/// How many wait at most; what comes beyond is dropped, and only the log knows.
const MOST: usize = 1000;
/// How many of a kind are kept for one person and day: whoever guesses fills nothing.
pub const MOST_A_DAY: usize = 20;

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
        let same = waiting
            .iter()
            .filter(|one| one.event == event && one.user == user);
        // Nor does whoever guesses at one person crowd out what is to be told to others.
        if waiting.len() < MOST && same.count() < MOST_A_DAY {
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
        let note = |number: i64| {
            let user = UserId::new(1_000_000_000 + number).unwrap();
            refusals.note(Event::SignInRefused, user, Source::default());
        };
        (0..500).for_each(|_| note(1));
        note(2);
        assert_eq!(refusals.take().len(), MOST_A_DAY + 1);
        (0..MOST as i64 + 5).for_each(note);
        assert_eq!(refusals.take().len(), MOST);
        assert_eq!(refusals.take(), []);
    }
}
