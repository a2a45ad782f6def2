//! Becoming contacts, and parting: what both see, and what others do not.

use crate::app::{Answer, Person, TestApp};
use futures_util::future::join;
use serde_json::{Value, json};
use shared_protocol::ServerFrame;

/// Asks for a contact.
pub async fn ask(me: &Person, other: &Person, note: &str) -> Answer {
    me.post(
        "/api/v1/contact-requests",
        json!({ "user_id": other.id, "note": note }),
    )
    .await
}

/// The two become contacts.
pub async fn befriend(one: &Person, other: &Person) {
    assert_eq!(ask(one, other, "").await.status, 201);
    assert_eq!(ask(other, one, "").await.status, 200);
}

/// The user IDs in this list of an answer.
pub fn ids(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| item["user_id"].as_str().unwrap().to_owned())
        .collect()
}

/// `user: state`, with `blocked` where it holds, as `GET /users?query=` says of the one with this ID.
pub async fn found(me: &Person, other: &Person) -> String {
    let answer = me.get(&format!("/api/v1/users?query={}", other.id)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    match &answer.body["users"][0] {
        Value::Null => "nobody".to_owned(),
        user if user["blocked"] == true => format!("{} blocked", user["contact"].as_str().unwrap()),
        user => user["contact"].as_str().unwrap().to_owned(),
    }
}

pub async fn contacts(me: &Person) -> Vec<String> {
    ids(&me.get("/api/v1/contacts").await.body["contacts"])
}

pub async fn incoming(me: &Person) -> Vec<String> {
    ids(&me.get("/api/v1/contact-requests").await.body["incoming"])
}

pub async fn outgoing(me: &Person) -> Vec<String> {
    ids(&me.get("/api/v1/contact-requests").await.body["outgoing"])
}

async fn request_id(me: &Person) -> String {
    let requests = me.get("/api/v1/contact-requests").await.body;
    let first = |list: &str| requests[list][0]["request"]["id"].as_str().map(str::to_owned);
    first("incoming").or_else(|| first("outgoing")).unwrap()
}

/// To whose own groups a `person` frame went since the last call.
async fn told(app: &TestApp, people: &[&Person]) -> Vec<String> {
    let frames = app.frames();
    let mut told = Vec::new();
    for person in people {
        let own = person.get("/api/v1/me").await.body["subject"].clone();
        let hears = |(to, frame): &(String, ServerFrame)| {
            own == to.as_str() && matches!(frame, ServerFrame::Person { .. })
        };
        if frames.iter().any(hears) {
            told.push(person.id.to_string());
        }
    }
    told
}

pub async fn three(app: &TestApp) -> (Person, Person, Person) {
    (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    )
}

#[actix_web::test]
async fn f03_f05_a_request_is_made_seen_and_accepted_by_its_addressee_alone() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    app.frames();
    let asked = ask(&ann, &bob, " From the\nharbour ").await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    assert_eq!(
        (&asked.body["user_id"], &asked.body["contact"]),
        (&json!(bob.id), &json!("requested"))
    );
    assert_eq!(
        told(&app, &[&ann, &bob, &eve]).await,
        ["1000000001", "1000000002"]
    );
    let seen = bob.get("/api/v1/contact-requests").await.body;
    assert_eq!(ids(&seen["incoming"]), ["1000000001"]);
    assert_eq!(seen["incoming"][0]["request"]["note"], "From the harbour");
    assert_eq!(
        (outgoing(&ann).await, incoming(&ann).await),
        (vec!["1000000002".into()], vec![])
    );
    assert_eq!(ask(&ann, &bob, "").await.refusal(), "409 conflict");
    assert_eq!(
        ask(&ann, &bob, "").await.body["title"],
        "Your request is already waiting for an answer."
    );

    let id = request_id(&bob).await;
    for who in [&ann, &eve] {
        for answer in ["accept", "reject"] {
            let refused = who
                .post(&format!("/api/v1/contact-requests/{id}/{answer}"), json!({}))
                .await;
            assert_eq!(refused.refusal(), "404 missing", "{} may not {answer}", who.id);
        }
    }
    app.frames();
    let accepted = bob
        .post(&format!("/api/v1/contact-requests/{id}/accept"), json!({}))
        .await;
    assert_eq!(
        (accepted.status, &accepted.body["contact"]),
        (200, &json!("contact"))
    );
    assert_eq!(
        told(&app, &[&ann, &bob, &eve]).await,
        ["1000000001", "1000000002"]
    );
    assert_eq!(
        (contacts(&ann).await, contacts(&bob).await),
        (vec!["1000000002".into()], vec!["1000000001".into()])
    );
    assert_eq!((incoming(&bob).await, outgoing(&ann).await), (vec![], vec![]));
    let again = bob
        .post(&format!("/api/v1/contact-requests/{id}/accept"), json!({}))
        .await;
    assert_eq!(again.refusal(), "404 missing", "it is answered");
    assert_eq!(
        ask(&ann, &bob, "").await.body["title"],
        "You are contacts already."
    );
    assert_eq!(contacts(&eve).await, Vec::<String>::new());
    app.run_jobs().await;
}

