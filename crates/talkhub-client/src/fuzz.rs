//! Made-up input for everything of the logic server that reads from the network: no panic, what is refused names a field,
//! what is taken keeps its promise.

use crate::messages::{Body, Edge, Window, relay};
use crate::platform::db::Place;
use crate::platform::json::{Form, Json, MAX_BODY, Query};
use crate::platform::problem::Problem;
use actix_web::FromRequest;
use actix_web::http::header;
use actix_web::test::TestRequest;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use shared_protocol::api::{RegisterForm, SendForm};
use shared_protocol::envelope::Stamp;
use shared_protocol::internal::Submit;
use shared_protocol::receipt::Key;
use shared_protocol::{MAX_BODY_CHARS, RelayId, origin};
use std::fmt::Debug;

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

/// Text as people and programs send it: plain, with white space, signs of other scripts, marks that nobody sees.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,80}",
        "[\\PC]{0,40}",
        "[ \t\r\n\u{a0}\u{2003}\u{2028}a]{0,30}",
        "[\u{0}\u{7f}\u{ad}\u{200b}-\u{200f}\u{202e}\u{2066}\u{feff}\u{115f}\u{3164}\u{fffe}\u{ffff}é]{0,12}",
        "[\u{fdfa}\u{130}\u{1c5}\u{1e9e}\u{3a3}\u{ac00}\u{300}\u{41}\u{430}]{0,70}",
    ]
}

/// The fields that a refusal names; anything else is no refusal of input.
pub(crate) fn named(problem: &Problem) -> Vec<&'static str> {
    match problem {
        Problem::Invalid(issues) => issues.iter().map(|issue| issue.field).collect(),
        other => panic!("{other:?} names no field"),
    }
}

#[test]
fn bodies_are_cut_once_and_bounded() {
    let long = (
        MAX_BODY_CHARS - 2..MAX_BODY_CHARS + 2,
        select(vec!["x", "é", "👋", " "]),
    )
        .prop_map(|(count, letter)| letter.repeat(count));
    check(prop_oneof![20 => text(), 1 => long], |raw| {
        match Body::parse(&raw) {
            Ok(body) => {
                let text = body.as_str();
                assert!(raw.contains(text) && !text.trim().is_empty() && text.trim_end() == text);
                assert!(text.chars().count() <= MAX_BODY_CHARS && !text.contains('\0'));
                assert_eq!(Body::parse(text).as_ref(), Ok(&body), "cut again");
            }
            Err(issue) => {
                assert_eq!(issue.field, "body");
                assert!(issue.said.key().starts_with("message-"));
            }
        }
    });
}

#[test]
fn submits_are_read_as_they_stand_or_refused_by_field() {
    let id = || {
        prop_oneof![
            2 => Just("0192f5d0-7c1e-7abc-8def-0123456789ab".to_owned()),
            1 => "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[089ab][0-9a-f]{3}-[0-9a-f]{12}",
            1 => text(),
        ]
    };
    let to = prop_oneof![3 => "[A-Za-z0-9_-]{22}", 1 => text()];
    let frame = prop_oneof![
        text(),
        text().prop_map(|body| json!({"kind": "message", "body": body}).to_string()),
        (text(), any::<Index>()).prop_map(|(body, end)| {
            let frame = json!({"kind": "message", "body": body, "more": 1}).to_string();
            let end = end.index(frame.len());
            frame.get(..end).unwrap_or_default().to_owned()
        }),
        select(vec![
            "{\"kind\":\"typing\"}",
            "{\"kind\":\"hologram\"}",
            "{\"kind\":7}",
            "[]",
            "\"\\ud800\""
        ])
        .prop_map(str::to_owned),
    ];
    let submit = (to, id(), proptest::option::of(id()), frame).prop_map(|(to, id, prev, frame)| Submit {
        r: 1,
        receipt: None,
        from: Stamp {
            relay_id: RelayId::new([1; 16]),
            subject: "s".to_owned(),
        },
        to,
        id,
        prev,
        frame,
    });
    let keys = [Key::of("a secret of the tests")];
    check(submit, |submit| match relay::parse(&submit, &keys, 0) {
        Ok(draft) => {
            assert_eq!(draft.group.as_str(), submit.to);
            assert_eq!(draft.id.to_string(), submit.id.to_lowercase());
            assert_eq!(draft.prev.is_some(), submit.prev.is_some());
            match draft.body {
                Ok(body) => {
                    let frame: Value = serde_json::from_str(&submit.frame).expect("it was read");
                    assert!(frame["body"].as_str().expect("a body").contains(body.as_str()));
                }
                Err(issue) => assert!(matches!(issue.field, "body" | "frame"), "{}", issue.field),
            }
        }
        Err(Problem::Missing(what)) => assert_eq!(what, "conversation"),
        Err(problem) => assert!(matches!(named(&problem)[..], ["id" | "prev"])),
    });
}

#[test]
fn windows_are_bounded_or_refused_by_field() {
    let number = || {
        let text = prop_oneof![
            "-?[0-9]{1,3}",
            "[+0-9eE. -]{0,22}",
            any::<i64>().prop_map(|n| n.to_string()),
            text()
        ];
        proptest::option::of(text)
    };
    check(
        (number(), number(), number()),
        |(before, after, limit)| match Window::parse(before.as_deref(), after.as_deref(), limit.as_deref()) {
            Ok(window) => {
                assert!((1..=200).contains(&window.limit));
                let (before, after) = match window.edge {
                    Edge::Newest => (None, None),
                    Edge::Before(seq) => (Some(seq), None),
                    Edge::After(seq) => (None, Some(seq)),
                };
                assert!(before.or(after).is_none_or(|seq| 0 <= seq));
                let texts = [before, after, Some(window.limit)].map(|n| n.map(|n| n.to_string()));
                let again = Window::parse(texts[0].as_deref(), texts[1].as_deref(), texts[2].as_deref());
                assert_eq!(again.ok(), Some(window));
            }
            Err(problem) => assert!(matches!(named(&problem)[..], ["before" | "after" | "limit"])),
        },
    );
}

