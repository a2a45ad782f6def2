//! Recorded schedules of the two cores, which the page's cores replay: both must end in the same state.
//!
//! The file `recorded/schedules.json` is made here from seeds. Where a core's rules change it is made anew, and the page
//! has to follow: `TALKHUB_RECORD=1 cargo test -p socket-client --test recorded`, then commit it.
//!
//! `{"outbox": [schedule …], "timeline": [schedule …]}`. A schedule has a `title` (its seed, to be named when it fails) and
//! `steps`, in order. A step is an event of the core, in the words of the page (`OutboxEvent`, `TimelineEvent`), or a look
//! at it, which has no `kind`:
//!
//! - outbox, `tab` and `window` stand in the schedule: `{"look": now, "due": [[id, prev, receipt] …], "wake": time}`, what
//!   `due(tab, now, window)` and `wakeAt(tab)` give; absent ones are null. The first step of some is `loaded`.
//! - timeline, of the person `me`: `{"look": now, "hand_in": [[sender, id] …], "wake": time}`, what is to be handed in at
//!   `now` and when to look again.
//!
//! The last step is the `end`: `{"end": state}`.
//!
//! - outbox: `entries` as they lie on disk, `flying` (ids), `unsent` (ids in order), `history`.
//! - timeline: `rows` `[seq, rev, sender, id, body]`, `pending` `[id, state]`, `unsaved` `[sender, id, state, body]`,
//!   `cursor`, `history`, `marks` `[user, read]` by user, `complete`, `older`, `failed`, and `catch_up` as
//!   `[want, running, gapped, from, page, run]`.
//!
//! Times are milliseconds. The rows of an ack (`stored`) carry the `rev` of the server; the page takes half a step off it, so
//! that the server's own row wins, and compares `rev` rounded up.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chance;
mod outbox;
mod timeline;

use serde_json::{Value, json};
use std::path::PathBuf;

/// How many schedules of each core.
const SCHEDULES: u64 = 25;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recorded/schedules.json")
}

/// One step per line, so that a change can be read.
fn render() -> String {
    type Record = fn(u64) -> Value;
    let mut text = String::from("{");
    let cores: [(&str, Record); 2] = [("outbox", outbox::record), ("timeline", timeline::record)];
    for (number, (name, record)) in cores.into_iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        text += &format!("{comma}\n\"{name}\": [");
        for seed in 0..SCHEDULES {
            let schedule = record(seed);
            let mut head = schedule.as_object().unwrap().clone();
            let steps = head.remove("steps").unwrap();
            let lines: Vec<String> = steps.as_array().unwrap().iter().map(Value::to_string).collect();
            let head = Value::Object(head).to_string();
            let comma = if seed == 0 { "" } else { "," };
            text += &format!(
                "{comma}\n{}, \"steps\": [\n{}\n]}}",
                head.trim_end_matches('}'),
                lines.join(",\n")
            );
        }
        text += "\n]";
    }
    text + "\n}\n"
}

#[test]
fn the_recorded_schedules_are_what_the_cores_do_now() {
    let text = render();
    let read: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["outbox"].as_array().map(Vec::len), Some(SCHEDULES as usize));
    assert!(text.len() < 300_000, "{} bytes are too many to keep", text.len());
    if std::env::var_os("TALKHUB_RECORD").is_some() {
        std::fs::write(path(), text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).position(|(kept, new)| kept != new);
    assert!(
        kept == text,
        "recorded/schedules.json is stale (line {differs:?}): a core's rules have changed. \
         Run TALKHUB_RECORD=1 cargo test -p socket-client --test recorded, and let the page follow"
    );
}

/// A recording that lacks a kind of event proves nothing about it.
#[test]
fn the_recorded_schedules_have_every_kind_of_event_and_state() {
    let text = render();
    let words = [
        "loaded",
        "wrote",
        "tried",
        "emitted",
        "stored",
        "refused",
        "passed_on",
        "put_off",
        "cut",
        "hurry",
        "history",
        "again",
        "withdrew",
        "taken_over",
        "stands",
        "heard",
        "unsaved",
        "not_saved",
        "handed_in",
        "aged",
        "marked",
        "behind",
        "afresh",
        "asked",
        "answered_page",
        "answered_changes",
        "failed",
        "older_asked",
        "older_answered",
        "older_failed",
    ];
    for word in words {
        let kind = json!({ "kind": word }).to_string();
        assert!(text.contains(kind.trim_matches(['{', '}'])), "no {word}");
    }
    for state in [
        r#""ticked":{"#,
        r#""passed":{"#,
        r#""writer":"b""#,
        r#""refused":{"#,
        r#""waiting""#,
        r#""refused""#,
        r#""not_saved""#,
        r#""retryAfter":"#,
        r#""anew":"#,
        r#""too_far":true"#,
        r#""wake":null"#,
        r#""hand_in":[["#,
    ] {
        assert!(text.contains(state), "no {state}");
    }
}
