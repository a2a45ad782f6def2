//! Messages: kept once, numbered without gaps, found by page and by change.

use crate::app::{TestApp, lines, message_id};
use serde_json::{Value, json};
use shared_protocol::ServerFrame;
use shared_protocol::api::Message;
use std::collections::BTreeMap;

#[actix_web::test]
async fn inv21_bad11_a_message_sent_twice_is_kept_once() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let talk = app.talk([&ann, &bob]).await;

    let first = ann.says(talk, " hi \n", 1).await;
    let again = ann.says(talk, "something else", 1).await;

    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(
        first.body, again.body,
        "the first result, whatever the second carries"
    );
    assert_eq!(first.body["message"]["body"], " hi");
    assert_eq!(
        (&first.body["message"]["seq"], &first.body["message"]["rev"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(eve.says(talk, "hi", 1).await.refusal(), "404 missing");
    assert_eq!(bob.sees(talk).await, ["1: hi"]);
}

#[actix_web::test]
async fn inv05_bad11_the_same_id_of_another_sender_is_a_message_of_its_own() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    assert_eq!(ann.says(talk, "mine", 1).await.status, 201);
    assert_eq!(bob.says(talk, "also mine", 1).await.status, 201);
    assert_eq!(ann.sees(talk).await, ["1:mine", "2:also mine"]);
}

#[actix_web::test]
async fn inv21_the_same_request_at_the_same_moment_has_one_effect() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let many = futures_util::future::join_all((0..8).map(|_| ann.says(talk, "once", 1))).await;
    assert_eq!(many.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(
        many.iter().all(|answer| answer.body["message"]["seq"] == 1),
        "{many:?}"
    );
    let both = futures_util::future::join_all((2..10).map(|draft| {
        if draft % 2 == 0 {
            ann.says(talk, "a", draft)
        } else {
            ann.says(talk, "b", draft)
        }
    }))
    .await;
    let mut seqs: Vec<i64> = both
        .iter()
        .map(|answer| answer.body["message"]["seq"].as_i64().unwrap())
        .collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (2..10).collect::<Vec<i64>>());
}

#[actix_web::test]
async fn a_message_whose_predecessor_is_missing_waits_for_it() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let path = format!("/api/v1/conversations/{}/messages", app.talk([&ann, &bob]).await);
    let form = |draft, prev: Option<u64>| json!({ "id": message_id(draft), "body": draft.to_string(), "prev": prev.map(message_id) });
    let early = ann.post(&path, form(2, Some(1))).await;
    assert_eq!(
        (early.status, early.body["type"].as_str()),
        (503, Some("/problems/busy"))
    );
    assert_eq!(ann.post(&path, form(1, None)).await.status, 201);
    assert_eq!(ann.post(&path, form(2, Some(1))).await.status, 201);
    assert_eq!(lines(&bob.get(&path).await.body), ["1:1", "2:2"]);
}

#[actix_web::test]
async fn bad09_bodies_that_cannot_be_taken_are_refused_in_words() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let table = [
        ("", "400 invalid body: Write something first."),
        (" \u{200b}\n", "400 invalid body: Write something first."),
        (
            "a\0b",
            "400 invalid body: This is not valid text: it has a NUL or a broken character.",
        ),
    ];
    for (body, want) in table {
        assert_eq!(ann.says(talk, body, 1).await.refusal(), want);
    }
    let long = ann.says(talk, &"x".repeat(10_341), 1).await;
    assert_eq!(long.refusal(), "400 invalid body: 10341 of 10000 characters.");
    assert_eq!(ann.says(talk, &"\u{1f9e1}".repeat(10_000), 1).await.status, 201);
    let hostile = "<img src=x onerror=alert(1)> ' OR 1=1 -- \\ % _ \u{202e}";
    assert_eq!(
        ann.says(talk, hostile, 2).await.body["message"]["body"],
        hostile.trim_end()
    );
    assert_eq!(
        ann.post(
            &format!("/api/v1/conversations/{talk}/messages"),
            json!({ "id": "7", "body": "x" })
        )
        .await
        .status,
        400
    );
}

#[actix_web::test]
async fn two_pages_joined_are_the_whole_history() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    for draft in 1..=7 {
        ann.says(talk, &draft.to_string(), draft).await;
    }
    let page = async |query: &str| {
        lines(
            &bob.get(&format!("/api/v1/conversations/{talk}/messages?{query}"))
                .await
                .body,
        )
    };
    assert_eq!(page("limit=3").await, ["5:5", "6:6", "7:7"]);
    assert_eq!(page("limit=3&before=5").await, ["2:2", "3:3", "4:4"]);
    assert_eq!(page("before=2").await, ["1:1"]);
    assert_eq!(page("limit=2&after=5").await, ["6:6", "7:7"]);
    assert_eq!(page("before=1").await, Vec::<String>::new());
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=abc", "limit"),
        ("before=1&after=2", "before"),
        ("after=-1", "after"),
        ("limit=1&limit=2", "query"),
    ] {
        let refused = bob
            .get(&format!("/api/v1/conversations/{talk}/messages?{query}"))
            .await;
        assert!(
            refused.refusal().starts_with(&format!("400 invalid {field}: ")),
            "{query}: {}",
            refused.text
        );
    }
}

