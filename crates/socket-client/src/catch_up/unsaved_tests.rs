//! RU6, and the receiver's part of RU5, one by one.

use super::tests::{ME, OTHER, changes, heard, id, loaded, page, plain, row};
use super::*;
use shared_protocol::envelope::Delivery;

fn line(number: i64, sender: i64, at: i64) -> Unsaved {
    let row = row(number, number, sender, "");
    Unsaved {
        sender: row.sender,
        id: row.id,
        prev: None,
        frame: format!(r#"{{"kind":"message","body":"u{number}"}}"#),
        body: format!("u{number}"),
        at,
        receipt: format!("r{number}"),
        state: UnsavedState::Waiting,
        problem: None,
    }
}

fn unsaved(number: i64, at: i64) -> TimelineEvent {
    TimelineEvent::Unsaved {
        line: line(number, OTHER, at),
    }
}

fn not_saved(number: i64, problem: Option<Problem>) -> TimelineEvent {
    TimelineEvent::NotSaved {
        sender: UserId::new(OTHER).unwrap(),
        id: id(number),
        problem,
    }
}

/// 4, 5 and 6 of six, then what was passed on.
fn with(numbers: &[(i64, i64)]) -> Timeline {
    let mut timeline = loaded();
    for (number, at) in numbers {
        timeline.apply(unsaved(*number, *at));
    }
    timeline
}

fn shown(timeline: &Timeline) -> Vec<String> {
    let words = |line: &Line<'_>| match line {
        Line::Stored(row) => format!("{}:{}", row.seq, row.body),
        Line::Unsaved(line) => format!("{:?} {}", line.state, line.body),
        Line::Unmarked(line) => line.body.clone(),
        Line::Own(own) => format!("own {}", own.body),
    };
    timeline.lines().iter().map(words).collect()
}

#[test]
fn s02_ru6_an_unsaved_line_stands_marked_after_everything_stored() {
    let mut timeline = with(&[(21, 200), (20, 100), (21, 300)]);
    timeline.apply(heard(plain(7)));
    assert_eq!(shown(&timeline)[3..], ["7:m7", "Waiting u20", "Waiting u21"]);
    assert_eq!(timeline.cursor(), Some(7), "it moves no cursor");
}

#[test]
fn s02_ru6_the_stored_row_of_the_same_sender_and_id_replaces_it_content_too() {
    let mut timeline = with(&[(20, 100), (21, 100)]);
    timeline.apply(heard(Message {
        id: id(20),
        ..row(7, 7, ME, "somebody else's of the same id")
    }));
    assert_eq!(timeline.unsaved().len(), 2);
    timeline.apply(heard(Message {
        id: id(20),
        ..row(8, 8, OTHER, "as it is stored")
    }));
    assert_eq!(shown(&timeline)[4..], ["8:as it is stored", "Waiting u21"]);
    timeline.apply(unsaved(20, 100)); // a repeat that comes late
    timeline.apply(TimelineEvent::Asked);
    let run = timeline.catch_up().run;
    timeline.apply(TimelineEvent::AnsweredChanges {
        run,
        changes: changes(
            vec![Message {
                id: id(21),
                ..row(9, 9, OTHER, "caught up")
            }],
            Some(9),
        ),
    });
    assert_eq!(timeline.unsaved(), []);
}

#[test]
fn s02_ru6_it_outlives_a_fresh_load_that_lacks_it() {
    let mut timeline = with(&[(20, 100)]);
    timeline.apply(TimelineEvent::Afresh);
    timeline.apply(TimelineEvent::Asked);
    let run = timeline.catch_up().run;
    let page = page(1..=3, 3, "h2");
    timeline.apply(TimelineEvent::AnsweredPage { run, page, limit: 3 });
    assert_eq!(shown(&timeline)[3..], ["Waiting u20"]);
}

#[test]
fn s02_ru6_after_a_day_it_says_that_it_was_not_saved() {
    let mut timeline = with(&[(20, 100), (21, 101)]);
    timeline.apply(TimelineEvent::Aged {
        now: 100 + NOT_SAVED_AFTER_MS,
    });
    assert_eq!(shown(&timeline)[3..], ["NotSaved u20", "Waiting u21"]);
    let handed: Vec<&str> = timeline
        .to_hand_in(100 + NOT_SAVED_AFTER_MS)
        .into_iter()
        .map(|line| line.receipt.as_str())
        .collect();
    assert_eq!(handed, ["r21"]);
    timeline.apply(heard(Message {
        id: id(20),
        ..row(7, 7, OTHER, "its writer came after all")
    }));
    assert_eq!(
        shown(&timeline)[3..],
        ["7:its writer came after all", "Waiting u21"]
    );
    timeline.apply(TimelineEvent::Aged {
        now: 101 + 7 * NOT_SAVED_AFTER_MS,
    });
    assert_eq!(timeline.unsaved(), [], "some day it need not be shown any more");
}

