//! Broken blocks: what passed while one stood, and what did not though none did.

use super::*;

/// Bob has blocked Ann from here to there.
const STOOD: (i64, i64) = (30_010, 35_000);

fn says(number: i64, t: i64) -> impl FnOnce(&mut Record) {
    move |record| add(record, t, invoke(number))
}

/// What Ann wrote is refused, and kept.
fn refuses(record: &mut Record, number: i64, t: i64) {
    let refused = What::Refused {
        who: ANN,
        id: id(number),
        problem: "/problems/not-reachable".to_owned(),
    };
    add(record, t, refused);
    record.devices[0].outbox.push((id(number), Standing::Refused));
}

/// Nothing is said about it.
fn holds(harm: impl FnOnce(&mut Record), why: &str) {
    let mut record = good();
    harm(&mut record);
    assert_eq!(found(&record), Vec::<&str>::new(), "{why}");
}

#[test]
fn inv13_something_is_stored_while_a_block_stands() {
    let late = |at| {
        move |record: &mut Record| {
            says(4, 25)(record);
            let (seq, rev) = (3, 3);
            record.database.rows.push(Row {
                seq,
                rev,
                at,
                ..row(4)
            });
            record.database.places[0].seq = 3;
            record.database.places[0].rev = 3;
            for device in &mut record.devices {
                let line = shown(4, Some(3), Mark::Stored);
                device.screens[0].lines.push(line);
                device.screens[0].cursor = Some(3);
            }
            record.devices[1].badges[0].unread = 1;
        }
    };
    breaks("INV13", late(31_000));
    holds(late(STOOD.0 - 5), "it came in before the answer");
    holds(late(STOOD.1 + 5), "after somebody asked to lift it");
}

#[test]
fn inv13_what_was_written_while_a_block_stood_is_acked_or_shown() {
    breaks("INV13", |record| {
        says(4, 31_000)(record);
        add(record, 31_100, acked(4));
    });
    let heard = |record: &mut Record| {
        says(4, 31_000)(record);
        add(record, 31_100, shows(BOB, shown(4, None, Mark::Waiting)));
        refuses(record, 4, 36_000);
    };
    breaks("INV13", heard);
    holds(
        |record| {
            heard(record);
            add(record, 29_000, fault(1, Part::Link, true));
            add(record, 29_500, fault(1, Part::Link, false));
        },
        "the relay could perhaps not be told",
    );
    holds(
        |record| {
            says(4, 31_000)(record);
            add(record, 35_100, shows(BOB, shown(4, None, Mark::Waiting)));
            refuses(record, 4, 36_000);
        },
        "it came when the block was being lifted",
    );
}

#[test]
fn inv13_a_block_that_another_try_may_have_lifted_promises_nothing() {
    holds(
        |record| {
            add(record, 29_000, blocking(false, 9)); // without an answer
            says(4, 31_000)(record);
            add(record, 31_100, shows(BOB, shown(4, None, Mark::Waiting)));
            refuses(record, 4, 34_000);
        },
        "it may be carried out now",
    );
}

#[test]
fn inv13_typing_and_being_there_are_shown_while_a_block_stands() {
    breaks("INV13", |record| {
        let (who, conversation, id) = (ANN, talk(), id(61));
        add(
            record,
            31_000,
            What::Typed {
                who,
                conversation,
                id,
            },
        );
        let (who, age_ms) = (BOB, 1);
        add(record, 31_001, What::Typing { who, id, age_ms });
    });
    let saw = |asked| What::Saw {
        who: ANN,
        other: user(1),
        asked,
    };
    breaks_with("INV13", 34_000, saw(None));
    breaks_with("INV13", 30_100, saw(Some(30_050)));
    holds(|record| add(record, 30_100, saw(None)), "it was on its way");
    holds(|record| add(record, 30_100, saw(Some(29_900))), "asked before");
    holds(|record| add(record, 36_000, saw(None)), "lifted");
}

#[test]
fn inv13_somebody_is_refused_as_blocked_who_is_not() {
    let refused = |t| {
        move |record: &mut Record| {
            says(4, t)(record);
            refuses(record, 4, t + 10);
        }
    };
    breaks("INV13", refused(20_000));
    breaks("INV13", refused(36_000));
    holds(refused(31_000), "a block stands");
    holds(refused(30_003), "it is being made");
}
