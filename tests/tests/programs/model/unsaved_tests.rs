//! One broken history per invariant of what was passed on, made by hand: each must be noticed.

use super::device::{Device, Disk};
use super::ledger::{Checked, Ledger};
use super::ledger_tests::{ANN, BOB, HISTORY, id, place, row, user, world};
use super::passing::{Passing, Way, place_of, submit};
use super::server::Truth;
use super::world::windows::{PAUSE, Windows};
use shared_protocol::{ConversationId, Group, MessageId, Problem, RelayId};
use socket_client::Rules;
use socket_client::catch_up::{TimelineEvent, Unsaved, UnsavedState};
use socket_client::outbox::{Entry, Tick};
use std::collections::BTreeMap;

/// Bob's device, whose person sees Ann's two messages stored.
fn device(rules: Rules) -> Device {
    let bob = row(1, BOB).sender;
    Device::new(&bob, RelayId::new([1; 16]), 0, &[place()], 0, rules)
}

/// What Ann has sent as her `number`th, as the relay passed it on.
fn line(number: i64) -> Unsaved {
    Unsaved {
        sender: row(1, ANN).sender,
        id: id(number),
        prev: None,
        frame: String::new(),
        body: format!("m{number}"),
        at: 0,
        receipt: String::new(),
        state: UnsavedState::Waiting,
        problem: None,
    }
}

/// What lies in the outbox of Ann's that is gone.
fn entry(number: i64) -> Entry {
    Entry {
        id: id(number),
        user: user(ANN),
        conversation: place().id,
        group: place().group,
        body: format!("m{number}"),
        at: 0,
        order: 1,
        tab: "tab".to_owned(),
        writer: None,
        emitted: true,
        refused: None,
        passed: None,
        ticked: None,
    }
}

fn truths() -> (Ledger, BTreeMap<ConversationId, Truth>) {
    let (mut ledger, truth) = world();
    ledger.check_disk(&place(), &truth, HISTORY).unwrap();
    (ledger, BTreeMap::from([(place().id, truth)]))
}

/// What is noticed of a device to which this has happened.
fn check(rules: Rules, harm: impl FnOnce(&mut Device)) -> Checked {
    let (mut ledger, truths) = truths();
    let mut device = device(rules);
    harm(&mut device);
    ledger.check_device(&device, &truths, HISTORY)
}

fn check_noticed(want: &str, rules: Rules, harm: impl FnOnce(&mut Device)) {
    let found = check(rules, harm).unwrap_err();
    assert_eq!(found.invariant, want, "{}", found.said);
}

fn hear_both(device: &mut Device) {
    device.hear_unsaved(place().id, &line(2));
    let history = HISTORY.to_owned();
    let page = shared_protocol::api::MessagePage {
        messages: vec![row(1, ANN), row(2, ANN)],
        marks: Vec::new(),
        rev: 2,
        history_id: history,
    };
    let timeline = device.timelines.get_mut(&place().id).unwrap();
    timeline.apply(TimelineEvent::Asked);
    let run = timeline.catch_up().run;
    timeline.apply(TimelineEvent::AnsweredPage { run, page, limit: 3 });
}

#[test]
fn a_marked_line_that_gives_way_to_its_row_is_good() {
    assert_eq!(check(Rules::ALL, hear_both), Ok(()));
    assert_eq!(
        check(Rules::ALL, |device| device.hear_unsaved(place().id, &line(3))),
        Ok(())
    );
}

#[test]
fn inv05_an_unsaved_line_beside_its_row_is_noticed() {
    let rules = Rules {
        stored_replaces_unsaved: false,
        ..Rules::ALL
    };
    check_noticed("inv05", rules, hear_both);
}

#[test]
fn inv06_an_unsaved_line_without_its_mark_is_noticed() {
    let rules = Rules {
        unsaved_is_marked: false,
        ..Rules::ALL
    };
    check_noticed("inv06", rules, |device| {
        device.hear_unsaved(place().id, &line(3));
    });
}

