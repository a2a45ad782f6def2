//! Made-up requests of the internal API: bodies are refused by field or taken whole, and only the secret opens the door.

use super::body::Check;
use super::guard::knows_secret;
use crate::Secret;
use crate::config::Config;
use crate::fuzz::{check, jsonlike};
use crate::relay::Relay;
use axum::http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use shared_protocol::MAX_FRAME;

const NAMES: &[&str] = &[
    "subject",
    "token_sha256",
    "groups",
    "lease_s",
    "origins",
    "hello",
    "group",
    "add",
    "remove",
    "to",
    "frame",
    "class",
    "except",
];
const WORDS: &[&str] = &[
    "AAAAAAAAAAAAAAAAAAAAAA",
    "https://chat.example.org",
    "durable",
    "ephemeral",
    "x",
    "",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
];

fn good() -> Value {
    json!({
        "subject": "s", "token_sha256": WORDS[6], "groups": [WORDS[0]], "lease_s": 60, "origins": [WORDS[1]],
        "hello": "{}", "group": WORDS[0], "add": [WORDS[0]], "remove": [], "to": WORDS[0], "frame": "{}",
        "class": "durable", "except": null,
    })
}

/// A good body with some of its fields replaced or taken out, or no such thing at all.
fn bodylike() -> impl Strategy<Value = Value> {
    let other = prop_oneof![
        2 => select(WORDS).prop_map(Value::from),
        1 => "[a-z]{63,66}".prop_map(Value::from),
        3 => jsonlike(NAMES, WORDS),
    ];
    let change = (select(NAMES), proptest::option::of(other));
    let changes = proptest::collection::vec(change, 0..3);
    let changed = changes.prop_map(|changes| {
        let mut body = good();
        for (name, other) in changes {
            match other {
                Some(other) => body[name] = other,
                None => drop(body.as_object_mut().expect("an object").remove(name)),
            }
        }
        body
    });
    prop_oneof![6 => changed, 1 => jsonlike(NAMES, WORDS)]
}

/// Either it is whole and nothing is wrong, or a field is named and below `at`.
fn whole_or_named<T>(at: &str, read: impl FnOnce(&mut Check) -> Option<T>) -> Option<T> {
    let mut check = Check::default();
    let read = read(&mut check);
    match check.done(read) {
        Ok(read) => {
            assert!(read.is_some(), "nothing was read and nothing was wrong");
            read
        }
        Err(problem) => {
            assert_eq!(problem.status, 400);
            assert!((1..=20).contains(&problem.fields.len()), "{problem:?}");
            assert!(problem.fields.iter().all(|wrong| wrong.field.starts_with(at)));
            None
        }
    }
}

#[test]
fn flt35_bodies_are_refused_by_field_or_taken_whole() {
    assert!(whole_or_named("", |check| check.registration("", &good())).is_some());
    check(bodylike(), |body| {
        if let Some(taken) = whole_or_named("x[0].", |check| check.registration("x[0]", &body)) {
            assert!((1..=64).contains(&taken.subject.chars().count()));
            assert!(taken.hello.len() <= MAX_FRAME && taken.origins.len() <= 20);
        }
        let change = whole_or_named("x[0].", |check| check.group_change("x[0]", &body));
        if let Some(change) = change {
            let again = serde_json::to_value(&change).expect("JSON");
            assert_eq!(
                whole_or_named("", |check| check.group_change("", &again)),
                Some(change)
            );
        }
        let forward = whole_or_named("x[0].", |check| check.forward("x[0]", &body));
        if let Some(forward) = forward {
            assert!(forward.frame.len() <= MAX_FRAME);
            let again = serde_json::to_value(&forward).expect("JSON");
            assert_eq!(
                whole_or_named("", |check| check.forward("", &again)),
                Some(forward)
            );
        }
    });
}

#[test]
fn only_a_bearer_of_the_secret_passes() {
    const OWN: &str = "0123456789abcdef0123456789abcdef";
    let relay = Relay::new(Config {
        secret: Secret::parse(OWN),
        ..Config::default()
    });
    let close = (any::<Index>(), any::<u8>()).prop_map(|(place, byte)| {
        let mut value = format!("Bearer {OWN}").into_bytes();
        let place = place.index(value.len());
        value[place] = byte;
        value
    });
    let value = prop_oneof![
        close,
        any::<Vec<u8>>(),
        "[bB]earer  ?([a-z0-9]{0,4}:)?0123456789abcdef0123456789abcdef ?".prop_map(String::into_bytes),
    ];
    check(value, |bytes| {
        let Ok(value) = HeaderValue::from_bytes(&bytes) else {
            return;
        };
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        let text = String::from_utf8_lossy(&bytes);
        let presented = text
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let right = presented
            .is_some_and(|(_, secret)| secret == OWN || secret.strip_suffix(OWN).is_some_and(is_key_id));
        assert_eq!(knows_secret(&relay, &headers), right, "{text:?}");
    });
    assert!(!knows_secret(&relay, &HeaderMap::new()));
}

fn is_key_id(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    text.strip_suffix(':')
        .is_some_and(|key| (1..=16).contains(&key.len()) && key.chars().all(plain))
}
