//! Who is there, in memory, by monotonic time: only what a live heartbeat proves.

use shared_protocol::{RelayId, UserId};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Cheap to clone. Times are of `Clock::monotonic`.
#[derive(Clone, Default)]
pub struct Tracker {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    connections: HashMap<RelayId, Heartbeat>,
    /// When somebody's last connection was lost.
    departures: HashMap<UserId, Duration>,
    /// Who was last told to be there.
    told: HashSet<UserId>,
    /// Parts of a full set that is still arriving, and which part comes next; none while a part is missing.
    arriving: HashSet<RelayId>,
    next_part: Option<u32>,
}

struct Heartbeat {
    user: UserId,
    at: Duration,
}

/// Who has come and who has gone since it was last told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub came: Vec<UserId>,
    pub went: Vec<UserId>,
}

impl Tracker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who was told to be there before this program started.
    pub fn start_with(&self, told: Vec<UserId>, now: Duration) {
        let mut state = self.lock();
        for user in &told {
            state.departures.insert(*user, now);
        }
        state.told.extend(told);
    }

    /// A heartbeat of this connection.
    pub fn beat(&self, relay_id: RelayId, user: UserId, now: Duration) {
        let mut state = self.lock();
        state.departures.remove(&user);
        state.connections.insert(relay_id, Heartbeat { user, at: now });
    }

    /// Whether this connection has a heartbeat, by monotonic time: no jump of the wall clock ends it.
    pub fn is_live(&self, relay_id: &RelayId) -> bool {
        self.lock().connections.contains_key(relay_id)
    }

    /// This connection is lost. `at_once`: its owner left on purpose, no grace.
    pub fn lose(&self, relay_id: &RelayId, at_once: bool, now: Duration) {
        let mut state = self.lock();
        if let Some(lost) = state.connections.remove(relay_id)
            && !state
                .connections
                .values()
                .any(|heartbeat| heartbeat.user == lost.user)
        {
            let at = if at_once { Duration::ZERO } else { now };
            state.departures.insert(lost.user, at);
        }
    }

    /// One part of the relay's full set; gives back the whole set once the last part is there.
    pub fn collect(&self, part: u32, last: bool, relay_ids: Vec<RelayId>) -> Option<HashSet<RelayId>> {
        let mut state = self.lock();
        if part == 0 {
            state.arriving.clear();
            state.next_part = Some(0);
        }
        if state.next_part != Some(part) {
            // A part was lost on the way: the next round says it all again.
            state.next_part = None;
            return None;
        }
        state.next_part = part.checked_add(1);
        state.arriving.extend(relay_ids);
        last.then(|| std::mem::take(&mut state.arriving))
    }

    /// The relay's full set: who is not in it has no connection.
    pub fn replace(&self, owners: Vec<(RelayId, UserId)>, now: Duration) {
        let present: HashSet<&RelayId> = owners.iter().map(|(relay_id, _)| relay_id).collect();
        let lost: Vec<RelayId> = {
            let state = self.lock();
            state
                .connections
                .keys()
                .filter(|relay_id| !present.contains(relay_id))
                .cloned()
                .collect()
        };
        for relay_id in lost {
            self.lose(&relay_id, false, now);
        }
        for (relay_id, user) in owners {
            self.beat(relay_id, user, now);
        }
    }

    /// What must be told now. A connection without a heartbeat for `expiry` counts no longer; somebody without any
    /// counts for `grace` more.
    pub fn difference(&self, now: Duration, expiry: Duration, grace: Duration) -> Difference {
        let mut state = self.lock();
        let silent: Vec<RelayId> = state
            .connections
            .iter()
            .filter(|(_, heartbeat)| heartbeat.at + expiry < now)
            .map(|(relay_id, _)| relay_id.clone())
            .collect();
        for relay_id in silent {
            if let Some(lost) = state.connections.remove(&relay_id) {
                state.departures.entry(lost.user).or_insert(Duration::ZERO);
            }
        }
        let here: HashSet<UserId> = state
            .connections
            .values()
            .map(|heartbeat| heartbeat.user)
            .collect();
        let stays = |user: &UserId| {
            here.contains(user)
                || state
                    .departures
                    .get(user)
                    .is_some_and(|left| now < *left + grace && *left != Duration::ZERO)
        };
        let mut came: Vec<UserId> = here
            .iter()
            .filter(|user| !state.told.contains(user))
            .copied()
            .collect();
        let mut went: Vec<UserId> = state.told.iter().filter(|user| !stays(user)).copied().collect();
        came.sort_unstable();
        went.sort_unstable();
        Difference { came, went }
    }

    /// It has been told.
    pub fn told(&self, difference: &Difference) {
        let mut state = self.lock();
        state.told.extend(&difference.came);
        for user in &difference.went {
            state.told.remove(user);
            state.departures.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(4);
    const EXPIRY: Duration = Duration::from_secs(55);

    fn ann() -> UserId {
        UserId::new(1_000_000_001).unwrap()
    }

    fn tab(number: u8) -> RelayId {
        RelayId::new([number; 16])
    }

    fn check(tracker: &Tracker, at: u64, came: &[UserId], went: &[UserId]) {
        let difference = tracker.difference(Duration::from_secs(at), EXPIRY, GRACE);
        assert_eq!(
            (difference.came.as_slice(), difference.went.as_slice()),
            (came, went),
            "at {at} s"
        );
        tracker.told(&difference);
    }

    #[test]
    fn two_tabs_are_one_person() {
        let tracker = Tracker::default();
        tracker.beat(tab(1), ann(), Duration::from_secs(1));
        tracker.beat(tab(2), ann(), Duration::from_secs(1));
        check(&tracker, 1, &[ann()], &[]);
        tracker.lose(&tab(1), false, Duration::from_secs(2));
        check(&tracker, 10, &[], &[]);
        tracker.lose(&tab(2), false, Duration::from_secs(10));
        check(&tracker, 15, &[], &[ann()]);
    }

    #[test]
    fn a_reload_is_no_departure() {
        let tracker = Tracker::default();
        tracker.beat(tab(1), ann(), Duration::from_secs(1));
        check(&tracker, 1, &[ann()], &[]);
        tracker.lose(&tab(1), false, Duration::from_secs(2));
        check(&tracker, 3, &[], &[]);
        tracker.beat(tab(2), ann(), Duration::from_secs(4));
        check(&tracker, 9, &[], &[]);
    }

    #[test]
    fn whoever_signs_out_is_gone_at_once() {
        let tracker = Tracker::default();
        tracker.beat(tab(1), ann(), Duration::from_secs(1));
        check(&tracker, 1, &[ann()], &[]);
        tracker.lose(&tab(1), true, Duration::from_secs(2));
        check(&tracker, 2, &[], &[ann()]);
    }

    #[test]
    fn inv17_nobody_stays_green_without_a_heartbeat() {
        let tracker = Tracker::default();
        tracker.beat(tab(1), ann(), Duration::from_secs(1));
        check(&tracker, 1, &[ann()], &[]);
        check(&tracker, 56, &[], &[]);
        check(&tracker, 57, &[], &[ann()]);
    }

    #[test]
    fn a_full_set_is_the_truth() {
        let tracker = Tracker::default();
        tracker.beat(tab(1), ann(), Duration::from_secs(1));
        check(&tracker, 1, &[ann()], &[]);
        assert_eq!(tracker.collect(0, false, vec![tab(2)]), None);
        assert_eq!(
            tracker.collect(1, true, vec![tab(3)]).map(|set| set.len()),
            Some(2)
        );
        assert_eq!(tracker.collect(0, false, vec![tab(2)]), None);
        assert_eq!(tracker.collect(2, true, vec![tab(3)]), None, "a part is missing");
        tracker.replace(Vec::new(), Duration::from_secs(2));
        check(&tracker, 7, &[], &[ann()]);
    }
}