#[test]
fn inv06_a_tick_for_what_is_not_stored_is_noticed() {
    check_noticed("inv06", Rules::ALL, |device| {
        let ticked = Some(Tick {
            history: HISTORY.to_owned(),
            at: 0,
        });
        let tab = device.tab.clone();
        let entry = Entry {
            user: user(BOB),
            tab,
            ticked,
            ..entry(3)
        };
        device.write(entry, &mut Disk::new());
    });
}

#[test]
fn inv11_a_line_that_is_said_to_be_refused_and_is_stored_is_noticed() {
    check_noticed("inv11", Rules::ALL, |device| {
        device.hear_unsaved(place().id, &line(2));
        device.hear_not_saved(place().id, user(ANN), id(2));
    });
}

#[test]
fn inv12_a_refused_text_that_is_gone_is_noticed() {
    let mut ledger = Ledger::default();
    let refused = Entry {
        refused: Some(Problem::new("missing", 404, "no")),
        ..entry(4)
    };
    ledger.told_no(&refused);
    let check = |entries: Vec<Entry>| {
        let disk = Disk::from([("tab".to_owned(), entries)]);
        ledger.check_texts(&[disk]).map_err(|broken| broken.invariant)
    };
    assert_eq!(check(vec![refused.clone()]), Ok(()));
    assert_eq!(check(vec![]), Err("inv12"));
    assert_eq!(
        check(vec![entry(4)]),
        Err("inv12"),
        "nothing says that it was refused"
    );
    let body = "another text".to_owned();
    assert_eq!(
        check(vec![Entry {
            body,
            ..refused.clone()
        }]),
        Err("inv12")
    );
}

#[test]
fn inv22_a_line_that_waits_for_ever_is_noticed_unless_nobody_can_help() {
    let (mut ledger, truths) = truths();
    let check_end = |ledger: &Ledger, prev: Option<MessageId>| {
        let mut device = device(Rules::ALL);
        device.hear_unsaved(place().id, &Unsaved { prev, ..line(4) });
        hear_both(&mut device);
        ledger
            .check_end(&device, &truths, HISTORY)
            .map_err(|broken| broken.invariant)
    };
    let prev = Some(id(3));
    assert_eq!(check_end(&ledger, prev), Err("inv22"));
    ledger.lost(&[entry(4)]);
    assert_eq!(check_end(&ledger, prev), Ok(()));
    assert_eq!(
        check_end(&ledger, Some(id(2))),
        Err("inv22"),
        "the one before it is stored"
    );
    assert_eq!(check_end(&ledger, None), Err("inv22"));
}

#[test]
fn inv09_what_came_in_one_pause_and_stands_in_another_order_is_noticed() {
    let (_, truths) = truths();
    let (first, second) = ((place().id, user(ANN), id(1)), (place().id, user(ANN), id(2)));
    let check = |came: &[((ConversationId, _, _), _)], pass: i64| {
        let mut windows = Windows::default();
        for (number, (key, place)) in came.iter().enumerate() {
            windows.come(*key, *place, number as i64 * pass);
            windows.end(number as i64 * pass + pass);
        }
        windows.check(&truths).map_err(|broken| broken.invariant)
    };
    let good = [(second, (1, 8)), (first, (1, 7))];
    let bad = [(second, (1, 7)), (first, (1, 8))];
    assert_eq!(check(&good, 1), Ok(()));
    assert_eq!(check(&bad, 1), Err("inv09"));
    assert_eq!(check(&bad, PAUSE), Ok(()), "the pause was over");
}

#[test]
fn what_is_passed_on_again_keeps_its_place() {
    let (relay_id, subject, group) = (RelayId::new([1; 16]), Group::new([2; 16]), Group::new([3; 16]));
    let way = Way {
        relay_id: &relay_id,
        subject: &subject,
        group: &group,
    };
    let mut passing = Passing::default();
    let mut event = submit(way, id(1), None, "hi");
    let first = passing.receipt(&event, 1, 10);
    event.receipt = Some(first.to_string());
    assert_eq!(passing.receipt(&event, 2, 20), first);
    event.frame.push(' ');
    let other = passing.receipt(&event, 2, 20);
    assert_eq!((place_of(&first), place_of(&other)), ((1, 1), (2, 2)));
}