#[actix_web::test]
async fn changes_are_paged_by_the_last_row_and_only_the_last_page_lifts_the_cursor() {
    let app = TestApp::with(|config| config.messages.most_changes = 10).await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    for draft in 1..=10 {
        ann.says(talk, &draft.to_string(), draft).await;
    }
    let changes = async |query: &str| {
        bob.get(&format!("/api/v1/conversations/{talk}/changes?{query}"))
            .await
            .body
    };
    let first = changes("after=6&limit=3").await;
    assert_eq!(
        (lines(&first), first.get("upto")),
        (vec!["7:7".into(), "8:8".into(), "9:9".into()], None)
    );
    let last = changes("after=9&limit=3").await;
    assert_eq!(
        (lines(&last), &last["upto"], &last["too_far"]),
        (vec!["10:10".into()], &json!(10), &json!(false))
    );
    assert_eq!(changes("after=10").await["upto"], 10);
    ann.says(talk, "11", 11).await;
    assert_eq!(
        changes("after=0").await["too_far"],
        true,
        "eleven rows are more than the ten that are allowed"
    );
    assert_eq!(
        changes("after=99").await["too_far"],
        true,
        "a cursor of another history"
    );
}

#[actix_web::test]
async fn inv10_bad22_read_marks_only_move_forward_and_clear_the_badge() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    for draft in 1..=5 {
        ann.says(talk, &draft.to_string(), draft).await;
    }
    let badge = async || bob.get(&format!("/api/v1/conversations/{talk}")).await.body["unread"].clone();
    assert_eq!(badge().await, 5);
    app.frames();
    assert_eq!(bob.reads(talk, 3).await.body, json!({ "read": 3, "unread": 2 }));
    assert!(matches!(
        app.frames().as_slice(),
        [(_, ServerFrame::Read { read: 3, .. })]
    ));
    assert_eq!(
        bob.reads(talk, 1).await.body,
        json!({ "read": 3, "unread": 2 }),
        "never back"
    );
    assert!(app.frames().is_empty(), "and nobody is told");
    assert_eq!(
        bob.reads(talk, 99).await.body,
        json!({ "read": 5, "unread": 0 }),
        "never beyond the last"
    );
    assert_eq!(bob.reads(talk, -1).await.status, 400);
    bob.says(talk, "own messages never count", 1).await;
    assert_eq!(badge().await, 0);
    let marks = ann
        .get(&format!("/api/v1/conversations/{talk}/messages"))
        .await
        .body["marks"]
        .clone();
    assert_eq!(
        marks,
        json!([{ "user_id": "1000000001", "read": 0 }, { "user_id": "1000000002", "read": 5 }])
    );
}

#[actix_web::test]
async fn flt30_times_never_fall_back_in_a_conversation() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let first = ann.says(talk, "late", 1).await.body["message"]["at"]
        .as_i64()
        .unwrap();
    // The wall clock was set back by an hour.
    let behind = talkhub_client::platform::clock::Clock::frozen(first - 3_600_000);
    let group = ann.get(&format!("/api/v1/conversations/{talk}")).await.body["group"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let draft = talkhub_client::messages::Draft {
        group,
        author: talkhub_client::messages::Author::User(bob.id),
        id: message_id(2).parse().unwrap(),
        prev: None,
        passed: None,
        body: talkhub_client::messages::Body::parse("early"),
    };
    let stored = app
        .app
        .db
        .write(move |conn| talkhub_client::messages::send_all(conn, std::slice::from_ref(&draft), &behind))
        .await
        .unwrap();
    assert_eq!(stored[0].as_ref().unwrap().message.at, first);
}

/// What a browser had, plus the frames it got, equals what a fresh load gives. (INV07)
#[actix_web::test]
async fn inv07_frames_add_up_to_a_fresh_load() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "before", 1).await;
    let page = bob
        .get(&format!("/api/v1/conversations/{talk}/messages"))
        .await
        .body;
    let mut held: BTreeMap<i64, Message> = rows(&page);
    let (mut cursor, mut marks) = (page["rev"].as_i64().unwrap(), page["marks"].clone());
    app.frames();

    ann.says(talk, "one", 2).await;
    bob.says(talk, "two", 3).await;
    ann.says(talk, "two again", 2).await; // a repeat
    bob.reads(talk, 2).await;

    for (_, frame) in app.frames() {
        match frame {
            ServerFrame::Message { message, .. } => {
                assert_eq!(message.rev, cursor + 1, "an unbroken run");
                cursor = message.rev;
                held.insert(message.seq, message);
            }
            ServerFrame::Read { user_id, read, .. } => {
                let mark = marks
                    .as_array_mut()
                    .unwrap()
                    .iter_mut()
                    .find(|mark| mark["user_id"] == user_id.to_string());
                mark.unwrap()["read"] = json!(read);
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    let fresh = bob
        .get(&format!("/api/v1/conversations/{talk}/messages"))
        .await
        .body;
    assert_eq!(
        (held, json!(cursor), marks),
        (rows(&fresh), fresh["rev"].clone(), fresh["marks"].clone())
    );
}

fn rows(page: &Value) -> BTreeMap<i64, Message> {
    let messages: Vec<Message> = serde_json::from_value(page["messages"].clone()).unwrap();
    messages
        .into_iter()
        .map(|message| (message.seq, message))
        .collect()
}
