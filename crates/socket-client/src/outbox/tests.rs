//! The outbox's rules, one by one.

use super::*;

pub(super) const TAB: &str = "tab";

pub(super) fn id(number: u32) -> MessageId {
    format!("0192f5d0-7c1e-7abc-8def-{number:012x}").parse().unwrap()
}

pub(super) fn entry(number: u32, conversation: i64) -> Entry {
    Entry {
        id: id(number),
        user: UserId::new(1_000_000_001).unwrap(),
        conversation: ConversationId::new(conversation).unwrap(),
        group: Group::new([1; 16]),
        body: format!("message {number}"),
        at: 0,
        order: i64::from(number),
        tab: TAB.to_owned(),
        writer: None,
        emitted: false,
        refused: None,
        passed: None,
        ticked: None,
    }
}

/// An outbox with these messages of conversation 1.
pub(super) fn outbox(numbers: impl IntoIterator<Item = u32>) -> Outbox {
    let mut outbox = Outbox::default();
    for number in numbers {
        let entry = entry(number, 1);
        outbox.apply(OutboxEvent::Wrote { entry });
    }
    outbox
}

/// `number after prev` of what may go out.
pub(super) fn due(outbox: &Outbox, now: i64, window: usize) -> Vec<(MessageId, Option<MessageId>)> {
    let due = outbox.due(TAB, now, window).into_iter();
    due.map(|due| (due.entry.id, due.prev)).collect()
}

pub(super) fn stored(number: u32, history: &str) -> OutboxEvent {
    OutboxEvent::Stored {
        id: id(number),
        history: history.to_owned(),
        now: 0,
    }
}

pub(super) fn put_off(number: u32, now: i64, retry_after: Option<i64>) -> OutboxEvent {
    OutboxEvent::PutOff {
        id: id(number),
        now,
        chance: 0.5,
        retry_after,
    }
}

pub(super) fn no() -> Problem {
    Problem::new("invalid", 400, "no")
}

#[test]
fn ru1_an_id_is_kept_over_retries_and_restarts() {
    let mut outbox = outbox([1]);
    for now in [0, 10_000, 20_000] {
        assert_eq!(due(&outbox, now, 8), [(id(1), None)]);
        outbox.apply(OutboxEvent::Emitted { id: id(1) });
        outbox.apply(put_off(1, now, None));
    }
    let text = serde_json::to_string(outbox.entries()).unwrap();
    let mut restarted = Outbox::default();
    restarted.apply(OutboxEvent::Loaded {
        entries: serde_json::from_str(&text).unwrap(),
    });
    assert_eq!(due(&restarted, 0, 8), [(id(1), None)]);
    assert!(restarted.entries()[0].emitted);
}

#[test]
fn ru2_messages_leave_in_order_and_a_refusal_holds_nobody_up() {
    let mut outbox = outbox([2, 1, 3]);
    outbox.apply(OutboxEvent::Wrote { entry: entry(9, 2) });
    assert_eq!(
        due(&outbox, 0, 2),
        [(id(1), None), (id(2), Some(id(1))), (id(9), None)]
    );
    outbox.apply(OutboxEvent::Refused {
        id: id(2),
        problem: no(),
    });
    assert_eq!(
        due(&outbox, 0, 2),
        [(id(1), None), (id(3), Some(id(1))), (id(9), None)]
    );
    assert_eq!(outbox.due("another tab", 0, 8), []);
}

#[test]
fn ru2_a_tab_takes_over_from_tabs_that_are_gone() {
    let mut outbox = outbox([1]);
    let from = BTreeSet::from([TAB.to_owned()]);
    outbox.apply(OutboxEvent::TakenOver {
        from,
        by: "other".to_owned(),
    });
    assert_eq!(due(&outbox, 0, 8), []);
    assert_eq!(outbox.due("other", 0, 8).len(), 1);
}

