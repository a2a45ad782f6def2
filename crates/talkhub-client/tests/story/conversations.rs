//! Private conversations: one for two people, whoever begins; strangers see nothing of it.

use crate::app::TestApp;
use serde_json::json;
use shared_protocol::ServerFrame;
use talkhub_client::platform::relay::Said;

#[actix_web::test]
async fn two_people_have_one_conversation_whoever_begins() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let path = |person: &crate::app::Person| format!("/api/v1/conversations/private/{}", person.id);
    let (to_bob, to_ann) = (path(&bob), path(&ann));
    let both = futures_util::future::join(ann.put(&to_bob, json!({})), bob.put(&to_ann, json!({})));
    let (from_ann, from_bob) = both.await;
    assert_eq!(
        (from_ann.status, from_bob.status),
        (200, 200),
        "{} {}",
        from_ann.text,
        from_bob.text
    );
    assert_eq!(from_ann.body["id"], from_bob.body["id"]);
    assert_eq!(from_ann.body["members"].as_array().unwrap().len(), 2);
    let unknown = ann
        .put("/api/v1/conversations/private/3000000003", json!({}))
        .await;
    assert_eq!(unknown.refusal(), "404 missing");
}

#[actix_web::test]
async fn notes_to_oneself_have_one_member() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let talk = app.talk([&ann, &ann]).await;
    assert_eq!(ann.says(talk, "buy rope", 1).await.status, 201);
    let shown = ann.get(&format!("/api/v1/conversations/{talk}")).await;
    assert_eq!(shown.body["members"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&shown.body["unread"], &shown.body["last_message"]["body"]),
        (&json!(0), &json!("buy rope"))
    );
}

#[actix_web::test]
async fn both_are_let_in_and_hear_of_their_new_conversation() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let ticket = bob.post("/api/v1/relay-ids", json!({})).await;
    app.app.relay.take_recorded();
    let talk = app.talk([&ann, &bob]).await;
    let said = app.app.relay.take_recorded();
    let let_in = said.iter().any(|said| matches!(said, Said::Groups(changes) if changes[0].add.iter().any(|id| id.as_str() == ticket.body["relay_id"])));
    assert!(let_in, "{said:?}");
    let told = said
        .iter()
        .filter(|said| {
            matches!(
                said,
                Said::Told {
                    frame: ServerFrame::Person { rev: 1, .. },
                    ..
                }
            )
        })
        .count();
    assert_eq!(told, 2, "{said:?}");
    let changes = bob.get("/api/v1/me/changes?after=0").await;
    assert_eq!(
        (&changes.body["upto"], &changes.body["conversations"][0]["id"]),
        (&json!(1), &json!(talk))
    );
    assert_eq!(
        bob.get("/api/v1/me/changes?after=1").await.body["conversations"],
        json!([])
    );
    // Opened by the other one before anything was written: let in again, in case the first call has not come so far.
    app.talk([&bob, &ann]).await;
    assert!(
        app.app
            .relay
            .take_recorded()
            .iter()
            .any(|said| matches!(said, Said::Groups(_)))
    );
    // Later nobody needs to hear of it.
    ann.says(talk, "hi", 1).await;
    app.app.relay.take_recorded();
    app.talk([&bob, &ann]).await;
    assert!(app.app.relay.take_recorded().is_empty());
}

#[actix_web::test]
async fn the_list_is_newest_first_with_badge_and_last_line() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let (with_bob, with_eve) = (app.talk([&ann, &bob]).await, app.talk([&ann, &eve]).await);
    app.wait(1);
    eve.says(with_eve, "first", 1).await;
    app.wait(1);
    bob.says(with_bob, "one", 1).await;
    bob.says(with_bob, "two", 2).await;
    let list = ann.get("/api/v1/conversations").await;
    let seen: Vec<String> = list.body["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["id"], one["unread"], one["last_message"]["body"]))
        .collect();
    assert_eq!(
        seen,
        [
            format!("\"{with_bob}\" 2 \"two\""),
            format!("\"{with_eve}\" 1 \"first\"")
        ]
    );
}

#[actix_web::test]
async fn heads_are_not_sent_again_while_nothing_changed() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    bob.says(talk, "hi", 1).await;
    let first = ann.get("/api/v1/conversations/heads").await;
    assert_eq!(first.body["heads"], json!([[talk, 1, 0, 1]]));
    let tag = first.header("etag").to_owned();
    let ask = || {
        ann.request(actix_web::http::Method::GET, "/api/v1/conversations/heads")
            .insert_header(("if-none-match", tag.clone()))
    };
    assert_eq!(ann.send(ask()).await.status, 304);
    bob.says(talk, "again", 2).await;
    assert_eq!(ann.send(ask()).await.status, 200);
}

#[actix_web::test]
async fn a_stranger_finds_nothing_there() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "secret", 1).await;
    let path = format!("/api/v1/conversations/{talk}");
    for path in [
        path.clone(),
        format!("{path}/messages"),
        format!("{path}/changes?after=0"),
        "/api/v1/conversations/1".into(),
        "/api/v1/conversations/abc".into(),
    ] {
        assert_eq!(eve.get(&path).await.refusal(), "404 missing", "{path}");
    }
    assert_eq!(eve.says(talk, "hi", 1).await.refusal(), "404 missing");
    assert_eq!(eve.reads(talk, 1).await.refusal(), "404 missing");
    assert_eq!(
        eve.get("/api/v1/conversations").await.body["conversations"],
        json!([])
    );
}

#[actix_web::test]
async fn a_relay_that_does_not_answer_hears_of_new_members_later() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    app.app.relay.take_recorded();
    app.app.relay.record_away(true);
    app.talk([&ann, &bob]).await;
    assert!(app.app.relay.take_recorded().is_empty());
    app.app.relay.record_away(false);
    app.run_jobs().await;
    assert!(
        app.app
            .relay
            .take_recorded()
            .iter()
            .any(|said| matches!(said, Said::Groups(_)))
    );
}
