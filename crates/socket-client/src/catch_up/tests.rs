//! The catch-up's rules, one by one.

use super::*;
use shared_protocol::api::Person;
use shared_protocol::{ConversationId, Group};

pub(super) const ME: i64 = 1_000_000_001;
pub(super) const OTHER: i64 = 1_000_000_002;

pub(super) fn id(number: i64) -> MessageId {
    format!("0192f5d0-7c1e-7abc-8def-{number:012x}").parse().unwrap()
}

pub(super) fn row(seq: i64, rev: i64, sender: i64, body: &str) -> Message {
    let user_id = UserId::new(sender).unwrap();
    Message {
        conversation: ConversationId::new(1).unwrap(),
        seq,
        rev,
        id: id(seq),
        sender: Person {
            user_id,
            username: String::new(),
            display_name: String::new(),
            avatar_color: 0,
            subject: Group::new([1; 16]),
            avatar: None,
        },
        kind: "text".to_owned(),
        body: body.to_owned(),
        at: 0,
        sent_at: None,
    }
}

/// A message that nobody has changed.
pub(super) fn plain(seq: i64) -> Message {
    row(seq, seq, OTHER, &format!("m{seq}"))
}

pub(super) fn heard(message: Message) -> TimelineEvent {
    TimelineEvent::Heard {
        message,
        history: "h1".to_owned(),
    }
}

pub(super) fn page(seqs: std::ops::RangeInclusive<i64>, rev: i64, history: &str) -> MessagePage {
    MessagePage {
        messages: seqs.map(plain).collect(),
        marks: Vec::new(),
        rev,
        history_id: history.to_owned(),
    }
}

pub(super) fn changes(messages: Vec<Message>, upto: Option<i64>) -> Changes {
    Changes {
        messages,
        marks: Vec::new(),
        upto,
        too_far: false,
        history_id: "h1".to_owned(),
    }
}

impl Timeline {
    fn load(&mut self, page: MessagePage) {
        self.apply(TimelineEvent::Asked);
        let run = self.catch_up().run;
        self.apply(TimelineEvent::AnsweredPage { run, page, limit: 3 });
    }

    fn answer(&mut self, changes: Changes) {
        let run = self.catch_up().run;
        self.apply(TimelineEvent::AnsweredChanges { run, changes });
    }
}

/// A timeline that holds 4, 5 and 6 of six.
pub(super) fn loaded() -> Timeline {
    let mut timeline = Timeline::new(UserId::new(ME).unwrap(), Rules::ALL);
    timeline.load(page(4..=6, 6, "h1"));
    timeline
}

fn shown(timeline: &Timeline) -> Vec<String> {
    let rows = timeline.rows();
    rows.map(|held| format!("{}:{}", held.message.seq, held.message.body))
        .collect()
}

#[test]
fn opening_loads_the_latest_page() {
    let timeline = loaded();
    assert_eq!(shown(&timeline), ["4:m4", "5:m5", "6:m6"]);
    assert_eq!((timeline.cursor(), timeline.is_complete()), (Some(6), false));
    assert!(!timeline.catch_up().want);
}

#[test]
fn ru7_only_a_newer_row_goes_in() {
    let mut timeline = loaded();
    timeline.apply(heard(row(5, 9, OTHER, "new")));
    timeline.apply(heard(row(5, 8, OTHER, "old")));
    assert_eq!(shown(&timeline), ["4:m4", "5:new", "6:m6"]);
}

#[test]
fn ru7_a_row_outside_the_window_only_updates_what_is_held() {
    let mut timeline = loaded();
    timeline.apply(heard(row(2, 7, OTHER, "changed")));
    assert_eq!(shown(&timeline), ["4:m4", "5:m5", "6:m6"]);
    assert_eq!(timeline.cursor(), Some(7));
}

#[test]
fn ru8_the_cursor_moves_only_over_an_unbroken_run() {
    let mut timeline = loaded();
    timeline.apply(heard(plain(7)));
    assert_eq!((timeline.cursor(), timeline.catch_up().want), (Some(7), false));
    timeline.apply(heard(plain(9)));
    assert_eq!((timeline.cursor(), timeline.catch_up().want), (Some(7), true));
    assert_eq!(
        shown(&timeline),
        ["4:m4", "5:m5", "6:m6", "7:m7", "9:m9"],
        "it is shown all the same"
    );
    timeline.apply(TimelineEvent::Asked);
    timeline.apply(heard(plain(8)));
    assert_eq!(timeline.cursor(), Some(7), "a catch-up is running");
    timeline.answer(changes(vec![plain(8), plain(9)], Some(9)));
    assert_eq!((timeline.cursor(), timeline.catch_up().want), (Some(9), true));
}

#[test]
fn ru9_only_the_last_page_lifts_the_cursor() {
    let mut timeline = loaded();
    timeline.apply(TimelineEvent::Behind);
    timeline.apply(TimelineEvent::Asked);
    timeline.answer(changes(vec![plain(7), plain(8)], None));
    assert_eq!((timeline.cursor(), timeline.catch_up().page), (Some(8), 8));
    assert!(timeline.catch_up().running);
    timeline.answer(changes(vec![plain(9)], Some(10)));
    assert_eq!(timeline.cursor(), Some(10));
    assert!(!timeline.catch_up().running);
}

