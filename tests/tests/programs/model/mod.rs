//! The model test: seeded schedules of crashes, losses, repeats and restores, with the real commit and the real cores of a
//! device, and the invariants checked after every step.
//!
//! `TALKHUB_MODEL_SCHEDULES` says how many (1,000 if unset), `TALKHUB_MODEL_SEED` where to begin (0 if unset).

mod answers;
mod blocks;
mod chance;
mod device;
mod ledger;
mod ledger_tests;
mod passing;
mod seen;
mod server;
mod unsaved_tests;
mod world;

use ledger::Broken;
use seen::{Seen, Switches};
use server::Server;
use socket_client::Rules;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// How many schedules are tried at most until a switched off rule is noticed.
const TRIES: u64 = 400;

/// What came of many schedules.
#[derive(Default)]
struct Report {
    schedules: u64,
    seen: Seen,
    /// The first broken invariant of each kind, with its seed.
    broken: BTreeMap<&'static str, (u64, String)>,
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}: expected a number")),
    )
}

/// All schedules with all rules, run once for all the tests that look at them.
fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| {
        let first = setting("TALKHUB_MODEL_SEED").unwrap_or(0);
        let count = setting("TALKHUB_MODEL_SCHEDULES").unwrap_or(1000);
        let next = AtomicU64::new(first);
        let work = || {
            let mut server = Server::new().unwrap();
            let mut report = Report::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if first + count <= seed {
                    return report;
                }
                report.add(seed, World::new(&mut server, seed, Switches::NONE).run());
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
            let mut sum = Report::default();
            for thread in threads {
                sum.join(thread.join().unwrap());
            }
            sum
        })
    })
}

impl Report {
    fn add(&mut self, seed: u64, (seen, checked): (Seen, Result<(), Broken>)) {
        let broken = checked
            .err()
            .map(|broken| (broken.invariant, (seed, broken.said)));
        self.join(Self {
            schedules: 1,
            seen,
            broken: broken.into_iter().collect(),
        });
    }

    fn join(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.seen += other.seen;
        for (invariant, found) in other.broken {
            let first = self.broken.entry(invariant).or_insert_with(|| found.clone());
            if found.0 < first.0 {
                *first = found;
            }
        }
    }
}

/// That this invariant held in every schedule.
fn check(invariant: &str) {
    if let Some((seed, said)) = report().broken.get(invariant) {
        panic!(
            "{invariant} broke in schedule {seed}: {said}\nAgain: TALKHUB_MODEL_SEED={seed} TALKHUB_MODEL_SCHEDULES=1 cargo test -p end-to-end model"
        );
    }
}

#[test]
fn inv01_what_was_acked_is_stored_at_its_place_for_ever() {
    check("inv01");
}

#[test]
fn inv02_what_is_stored_is_what_was_written() {
    check("inv02");
}

#[test]
fn inv03_seq_has_no_gap_and_rev_only_grows() {
    check("inv03");
}

#[test]
fn inv05_nothing_is_shown_twice() {
    check("inv05");
}

#[test]
fn inv06_what_is_shown_as_stored_is_stored() {
    check("inv06");
}

#[test]
fn inv07_what_a_device_has_is_what_a_fresh_load_gives() {
    check("inv07");
}

#[test]
fn inv08_every_device_catches_up_after_the_last_fault() {
    check("inv08");
}

#[test]
fn inv09_what_one_device_writes_stays_in_order() {
    check("inv09");
}

#[test]
fn inv10_read_marks_never_go_back_and_badges_are_right() {
    check("inv10");
}

#[test]
fn inv11_what_is_shown_as_failed_is_not_stored() {
    check("inv11");
}

#[test]
fn inv12_what_is_refused_keeps_its_text() {
    check("inv12");
}

#[test]
fn inv13_nobody_reads_or_writes_where_they_do_not_belong() {
    check("inv13");
}

#[test]
fn inv21_the_same_id_has_one_effect_and_one_answer() {
    check("inv21");
}

#[test]
fn inv22_nobody_waits_for_ever() {
    check("inv22");
}

#[test]
fn inv24_after_a_restore_nothing_is_mixed_and_everything_is_offered_again() {
    check("inv24");
}

/// A run that sees nothing proves nothing.
#[test]
fn the_schedules_see_every_kind_of_fault() {
    let report = report();
    println!("{} schedules: {:?}", report.schedules, report.seen);
    let (seen, count) = (report.seen, report.schedules as usize);
    if count < 100 {
        return; // one schedule alone need not see them all
    }
    assert!(
        count < seen.acks && count < seen.frames && count < seen.stored,
        "{seen:?}"
    );
    assert!(
        count < 5 * seen.crashes && count < 10 * seen.restores && count < 5 * seen.relay_restarts,
        "{seen:?}"
    );
    assert!(count < 10 * seen.refused, "{seen:?}");
    assert!(
        count < 5 * seen.posts && count < 5 * seen.takeovers && count < 5 * seen.edits,
        "{seen:?}"
    );
    assert!(count < 10 * seen.too_far && count < 10 * seen.older, "{seen:?}");
    assert!(
        count < seen.passed_on && count < seen.unsaved && count < seen.held && count < 5 * seen.handed_in,
        "{seen:?}"
    );
    assert!(count < 20 * seen.not_saved && count < 10 * seen.gone, "{seen:?}");
    assert!(count < seen.blocks && count < seen.not_there, "{seen:?}");
}

