//! Holding: what was passed on while we were away is stored first, in the order of passing on. Pure; the caller knows the
//! time.
//!
//! A hold begins for all when the link comes up after something was passed on, and for one conversation when the first
//! message with a receipt comes. What arrives during a hold waits for its end; then what has a receipt goes first, by
//! (boot, number), together with what the same sender brought before it, and the rest follows as it came. (RU5)

use super::model::Author;
use shared_protocol::Group;
use shared_protocol::receipt::Receipt;
use std::collections::HashMap;
use std::time::Duration;

/// So many pauses are waited for what another boot of the relay has passed on.
const AFTER_BOTH: u32 = 3;
/// Unless that is longer than senders are patient.
const LONGEST: Duration = Duration::from_secs(8);

/// What waits for the end of its hold.
pub struct Holding<T> {
    pause: Duration,
    /// At most so many wait; more are given back.
    most: usize,
    all: All,
    /// The relay's present boot.
    boot: Option<String>,
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
    sent: Sent,
    item: T,
}

/// To which conversation something comes, from whom, and what it has if it was passed on.
#[derive(Clone, Debug)]
pub struct Sent {
    pub group: Group,
    pub author: Author,
    pub passed: Option<Receipt>,
}

/// Where something was passed on: when the first of its boot that is here, which boot, and the number.
type Place = (i64, String, u64);

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
            boot: None,
            groups: HashMap::new(),
            held: Vec::new(),
        }
    }

    /// A link is up to the relay of this boot.
    pub fn linked(&mut self, boot: &str) {
        self.boot = Some(boot.to_owned());
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

    /// Whether taking this begins a hold of its conversation. What was stored long ago and is only said again should not:
    /// the caller looks, and takes it as if it had no receipt.
    pub fn begins(&self, now: Duration, sent: &Sent) -> bool {
        sent.passed.is_some() && !self.pause.is_zero() && self.until(now, &sent.group).is_none()
    }

    /// Takes something that was sent to a conversation.
    pub fn take(&mut self, now: Duration, sent: Sent, item: T) -> Taken<T> {
        if let Some(receipt) = sent.passed.as_ref().filter(|_| !self.pause.is_zero()) {
            let until = now + self.pause_for(receipt);
            let held = self.groups.entry(sent.group.clone()).or_default();
            if *held <= now {
                *held = until;
            }
        }
        if self.until(now, &sent.group).is_none() {
            return Taken::Free(item);
        }
        if self.most <= self.held.len() {
            return Taken::Full(item);
        }
        self.held.push(Held { sent, item });
        Taken::Held
    }

    /// After the relay has died too, its clients find it again one after the other, not all in the same moment.
    fn pause_for(&self, receipt: &Receipt) -> Duration {
        match &self.boot {
            Some(boot) if *boot != receipt.boot => (self.pause * AFTER_BOTH).min(LONGEST).max(self.pause),
            _ => self.pause,
        }
    }

    /// What need not wait any longer, in the order in which it is to be stored.
    pub fn due(&mut self, now: Duration) -> Vec<T> {
        let held = std::mem::take(&mut self.held);
        let (kept, due): (Vec<_>, Vec<_>) = held
            .into_iter()
            .partition(|held| self.until(now, &held.sent.group).is_some());
        self.held = kept;
        self.groups.retain(|_, until| now < *until);
        if matches!(self.all, All::Until(until) if until <= now) {
            self.all = All::Free;
        }
        in_order(due)
    }

    /// Whether anything waits, so that somebody must ask for what is due.
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty() || matches!(self.all, All::Until(_))
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

/// What was passed on in the order of passing on, the rest as it came. What somebody brings before something of theirs
/// that was passed on goes with it: it was written before it, and may have been passed on too, without their knowing.
fn in_order<T>(due: Vec<Held<T>>) -> Vec<T> {
    // Boots by their first receipt here: their ids say nothing about which came first.
    let mut boots: HashMap<String, i64> = HashMap::new();
    for receipt in due.iter().filter_map(|held| held.sent.passed.as_ref()) {
        let first = boots.entry(receipt.boot.clone()).or_insert(receipt.at);
        *first = receipt.at.min(*first);
    }
    let mut next: HashMap<(Group, Author), Place> = HashMap::new();
    let mut placed = Vec::with_capacity(due.len());
    for Held { sent, item } in due.into_iter().rev() {
        let own = sent
            .passed
            .map(|receipt| (boots[&receipt.boot], receipt.boot, receipt.number));
        let key = (sent.group, sent.author);
        let place = own.clone().or_else(|| next.get(&key).cloned());
        if let Some(own) = &own {
            let first = next.entry(key).or_insert_with(|| own.clone());
            *first = own.clone().min(first.clone());
        }
        placed.push(((place.is_none(), place, own.is_some()), item));
    }
    placed.reverse();
    placed.sort_by(|(one, _), (other, _)| one.cmp(other)); // stable
    placed.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_protocol::UserId;
    use shared_protocol::receipt::{Key, Passed};

    const PAUSE: Duration = Duration::from_secs(2);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// To this conversation, from somebody else each time but for those whom `by` names.
    fn sent(group: u8, passed: Option<&Receipt>) -> Sent {
        by(passed.map_or(0, |receipt| receipt.number), group, passed)
    }

    fn by(author: u64, group: u8, passed: Option<&Receipt>) -> Sent {
        Sent {
            group: Group::new([group; 16]),
            author: Author::User(UserId::new(1_000_000_000 + author as i64).expect("ten digits")),
            passed: passed.cloned(),
        }
    }

    fn receipt(boot: &str, at: i64, number: u64) -> Receipt {
        let passed = Passed {
            subject: "s",
            group: "g",
            id: "i",
            frame: "f",
            prev: None,
        };
        Receipt::sign(&Key::of("k"), &passed, at, boot, number)
    }

    fn holding() -> Holding<&'static str> {
        Holding::new(PAUSE, 4)
    }

    #[test]
    fn without_a_hold_everything_goes_on_at_once() {
        let mut holding = holding();
        assert_eq!(holding.take(at(1), sent(1, None), "new"), Taken::Free("new"));
        assert!(!holding.is_waiting());
    }

    #[test]
    fn inv09_after_an_absence_what_was_passed_on_comes_first_in_the_order_of_passing_on() {
        let mut holding = holding();
        holding.close();
        let (first, second) = (receipt("b", 10, 1), receipt("b", 11, 2));
        assert_eq!(holding.take(at(1), sent(1, None), "new"), Taken::Held);
        assert_eq!(holding.take(at(1), sent(1, Some(&second)), "second"), Taken::Held);
        assert!(holding.due(at(60)).is_empty(), "nobody has opened it");
        holding.open(at(60));
        assert_eq!(holding.take(at(61), sent(1, Some(&first)), "first"), Taken::Held);
        assert!(holding.due(at(61)).is_empty());
        assert_eq!(holding.due(at(63)), ["first", "second", "new"]);
        assert!(!holding.is_waiting());
        assert_eq!(holding.take(at(63), sent(1, None), "next"), Taken::Free("next"));
    }

    #[test]
    fn a_receipt_holds_its_own_conversation_and_no_other() {
        let mut holding = holding();
        let (first, second) = (receipt("b", 10, 1), receipt("b", 11, 2));
        assert_eq!(holding.take(at(1), sent(1, Some(&second)), "second"), Taken::Held);
        assert_eq!(holding.take(at(1), sent(2, None), "other"), Taken::Free("other"));
        assert_eq!(holding.take(at(2), sent(1, Some(&first)), "first"), Taken::Held);
        assert!(holding.due(at(2)).is_empty());
        assert_eq!(
            holding.due(at(3)),
            ["first", "second"],
            "the pause begins with the first to come"
        );
    }

    #[test]
    fn what_is_held_already_begins_no_hold() {
        let mut holding = holding();
        let first = receipt("b", 10, 1);
        assert!(!holding.begins(at(1), &sent(1, None)));
        assert!(holding.begins(at(1), &sent(1, Some(&first))));
        assert_eq!(holding.take(at(1), sent(1, Some(&first)), "first"), Taken::Held);
        assert!(!holding.begins(at(2), &sent(1, Some(&first))));
        assert!(holding.begins(at(2), &sent(2, Some(&first))));
    }

    #[test]
    fn after_a_new_boot_of_the_relay_a_conversation_waits_for_those_who_reconnect() {
        let mut holding = holding();
        let (first, second) = (receipt("old", 10, 1), receipt("old", 11, 2));
        holding.linked("new");
        assert_eq!(holding.take(at(1), sent(1, Some(&second)), "second"), Taken::Held);
        assert!(holding.due(at(5)).is_empty());
        assert_eq!(holding.take(at(5), sent(1, Some(&first)), "first"), Taken::Held);
        assert_eq!(holding.due(at(7)), ["first", "second"]);
    }

    #[test]
    fn numbers_of_different_boots_are_told_apart_by_time() {
        let mut holding = holding();
        holding.close();
        let (old, new) = (receipt("z", 10, 900), receipt("a", 20, 1));
        assert_eq!(holding.take(at(1), sent(1, Some(&new)), "new"), Taken::Held);
        assert_eq!(holding.take(at(1), sent(1, Some(&old)), "old"), Taken::Held);
        holding.open(at(1));
        assert_eq!(holding.due(at(9)), ["old", "new"]);
    }

    #[test]
    fn inv09_what_somebody_brings_before_something_that_was_passed_on_goes_with_it() {
        let mut holding = Holding::new(PAUSE, 9);
        holding.close();
        let (first, second, third) = (receipt("b", 10, 1), receipt("b", 11, 2), receipt("b", 12, 3));
        for (author, passed, item) in [
            (7, None, "ann's unheard"),
            (7, Some(&third), "ann's third"),
            (7, Some(&second), "ann's second"),
            (7, None, "ann's new"),
            (8, None, "bob's new"),
            (9, Some(&first), "eve's first"),
        ] {
            assert_eq!(holding.take(at(1), by(author, 1, passed), item), Taken::Held);
        }
        assert_eq!(
            holding.take(at(1), by(8, 2, Some(&first)), "bob's elsewhere"),
            Taken::Held
        );
        holding.open(at(1));
        let due = holding.due(at(9));
        let here: Vec<&str> = due
            .into_iter()
            .filter(|item| *item != "bob's elsewhere")
            .collect();
        assert_eq!(
            here,
            [
                "eve's first",
                "ann's unheard",
                "ann's second",
                "ann's third",
                "ann's new",
                "bob's new"
            ]
        );
    }

    #[test]
    fn inv22_what_waits_is_bounded() {
        let mut holding = holding();
        holding.close();
        for _ in 0..4 {
            assert_eq!(holding.take(at(1), sent(1, None), "held"), Taken::Held);
        }
        assert_eq!(holding.take(at(1), sent(1, None), "more"), Taken::Full("more"));
    }

    #[test]
    fn a_pause_of_nothing_holds_nothing() {
        let mut holding = Holding::new(Duration::ZERO, 4);
        let first = receipt("b", 10, 1);
        assert_eq!(
            holding.take(at(1), sent(1, Some(&first)), "first"),
            Taken::Free("first")
        );
        holding.close();
        holding.open(at(1));
        assert_eq!(holding.take(at(1), sent(1, None), "new"), Taken::Free("new"));
    }
}