#[actix_web::test]
async fn p06_two_requests_at_the_same_moment_make_one_pair() {
    for _ in 0..4 {
        let app = TestApp::new().await;
        let (ann, bob, _) = three(&app).await;
        let (one, other) = join(ask(&ann, &bob, ""), ask(&bob, &ann, "")).await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{} {}", one.text, other.text);
        assert_eq!(
            (contacts(&ann).await, contacts(&bob).await),
            (vec!["1000000002".into()], vec!["1000000001".into()])
        );
        assert_eq!((incoming(&ann).await, incoming(&bob).await), (vec![], vec![]));
        app.run_jobs().await;
    }
}

#[actix_web::test]
async fn f05_a_rejection_is_silent() {
    let app = TestApp::new().await;
    let (ann, bob, _) = three(&app).await;
    ask(&ann, &bob, "").await;
    let id = request_id(&bob).await;
    let before = ann.get("/api/v1/contact-requests").await.body;
    app.frames();
    let rejected = bob
        .post(&format!("/api/v1/contact-requests/{id}/reject"), json!({}))
        .await;
    assert_eq!(rejected.status, 204, "{}", rejected.text);
    assert_eq!(
        told(&app, &[&ann, &bob]).await,
        ["1000000002"],
        "the sender hears nothing"
    );
    assert_eq!(incoming(&bob).await, Vec::<String>::new());
    assert_eq!(
        ann.get("/api/v1/contact-requests").await.body,
        before,
        "and sees nothing"
    );
    assert_eq!(ask(&ann, &bob, "").await.refusal(), "409 conflict");
    assert_eq!(
        (found(&ann, &bob).await, found(&bob, &ann).await),
        ("requested".into(), "none".into())
    );
    // Whoever said no may still come round.
    assert_eq!(ask(&bob, &ann, "").await.body["contact"], "contact");
    assert_eq!(contacts(&ann).await, ["1000000002"]);
    app.run_jobs().await;
}

#[actix_web::test]
async fn f04_a_request_is_withdrawn_by_its_sender_alone() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    ask(&ann, &bob, "").await;
    let id = request_id(&ann).await;
    let path = format!("/api/v1/contact-requests/{id}");
    for who in [&bob, &eve] {
        assert_eq!(who.delete(&path).await.refusal(), "404 missing");
    }
    app.frames();
    assert_eq!(ann.delete(&path).await.status, 204);
    assert_eq!(told(&app, &[&ann, &bob]).await, ["1000000001", "1000000002"]);
    assert_eq!((outgoing(&ann).await, incoming(&bob).await), (vec![], vec![]));
    assert_eq!(ann.delete(&path).await.refusal(), "404 missing");
    assert_eq!(ask(&ann, &bob, "").await.status, 201);
}

#[actix_web::test]
async fn f07_a_contact_is_removed_from_both_lists_and_what_was_written_stays() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    befriend(&ann, &bob).await;
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "hi", 1).await;
    assert_eq!(
        eve.delete("/api/v1/contacts/1000000002").await.refusal(),
        "404 missing"
    );
    app.frames();
    assert_eq!(ann.delete("/api/v1/contacts/1000000002").await.status, 204);
    assert_eq!(told(&app, &[&ann, &bob]).await, ["1000000001", "1000000002"]);
    assert_eq!((contacts(&ann).await, contacts(&bob).await), (vec![], vec![]));
    assert_eq!(
        (ann.sees(talk).await, bob.sees(talk).await),
        (vec!["1:hi".into()], vec!["1:hi".into()])
    );
    for other in ["1000000002", "1000000001", "4000000004", "abc"] {
        let again = ann.delete(&format!("/api/v1/contacts/{other}")).await;
        assert_eq!(again.refusal(), "404 missing", "{other}");
    }
    app.run_jobs().await;
}

