//! When a device compares heads with the logic server: RU10 and RU11, without clock and network.

use crate::rules::Rules;

/// So often while the device is looked at.
const EVERY_MS: i64 = 60_000;
/// A timer that comes so much too late says that the device slept.
const DRIFT_MS: i64 = 10_000;

/// What can be a reason to compare. Times are milliseconds of this device.
#[derive(Clone, Debug, PartialEq)]
pub enum HeadsEvent {
    /// A connection to the relay is being made.
    Connecting,
    /// It is there: from now on this device is in its groups. `boot` is the relay's.
    Connected { boot: String },
    /// The device says that it has a network again.
    Online,
    /// A timer, due at `due`, has come at `now`.
    Ticked { due: i64, now: i64 },
    /// An answer of the logic server named its boot.
    Booted { boot: String },
    /// The relay asks everybody to compare.
    Look,
    /// The question is on its way.
    Asked,
    /// All heads were compared; `chance` (0 to 1) spreads the next time.
    Answered { now: i64, chance: f64 },
    /// No answer.
    Failed,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Heads {
    want: bool,
    running: bool,
    /// While a question was on its way there was a reason to ask again: the answer may be of before it.
    again: bool,
    next: i64,
    relay_boot: Option<String>,
    server_boot: Option<String>,
    rules: Rules,
}

impl Heads {
    /// Nothing compared yet. `rules` is [`Rules::ALL`] but for tests of the tests.
    pub fn new(now: i64, rules: Rules) -> Self {
        Self {
            want: false,
            running: false,
            again: false,
            next: now + EVERY_MS,
            relay_boot: None,
            server_boot: None,
            rules,
        }
    }

    /// Whether to ask now.
    pub fn is_due(&self) -> bool {
        self.want && !self.running
    }

    /// Takes what has happened.
    pub fn apply(&mut self, event: HeadsEvent) {
        let rules = self.rules;
        match event {
            // RU10: what is said between the fetch and the joining would reach nobody.
            HeadsEvent::Connecting => self.wanted(rules.after_reconnect && !rules.group_first),
            HeadsEvent::Connected { boot } => {
                self.wanted(rules.after_reconnect && rules.group_first);
                let is_other = self.relay_boot.replace(boot.clone()) != Some(boot);
                self.wanted(rules.after_boot && rules.group_first && is_other);
            }
            HeadsEvent::Online => self.wanted(rules.after_waking),
            HeadsEvent::Ticked { due, now } => {
                self.wanted(rules.after_waking && due + DRIFT_MS < now);
                self.wanted(rules.every_minute && self.next <= now);
            }
            HeadsEvent::Booted { boot } => {
                let is_other = self
                    .server_boot
                    .replace(boot.clone())
                    .is_some_and(|before| before != boot);
                self.wanted(rules.after_boot && is_other);
            }
            HeadsEvent::Look => self.wanted(true),
            HeadsEvent::Asked => {
                self.running = true;
                self.want = false;
                self.again = false;
            }
            HeadsEvent::Answered { now, chance } => {
                self.running = false;
                self.want = self.again;
                self.next = now + (EVERY_MS as f64 * (0.8 + 0.2 * chance)) as i64;
            }
            HeadsEvent::Failed => {
                self.running = false;
                self.want = true;
            }
        }
    }

    fn wanted(&mut self, reason: bool) {
        self.want |= reason;
        self.again |= reason && self.running;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared() -> Heads {
        let mut heads = Heads::new(0, Rules::ALL);
        heads.apply(HeadsEvent::Connected { boot: "r1".into() });
        heads.apply(HeadsEvent::Booted { boot: "s1".into() });
        heads.apply(HeadsEvent::Asked);
        heads.apply(HeadsEvent::Answered { now: 0, chance: 1.0 });
        heads
    }

    fn check(event: HeadsEvent, want: bool) {
        let mut heads = compared();
        heads.apply(event.clone());
        assert_eq!(heads.is_due(), want, "{event:?}");
    }

    #[test]
    fn ru10_comparing_waits_until_the_group_is_joined() {
        check(HeadsEvent::Connecting, false);
        check(HeadsEvent::Connected { boot: "r1".into() }, true);
    }

    #[test]
    fn ru11_every_reason_compares_heads() {
        check(HeadsEvent::Online, true);
        check(HeadsEvent::Look, true);
        check(HeadsEvent::Failed, true);
        check(HeadsEvent::Booted { boot: "s1".into() }, false);
        check(HeadsEvent::Booted { boot: "s2".into() }, true);
        let tick = |due, now| HeadsEvent::Ticked { due, now };
        check(tick(30_000, 30_000), false);
        check(tick(20_000, 30_001), true); // it slept
        check(tick(60_000, 60_000), true); // a minute is over
    }

    #[test]
    fn a_reason_during_a_question_asks_once_more() {
        let mut heads = compared();
        heads.apply(HeadsEvent::Look);
        heads.apply(HeadsEvent::Asked);
        heads.apply(HeadsEvent::Look);
        assert!(!heads.is_due());
        heads.apply(HeadsEvent::Answered { now: 0, chance: 0.0 });
        assert!(heads.is_due());
    }
}
