//! Who counts as there, and as what.

use super::*;

const GRACE: Duration = Duration::from_secs(4);
const EXPIRY: Duration = Duration::from_secs(55);

fn ann() -> UserId {
    UserId::new(1_000_000_001).unwrap()
}

fn tab(number: u8) -> RelayId {
    RelayId::new([number; 16])
}

fn heard(relay_id: RelayId) -> Heard {
    Heard {
        relay_id,
        user: ann(),
        idle: false,
        choice: PresenceChoice::Online,
    }
}

fn secs(at: u64) -> Duration {
    Duration::from_secs(at)
}

fn check(tracker: &Tracker, at: u64, came: &[Status], went: &[UserId]) {
    let difference = tracker.difference(secs(at), EXPIRY, GRACE);
    let statuses: Vec<Status> = difference.came.iter().map(|(_, status)| *status).collect();
    assert_eq!(
        (statuses.as_slice(), difference.went.as_slice()),
        (came, went),
        "at {at} s"
    );
    tracker.told(&difference);
}

#[test]
fn two_tabs_are_one_person() {
    let tracker = Tracker::default();
    tracker.beat(heard(tab(1)), secs(1));
    tracker.beat(heard(tab(2)), secs(1));
    check(&tracker, 1, &[Status::Online], &[]);
    tracker.lose(&tab(1), false, secs(2));
    check(&tracker, 10, &[], &[]);
    tracker.lose(&tab(2), false, secs(10));
    check(&tracker, 15, &[], &[ann()]);
}

#[test]
fn a_reload_is_no_departure() {
    let tracker = Tracker::default();
    tracker.beat(heard(tab(1)), secs(1));
    check(&tracker, 1, &[Status::Online], &[]);
    tracker.lose(&tab(1), false, secs(2));
    check(&tracker, 3, &[], &[]);
    tracker.beat(heard(tab(2)), secs(4));
    check(&tracker, 9, &[], &[]);
}

#[test]
fn whoever_signs_out_is_gone_at_once() {
    let tracker = Tracker::default();
    tracker.beat(heard(tab(1)), secs(1));
    check(&tracker, 1, &[Status::Online], &[]);
    tracker.lose(&tab(1), true, secs(2));
    check(&tracker, 2, &[], &[ann()]);
}

#[test]
fn inv17_nobody_stays_green_without_a_heartbeat() {
    let tracker = Tracker::default();
    tracker.beat(heard(tab(1)), secs(1));
    check(&tracker, 1, &[Status::Online], &[]);
    check(&tracker, 56, &[], &[]);
    check(&tracker, 57, &[], &[ann()]);
}

#[test]
fn a_full_set_is_the_truth() {
    let tracker = Tracker::default();
    tracker.beat(heard(tab(1)), secs(1));
    check(&tracker, 1, &[Status::Online], &[]);
    assert_eq!(tracker.collect(0, false, vec![tab(2)]), None);
    assert_eq!(
        tracker.collect(1, true, vec![tab(3)]).map(|set| set.len()),
        Some(2)
    );
    assert_eq!(tracker.collect(0, false, vec![tab(2)]), None);
    assert_eq!(tracker.collect(2, true, vec![tab(3)]), None, "a part is missing");
    tracker.replace(Vec::new(), secs(2));
    check(&tracker, 7, &[], &[ann()]);
}

#[test]
fn c08_idle_on_every_device_is_away_and_one_key_is_enough() {
    let tracker = Tracker::default();
    tracker.beat(heard(tab(1)), secs(1));
    tracker.beat(heard(tab(2)), secs(1));
    check(&tracker, 1, &[Status::Online], &[]);
    assert!(tracker.set_idle(&tab(1), ann(), true));
    check(&tracker, 2, &[], &[]);
    assert!(tracker.set_idle(&tab(2), ann(), true));
    check(&tracker, 3, &[Status::Away], &[]);
    // The relay's next round, and a tab that comes back idle, wake nobody up. (S08)
    tracker.beat(
        Heard {
            idle: true,
            ..heard(tab(3))
        },
        secs(4),
    );
    check(&tracker, 4, &[], &[]);
    assert!(tracker.set_idle(&tab(3), ann(), false));
    check(&tracker, 5, &[Status::Online], &[]);
    let eve = UserId::new(1_000_000_002).unwrap();
    assert!(!tracker.set_idle(&tab(3), eve, true), "a foreign connection");
    assert!(!tracker.set_idle(&tab(9), ann(), true), "none at all");
    check(&tracker, 6, &[], &[]);
}

#[test]
fn c08_what_was_chosen_wins_over_what_is_true() {
    let tracker = Tracker::default();
    tracker.beat(heard(tab(1)), secs(1));
    check(&tracker, 1, &[Status::Online], &[]);
    tracker.choose(ann(), PresenceChoice::Busy);
    check(&tracker, 2, &[Status::Busy], &[]);
    tracker.set_idle(&tab(1), ann(), true);
    check(&tracker, 3, &[], &[]);
    tracker.choose(ann(), PresenceChoice::Invisible);
    check(&tracker, 4, &[], &[ann()]);
    check(&tracker, 5, &[], &[]);
    tracker.choose(ann(), PresenceChoice::Online);
    check(&tracker, 6, &[Status::Away], &[]);
}

#[test]
fn c08_a_stream_of_our_own_keeps_what_was_heard_of_it() {
    let tracker = Tracker::default();
    tracker.renew(heard(tab(1)), secs(1));
    tracker.set_idle(&tab(1), ann(), true);
    tracker.choose(ann(), PresenceChoice::Busy);
    tracker.renew(heard(tab(1)), secs(2));
    check(&tracker, 2, &[Status::Busy], &[]);
    tracker.choose(ann(), PresenceChoice::Online);
    check(&tracker, 3, &[Status::Away], &[]);
}

#[test]
fn s08_whoever_is_lost_over_a_restart_was_not_seen_just_now() {
    let tracker = Tracker::default();
    tracker.start_with(vec![(ann(), Status::Away)], secs(1));
    check(&tracker, 2, &[], &[]);
    let difference = tracker.difference(secs(6), EXPIRY, GRACE);
    assert_eq!((difference.went.len(), difference.lost), (0, vec![ann()]));
}

#[test]
fn a_difference_in_parts_names_everybody_once() {
    let people: Vec<UserId> = (0..7)
        .map(|number| UserId::new(1_000_000_000 + number).unwrap())
        .collect();
    let whole = Difference {
        came: people[..3].iter().map(|user| (*user, Status::Online)).collect(),
        went: people[3..4].to_vec(),
        lost: people[4..].to_vec(),
    };
    let parts = whole.parts(2);
    assert!(parts.iter().all(|part| (1..=2).contains(&part.people().len())));
    assert_eq!(
        parts.iter().flat_map(Difference::people).collect::<Vec<_>>(),
        people
    );
    assert!(Difference::default().parts(2).is_empty());
}