#[test]
fn a_seed_repeats_its_schedule() {
    let (mut one, mut other) = (Server::new().unwrap(), Server::new().unwrap());
    for seed in 0..10 {
        let first = World::new(&mut one, seed, Switches::NONE).run();
        assert_eq!(
            first,
            World::new(&mut other, seed, Switches::NONE).run(),
            "{seed}"
        );
    }
}

/// That some invariant breaks without these rules.
fn check_noticed(change: impl FnOnce(&mut Switches)) {
    let mut switches = Switches::NONE;
    change(&mut switches);
    let mut server = Server::new().unwrap();
    let broken = (0..TRIES).find_map(|seed| {
        let (_, checked) = World::new(&mut server, seed, switches).run();
        checked.err().map(|broken| (seed, broken))
    });
    let (seed, broken) = broken.expect("some invariant breaks without the rule");
    println!("schedule {seed}: {} {}", broken.invariant, broken.said);
}

fn without(change: impl FnOnce(&mut Rules)) {
    check_noticed(|switches| change(&mut switches.device));
}

#[test]
fn without_ru1_an_id_per_try_is_noticed() {
    without(|rules| rules.one_id = false);
}

#[test]
fn without_ru2_sending_out_of_order_is_noticed() {
    without(|rules| rules.in_order = false);
}

#[test]
fn without_ru3_an_ack_before_the_commit_is_noticed() {
    check_noticed(|switches| switches.server.ack_after_commit = false);
}

#[test]
fn without_ru3_an_unsure_commit_taken_as_a_no_is_noticed() {
    check_noticed(|switches| switches.server.unsure_is_looked_up = false);
}

#[test]
fn without_ru3_a_repeat_that_is_not_looked_up_is_noticed() {
    check_noticed(|switches| switches.server.first_result = false);
}

#[test]
fn without_ru4_silence_taken_as_a_no_is_noticed() {
    without(|rules| rules.no_answer_is_no_refusal = false);
}

#[test]
fn without_ru5_a_submit_that_names_nothing_before_it_is_noticed() {
    without(|rules| rules.prev = false);
}

#[test]
fn without_ru5_a_prev_that_forgets_ticks_is_noticed_after_a_restore() {
    without(|rules| rules.prev_may_be_ticked = false);
}

#[test]
fn without_ru5_new_messages_before_what_was_passed_on_are_noticed() {
    check_noticed(|switches| switches.server.receipts_first = false);
}

#[test]
fn without_ru5_an_offer_without_its_receipt_is_noticed() {
    without(|rules| rules.receipts = false);
}

#[test]
fn without_ru5_what_was_passed_on_taken_as_stored_is_noticed() {
    without(|rules| rules.passed_on_is_no_tick = false);
}

#[test]
fn without_ru5_what_nobody_hands_in_is_noticed() {
    without(|rules| rules.hand_in = false);
}

#[test]
fn without_ru5_a_refusal_that_is_forgotten_is_noticed() {
    check_noticed(|switches| switches.server.refusals_stand = false);
}

#[test]
fn without_sec15_a_commit_that_knows_no_blocks_is_noticed() {
    check_noticed(|switches| switches.server.barriers = false);
}

#[test]
fn without_ru17_somebody_blocked_who_stays_in_the_group_is_noticed() {
    check_noticed(|switches| switches.server.shut_out = false);
}

#[test]
fn without_ru6_an_unsaved_line_without_its_mark_is_noticed() {
    without(|rules| rules.unsaved_is_marked = false);
}

#[test]
fn without_ru6_an_unsaved_line_beside_its_row_is_noticed() {
    without(|rules| rules.stored_replaces_unsaved = false);
}

#[test]
fn without_ru7_an_older_row_over_a_newer_one_is_noticed() {
    without(|rules| rules.newer_row_wins = false);
}

#[test]
fn without_ru8_a_cursor_that_jumps_is_noticed() {
    without(|rules| rules.unbroken_run = false);
}

#[test]
fn without_ru9_a_page_taken_as_the_last_is_noticed() {
    without(|rules| rules.last_row_pages = false);
}

#[test]
fn without_ru9_a_head_of_another_snapshot_is_noticed() {
    check_noticed(|switches| switches.server.one_snapshot = false);
}

/// They cover each other: any one of them alone would do.
#[test]
fn without_ru10_and_the_minute_of_ru11_a_missed_frame_is_noticed() {
    without(|rules| {
        rules.group_first = false;
        rules.every_minute = false;
        rules.after_waking = false;
        rules.after_boot = false;
    });
}

#[test]
fn without_ru11_a_missed_last_frame_is_noticed() {
    without(|rules| {
        rules.every_minute = false;
        rules.after_reconnect = false;
        rules.after_waking = false;
        rules.after_boot = false;
    });
}

#[test]
fn without_ru12_mixed_histories_are_noticed() {
    without(|rules| rules.one_history = false);
}

#[test]
fn without_ru12_what_a_backup_lacks_is_missed() {
    without(|rules| rules.offer_again = false);
}

#[test]
fn without_ru12_a_restore_under_the_old_name_is_noticed() {
    check_noticed(|switches| switches.server.new_history = false);
}
