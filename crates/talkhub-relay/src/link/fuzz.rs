//! Made-up messages of a logic server: refused as a whole with the line named, or understood as the shared types have it.

use super::down::obey;
use super::queue::{Link, Settled};
use crate::client::Identity;
use crate::config::Config;
use crate::event::Incoming;
use crate::fuzz::{broken, check, jsonlike};
use crate::limits::{Rates, Spent};
use crate::relay::Relay;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use shared_protocol::RelayId;
use shared_protocol::internal::Down;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Instant;

const NAMES: &[&str] = &[
    "kind",
    "r",
    "status",
    "seq",
    "rev",
    "at",
    "history_id",
    "frame",
    "problem",
    "retry_after_ms",
    "to",
    "class",
    "except",
    "type",
    "title",
];
const WORDS: &[&str] = &[
    "settle",
    "forward",
    "look",
    "stored",
    "refused",
    "busy",
    "durable",
    "ephemeral",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "{}",
];

/// Lines of the protocol, some with a field of another kind or without one.
fn linelike() -> impl Strategy<Value = Value> {
    let good = select(vec![
        json!({"kind": "settle", "r": 0, "status": "stored", "seq": 1, "rev": 2, "at": 3, "history_id": "h", "frame": "{}"}),
        json!({"kind": "settle", "r": 0, "status": "refused", "problem": {"type": "/x", "title": "no", "status": 403}}),
        json!({"kind": "settle", "r": 9, "status": "busy", "retry_after_ms": 7}),
        json!({"kind": "forward", "to": WORDS[8], "frame": "{}", "class": "durable", "except": WORDS[8]}),
        json!({"kind": "look"}),
    ]);
    let change = proptest::option::of((select(NAMES), proptest::option::of(jsonlike(NAMES, WORDS))));
    let changed = (good, change).prop_map(|(mut line, change)| {
        match change {
            Some((name, Some(other))) => line[name] = other,
            Some((name, None)) => drop(line.as_object_mut().expect("an object").remove(name)),
            None => {}
        }
        line
    });
    prop_oneof![8 => changed, 1 => jsonlike(NAMES, WORDS)]
}

/// A link on which one event waits, as `r` 0.
fn waiting(relay: &Relay) -> Link {
    let link = Link::new(&relay.config);
    let sender = Arc::new(Identity {
        relay_id: RelayId::new([1; 16]),
        subject: "s".into(),
        spent: Arc::new(Mutex::new(Spent::new(&Rates::new(&relay.config), Instant::now()))),
        strange: AtomicU64::new(0),
        gone: AtomicBool::new(false),
    });
    let event =
        json!(["private_message", {"to": "t", "id": "i", "class": "durable", "frame": ""}]).to_string();
    let event = Incoming::parse(&event).expect("a good event");
    assert!(link.submit(&event, &sender, None).is_ok());
    link
}

#[test]
fn flt35_messages_that_cannot_be_read_do_nothing_at_all() {
    let relay = Relay::new(Config::default());
    let lines = proptest::collection::vec(linelike(), 0..4).prop_map(Value::from);
    let text = prop_oneof![8 => broken(lines), 1 => any::<String>()];
    check(text, |text| {
        let link = waiting(&relay);
        let obeyed = obey(&relay, &link, &text);
        let mut found = Vec::new();
        link.settle([0].into_iter(), &mut found);
        let settled = !matches!(found[..], [Settled::Pending(_)]);
        match obeyed {
            Ok(()) => assert!(serde_json::from_str::<Vec<serde::de::IgnoredAny>>(&text).is_ok()),
            Err(why) if why.starts_with("nothing was submitted as") => {}
            Err(why) => assert!(!why.is_empty() && !settled, "{why}: and yet it was settled"),
        }
    });
}

#[test]
fn whatever_the_shared_types_write_is_understood() {
    let relay = Relay::new(Config::default());
    check(linelike(), |line| {
        let Ok(down) = serde_json::from_value::<Down>(line) else {
            return;
        };
        let text = serde_json::to_string(&[down]).expect("plain JSON");
        match obey(&relay, &waiting(&relay), &text) {
            Ok(()) => {}
            Err(why) => assert!(why.starts_with("nothing was submitted as"), "{text}: {why}"),
        }
    });
}
