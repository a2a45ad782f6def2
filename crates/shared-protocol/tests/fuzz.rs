//! Made-up input for every type that is read from a wire: no panic, and what is taken keeps its promise when written and
//! read again.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared_protocol::internal::{Down, Forward, GroupChanges, Registration, RegistrationSet, Up};
use shared_protocol::{
    Ack, ClientFrame, ConversationId, Event, Group, MessageId, Problem, RelayFrame, RelayId, ServerFrame,
    USER_IDS, UserId, api, envelope,
};
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// Tries this on many inputs; `PROPTEST_CASES` makes them more.
fn check<T: Debug>(strategy: impl Strategy<Value = T>, holds: impl Fn(T)) {
    let config = Config {
        cases: Config::default().cases * 8,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&strategy, |input| {
        holds(input);
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Text that looks like some id, and text that does not.
fn idlike() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ 0-9]{8,14}",
        "[1-9][0-9]{9}",
        "[1-9][0-9]{0,20}",
        "[A-Za-z0-9_-]{22}",
        "[A-Za-z0-9_+/=-]{20,24}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[0-9A-Fa-f{}:urn-]{30,45}",
    ]
}

/// The text is refused, or the id is written and read as the same one, as text and as JSON alike.
fn id<T>(text: &str, holds: impl Fn(&T) -> bool)
where
    T: FromStr + Display + PartialEq + Debug + Serialize + DeserializeOwned,
    T::Err: Display,
{
    let by_json = serde_json::from_value::<T>(json!(text)).ok();
    match text.parse::<T>() {
        Ok(id) => {
            assert!(holds(&id), "{id:?} breaks its promise");
            let again = id.to_string().parse::<T>().ok();
            assert_eq!(again.as_ref(), Some(&id));
            assert_eq!(
                serde_json::to_value(&id).ok(),
                Some(json!(id.to_string())),
                "ids travel as strings"
            );
            assert_eq!(by_json, Some(id));
        }
        Err(refused) => {
            assert!(!refused.to_string().is_empty());
            assert_eq!(by_json, None);
        }
    }
}

#[test]
fn ids_are_refused_or_keep_their_form() {
    check(idlike(), |text| {
        id::<UserId>(&text, |id| {
            USER_IDS.contains(&id.number()) && id.grouped().parse() == Ok(*id)
        });
        id::<ConversationId>(&text, |id| 0 < id.number() && id.to_string() == text);
        id::<MessageId>(&text, |id| id.as_bytes()[6] >> 4 == 7);
        id::<RelayId>(&text, |id| id.as_str() == text && text.starts_with(id.short()));
        id::<Group>(&text, |id| id.as_str() == text);
    });
}

/// Words that wires use, so that made-up objects get past the first look.
const NAMES: &[&str] = &[
    "kind",
    "status",
    "to",
    "from",
    "id",
    "class",
    "frame",
    "prev",
    "body",
    "r",
    "seq",
    "rev",
    "at",
    "problem",
    "relay_id",
    "token",
    "user",
    "on",
    "conversation",
    "boot_id",
    "round",
    "part",
    "last",
    "relay_ids",
    "subject",
    "groups",
    "lease_s",
    "origins",
    "hello",
    "history_id",
    "retry_after_ms",
    "type",
    "title",
    "fields",
];
const WORDS: &[&str] = &[
    "message",
    "typing",
    "hello",
    "stored",
    "forwarded",
    "refused",
    "busy",
    "durable",
    "ephemeral",
    "settle",
    "forward",
    "look",
    "replaced",
    "submit",
    "present",
    "connected",
    "server",
    "relay",
    "1",
    "17",
    "1234567890",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "0192f5d0-7c1e-7abc-8def-0123456789ab",
];

/// Any JSON, rather like ours than not.
fn wirelike() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(WORDS).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 10, |inner| {
        let name = prop_oneof![8 => select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(name, inner, 0..10).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What is read as this type is written and read as the same.
fn again<T: DeserializeOwned + Serialize>(value: &Value) {
    let Ok(read) = T::deserialize(value) else { return };
    let written = serde_json::to_value(&read).expect("what was read can be written");
    let back = T::deserialize(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_value(&back).ok(), Some(written));
}

fn as_everything(value: &Value) {
    again::<ClientFrame>(value);
    again::<ServerFrame>(value);
    again::<RelayFrame>(value);
    again::<Event>(value);
    again::<Ack>(value);
    again::<envelope::Auth>(value);
    again::<envelope::Delivery>(value);
    again::<Up>(value);
    again::<Down>(value);
    again::<Forward>(value);
    again::<GroupChanges>(value);
    again::<Registration>(value);
    again::<RegistrationSet>(value);
    again::<Problem>(value);
    again::<api::Message>(value);
    again::<api::SendForm>(value);
    again::<api::RegisterForm>(value);
}

#[test]
fn flt35_made_up_frames_are_refused_or_come_back_the_same() {
    check(wirelike(), |value| as_everything(&value));
}

/// A golden sample with one of its values replaced, taken out, or doubled as text: the shapes next to the good ones.
#[test]
fn samples_with_one_thing_wrong_are_refused_or_come_back_the_same() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/wire");
    let samples: Vec<Value> = std::fs::read_dir(folder)
        .expect("the samples are there")
        .map(|file| std::fs::read(file.expect("a file").path()).expect("it can be read"))
        .map(|bytes| serde_json::from_slice(&bytes).expect("it is JSON"))
        .collect();
    assert!(30 < samples.len());
    check(
        (
            select(samples),
            any::<prop::sample::Index>(),
            proptest::option::of(wirelike()),
        ),
        |(mut sample, place, other)| {
            change(&mut sample, place, other);
            as_everything(&sample);
        },
    );
}

fn change(sample: &mut Value, place: prop::sample::Index, other: Option<Value>) {
    let mut pointers = Vec::new();
    collect(sample, String::new(), &mut pointers);
    let pointer = place.get(&pointers);
    if let (Some(other), Some(value)) = (&other, sample.pointer_mut(pointer)) {
        *value = other.clone();
    } else if let Some((parent, name)) = pointer.rsplit_once('/')
        && let Some(Value::Object(parent)) = sample.pointer_mut(parent)
    {
        parent.remove(name);
    }
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(name, value)| collect(value, format!("{at}/{name}"), pointers)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| collect(value, format!("{at}/{index}"), pointers)),
        _ => {}
    }
    pointers.push(at);
}

#[test]
fn bytes_that_are_hardly_json_do_no_harm() {
    let text = prop_oneof![
        any::<Vec<u8>>(),
        "[\\[\\]{}\":,0-9eE.\\\\u+-]{0,60}".prop_map(String::into_bytes),
        (wirelike(), any::<prop::sample::Index>()).prop_map(|(value, end)| {
            let text = value.to_string().into_bytes();
            text[..end.index(text.len() + 1).min(text.len())].to_vec()
        }),
        (1_usize..5_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
    ];
    check(text, |bytes| {
        if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
            as_everything(&value);
        }
        drop(serde_json::from_slice::<ClientFrame>(&bytes));
        drop(serde_json::from_slice::<Vec<Down>>(&bytes));
        drop(serde_json::from_slice::<Vec<Up>>(&bytes));
    });
}
