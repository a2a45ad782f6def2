//! Made-up input for everything of the relay that reads from the network: no panic, and what is taken keeps its promise.

use crate::address::{Network, counted, networks, plain, real};
use crate::config::Config;
use crate::event::{Incoming, MAX_ID_CHARS};
use crate::registry::{Parsed, Registry};
use crate::secret::{Secret, digest};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use shared_protocol::{MAX_FRAME, RelayId, origin};
use std::fmt::Debug;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Tries this on many inputs; `PROPTEST_CASES` makes them more.
pub(crate) fn check<T: Debug>(strategy: impl Strategy<Value = T>, holds: impl Fn(T)) {
    let config = ProptestConfig {
        cases: ProptestConfig::default().cases * 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let tried = TestRunner::new(config).run(&strategy, |input| {
        holds(input);
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Any JSON, made of these names and words more often than not.
pub(crate) fn jsonlike(
    names: &'static [&'static str],
    words: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(words).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 30, 8, move |inner| {
        let name = prop_oneof![8 => select(names).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(name, inner, 0..10).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The text of this JSON, now and then broken off, or with one byte changed.
pub(crate) fn broken(value: impl Strategy<Value = Value>) -> impl Strategy<Value = String> {
    (value, any::<Index>(), 0..6_u8, any::<u8>()).prop_map(|(value, place, how, byte)| {
        let mut bytes = value.to_string().into_bytes();
        let place = place.index(bytes.len());
        match how {
            0 => bytes.truncate(place),
            1 => bytes[place] = byte,
            2 => bytes.insert(place, byte),
            _ => {}
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

const NAMES: &[&str] = &["to", "id", "class", "frame", "prev"];
const WORDS: &[&str] = &[
    "durable",
    "ephemeral",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "i",
    "{}",
    "",
    "\u{0}",
    "\u{7f}",
];

/// An event whose fields are there and often right.
fn eventlike() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![3 => "[a-z0-9]{1,30}", 1 => any::<String>(), 1 => "[a-z\u{e9}]{63,66}"];
    let class =
        prop_oneof![6 => select(&["durable", "ephemeral"][..]).prop_map(str::to_owned), 1 => any::<String>()];
    (text(), text(), class, any::<String>(), proptest::option::of(text())).prop_map(
        |(to, id, class, frame, prev)| json!({"to": to, "id": id, "class": class, "frame": frame, "prev": prev}),
    )
}

#[test]
fn flt35_events_are_refused_by_field_or_keep_their_bounds() {
    let event = prop_oneof![eventlike(), jsonlike(NAMES, WORDS)];
    let array = prop_oneof![
        8 => event.prop_map(|event| json!(["private_message", event])),
        1 => jsonlike(NAMES, WORDS),
    ];
    let text = prop_oneof![8 => broken(array), 1 => any::<String>(), 1 => lone_surrogates()];
    check(text, |text| match Incoming::parse(&text) {
        Ok(event) => {
            for id in [Some(&event.to), Some(&event.id), event.prev.as_ref()]
                .into_iter()
                .flatten()
            {
                assert!((1..=MAX_ID_CHARS).contains(&id.chars().count()));
                assert!(!id.chars().any(char::is_control));
            }
            let frame: String = serde_json::from_str(event.frame.get()).expect("a frame is text");
            assert!(frame.len() <= MAX_FRAME);
            let again = json!(["private_message", {"to": event.to, "id": event.id, "class": event.class,
                "frame": frame, "prev": event.prev}])
            .to_string();
            let again = Incoming::parse(&again).expect("the same event, written anew");
            assert_eq!(
                (&again.to, &again.id, again.class),
                (&event.to, &event.id, event.class)
            );
        }
        Err(problem) => {
            assert_eq!(problem.status, 400);
            assert!(
                !problem.fields.is_empty() && !problem.title.is_empty(),
                "{problem:?}"
            );
            let known = |field: &str| NAMES.contains(&field) || field == "event";
            assert!(
                problem.fields.iter().all(|wrong| known(&wrong.field)),
                "{problem:?}"
            );
        }
    });
}

/// Escapes that JSON allows and text does not.
fn lone_surrogates() -> impl Strategy<Value = String> {
    "(\\\\u[dD][89abcABCdef0-9][0-9]{2}|a|\\\\n){0,6}".prop_map(|text| {
        format!(
            "[\"private_message\",{{\"to\":\"t\",\"id\":\"i\",\"class\":\"durable\",\"frame\":\"{text}\"}}]"
        )
    })
}

#[test]
fn only_the_registered_pair_of_relay_id_and_token_is_let_in() {
    let now = Instant::now();
    let registry = Registry::new(&Config::default(), now);
    let id = RelayId::new([7; 16]);
    let origin = "http://chat.example.org";
    let registration = Parsed {
        subject: "s".to_owned(),
        token: digest("the token"),
        groups: Vec::new(),
        lease: Duration::from_secs(60),
        origins: vec![origin.to_owned()],
        hello: String::new(),
    };
    registry.put(id.clone(), registration, now);
    let ids = prop_oneof![Just(id.to_string()), "[A-Za-z0-9_-]{22}", any::<String>()];
    let tokens = prop_oneof![Just("the token".to_owned()), "the toke.?", any::<String>()];
    let origins = prop_oneof![Just(None), Just(Some(origin.to_owned())), any::<Option<String>>()];
    check((ids, tokens, origins), |(presented, token, from)| {
        let right = presented == id.as_str()
            && token == "the token"
            && from.as_deref().is_none_or(|from| from == origin);
        let admitted = registry.admit(&presented, &token, from.as_deref(), now);
        assert_eq!(admitted.is_ok(), right);
    });
}

#[test]
fn only_the_secret_is_the_secret() {
    const OWN: &str = "0123456789abcdef0123456789abcdef";
    let text = prop_oneof![
        any::<String>(),
        Just(OWN.to_owned()),
        "[a-z0-9_-]{0,18}:?[0-9a-f]{30,34}",
        "[a-z0-9_-]{0,18}".prop_map(|key| format!("{key}:{OWN}")),
    ];
    let (plain, keyed) = (Secret::parse(OWN), Secret::parse(&format!("k1:{OWN}")));
    let (plain, keyed) = (plain.expect("long enough"), keyed.expect("long enough"));
    check(text, |text| {
        for secret in [&plain, &keyed] {
            assert!(!secret.matches(&text) || text.ends_with(OWN), "{text:?}");
        }
        assert!(!keyed.matches(&text) || text == OWN || text == format!("k1:{OWN}"));
        if let Some(secret) = Secret::parse(&text) {
            assert!(32 <= text.len() && secret.matches(&text));
            assert_eq!(format!("{secret:?}"), "***");
        }
    });
}

#[test]
fn networks_contain_what_they_are_made_of_and_come_back_the_same() {
    let text = prop_oneof![
        any::<String>(),
        "[0-9.:a-f/, ]{0,40}",
        (any::<IpAddr>(), 0..140_u8).prop_map(|(address, prefix)| format!("{address}/{prefix}")),
        vec(any::<IpAddr>(), 0..4).prop_map(|all| all
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")),
    ];
    check((text, any::<IpAddr>()), |(text, other)| {
        let Some(all) = networks(&text) else { return };
        for network in all {
            assert_eq!(network.to_string().parse(), Ok(network));
            crate::address::trusted(&[network], other);
        }
    });
}

#[test]
fn forwarded_headers_name_nobody_unless_a_trusted_proxy_says_so() {
    let line = prop_oneof![
        any::<String>(),
        vec(any::<IpAddr>(), 0..5).prop_map(|all| all
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",")),
    ];
    let proxies: Vec<Network> = networks("10.0.0.0/8,fd00::/8").expect("networks");
    check((any::<IpAddr>(), vec(line, 0..3)), |(peer, lines)| {
        let lines = || lines.iter().map(String::as_str);
        assert_eq!(real(&[], peer, lines()), peer);
        let found = real(&proxies, IpAddr::from([10, 0, 0, 1]), lines());
        let named = lines()
            .flat_map(|line| line.split(','))
            .filter_map(|part| part.trim().parse().ok())
            .map(plain);
        assert!(
            found == IpAddr::from([10, 0, 0, 1]) || named.into_iter().any(|address: IpAddr| address == found)
        );
        assert_eq!(counted(counted(found)), counted(found));
    });
}

#[test]
fn origins_have_one_plain_form() {
    let text = prop_oneof![
        any::<String>(),
        "[hH][tT]tps?://[a-zA-Z0-9._:/\\[\\]-]{0,30}",
        "https?://[a-z0-9.-]{1,20}(:80|:443|:8080|:){0,2}/{0,2}",
    ];
    check(text, |text| {
        let Some(plain) = origin::parse(&text) else { return };
        assert_eq!(origin::parse(&plain).as_ref(), Some(&plain), "{text:?}");
        assert_eq!(plain.to_ascii_lowercase(), plain);
        assert!(axum::http::HeaderValue::from_str(&plain).is_ok());
    });
}