/// Of conversation 1, written in these tabs in this order; all but those of `TAB` are taken over.
fn taken_over(tabs: &[&str]) -> Outbox {
    let mut outbox = Outbox::default();
    for (tab, number) in tabs.iter().zip(1..) {
        let mut entry = entry(number, 1);
        entry.tab = (*tab).to_owned();
        outbox.apply(OutboxEvent::Wrote { entry });
    }
    outbox.apply(OutboxEvent::TakenOver {
        from: tabs
            .iter()
            .filter(|tab| **tab != TAB)
            .map(|tab| (*tab).to_owned())
            .collect(),
        by: TAB.to_owned(),
    });
    outbox
}

#[test]
fn inv09_each_names_the_one_before_it_of_the_tab_that_wrote_it() {
    let mut outbox = taken_over(&[TAB, "gone", TAB, "gone", TAB]);
    let prevs = [
        (id(1), None),
        (id(2), Some(id(1))),
        (id(3), Some(id(1))),
        (id(4), Some(id(2))),
        (id(5), Some(id(3))),
    ];
    assert_eq!(due(&outbox, 0, 8), prevs);
    // 4 is stored along the chain of its own tab; 5 waits for 3 all the same.
    outbox.apply(stored(2, "h1"));
    outbox.apply(stored(4, "h1"));
    assert_eq!(due(&outbox, 0, 8), [prevs[0], prevs[2], prevs[4]]);
}

#[test]
fn inv09_a_new_start_goes_on_after_what_it_took_over() {
    let mut outbox = taken_over(&["gone", "gone", TAB, TAB]);
    let last = |outbox: &Outbox| due(outbox, 0, 8).pop();
    assert_eq!(due(&outbox, 0, 3).pop(), Some((id(3), Some(id(2)))));
    assert_eq!(last(&outbox), Some((id(4), Some(id(3)))));
    let problem = no();
    outbox.apply(OutboxEvent::Refused { id: id(3), problem });
    assert_eq!(last(&outbox), Some((id(4), Some(id(2)))), "nobody waits for a no");
}

#[test]
fn inv09_who_wrote_it_outlives_further_take_overs_and_ends_with_a_new_try() {
    let text = serde_json::to_string(taken_over(&[TAB, "gone", TAB, "gone"]).entries()).unwrap();
    let mut outbox = Outbox::default();
    outbox.apply(OutboxEvent::Loaded {
        entries: serde_json::from_str(&text).unwrap(),
    });
    outbox.apply(OutboxEvent::TakenOver {
        from: BTreeSet::from([TAB.to_owned()]),
        by: "heir".to_owned(),
    });
    let prevs = |outbox: &Outbox| -> Vec<_> {
        let due = outbox.due("heir", 0, 8).into_iter();
        due.map(|due| (due.entry.id, due.prev)).collect()
    };
    assert_eq!(prevs(&outbox)[2..], [(id(3), Some(id(1))), (id(4), Some(id(2)))]);
    let mut own = entry(5, 1);
    own.tab = "heir".to_owned();
    outbox.apply(OutboxEvent::Wrote { entry: own });
    let problem = no();
    outbox.apply(OutboxEvent::Refused { id: id(2), problem });
    outbox.apply(OutboxEvent::Again {
        id: id(2),
        order: 6,
        anew: Some(id(6)),
    });
    assert_eq!(
        prevs(&outbox)[2..],
        [(id(4), Some(id(3))), (id(5), Some(id(4))), (id(6), Some(id(5)))]
    );
}

#[test]
fn ru4_no_answer_waits_longer_each_time_and_is_never_a_refusal() {
    let mut outbox = outbox([1]);
    let mut now = 0;
    for wait in [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
        outbox.apply(OutboxEvent::Emitted { id: id(1) });
        outbox.apply(put_off(1, now, None));
        assert_eq!(outbox.wake_at(TAB), Some(now + wait));
        assert_eq!(due(&outbox, now + wait - 1, 8), []);
        now += wait;
        assert_eq!(due(&outbox, now, 8).len(), 1);
    }
    assert_eq!(outbox.entries()[0].refused, None);
    assert_eq!((back_off(1, 0.0), back_off(1, 1.0)), (700, 1300));
}

