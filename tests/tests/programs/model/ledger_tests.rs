//! One broken history per invariant, made by hand: each must be noticed.

use super::blocks::Blocks;
use super::ledger::{Checked, Ledger};
use super::server::{Place, Truth};
use shared_protocol::api::{Message, MessagePage, Person};
use shared_protocol::{ConversationId, Group, MessageId, UserId};
use socket_client::Rules;
use socket_client::catch_up::{Timeline, TimelineEvent};
use std::collections::BTreeMap;

pub(super) const ANN: i64 = 1_000_000_001;
pub(super) const BOB: i64 = 1_000_000_002;
const EVE: i64 = 1_000_000_003;
pub(super) const HISTORY: &str = "h1";

pub(super) fn user(number: i64) -> UserId {
    UserId::new(number).unwrap()
}

pub(super) fn id(number: i64) -> MessageId {
    format!("0192f5d0-7c1e-7abc-8def-{number:012x}").parse().unwrap()
}

pub(super) fn place() -> Place {
    Place {
        id: ConversationId::new(1).unwrap(),
        group: Group::new([1; 16]),
        members: [user(ANN), user(BOB)],
    }
}

pub(super) fn row(seq: i64, sender: i64) -> Message {
    Message {
        conversation: place().id,
        seq,
        rev: seq,
        id: id(seq),
        sender: Person {
            user_id: user(sender),
            username: String::new(),
            display_name: String::new(),
            avatar_color: 0,
            subject: Group::new([2; 16]),
            avatar: None,
        },
        kind: "text".to_owned(),
        body: format!("m{seq}"),
        at: 0,
        sent_at: None,
    }
}

/// Two messages of Ann's, written in this order, both acked; Bob has read one.
pub(super) fn world() -> (Ledger, Truth) {
    let mut ledger = Ledger::default();
    for seq in [1, 2] {
        let key = (place().id, user(ANN), id(seq));
        ledger.wrote(key, "tab", &format!("m{seq}"));
        ledger.acked(key, seq).unwrap();
    }
    let truth = Truth {
        rows: vec![row(1, ANN), row(2, ANN)],
        seq: 2,
        rev: 2,
        marks: vec![(user(ANN), 0, 0), (user(BOB), 1, 1)],
    };
    (ledger, truth)
}

/// That the good state is good, and what is noticed of the one that `harm` makes of it.
fn check_disk(want: &str, harm: impl FnOnce(&mut Ledger, &mut Truth)) {
    let (mut ledger, mut truth) = world();
    assert_eq!(ledger.check_disk(&place(), &truth, HISTORY), Ok(()));
    harm(&mut ledger, &mut truth);
    let found = ledger.check_disk(&place(), &truth, HISTORY).unwrap_err();
    assert_eq!(found.invariant, want, "{}", found.said);
}

/// Two rows change places.
fn swap(truth: &mut Truth) {
    truth.rows.swap(0, 1);
    for (row, seq) in truth.rows.iter_mut().zip(1..) {
        (row.seq, row.rev) = (seq, seq);
    }
}

#[test]
fn inv01_an_acked_message_that_is_missing_or_elsewhere_is_noticed() {
    check_disk("inv01", |_, truth| {
        truth.rows.pop();
        (truth.seq, truth.rev) = (1, 2);
    });
    check_disk("inv01", |_, truth| swap(truth));
}

#[test]
fn inv02_a_text_that_nobody_wrote_is_noticed() {
    check_disk("inv02", |_, truth| truth.rows[1].body.push(' '));
    check_disk("inv02", |_, truth| truth.rows[1].sender = row(1, BOB).sender);
}

#[test]
fn inv03_a_gap_and_a_rev_that_goes_back_are_noticed() {
    check_disk("inv03", |_, truth| truth.rows[1].seq = 3);
    check_disk("inv03", |_, truth| truth.rev = 1);
    check_disk("inv03", |_, truth| truth.rows[0].rev = 3);
}

#[test]
fn inv09_another_order_than_written_is_noticed() {
    let mut ledger = Ledger::default();
    for seq in [1, 2] {
        ledger.wrote((place().id, user(ANN), id(seq)), "tab", &format!("m{seq}"));
    }
    let (_, mut truth) = world();
    swap(&mut truth);
    let found = ledger.check_disk(&place(), &truth, HISTORY).unwrap_err();
    assert_eq!(found.invariant, "inv09");
}

#[test]
fn inv09_only_what_a_restore_took_the_refusal_of_back_may_be_overtaken() {
    for (refused, is_right) in [(id(1), true), (id(3), false)] {
        let mut ledger = Ledger::default();
        for seq in [1, 2, 3] {
            ledger.wrote((place().id, user(ANN), id(seq)), "tab", &format!("m{seq}"));
        }
        ledger.copied(HISTORY);
        ledger.failed((place().id, user(ANN), refused));
        ledger.restored("h2", &[]);
        let (_, mut truth) = world();
        swap(&mut truth);
        let found = ledger.check_disk(&place(), &truth, "h2");
        assert_eq!(found.is_ok(), is_right, "{found:?}");
    }
}

#[test]
fn inv10_a_mark_that_goes_back_or_too_far_and_a_wrong_badge_are_noticed() {
    check_disk("inv10", |_, truth| truth.marks[1] = (user(BOB), 0, 2));
    check_disk("inv10", |_, truth| truth.marks[1] = (user(BOB), 3, 0));
    check_disk("inv10", |_, truth| truth.marks[1] = (user(BOB), 1, 2));
}

#[test]
fn inv11_a_failed_one_that_is_stored_is_noticed() {
    check_disk("inv11", |ledger, _| ledger.failed((place().id, user(ANN), id(2))));
}