#[test]
fn s02_ru5_after_a_minute_it_is_handed_in_and_again_while_it_waits() {
    let mut timeline = with(&[(20, 100), (21, 200)]);
    let handed = |timeline: &Timeline, now| timeline.to_hand_in(now).len();
    assert_eq!((handed(&timeline, 60_099), timeline.wake_at()), (0, Some(60_100)));
    assert_eq!((handed(&timeline, 60_100), handed(&timeline, 60_200)), (1, 2));
    timeline.apply(TimelineEvent::HandedIn { now: 60_200 });
    assert_eq!((handed(&timeline, 90_199), timeline.wake_at()), (0, Some(90_200)));
    assert_eq!(handed(&timeline, 90_200), 2);
    timeline.apply(not_saved(20, None));
    timeline.apply(not_saved(21, None));
    assert_eq!((handed(&timeline, 200_000), timeline.wake_at()), (0, None));
}

#[test]
fn s02_a_hundred_are_handed_in_at_once() {
    let lines: Vec<(i64, i64)> = (20..200).map(|number| (number, number)).collect();
    let timeline = with(&lines);
    let first: Vec<MessageId> = timeline.to_hand_in(100_000).iter().map(|line| line.id).collect();
    assert_eq!(first, (20..120).map(id).collect::<Vec<_>>());
}

#[test]
fn s02_inv22_there_is_a_bound_for_what_nobody_stores() {
    let lines: Vec<(i64, i64)> = (20..1100).map(|number| (number, number)).collect();
    assert_eq!(with(&lines).unsaved().len(), 1000);
}

#[test]
fn s02_a_refusal_is_shown_and_one_that_names_no_rule_is_not_called_so() {
    let mut timeline = with(&[(20, 1), (21, 2), (22, 3)]);
    timeline.apply(not_saved(20, None));
    timeline.apply(not_saved(21, Some(Problem::new("invalid", 400, "too long"))));
    timeline.apply(not_saved(
        22,
        Some(Problem::new("receipt-expired", 410, "too late")),
    ));
    assert_eq!(
        shown(&timeline)[3..],
        ["Refused u20", "Refused u21", "NotSaved u22"]
    );
    assert_eq!(
        timeline.unsaved()[1].problem,
        Some(Problem::new("invalid", 400, "too long"))
    );
}

#[test]
fn s02_inv05_an_own_line_is_not_shown_as_unsaved_too() {
    let mut timeline = with(&[]);
    let own = |number| TimelineEvent::Wrote {
        id: id(number),
        body: format!("{number}"),
        at: 150,
        state: PendingState::PassedOn,
        problem: None,
    };
    let mine = |number| TimelineEvent::Unsaved {
        line: line(number, ME, 100),
    };
    timeline.apply(own(20));
    timeline.apply(mine(20));
    timeline.apply(mine(21)); // of another tab of one's own …
    assert_eq!(shown(&timeline)[3..], ["Waiting u21", "own 20"]);
    timeline.apply(own(21)); // … which is gone, and whose entries this one has taken over
    assert_eq!(shown(&timeline)[3..], ["own 20", "own 21"]);
}

#[test]
fn s02_a_delivery_is_read_as_a_line_only_if_it_is_an_unsaved_message() {
    let sample = include_str!("../../../shared-protocol/wire/delivery.client.unsaved.json");
    let delivery: Delivery = serde_json::from_str(sample).unwrap();
    let sender = row(1, 1, OTHER, "").sender;
    let line = Unsaved::read(&delivery, &sender).expect("it is one");
    assert_eq!(
        (line.at, line.state, line.body.as_str()),
        (
            1_763_625_600_000,
            UnsavedState::Waiting,
            "Grüße, 世界 👋\n  second line"
        )
    );
    let handed = line.to_hand_in();
    assert_eq!(
        (Some(handed.receipt), handed.frame),
        (delivery.receipt.clone(), delivery.frame.clone())
    );
    let not = |change: fn(&mut Delivery)| {
        let mut other = delivery.clone();
        change(&mut other);
        assert_eq!(Unsaved::read(&other, &sender), None, "{other:?}");
    };
    not(|delivery| delivery.unsaved = false);
    not(|delivery| delivery.receipt = None);
    not(|delivery| delivery.id = Some("no id".to_owned()));
    not(|delivery| delivery.frame = r#"{"kind":"typing","conversation":"7","on":true}"#.to_owned());
}
