//! Message requests: what a stranger begins stands apart until it is taken up.

use crate::app::{Person, TestApp};
use crate::contacts::{ask, befriend};
use crate::link::{Link, Tab, message};
use serde_json::json;
use shared_protocol::{ConversationId, ServerFrame};

async fn state(me: &Person, talk: ConversationId) -> String {
    let shown = me.get(&format!("/api/v1/conversations/{talk}")).await.body;
    shown["state"].as_str().unwrap().to_owned()
}

async fn two(app: &TestApp) -> (Person, Person) {
    (app.person("1000000001").await, app.person("1000000002").await)
}

async fn act(me: &Person, talk: ConversationId, what: &str) -> crate::app::Answer {
    me.post(&format!("/api/v1/conversations/{talk}/{what}"), json!({}))
        .await
}

#[actix_web::test]
async fn t15_a_strangers_first_message_is_a_request_until_it_is_accepted() {
    let app = TestApp::new().await;
    let (ann, eve) = two(&app).await;
    let talk = app.talk([&eve, &ann]).await;
    assert_eq!(
        (state(&eve, talk).await, state(&ann, talk).await),
        ("open".into(), "hidden".into()),
        "nothing is written"
    );
    assert_eq!(eve.says(talk, "hello", 1).await.status, 201);
    assert_eq!(
        (state(&eve, talk).await, state(&ann, talk).await),
        ("open".into(), "request".into())
    );
    let listed = ann.get("/api/v1/conversations").await.body;
    assert_eq!(listed["conversations"][0]["state"], "request");
    assert_eq!(ann.sees(talk).await, ["1:hello"], "it can be read before");
    let stranger = app.person("1000000003").await;
    assert_eq!(act(&stranger, talk, "accept").await.refusal(), "404 missing");
    app.frames();
    let accepted = act(&ann, talk, "accept").await;
    assert_eq!((accepted.status, &accepted.body["state"]), (200, &json!("open")));
    let frames = app.frames();
    assert!(
        matches!(frames.as_slice(), [(_, ServerFrame::Person { .. })]),
        "only the own tabs hear of it: {frames:?}"
    );
    assert_eq!(act(&ann, talk, "accept").await.status, 200, "safe to repeat");
    let changes = ann.get("/api/v1/me/changes?after=1").await.body;
    assert_eq!(changes["conversations"][0]["state"], "open");
    app.run_jobs().await;
}

#[actix_web::test]
async fn t15_a_deleted_request_is_gone_until_the_stranger_writes_again() {
    let app = TestApp::new().await;
    let (ann, eve) = two(&app).await;
    let talk = app.talk([&eve, &ann]).await;
    assert_eq!(
        act(&ann, talk, "dismiss").await.refusal(),
        "404 missing",
        "there is nothing to delete yet"
    );
    eve.says(talk, "hello", 1).await;
    assert_eq!(
        act(&eve, talk, "dismiss").await.refusal(),
        "404 missing",
        "it is not a request for its sender"
    );
    assert_eq!(act(&ann, talk, "dismiss").await.status, 204);
    assert_eq!(state(&ann, talk).await, "hidden");
    assert_eq!(
        ann.get("/api/v1/me/changes?after=1").await.body["conversations"][0]["state"],
        "hidden"
    );
    assert_eq!(act(&ann, talk, "dismiss").await.refusal(), "404 missing");
    eve.says(talk, "are you there?", 2).await;
    assert_eq!(state(&ann, talk).await, "request");
    assert_eq!(act(&ann, talk, "accept").await.status, 200);
    assert_eq!(
        act(&ann, talk, "dismiss").await.refusal(),
        "404 missing",
        "no request any more"
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn t15_whoever_answers_has_taken_it_up() {
    let app = TestApp::new().await;
    let (ann, eve) = two(&app).await;
    let talk = app.talk([&eve, &ann]).await;
    let from_ann = Tab::open(&ann, talk).await;
    eve.says(talk, "hello", 1).await;
    let mut link = Link::new(&app, 512);
    link.submit(from_ann.submit(1, 1, None, &message(" ")));
    link.settled(1).await;
    assert_eq!(
        state(&ann, talk).await,
        "request",
        "what was refused answers nothing"
    );
    link.submit(from_ann.submit(2, 2, None, &message("who are you?")));
    link.submit(from_ann.submit(3, 3, None, &message("do I know you?")));
    link.settled(2).await;
    assert_eq!(state(&ann, talk).await, "open");
    let changes = ann.get("/api/v1/me/changes?after=1").await.body;
    assert_eq!(changes["conversations"][0]["state"], "open");
}

#[actix_web::test]
async fn t15_contacts_need_no_request() {
    let app = TestApp::new().await;
    let (ann, eve) = two(&app).await;
    let bob = app.person("1000000003").await;
    befriend(&ann, &bob).await;
    let with_bob = app.talk([&bob, &ann]).await;
    assert_eq!(state(&ann, with_bob).await, "open");
    // Whom one has asked to become a contact may write.
    ask(&ann, &eve, "").await;
    let with_eve = app.talk([&eve, &ann]).await;
    assert_eq!(state(&ann, with_eve).await, "open");
    app.run_jobs().await;
}

#[actix_web::test]
async fn t15_becoming_contacts_takes_up_what_waits() {
    let app = TestApp::new().await;
    let (ann, eve) = two(&app).await;
    let talk = app.talk([&eve, &ann]).await;
    eve.says(talk, "hello", 1).await;
    befriend(&eve, &ann).await;
    app.run_jobs().await;
    assert_eq!(state(&ann, talk).await, "open");
    let notes = app.talk([&ann, &ann]).await;
    assert_eq!(state(&ann, notes).await, "open");
}