#[test]
fn inv13_a_row_of_a_stranger_is_noticed() {
    check_disk("inv13", |ledger, truth| {
        ledger.wrote((place().id, user(EVE), id(3)), "other", "m3");
        truth.rows.push(row(3, EVE));
        (truth.seq, truth.rev) = (3, 3);
    });
}

#[test]
fn inv21_two_answers_and_two_rows_for_one_id_are_noticed() {
    let (mut ledger, _) = world();
    let found = ledger.acked((place().id, user(ANN), id(1)), 7).unwrap_err();
    assert_eq!(found.invariant, "inv21");
    check_disk("inv21", |_, truth| {
        truth.rows.push(Message {
            seq: 3,
            rev: 3,
            ..row(2, ANN)
        });
        (truth.seq, truth.rev) = (3, 3);
    });
}

/// What a screen shows of a page with these rows, and what is noticed of it.
fn check_screen(rows: Vec<Message>) -> Checked {
    let (mut ledger, truth) = world();
    ledger.check_disk(&place(), &truth, HISTORY).unwrap();
    ledger.restored("h2", &[]); // an empty copy: another history, in which Bob then writes first
    ledger.wrote((place().id, user(BOB), id(1)), "other", "m1");
    let other = Truth {
        rows: vec![row(1, BOB)],
        seq: 1,
        rev: 1,
        marks: Vec::new(),
    };
    ledger.check_disk(&place(), &other, "h2").unwrap();
    let mut timeline = Timeline::new(user(ANN), Rules::ALL);
    timeline.apply(TimelineEvent::Asked);
    timeline.apply(TimelineEvent::AnsweredPage {
        run: timeline.catch_up().run,
        page: MessagePage {
            messages: rows,
            marks: Vec::new(),
            rev: 2,
            history_id: HISTORY.to_owned(),
        },
        limit: 10,
    });
    let truths = BTreeMap::from([(place().id, truth)]);
    let timelines = BTreeMap::from([(place().id, timeline)]);
    ledger.check_screen(user(ANN), &timelines, &truths, HISTORY)
}

fn check_noticed(want: &str, rows: Vec<Message>) {
    let found = check_screen(rows).unwrap_err();
    assert_eq!(found.invariant, want, "{}", found.said);
}

#[test]
fn a_screen_that_shows_what_is_stored_is_good() {
    assert_eq!(check_screen(vec![row(1, ANN), row(2, ANN)]), Ok(()));
}

#[test]
fn inv05_one_id_at_two_places_is_noticed() {
    let again = Message {
        seq: 2,
        rev: 2,
        ..row(1, ANN)
    };
    check_noticed("inv05", vec![row(1, ANN), again]);
}

#[test]
fn inv06_a_row_that_was_never_stored_is_noticed() {
    check_noticed("inv06", vec![row(1, ANN), row(2, BOB)]);
}

#[test]
fn inv07_a_missing_or_older_row_is_noticed() {
    check_noticed("inv07", vec![row(1, ANN)]);
    let older = Message {
        body: "before the edit".to_owned(),
        ..row(2, ANN)
    };
    check_noticed("inv07", vec![row(1, ANN), older]);
}

#[test]
fn inv13_a_row_of_another_conversation_is_noticed() {
    let foreign = Message {
        conversation: ConversationId::new(2).unwrap(),
        ..row(2, ANN)
    };
    check_noticed("inv13", vec![row(1, ANN), foreign]);
}

#[test]
fn inv24_rows_of_two_histories_together_are_noticed() {
    check_noticed("inv24", vec![row(1, BOB), row(2, ANN)]);
}

/// Bob has blocked Ann after her first message.
fn blocked() -> (Blocks, BTreeMap<ConversationId, Truth>) {
    let (_, mut truth) = world();
    let second = truth.rows.pop();
    let mut truths = BTreeMap::from([(place().id, truth)]);
    let mut blocks = Blocks::default();
    blocks.check_disk(&truths).unwrap();
    blocks.asked((place().id, user(BOB)));
    blocks.answered((place().id, user(BOB)));
    assert_eq!(blocks.check_disk(&truths), Ok(()), "what was there stays");
    let rows = &mut truths.get_mut(&place().id).unwrap().rows;
    rows.extend(second);
    (blocks, truths)
}

#[test]
fn inv13_what_is_stored_while_a_block_stands_is_noticed() {
    let (mut blocks, truths) = blocked();
    assert_eq!(blocks.check_disk(&truths).unwrap_err().invariant, "inv13");
    let (mut blocks, truths) = blocked();
    blocks.is_lifting((place().id, user(BOB)));
    assert_eq!(
        blocks.check_disk(&truths),
        Ok(()),
        "nobody promises it any longer"
    );
}

#[test]
fn inv13_whoever_hears_what_was_said_after_the_block_is_noticed() {
    let key = |number| (place().id, user(ANN), id(number));
    let (mut blocks, _) = blocked();
    blocks.wrote(key(2), false);
    blocks.wrote(key(3), true);
    let heard = |blocks: &Blocks, who, number| blocks.check_heard(user(who), key(number));
    assert_eq!(heard(&blocks, BOB, 3).unwrap_err().invariant, "inv13");
    assert_eq!(heard(&blocks, ANN, 3), Ok(()), "one's own");
    assert_eq!(heard(&blocks, BOB, 2), Ok(()), "the relay did not know of it yet");
    blocks.is_lifting((place().id, user(BOB)));
    assert_eq!(heard(&blocks, BOB, 3), Ok(()));
}