#[test]
fn too_far_loads_afresh() {
    let mut timeline = loaded();
    timeline.apply(TimelineEvent::Asked);
    timeline.answer(Changes {
        too_far: true,
        ..changes(Vec::new(), None)
    });
    assert_eq!((timeline.rows().count(), timeline.cursor()), (0, None));
    assert!(timeline.catch_up().want);
}

#[test]
fn an_answer_to_an_abandoned_catch_up_is_not_taken() {
    let mut timeline = loaded();
    timeline.apply(TimelineEvent::Asked);
    let run = timeline.catch_up().run;
    timeline.apply(TimelineEvent::Afresh);
    timeline.apply(TimelineEvent::AnsweredChanges {
        run,
        changes: changes(vec![plain(7)], Some(7)),
    });
    assert_eq!((timeline.rows().count(), timeline.cursor()), (0, None));
}

#[test]
fn ru11_heads_that_differ_start_a_catch_up() {
    let mut timeline = loaded();
    timeline.compare(6, "h1");
    assert!(!timeline.catch_up().want);
    timeline.compare(7, "h1");
    assert!(timeline.catch_up().want);
}

#[test]
fn ru12_rows_of_two_histories_are_never_mixed() {
    let mut timeline = loaded();
    timeline.apply(TimelineEvent::Heard {
        message: plain(7),
        history: "h2".to_owned(),
    });
    assert_eq!((timeline.rows().count(), timeline.cursor()), (0, None));
    // What is heard now may be of either; only the page says which holds.
    timeline.apply(TimelineEvent::Asked);
    timeline.apply(heard(row(3, 50, OTHER, "of the lost history")));
    assert_eq!(timeline.rows().count(), 0);
    let run = timeline.catch_up().run;
    timeline.apply(TimelineEvent::AnsweredPage {
        run,
        page: page(1..=3, 3, "h2"),
        limit: 3,
    });
    assert_eq!(shown(&timeline), ["1:m1", "2:m2", "3:m3"]);
    assert!(timeline.catch_up().want, "something was heard meanwhile");
    timeline.compare(3, "h3");
    assert_eq!(timeline.cursor(), None);
}

#[test]
fn an_own_line_becomes_its_row_and_nobody_elses() {
    let mut timeline = loaded();
    timeline.apply(TimelineEvent::Wrote {
        id: id(7),
        body: " hi ".to_owned(),
        at: 0,
        state: PendingState::Sending,
        problem: None,
    });
    timeline.apply(heard(row(7, 7, OTHER, "the same id")));
    assert_eq!(timeline.pending().len(), 1);
    let own = Message {
        id: id(7),
        ..row(8, 8, ME, " hi ")
    };
    let history = "h1".to_owned();
    timeline.apply(TimelineEvent::Stored {
        message: own.clone(),
        history,
    });
    assert_eq!((timeline.pending().len(), timeline.cursor()), (0, Some(7)));
    timeline.apply(heard(Message {
        body: "hi".to_owned(),
        ..own
    }));
    assert_eq!(shown(&timeline).last().map(String::as_str), Some("8:hi"));
}

#[test]
fn an_ack_before_the_first_page_leaves_the_line_until_the_page_is_there() {
    let mut timeline = Timeline::new(UserId::new(ME).unwrap(), Rules::ALL);
    timeline.apply(TimelineEvent::Wrote {
        id: id(7),
        body: "hi".to_owned(),
        at: 0,
        state: PendingState::Sending,
        problem: None,
    });
    timeline.apply(TimelineEvent::Asked);
    let run = timeline.catch_up().run;
    timeline.apply(TimelineEvent::Stored {
        message: Message {
            id: id(7),
            ..row(7, 7, ME, "hi")
        },
        history: "h1".to_owned(),
    });
    timeline.apply(TimelineEvent::AnsweredPage {
        run,
        page: page(4..=6, 6, "h1"),
        limit: 3,
    });
    assert_eq!(
        timeline.pending().len(),
        1,
        "the page may be of before it: once more"
    );
    timeline.apply(TimelineEvent::Asked);
    timeline.answer(changes(Vec::new(), Some(6)));
    assert_eq!(timeline.pending().len(), 0, "it lies outside the window");
}

#[test]
fn older_pages_join_without_a_hole_and_stale_ones_bring_the_cursor_back() {
    let mut timeline = loaded();
    timeline.apply(heard(plain(7)));
    timeline.apply(TimelineEvent::OlderAsked);
    timeline.apply(TimelineEvent::OlderAnswered {
        page: page(1..=3, 6, "h1"),
        limit: 3,
    });
    assert_eq!(timeline.rows().count(), 7);
    assert_eq!((timeline.cursor(), timeline.catch_up().want), (Some(6), true));
    let mut other = loaded();
    other.apply(TimelineEvent::OlderAnswered {
        page: page(1..=2, 6, "h1"),
        limit: 3,
    });
    assert_eq!(other.rows().count(), 3, "3 is missing between");
}

#[test]
fn inv10_a_mark_never_goes_back() {
    let mut timeline = loaded();
    let user_id = UserId::new(OTHER).unwrap();
    for read in [2, 5, 3] {
        timeline.apply(TimelineEvent::Marked {
            mark: Mark { user_id, read },
        });
    }
    assert_eq!(timeline.marks().get(&user_id), Some(&5));
}
