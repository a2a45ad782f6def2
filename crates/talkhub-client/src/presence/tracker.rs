//! Who is there, in memory, by monotonic time: only what a live heartbeat proves.

use shared_protocol::api::{PresenceChoice, Status};
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
    /// What those who have a connection chose to be shown as; online where nothing stands here.
    choices: HashMap<UserId, PresenceChoice>,
    /// When somebody's last connection was lost.
    departures: HashMap<UserId, Duration>,
    /// Who was last told to be there, and how.
    told: HashMap<UserId, Status>,
    /// Those of `told` of whom nothing was heard since this program started.
    unheard: HashSet<UserId>,
    /// When it was last written down who is there.
    written: Option<Duration>,
    /// Parts of a full set that is still arriving, and which part comes next; none while a part is missing.
    arriving: HashSet<RelayId>,
    next_part: Option<u32>,
}

struct Heartbeat {
    user: UserId,
    at: Duration,
    /// No key and no pointer for a while, as its page says.
    idle: bool,
}

/// A connection that is there, and what is known of its person.
#[derive(Clone, Debug)]
pub struct Heard {
    pub relay_id: RelayId,
    pub user: UserId,
    pub idle: bool,
    pub choice: PresenceChoice,
}

/// Who is shown otherwise than was last told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Those who came, and those who are shown in another way now.
    pub came: Vec<(UserId, Status)>,
    pub went: Vec<UserId>,
    /// Gone since before this program started: nobody knows when they were last seen but the database.
    pub lost: Vec<UserId>,
}

impl Difference {
    /// Everybody who is named in it.
    pub fn people(&self) -> Vec<UserId> {
        let came = self.came.iter().map(|(user, _)| user);
        came.chain(&self.went).chain(&self.lost).copied().collect()
    }

    /// The same in parts of so many people.
    pub fn parts(&self, most: usize) -> Vec<Self> {
        let came = self.came.chunks(most).map(|came| Self {
            came: came.to_vec(),
            ..Self::default()
        });
        let went = self.went.chunks(most).map(|went| Self {
            went: went.to_vec(),
            ..Self::default()
        });
        let lost = self.lost.chunks(most).map(|lost| Self {
            lost: lost.to_vec(),
            ..Self::default()
        });
        came.chain(went).chain(lost).collect()
    }
}

impl Tracker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who was told to be there before this program started.
    pub fn start_with(&self, told: Vec<(UserId, Status)>, now: Duration) {
        let mut state = self.lock();
        for (user, _) in &told {
            state.departures.insert(*user, now);
            state.unheard.insert(*user);
        }
        state.told.extend(told);
    }

    /// A heartbeat of this connection.
    pub fn beat(&self, heard: Heard, now: Duration) {
        let mut state = self.lock();
        state.heard_of(heard.user, heard.choice);
        let beat = Heartbeat {
            user: heard.user,
            at: now,
            idle: heard.idle,
        };
        state.connections.insert(heard.relay_id, beat);
    }

    /// A heartbeat of a connection that only this program knows: what was heard of it meanwhile stays.
    pub fn renew(&self, heard: Heard, now: Duration) {
        let mut state = self.lock();
        let choice = state.choices.get(&heard.user).copied().unwrap_or(heard.choice);
        state.heard_of(heard.user, choice);
        let beat = state.connections.entry(heard.relay_id).or_insert(Heartbeat {
            user: heard.user,
            at: now,
            idle: heard.idle,
        });
        beat.at = now;
    }

    /// The page of this connection says whether anybody uses it; false where there is no such connection of this person.
    pub fn set_idle(&self, relay_id: &RelayId, user: UserId, idle: bool) -> bool {
        let mut state = self.lock();
        let own = state
            .connections
            .get_mut(relay_id)
            .filter(|beat| beat.user == user);
        own.map(|beat| beat.idle = idle).is_some()
    }

    /// This person chose to be shown otherwise.
    pub fn choose(&self, user: UserId, choice: PresenceChoice) {
        self.lock().choices.insert(user, choice);
    }

    /// Everybody who has a connection.
    pub fn list_heard(&self) -> Vec<UserId> {
        let state = self.lock();
        let mut people: Vec<UserId> = state.connections.values().map(|beat| beat.user).collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// Whether it is time again (once in `every`) to write down who is there.
    pub fn is_time_to_write(&self, now: Duration, every: Duration) -> bool {
        let mut state = self.lock();
        let due = state.written.is_none_or(|last| last + every <= now);
        if due {
            state.written = Some(now);
        }
        due
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
    pub fn replace(&self, here: Vec<Heard>, now: Duration) {
        let present: HashSet<&RelayId> = here.iter().map(|heard| &heard.relay_id).collect();
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
        for heard in here {
            self.beat(heard, now);
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
        let here = state.shown();
        let connected: HashSet<UserId> = state.connections.values().map(|beat| beat.user).collect();
        let stays = |user: &UserId| {
            here.contains_key(user)
                || !connected.contains(user)
                    && state
                        .departures
                        .get(user)
                        .is_some_and(|left| now < *left + grace && *left != Duration::ZERO)
        };
        let mut came: Vec<(UserId, Status)> = here
            .iter()
            .filter(|(user, status)| state.told.get(user) != Some(status))
            .map(|(user, status)| (*user, *status))
            .collect();
        let gone = state.told.keys().filter(|user| !stays(user)).copied();
        let (mut lost, mut went): (Vec<UserId>, Vec<UserId>) =
            gone.partition(|user| state.unheard.contains(user));
        came.sort_unstable_by_key(|(user, _)| *user);
        went.sort_unstable();
        lost.sort_unstable();
        Difference { came, went, lost }
    }

    /// It has been told.
    pub fn told(&self, difference: &Difference) {
        let mut state = self.lock();
        state.told.extend(difference.came.iter().copied());
        for user in difference.went.iter().chain(&difference.lost) {
            state.told.remove(user);
            state.departures.remove(user);
            state.unheard.remove(user);
        }
        let here: HashSet<UserId> = state.connections.values().map(|beat| beat.user).collect();
        state.choices.retain(|user, _| here.contains(user));
    }
}

impl State {
    fn heard_of(&mut self, user: UserId, choice: PresenceChoice) {
        self.departures.remove(&user);
        self.unheard.remove(&user);
        self.choices.insert(user, choice);
    }

    /// Who is shown as there, and how: whoever is idle on every device, or says so, is away; whoever hides is not there.
    fn shown(&self) -> HashMap<UserId, Status> {
        let mut awake: HashMap<UserId, bool> = HashMap::new();
        for beat in self.connections.values() {
            *awake.entry(beat.user).or_default() |= !beat.idle;
        }
        let status = |user: &UserId, awake: bool| match self.choices.get(user).copied().unwrap_or_default() {
            PresenceChoice::Invisible => None,
            PresenceChoice::Busy => Some(Status::Busy),
            PresenceChoice::Online if awake => Some(Status::Online),
            PresenceChoice::Online | PresenceChoice::Away => Some(Status::Away),
        };
        awake
            .into_iter()
            .filter_map(|(user, awake)| Some((user, status(&user, awake)?)))
            .collect()
    }
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
mod tests;