#[actix_web::test]
async fn o08_bad_requests_are_refused_in_words() {
    let app = TestApp::with(|config| config.accounts.requests_per_minute = 8).await;
    let (ann, bob, _) = three(&app).await;
    let refused = async |body: Value| ann.post("/api/v1/contact-requests", body).await.refusal();
    assert_eq!(refused(json!({ "user_id": ann.id })).await, "422 impossible");
    assert_eq!(refused(json!({ "user_id": "4000000004" })).await, "404 missing");
    assert_eq!(
        refused(json!({ "user_id": bob.id, "note": "x".repeat(201) })).await,
        "400 invalid note: 201 of 200 characters."
    );
    assert_eq!(
        refused(json!({ "user_id": bob.id, "note": "a\u{202e}b" })).await,
        "400 invalid note: A note has no invisible characters."
    );
    assert!(
        refused(json!({ "user_id": "12" }))
            .await
            .starts_with("400 invalid body")
    );
    for id in ["0", "abc", "99999999999999999999", "1"] {
        for path in [format!("{id}/accept"), format!("{id}/reject")] {
            let answer = ann
                .post(&format!("/api/v1/contact-requests/{path}"), json!({}))
                .await;
            assert_eq!(answer.refusal(), "404 missing", "{path}");
        }
    }
    assert_eq!(
        incoming(&bob).await,
        Vec::<String>::new(),
        "nothing of it was kept"
    );
    // Fields that are not the caller's to set.
    let asked = ann
        .post(
            "/api/v1/contact-requests",
            json!({ "user_id": bob.id, "sender": "1000000003", "is_silent": true }),
        )
        .await;
    assert_eq!(
        (asked.status, incoming(&bob).await),
        (201, vec!["1000000001".into()])
    );
    for _ in 0..3 {
        ask(&ann, &bob, "").await;
    }
    assert_eq!(ask(&ann, &bob, "").await.status, 429);
}

#[actix_web::test]
async fn f10_o11_a_search_says_where_one_stands() {
    let app = TestApp::new().await;
    let (ann, bob, _) = three(&app).await;
    let both = async || (found(&ann, &bob).await, found(&bob, &ann).await);
    assert_eq!(both().await, ("none".into(), "none".into()));
    ask(&ann, &bob, "").await;
    assert_eq!(both().await, ("requested".into(), "incoming".into()));
    let card = bob.get("/api/v1/users/1000000001").await.body;
    let id = card["request"]["id"].as_str().unwrap();
    bob.post(&format!("/api/v1/contact-requests/{id}/accept"), json!({}))
        .await;
    assert_eq!(both().await, ("contact".into(), "contact".into()));
    assert_eq!(found(&ann, &ann).await, "nobody");
    let by_name = ann.get("/api/v1/users?query=p10").await.body;
    assert_eq!(ids(&by_name["users"]), ["1000000002", "1000000003"]);
    app.run_jobs().await;
}

#[actix_web::test]
async fn f06_o09_the_list_has_who_is_online_first() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    befriend(&ann, &bob).await;
    befriend(&ann, &eve).await;
    let (now, here) = (app.app.clock.now(), eve.id);
    let set = app.app.db.write(move |conn| {
        talkhub_client::accounts::online::set_shown(conn, &[(here, Default::default())], &[], &[], now)
    });
    set.await.unwrap();
    let list = ann.get("/api/v1/contacts").await.body;
    assert_eq!(ids(&list["contacts"]), ["1000000003", "1000000002"]);
    let first = &list["contacts"][0];
    assert_eq!(
        (
            &first["online"],
            &first["contact"],
            &first["since"],
            &first["username"]
        ),
        (
            &json!(true),
            &json!("contact"),
            &json!(now),
            &json!("p1000000003")
        )
    );
    assert_eq!(list["contacts"][1]["online"], false);
    app.run_jobs().await;
}
