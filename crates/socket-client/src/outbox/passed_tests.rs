//! RU5 in the outbox: what was passed on.

use super::tests::{TAB, due, entry, id, no, outbox, put_off, stored};
use super::*;

fn passed_on(number: u32, at: i64, receipt: &str, now: i64) -> OutboxEvent {
    OutboxEvent::PassedOn {
        id: id(number),
        at,
        receipt: receipt.to_owned(),
        now,
        chance: 0.5,
    }
}

fn ids(outbox: &Outbox, now: i64) -> Vec<MessageId> {
    due(outbox, now, 8).into_iter().map(|(id, _)| id).collect()
}

/// 1 and 2 were passed on at 0, 3 was not tried yet.
fn two_passed_on() -> Outbox {
    let mut outbox = outbox([1, 2, 3]);
    for number in [1, 2] {
        outbox.apply(OutboxEvent::Emitted { id: id(number) });
    }
    outbox.apply(passed_on(1, 100, "r1", 0));
    outbox.apply(passed_on(2, 101, "r2", 1));
    outbox
}

#[test]
fn s02_what_was_passed_on_is_kept_unsent_and_holds_nothing_up() {
    let outbox = two_passed_on();
    assert_eq!(outbox.unsent().count(), 3, "never a tick for it");
    assert!(!outbox.is_flying(id(1)));
    assert_eq!(due(&outbox, 2, 8), [(id(3), Some(id(2)))]);
    assert_eq!(outbox.wake_at(TAB), Some(30_000));
}

#[test]
fn s02_it_is_offered_again_in_order_with_its_receipt() {
    let mut outbox = two_passed_on();
    assert_eq!(ids(&outbox, 29_999), [id(3)]);
    let again = outbox.due(TAB, 30_000, 8);
    let receipts: Vec<_> = again.iter().map(|due| due.receipt.as_deref()).collect();
    assert_eq!(receipts, [Some("r1"), Some("r2"), None]);
    for number in [1, 2] {
        outbox.apply(OutboxEvent::Emitted { id: id(number) });
        outbox.apply(passed_on(number, 100, "r", 30_000 + i64::from(number)));
    }
    assert_eq!(
        ids(&outbox, 60_000),
        [id(3)],
        "once more passed on: it waits again"
    );
    assert_eq!(ids(&outbox, 60_001).len(), 3);
}

#[test]
fn s02_whatever_says_that_the_logic_server_is_back_offers_it_at_once() {
    let check = |event: OutboxEvent| {
        let mut outbox = two_passed_on();
        outbox.apply(OutboxEvent::Wrote { entry: entry(9, 2) });
        outbox.apply(event.clone());
        assert!(ids(&outbox, 2).starts_with(&[id(1), id(2)]), "{event:?}");
    };
    check(OutboxEvent::Hurry { now: 2 }); // `look`, a new connection, an answer after none
    check(stored(9, "h1"));
    check(OutboxEvent::History {
        history: "h2".to_owned(),
        now: 2,
    });
    let mut outbox = two_passed_on();
    outbox.apply(put_off(3, 2, Some(1000))); // it names 2, which the logic server does not know yet
    assert_eq!(ids(&outbox, 1001), []);
    assert_eq!(ids(&outbox, 1002), [id(1), id(2), id(3)]);
}

#[test]
fn s02_what_the_relay_asks_for_holds_up_everything_else_nothing() {
    let mut outbox = outbox([1, 2]);
    outbox.apply(put_off(2, 0, None));
    outbox.apply(passed_on(1, 100, "r1", 10));
    assert_eq!(ids(&outbox, 10), [id(2)], "silence before says nothing now");
    outbox.apply(put_off(2, 20, Some(5000)));
    outbox.apply(passed_on(1, 100, "r1", 30));
    assert_eq!((ids(&outbox, 5019), outbox.wake_at(TAB)), (vec![], Some(5020)));
    assert_eq!(ids(&outbox, 5020), [id(1), id(2)]);
}

#[test]
fn s02_of_two_receipts_the_earlier_counts() {
    let mut outbox = two_passed_on();
    outbox.apply(passed_on(1, 100, "same time", 3));
    outbox.apply(passed_on(2, 50, "earlier", 3));
    let receipts = outbox.due(TAB, 30_000, 8).into_iter().map(|due| due.receipt);
    let want = [Some("r1".to_owned()), Some("earlier".to_owned()), None];
    assert_eq!(receipts.collect::<Vec<_>>(), want);
}

#[test]
fn s02_a_late_passed_on_takes_back_neither_a_tick_nor_a_refusal() {
    let mut outbox = outbox([1, 2]);
    outbox.apply(stored(1, "h1"));
    outbox.apply(OutboxEvent::Refused {
        id: id(2),
        problem: no(),
    });
    outbox.apply(passed_on(1, 100, "r1", 0));
    outbox.apply(passed_on(2, 101, "r2", 0));
    assert_eq!(outbox.unsent().count(), 0);
    assert_eq!((ids(&outbox, 0), outbox.wake_at(TAB)), (vec![], None));
}

#[test]
fn inv11_a_refusal_stands_and_its_text_goes_as_a_new_message() {
    let mut outbox = two_passed_on();
    outbox.apply(OutboxEvent::Refused {
        id: id(1),
        problem: no(),
    });
    assert_eq!(outbox.entries()[0].refused, Some(no()));
    assert_eq!(ids(&outbox, 30_000), [id(2), id(3)]);
    outbox.apply(OutboxEvent::Again {
        id: id(1),
        order: 7,
        anew: Some(id(7)),
    });
    let last = outbox.due(TAB, 30_000, 8).pop().expect("it goes last");
    assert_eq!(
        (last.entry.id, last.prev, last.receipt),
        (id(7), Some(id(3)), None)
    );
    assert_eq!(last.entry.body, "message 1");
}

#[test]
fn s02_receipts_outlive_a_restart() {
    let text = serde_json::to_string(two_passed_on().entries()).unwrap();
    let mut restarted = Outbox::default();
    restarted.apply(OutboxEvent::Loaded {
        entries: serde_json::from_str(&text).unwrap(),
    });
    let first = &restarted.due(TAB, 0, 8)[0];
    assert_eq!((first.entry.id, first.receipt.as_deref()), (id(1), Some("r1")));
}

#[test]
fn events_of_passing_on_are_spelled_as_in_the_page() {
    let text = serde_json::to_string(&passed_on(1, 5, "r", 7)).unwrap();
    let want = r#"{"kind":"passed_on","id":"0192f5d0-7c1e-7abc-8def-000000000001","at":5,"receipt":"r","now":7,"chance":0.5}"#;
    assert_eq!(text, want);
}
