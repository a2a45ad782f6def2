//! What else can be broken: marks, sign-ins, presence, programs; and the figures.

use super::*;

#[test]
fn inv10_a_mark_that_goes_back_or_too_far_and_a_wrong_badge() {
    breaks_with("INV10", 60, read(55, 1));
    breaks("INV10", |record| record.database.places[0].members[1].1 = 1);
    breaks("INV10", |record| record.database.places[0].members[1].1 = 3);
    breaks("INV10", |record| record.devices[1].badges[0].unread = 1);
    breaks("INV10", |record| record.devices[0].screens[0].marks[1].1 = 3);
}

#[test]
fn inv15_a_socket_that_is_closed_by_nobody_else() {
    breaks("INV15", |record| {
        add(record, 20_000, fault(1, Part::LogicServer, true));
        add(record, 20_001, socket(ANN, false));
        add(record, 20_500, fault(1, Part::LogicServer, false));
    });
    let mut record = good();
    add(&mut record, 75, socket(ANN, false)); // the relay is away
    add(&mut record, 85, socket(ANN, true));
    assert_eq!(found(&record), Vec::<&str>::new());
}

#[test]
fn inv16_who_has_signed_out_is_not_out() {
    let signed_out = |status| What::Probed { who: BOB, status };
    breaks("INV16", |record| {
        remove(record, &signed_out(401));
        add(record, 40_001, signed_out(200));
    });
    // The socket is closed only after 6 s.
    let late = |record: &mut Record| {
        record.lines.retain(|line| line.t < 40_100 || line.t == 60_000);
        add(record, 46_000, socket(BOB, false));
    };
    breaks("INV16", late);
    let mut record = good();
    late(&mut record);
    add(&mut record, 39_000, fault(1, Part::Link, true));
    add(&mut record, 41_000, fault(1, Part::Link, false));
    assert_eq!(
        found(&record),
        Vec::<&str>::new(),
        "a lease ends what cannot be told"
    );
}

#[test]
fn inv17_online_without_a_heartbeat_and_offline_with_a_live_tab() {
    breaks_with("INV17", 50_000, presence(2, true));
    breaks_with("INV17", 50_000, presence(0, false));
    let mut record = good();
    add(&mut record, 50_000, presence(2, false));
    add(&mut record, 300, presence(0, false)); // the relay has just come back
    assert_eq!(found(&record), Vec::<&str>::new());
}

#[test]
fn inv18_typing_that_is_shown_twice_late_or_out_of_nothing() {
    let typing = |number| What::Typing {
        who: BOB,
        id: id(number),
        age_ms: 1,
    };
    breaks_with("INV18", 62, typing(60));
    breaks_with("INV18", 62, typing(61));
    breaks("INV18", |record| {
        remove(record, &typing(60));
        add(record, 10_061, typing(60));
    });
}

#[test]
fn inv23_a_program_that_dies_or_does_not_come_back() {
    let died = What::Died {
        part: Part::LogicServer,
        said: "a panic".to_owned(),
    };
    breaks_with("INV23", 500, died.clone());
    let late = What::Ready {
        part: Part::LogicServer,
        after_ms: 5001,
    };
    breaks_with("INV23", 20_000, late);
    let mut record = good();
    add(&mut record, 490, fault(1, Part::Database, true));
    add(&mut record, 510, fault(1, Part::Database, false));
    add(&mut record, 500, died);
    assert_eq!(
        found(&record),
        Vec::<&str>::new(),
        "without its database it cannot start"
    );
}

#[test]
fn a_machine_that_is_too_busy_excuses_slowness_and_nothing_else() {
    let mut record = good();
    let ready = What::Ready {
        part: Part::LogicServer,
        after_ms: 5001,
    };
    add(&mut record, 20_000, ready);
    add(&mut record, 20_000, presence(2, true));
    let load = What::Load {
        tasks: 13.0,
        cores: 2,
    };
    add(&mut record, 18_000, load);
    assert_eq!(found(&record), Vec::<&str>::new());
    let died = What::Died {
        part: Part::Relay,
        said: String::new(),
    };
    add(&mut record, 17_500, died);
    assert_eq!(found(&record), ["INV23"]);
}

#[test]
fn a_program_that_is_mostly_away_is_noticed() {
    breaks("UP", |record| {
        let up = What::Up {
            part: Part::Relay,
            up: true,
        };
        remove(record, &up);
    });
}

#[test]
fn the_figures_are_those_of_the_log() {
    let mut record = good();
    let passed_on = What::PassedOn {
        who: ANN,
        id: id(2),
        boot: "b".to_owned(),
        number: 1,
    };
    add(&mut record, 15, passed_on);
    let measured = measure(&record);
    assert_eq!((measured.written, measured.acked, measured.refused), (3, 2, 1));
    assert_eq!(
        (measured.passed_on, measured.lost, measured.longest_pause),
        (1, 0, 10)
    );
    assert_eq!(measured.faults, BTreeMap::from([("a fault".to_owned(), 1)]));
    record.database.rows.pop();
    assert_eq!(measure(&record).lost, 1);
    remove(&mut record, &acked(1));
    let measured = measure(&record);
    assert_eq!((measured.acked, measured.by_row), (2, 1), "its row is an ack too");
}