#[test]
fn ru4_what_the_server_asks_for_wins() {
    let mut outbox = outbox([1, 2]);
    outbox.apply(put_off(1, 0, Some(5000)));
    outbox.apply(OutboxEvent::Hurry { now: 100 });
    assert_eq!(due(&outbox, 4999, 8), [], "nobody hurries what was asked for");
    assert_eq!(due(&outbox, 5000, 8).len(), 2);
    outbox.apply(put_off(1, 5000, None));
    outbox.apply(OutboxEvent::Hurry { now: 5001 });
    assert_eq!(due(&outbox, 5001, 8).len(), 2);
}

#[test]
fn ru4_several_answers_of_one_burst_are_one_failure() {
    let mut outbox = outbox([1, 2, 3]);
    for number in [1, 2, 3] {
        outbox.apply(put_off(number, 0, None));
    }
    assert_eq!(outbox.wake_at(TAB), Some(1000));
}

#[test]
fn ru5_a_submit_names_the_one_before_it() {
    let mut outbox = outbox([1, 2]);
    outbox.apply(OutboxEvent::Emitted { id: id(1) });
    assert_eq!(due(&outbox, 0, 8), [(id(2), Some(id(1)))]);
    outbox.apply(stored(1, "h1"));
    assert_eq!(
        due(&outbox, 0, 8),
        [(id(2), Some(id(1)))],
        "its tick may be taken back by a restore"
    );
    outbox.apply(OutboxEvent::Cut);
    assert!(!outbox.is_flying(id(1)));
}

#[test]
fn ru12_what_had_its_tick_in_another_history_is_offered_again_in_order() {
    let mut outbox = outbox([1, 2]);
    let history = |history: &str, now| OutboxEvent::History {
        history: history.to_owned(),
        now,
    };
    outbox.apply(history("h1", 0));
    outbox.apply(stored(1, "h1"));
    assert_eq!(due(&outbox, 0, 1), [(id(2), Some(id(1)))]);
    outbox.apply(history("h2", 1));
    assert_eq!(due(&outbox, 1, 8), [(id(1), None), (id(2), Some(id(1)))]);
    outbox.apply(stored(1, "h1")); // an ack of before the restore comes late
    assert_eq!(outbox.unsent().count(), 2);
    outbox.apply(stored(1, "h2"));
    outbox.apply(stored(2, "h2"));
    assert_eq!(outbox.unsent().count(), 0);
    outbox.apply(stored(1, "h1"));
    assert_eq!(outbox.unsent().count(), 0);
    outbox.apply(history("h3", KEEP_TICKED_MS));
    assert_eq!(
        outbox.entries().len(),
        0,
        "after 24 hours nothing is offered any more"
    );
}

#[test]
fn a_refused_one_goes_again_as_the_last() {
    let mut outbox = outbox([1, 2]);
    outbox.apply(OutboxEvent::Refused {
        id: id(1),
        problem: no(),
    });
    outbox.apply(OutboxEvent::Again {
        id: id(1),
        order: 3,
        anew: Some(id(4)),
    });
    assert_eq!(due(&outbox, 0, 8), [(id(2), None), (id(4), Some(id(2)))]);
    outbox.apply(OutboxEvent::Withdrew { id: id(2) });
    assert_eq!(due(&outbox, 0, 8), [(id(4), None)]);
}

#[test]
fn events_are_spelled_as_in_the_page() {
    let text = serde_json::to_string(&put_off(1, 5, Some(7))).unwrap();
    assert_eq!(
        text,
        r#"{"kind":"put_off","id":"0192f5d0-7c1e-7abc-8def-000000000001","now":5,"chance":0.5,"retryAfter":7}"#
    );
}
