//! Broken histories: what is stored, and what its writers were told.

use super::*;

#[test]
fn inv01_an_acked_message_that_is_missing_or_elsewhere() {
    breaks("INV01", |record| drop(record.database.rows.pop()));
    breaks("INV01", |record| record.database.rows[1].seq = 3);
    breaks("INV01", |record| {
        record.database.rows.push(Row {
            seq: 3,
            rev: 3,
            ..row(2)
        })
    });
}

#[test]
fn inv02_another_text_or_one_that_nobody_wrote() {
    breaks("INV02", |record| {
        record.database.rows[0].body = "0:0:1 ".to_owned()
    });
    breaks("INV02", |record| record.database.rows.push(row(4)));
    breaks("INV02", |record| record.database.rows[1].sender = user(1));
}

#[test]
fn inv03_a_gap_a_repeat_a_rev_beyond_a_time_that_goes_back() {
    breaks("INV03", |record| record.database.rows[1].seq = 3);
    breaks("INV03", |record| record.database.rows[1].seq = 1);
    breaks("INV03", |record| record.database.places[0].rev = 1);
    breaks("INV03", |record| record.database.rows[1].rev = 1);
    breaks("INV03", |record| record.database.rows[1].at = 0);
    breaks("INV03", |record| record.database.places[0].seq = 3);
}

#[test]
fn inv09_messages_of_one_device_in_another_order() {
    breaks("INV09", |record| {
        record.database.rows.swap(0, 1);
        record.database.rows[0].seq = 1;
        record.database.rows[1].seq = 2;
    });
}

#[test]
fn inv12_a_refused_one_that_is_stored_or_whose_text_is_gone() {
    breaks("INV12", |record| {
        record.database.rows.push(row(3));
        record.database.places[0].seq = 3;
    });
    breaks("INV12", |record| record.devices[0].outbox.truncate(1));
    let mut record = good();
    record.devices[0].outbox.pop();
    add(&mut record, 35, What::Withdrew { who: ANN, id: id(3) });
    assert_eq!(found(&record), Vec::<&str>::new(), "its writer may throw it away");
}

#[test]
fn inv14_somebody_else_is_named_as_the_sender() {
    let mut line = stored(1);
    line.sender = user(1);
    breaks_with("INV14", 25, shows(BOB, line));
    breaks("INV14", |record| record.database.rows[0].sender = user(1));
}

#[test]
fn inv21_two_answers_or_two_rows_for_one_id() {
    let again = What::Ok {
        who: ANN,
        id: id(1),
        seq: 1,
        rev: 3,
        by: Transport::Https,
    };
    breaks_with("INV21", 25, again);
    breaks("INV21", |record| {
        record.database.rows.push(Row {
            seq: 3,
            rev: 3,
            ..row(2)
        })
    });
    breaks_with("INV21", 35, acked(3));
}

#[test]
fn inv22_a_message_that_waits_for_ever_or_is_forgotten() {
    breaks("INV22", |record| {
        let waits = (id(4), Standing::Waiting);
        record.devices[0].outbox.push(waits);
    });
    breaks_with("INV22", 25, invoke(4));
}
