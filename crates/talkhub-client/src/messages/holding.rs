//! Holding: what was passed on while we were away is stored first, in the order of passing on. Pure; the caller knows the
//! time.
//!
//! A hold begins for all when the link comes up after something was passed on, and for one conversation when the first
//! message with a receipt comes. What arrives during a hold waits for its end; then what has a receipt goes first, by
//! (boot, number), and the rest follows as it came. (RU5)

use shared_protocol::Group;
use shared_protocol::receipt::Receipt;
use std::collections::HashMap;
use std::time::Duration;

/// What waits for the end of its hold.
pub struct Holding<T> {
    pause: Duration,
    /// At most so many wait; more are given back.
    most: usize,
    all: All,
    groups: HashMap<Group, Duration>,
    held: Vec<Held<T>>,
}

/// Whether everything is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum All {
    Free,
    /// Until somebody says so.
    Closed,
    Until(Duration),
}

struct Held<T> {
    group: Group,
    passed: Option<Receipt>,
    item: T,
}

/// What becomes of something that has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// It goes on at once.
    Free(T),
    /// It waits.
    Held,
    /// There is no room.
    Full(T),
}

impl<T> Holding<T> {
    /// Holds last `pause`.
    pub fn new(pause: Duration, most: usize) -> Self {
        Self {
            pause,
            most,
            all: All::Free,
            groups: HashMap::new(),
            held: Vec::new(),
        }
    }

    /// Holds everything until [`Holding::open`].
    pub fn close(&mut self) {
        self.all = All::Closed;
    }

    /// Ends the hold for all after one more pause: those who come again have just been asked to.
    pub fn open(&mut self, now: Duration) {
        if self.all == All::Closed {
            self.all = All::Until(now + self.pause);
        }
    }

    /// Takes something for a conversation; `passed` if it was passed on.
    pub fn take(&mut self, now: Duration, group: &Group, passed: Option<&Receipt>, item: T) -> Taken<T> {
        if passed.is_some() && !self.pause.is_zero() {
            self.groups.entry(group.clone()).or_insert(now + self.pause);
        }
        if self.until(now, group).is_none() {
            return Taken::Free(item);
        }
        if self.most <= self.held.len() {
            return Taken::Full(item);
        }
        self.held.push(Held {
            group: group.clone(),
            passed: passed.cloned(),
            item,
        });
        Taken::Held
    }

    /// What need not wait any longer, in the order in which it is to be stored.
    pub fn due(&mut self, now: Duration) -> Vec<T> {
        let held = std::mem::take(&mut self.held);
        let (kept, mut due): (Vec<_>, Vec<_>) = held
            .into_iter()
            .partition(|held| self.until(now, &held.group).is_some());
        self.held = kept;
        self.groups.retain(|_, until| now < *until);
        if matches!(self.all, All::Until(until) if until <= now) {
            self.all = All::Free;
        }
        // Boots by their first receipt here: their ids say nothing about which came first.
        let mut boots: HashMap<String, i64> = HashMap::new();
        for receipt in due.iter().filter_map(|held| held.passed.as_ref()) {
            let first = boots.entry(receipt.boot.clone()).or_insert(receipt.at);
            *first = receipt.at.min(*first);
        }
        // Stable: what has no receipt keeps the order in which it came.
        due.sort_by_key(|held| match &held.passed {
            Some(receipt) => (false, boots[&receipt.boot], receipt.boot.clone(), receipt.number),
            None => (true, 0, String::new(), 0),
        });
        due.into_iter().map(|held| held.item).collect()
    }