#[test]
fn origins_are_taken_in_one_form_and_hold_nothing_else() {
    let origin = prop_oneof![
        text(),
        "[hH]ttps?://[a-zA-Z0-9._:@/?#\\[\\]-]{0,30}",
        "https?://[a-zA-Z0-9.-]{1,20}(:[0-9]{0,6})?/?",
    ];
    check(origin, |text| {
        let Some(origin) = origin::parse(&text) else {
            return;
        };
        assert_eq!(origin::parse(&origin).as_ref(), Some(&origin));
        assert_eq!(origin, origin.to_ascii_lowercase());
        let (scheme, host) = origin.split_once("://").expect("a scheme");
        assert!(matches!(scheme, "http" | "https") && !host.is_empty());
        assert!(!host.contains(['/', '?', '#', '@']) && host.bytes().all(|byte| byte.is_ascii_graphic()));
    });
}

#[test]
fn a_database_address_never_shows_its_password() {
    let mysql = (
        "[a-z]{1,8}",
        "[A-Z#:@%&+/?-]{4,12}",
        "[a-z.]{1,9}(:[0-9]{2,5})?",
        "[a-z]{0,5}",
        "(\\?[a-z]=[a-z])?",
    );
    let mysql = mysql.prop_map(|(user, password, host, name, rest)| {
        (
            format!("mysql://{user}:{password}@{host}/{name}{rest}"),
            Some(password),
        )
    });
    let other =
        prop_oneof![text(), "(sqlite:|mysql:|mariadb:|//|[a-z/.:?@]){0,8}"].prop_map(|text| (text, None));
    check(prop_oneof![mysql, other], |(text, password)| {
        match Place::parse(&text) {
            Ok(place) => {
                for shown in [place.to_string(), format!("{place:?}"), place.scrub(&text)] {
                    let leaks = password.as_ref().is_some_and(|password| shown.contains(password));
                    assert!(!leaks, "{text:?} is shown as {shown:?}");
                }
                let empty = matches!(&place, Place::Sqlite(path) if path.as_os_str().is_empty());
                assert!(!empty);
            }
            Err(why) => assert!(why.contains("mysql://")),
        }
    });
}

/// What a handler is given for this request.
fn extract<T: FromRequest>(request: TestRequest) -> Result<T, T::Error> {
    let (request, mut payload) = request.to_http_parts();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(T::from_request(&request, &mut payload))
}

#[test]
fn flt35_json_bodies_are_read_or_refused_with_the_place() {
    let good = json!({"id": "0192f5d0-7c1e-7abc-8def-0123456789ab", "body": "hi"}).to_string();
    let changed = (any::<Index>(), any::<u8>(), any::<bool>()).prop_map(move |(place, byte, insert)| {
        let mut bytes = good.clone().into_bytes();
        let place = place.index(bytes.len());
        match insert {
            true => bytes.insert(place, byte),
            false => bytes[place] = byte,
        }
        bytes
    });
    let body = prop_oneof![
        8 => changed,
        4 => any::<Vec<u8>>(),
        4 => "[\\[\\]{}\":,0-9eE.\\\\u+-]{0,60}".prop_map(String::into_bytes),
        1 => (1_usize..4_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
        1 => (MAX_BODY - 1..MAX_BODY + 2).prop_map(|size| vec![b' '; size]),
    ];
    let kind = prop_oneof![6 => Just("application/json".to_owned()), 1 => "[!-~ ;/]{0,30}"];
    check((body, kind), |(body, kind)| {
        let Ok(kind) = header::HeaderValue::from_str(&kind) else {
            return;
        };
        let size = body.len();
        let request = TestRequest::post()
            .insert_header((header::CONTENT_TYPE, kind))
            .set_payload(body.clone());
        match extract::<Json<SendForm>>(request) {
            Ok(Json(form)) => {
                let text = serde_json::to_vec(&form).expect("JSON");
                assert_eq!(serde_json::from_slice::<SendForm>(&text).ok(), Some(form));
            }
            Err(Problem::WrongType) => {}
            Err(Problem::TooLarge(_)) => assert!(MAX_BODY < size),
            Err(problem) => assert_eq!(named(&problem), ["body"]),
        }
        match extract::<Form<RegisterForm>>(TestRequest::post().set_payload(body)) {
            Ok(_) | Err(Problem::WrongType) => {}
            Err(Problem::TooLarge(_)) => assert!(MAX_BODY < size),
            Err(problem) => assert_eq!(named(&problem), ["form"]),
        }
    });
}

#[test]
fn query_strings_are_read_or_refused_by_name() {
    #[derive(Debug, serde::Deserialize)]
    struct Wanted {
        before: Option<String>,
        limit: Option<u8>,
    }
    let query = prop_oneof![
        "(before|after|limit|&|=|%[0-9a-fA-F]{0,2}|[0-9]|\\+){0,12}",
        "[!-~&&[^#]]{0,40}"
    ];
    check(query, |query| {
        let uri = format!("/x?{query}");
        if uri.parse::<actix_web::http::Uri>().is_err() {
            return; // actix refuses it before it is anybody's query
        }
        match extract::<Query<Wanted>>(TestRequest::get().uri(&uri)) {
            Ok(Query(read)) => {
                assert!(read.before.is_none_or(|text| text.len() <= query.len()) && read.limit <= Some(255))
            }
            Err(problem) => assert_eq!(named(&problem), ["query"]),
        }
    });
}
