//! Streams over HTTPS for browsers that cannot reach the relay: what is told to groups is told to them too.

use serde_json::value::RawValue;
use shared_protocol::envelope::{Delivery, From, Origin};
use shared_protocol::{Class, Group, UserId};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// How many deliveries may wait for one stream; a slower one is ended, and its browser catches up.
const WAITING: usize = 512;

/// Every open stream. Cheap to clone.
#[derive(Clone, Default)]
pub struct Live {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// So that telling costs nothing while nobody listens here.
    open: AtomicUsize,
    streams: Mutex<Streams>,
}

#[derive(Default)]
struct Streams {
    last: u64,
    by_number: HashMap<u64, Stream>,
    by_group: HashMap<Group, HashSet<u64>>,
}

struct Stream {
    session: i64,
    user: UserId,
    groups: HashSet<Group>,
    sender: mpsc::Sender<Arc<str>>,
}

/// One open stream; closed when this is dropped.
pub struct Listening {
    live: Live,
    number: u64,
    receiver: mpsc::Receiver<Arc<str>>,
}

impl Listening {
    /// The next delivery as JSON; `None` when the stream has been ended.
    pub async fn next(&mut self) -> Option<Arc<str>> {
        self.receiver.recv().await
    }

    /// Enters more groups.
    pub fn join(&self, groups: &[Group]) {
        let mut streams = self.live.lock();
        for group in groups {
            streams.enter(self.number, group);
        }
    }

    /// Leaves groups.
    pub fn leave(&self, groups: &[Group]) {
        let mut streams = self.live.lock();
        for group in groups {
            streams.leave(self.number, group);
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut streams = self.live.lock();
        streams.remove(self.number);
        self.live
            .inner
            .open
            .store(streams.by_number.len(), Ordering::Relaxed);
    }
}

impl Streams {
    fn of(&self, people: &[UserId]) -> Vec<u64> {
        let theirs = self
            .by_number
            .iter()
            .filter(|(_, stream)| people.contains(&stream.user));
        theirs.map(|(number, _)| *number).collect()
    }

    fn enter(&mut self, number: u64, group: &Group) {
        if let Some(stream) = self.by_number.get_mut(&number) {
            stream.groups.insert(group.clone());
            self.by_group.entry(group.clone()).or_default().insert(number);
        }
    }