    /// Whether anything waits, so that somebody must ask for what is due.
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty() || matches!(self.all, All::Until(_)) || !self.groups.is_empty()
    }

    /// The end of the hold that this conversation is in; `None`: in none. A hold for all without an end is far away.
    fn until(&self, now: Duration, group: &Group) -> Option<Duration> {
        let all = match self.all {
            All::Free => None,
            All::Closed => Some(Duration::MAX),
            All::Until(until) => Some(until),
        };
        let own = self.groups.get(group).copied();
        all.max(own).filter(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_protocol::receipt::{Key, Passed};

    const PAUSE: Duration = Duration::from_secs(2);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn group(number: u8) -> Group {
        Group::new([number; 16])
    }

    fn receipt(boot: &str, at: i64, number: u64) -> Receipt {
        let passed = Passed {
            subject: "s",
            group: "g",
            id: "i",
            frame: "f",
        };
        Receipt::sign(&Key::of("k"), &passed, at, boot, number)
    }

    fn holding() -> Holding<&'static str> {
        Holding::new(PAUSE, 4)
    }

    #[test]
    fn without_a_hold_everything_goes_on_at_once() {
        let mut holding = holding();
        assert_eq!(holding.take(at(1), &group(1), None, "new"), Taken::Free("new"));
        assert!(!holding.is_waiting());
    }

    #[test]
    fn inv09_after_an_absence_what_was_passed_on_comes_first_in_the_order_of_passing_on() {
        let mut holding = holding();
        holding.close();
        let (first, second) = (receipt("b", 10, 1), receipt("b", 11, 2));
        assert_eq!(holding.take(at(1), &group(1), None, "new"), Taken::Held);
        assert_eq!(
            holding.take(at(1), &group(1), Some(&second), "second"),
            Taken::Held
        );
        assert!(holding.due(at(60)).is_empty(), "nobody has opened it");
        holding.open(at(60));
        assert_eq!(
            holding.take(at(61), &group(1), Some(&first), "first"),
            Taken::Held
        );
        assert!(holding.due(at(61)).is_empty());
        assert_eq!(holding.due(at(63)), ["first", "second", "new"]);
        assert!(!holding.is_waiting());
        assert_eq!(holding.take(at(63), &group(1), None, "next"), Taken::Free("next"));
    }

    #[test]
    fn a_receipt_holds_its_own_conversation_and_no_other() {
        let mut holding = holding();
        let (first, second) = (receipt("b", 10, 1), receipt("b", 11, 2));
        assert_eq!(
            holding.take(at(1), &group(1), Some(&second), "second"),
            Taken::Held
        );
        assert_eq!(
            holding.take(at(1), &group(2), None, "other"),
            Taken::Free("other")
        );
        assert_eq!(holding.take(at(2), &group(1), Some(&first), "first"), Taken::Held);
        assert!(holding.due(at(2)).is_empty());
        assert_eq!(
            holding.due(at(3)),
            ["first", "second"],
            "the pause begins with the first to come"
        );
    }

    #[test]
    fn numbers_of_different_boots_are_told_apart_by_time() {
        let mut holding = holding();
        holding.close();
        let (old, new) = (receipt("z", 10, 900), receipt("a", 20, 1));
        assert_eq!(holding.take(at(1), &group(1), Some(&new), "new"), Taken::Held);
        assert_eq!(holding.take(at(1), &group(1), Some(&old), "old"), Taken::Held);
        holding.open(at(1));
        assert_eq!(holding.due(at(9)), ["old", "new"]);
    }

    #[test]
    fn inv22_what_waits_is_bounded() {
        let mut holding = holding();
        holding.close();
        for _ in 0..4 {
            assert_eq!(holding.take(at(1), &group(1), None, "held"), Taken::Held);
        }
        assert_eq!(holding.take(at(1), &group(1), None, "more"), Taken::Full("more"));
    }

    #[test]
    fn a_pause_of_nothing_holds_nothing() {
        let mut holding = Holding::new(Duration::ZERO, 4);
        let first = receipt("b", 10, 1);
        assert_eq!(
            holding.take(at(1), &group(1), Some(&first), "first"),
            Taken::Free("first")
        );
        holding.close();
        holding.open(at(1));
        assert_eq!(holding.take(at(1), &group(1), None, "new"), Taken::Free("new"));
    }
}