    fn leave(&mut self, number: u64, group: &Group) {
        if let Some(stream) = self.by_number.get_mut(&number) {
            stream.groups.remove(group);
        }
        if let Some(members) = self.by_group.get_mut(group) {
            members.remove(&number);
            if members.is_empty() {
                self.by_group.remove(group);
            }
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(stream) = self.by_number.remove(&number) else {
            return;
        };
        for group in stream.groups {
            self.leave(number, &group);
        }
    }
}

impl Live {
    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.inner.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a stream of this sign-in that hears these groups; `None` if the person has `most` already.
    pub fn open(&self, session: i64, user: UserId, groups: &[Group], most: usize) -> Option<Listening> {
        let mut streams = self.lock();
        if most
            <= streams
                .by_number
                .values()
                .filter(|stream| stream.user == user)
                .count()
        {
            return None;
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        streams.last += 1;
        let number = streams.last;
        streams.by_number.insert(
            number,
            Stream {
                session,
                user,
                groups: HashSet::new(),
                sender,
            },
        );
        for group in groups {
            streams.enter(number, group);
        }
        self.inner.open.store(streams.by_number.len(), Ordering::Relaxed);
        Some(Listening {
            live: self.clone(),
            number,
            receiver,
        })
    }

    /// Everybody of `people` enters this group with all their streams.
    pub fn join(&self, group: &Group, people: &[UserId]) {
        let mut streams = self.lock();
        for number in streams.of(people) {
            streams.enter(number, group);
        }
    }

    /// Everybody of `people` leaves this group with all their streams.
    pub fn leave(&self, group: &Group, people: &[UserId]) {
        let mut streams = self.lock();
        for number in streams.of(people) {
            streams.leave(number, group);
        }
    }

    /// Ends the streams of these sign-ins.
    pub fn end(&self, sessions: &[i64]) {
        let mut streams = self.lock();
        let ended: Vec<u64> = streams
            .by_number
            .iter()
            .filter(|(_, stream)| sessions.contains(&stream.session))
            .map(|(number, _)| *number)
            .collect();
        for number in ended {
            streams.remove(number);
        }
    }

    /// Hands the JSON of a frame to every stream in this group. Never waits.
    pub fn tell(&self, to: &Group, frame: &str) {
        if self.inner.open.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut streams = self.lock();
        let Some(members) = streams.by_group.get(to) else {
            return;
        };
        let delivery: Arc<str> = delivery(to, frame).get().into();
        let full: Vec<u64> = members
            .iter()
            .filter(|number| {
                let stream = streams.by_number.get(number);
                stream.is_none_or(|stream| stream.sender.try_send(delivery.clone()).is_err())
            })
            .copied()
            .collect();
        for number in full {
            streams.remove(number);
        }
    }
}

/// The same envelope as the relay hands out.
pub fn delivery(to: &Group, frame: &str) -> Box<RawValue> {
    let delivery = Delivery {
        from: From::Program(Origin::Server),
        to: to.to_string(),
        class: Class::Durable,
        frame: frame.to_owned(),
        id: None,
        at: None,
        unsaved: false,
        receipt: None,
        prev: None,
    };
    serde_json::value::to_raw_value(&delivery).expect("an envelope is plain JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(number: u8) -> Group {
        Group::new([number; 16])
    }

    fn person(number: i64) -> UserId {
        UserId::new(1_000_000_000 + number).unwrap()
    }

    fn heard(listening: &mut Listening) -> usize {
        std::iter::from_fn(|| listening.receiver.try_recv().ok()).count()
    }

    #[test]
    fn a_stream_hears_its_groups_and_no_others() {
        let live = Live::default();
        let mut ann = live.open(1, person(1), &[group(1)], 5).unwrap();
        let mut bob = live.open(2, person(2), &[group(2)], 5).unwrap();
        live.tell(&group(1), "{}");
        live.join(&group(3), &[person(2)]);
        live.tell(&group(3), "{}");
        assert_eq!((heard(&mut ann), heard(&mut bob)), (1, 1));
    }

    #[test]
    fn whoever_leaves_a_group_hears_nothing_more_of_it() {
        let live = Live::default();
        let mut ann = live.open(1, person(1), &[group(1), group(2)], 5).unwrap();
        let mut bob = live.open(2, person(2), &[group(1)], 5).unwrap();
        live.leave(&group(1), &[person(1)]);
        live.tell(&group(1), "{}");
        live.tell(&group(2), "{}");
        assert_eq!((heard(&mut ann), heard(&mut bob)), (1, 1));
        ann.leave(&[group(2)]);
        live.tell(&group(2), "{}");
        assert_eq!(heard(&mut ann), 0);
    }

    #[tokio::test]
    async fn an_ended_sign_in_hears_nothing_more() {
        let live = Live::default();
        let mut ann = live.open(1, person(1), &[group(1)], 5).unwrap();
        live.end(&[1]);
        live.tell(&group(1), "{}");
        assert_eq!(ann.next().await, None);
    }

    #[test]
    fn whoever_does_not_listen_is_ended_and_streams_are_few() {
        let live = Live::default();
        let mut ann = live.open(1, person(1), &[group(1)], 1).unwrap();
        assert!(live.open(1, person(1), &[], 1).is_none());
        for _ in 0..=WAITING {
            live.tell(&group(1), "{}");
        }
        assert_eq!(heard(&mut ann), WAITING);
        drop(ann);
        assert!(live.lock().by_number.is_empty() && live.lock().by_group.is_empty());
    }
}
