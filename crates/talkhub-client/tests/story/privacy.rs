//! Who sees what somebody does: last seen, read receipts and typing, both ways, and live.

use crate::app::{Person, TestApp};
use serde_json::{Value, json};
use shared_protocol::{ConversationId, ServerFrame};
use talkhub_client::presence;

/// Ann with a contact (bob) and a stranger (eve), in a conversation with each.
pub struct Circle {
    pub app: TestApp,
    pub ann: Person,
    pub bob: Person,
    pub eve: Person,
    pub with_bob: ConversationId,
    pub with_eve: ConversationId,
}

pub async fn circle() -> Circle {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let (with_bob, with_eve) = (app.talk([&ann, &bob]).await, app.talk([&ann, &eve]).await);
    befriend(&ann, &bob).await;
    for (talk, number) in [(with_bob, 1), (with_eve, 2)] {
        assert_eq!(ann.says(talk, "hi", number).await.status, 201);
    }
    app.run_jobs().await;
    Circle {
        app,
        ann,
        bob,
        eve,
        with_bob,
        with_eve,
    }
}

async fn befriend(one: &Person, other: &Person) {
    let asked = one
        .post(
            "/api/v1/contact-requests",
            json!({ "user_id": other.id.to_string() }),
        )
        .await;
    assert!(asked.status < 300, "{}", asked.text);
    let answered = other
        .post(
            "/api/v1/contact-requests",
            json!({ "user_id": one.id.to_string() }),
        )
        .await;
    assert!(answered.status < 300, "{}", answered.text);
}

pub async fn set(who: &Person, what: &str, audience: &str) {
    let set = who.patch("/api/v1/me/privacy", json!({ what: audience })).await;
    assert_eq!(
        (set.status, &set.body[what]),
        (200, &json!(audience)),
        "{}",
        set.text
    );
}

async fn come(circle: &Circle, who: &Person) {
    let ticket = who.post("/api/v1/relay-ids", json!({})).await;
    let relay_id = ticket.body["relay_id"].as_str().unwrap().parse().unwrap();
    let app = &circle.app;
    presence::relay::on_connected(&app.app, &app.tracker, relay_id)
        .await
        .unwrap();
}

/// To whose own group or which conversation's group presence was told, and of whom.
async fn told(circle: &Circle) -> Vec<(String, Vec<(String, bool)>)> {
    let app = &circle.app;
    app.frames();
    presence::work::tell_changes(&app.app, &app.tracker)
        .await
        .unwrap();
    let mut told = Vec::new();
    for (to, frame) in app.frames() {
        if let ServerFrame::Presence { people, .. } = frame {
            let people = people
                .iter()
                .map(|one| (one.user_id.to_string(), one.online))
                .collect();
            told.push((to, people));
        }
    }
    told.sort();
    told
}

pub async fn member(by: &Person, talk: ConversationId, who: &Person) -> Value {
    let shown = by.get(&format!("/api/v1/conversations/{talk}")).await.body;
    let members = shown["members"].as_array().unwrap().clone();
    members
        .into_iter()
        .find(|member| member["user_id"] == who.id.to_string())
        .unwrap()
}

#[actix_web::test]
async fn u08_last_seen_and_the_dot_are_shown_to_whom_they_are_for_and_both_ways() {
    let circle = circle().await;
    let Circle {
        app,
        ann,
        bob,
        eve,
        with_bob,
        with_eve,
    } = &circle;
    let own = async |who: &Person| {
        who.get("/api/v1/me").await.body["subject"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    come(&circle, ann).await;
    let first = told(&circle).await;
    assert_eq!(first.len(), 2, "to the groups of both conversations: {first:?}");

    set(ann, "last_seen", "contacts").await;
    app.run_jobs().await;
    assert_eq!(member(bob, *with_bob, ann).await["online"], true);
    assert_eq!(
        member(eve, *with_eve, ann).await["online"],
        false,
        "eve is no contact"
    );
    let card = eve.get(&format!("/api/v1/users/{}", ann.id)).await.body;
    assert_eq!((&card["online"], card.get("last_seen")), (&json!(false), None));
    assert_eq!(
        eve.get(&format!("/api/v1/rooms/{with_eve}/online")).await.body["people"],
        json!([])
    );

    // What ann keeps from eve she does not see of eve either.
    come(&circle, eve).await;
    come(&circle, bob).await;
    told(&circle).await;
    assert_eq!(member(ann, *with_eve, eve).await["online"], false);
    assert_eq!(member(ann, *with_bob, bob).await["online"], true);

    ann.put("/api/v1/me/presence", json!({ "presence": "invisible" }))
        .await;
    let gone = told(&circle).await;
    // All of the conversation with bob may know: one frame to its group. Of the other one, ann herself.
    let group = bob.get(&format!("/api/v1/conversations/{with_bob}")).await.body["group"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut expected = vec![own(ann).await, group];
    expected.sort();
    let to: Vec<String> = gone.iter().map(|(to, _)| to.clone()).collect();
    assert_eq!(to, expected, "no frame reaches eve");

    set(ann, "last_seen", "nobody").await;
    app.run_jobs().await;
    let seen = member(bob, *with_bob, ann).await;
    assert_eq!(
        (&seen["online"], seen.get("last_seen")),
        (&json!(false), None),
        "B's header reads nothing"
    );
    set(ann, "last_seen", "everybody").await;
    app.run_jobs().await;
    assert!(member(eve, *with_eve, ann).await["last_seen"].is_number());
}

#[actix_web::test]
async fn d07_u08_read_receipts_that_are_off_are_off_for_both() {
    let circle = circle().await;
    let Circle {
        app,
        ann,
        bob,
        with_bob,
        ..
    } = &circle;
    let marks = async |who: &Person| {
        let page = who
            .get(&format!("/api/v1/conversations/{with_bob}/messages"))
            .await
            .body;
        let marks = page["marks"].as_array().unwrap().clone();
        marks
            .iter()
            .map(|mark| format!("{}:{}", mark["user_id"].as_str().unwrap(), mark["read"]))
            .collect::<Vec<_>>()
    };
    let reached = |frames: Vec<(String, ServerFrame)>| -> Vec<String> {
        let reads = frames
            .into_iter()
            .filter(|(_, frame)| matches!(frame, ServerFrame::Read { .. }));
        reads.map(|(to, _)| to).collect()
    };
    let group = bob.get(&format!("/api/v1/conversations/{with_bob}")).await.body["group"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = bob.get("/api/v1/me").await.body["subject"]
        .as_str()
        .unwrap()
        .to_owned();
    app.frames();
    bob.reads(*with_bob, 1).await;
    assert_eq!(reached(app.frames()), [group]);
    assert!(marks(ann).await.contains(&"1000000002:1".to_owned()));

    // It is enough that one of the two does not want them.
    for who in [bob, ann] {
        set(who, "read_receipts", "nobody").await;
        app.run_jobs().await;
        assert_eq!(marks(ann).await, ["1000000001:0"], "ann sees no mark of bob's");
        assert_eq!(marks(bob).await, ["1000000002:1"], "and bob none of ann's");
        assert_eq!(member(ann, *with_bob, bob).await["read"], 0);
        let seq = ann
            .says(*with_bob, "again", if who.id == ann.id { 11 } else { 12 })
            .await
            .body["message"]["seq"]
            .as_i64()
            .unwrap();
        app.frames();
        let read = bob.reads(*with_bob, seq).await;
        assert_eq!(
            (&read.body["read"], &read.body["unread"]),
            (&json!(seq), &json!(0)),
            "one's own badge goes"
        );
        assert_eq!(
            reached(app.frames()),
            std::slice::from_ref(&own),
            "bob's other tabs hear of it, ann's do not"
        );
        // Back to where it was, but for what bob has read meanwhile.
        set(who, "read_receipts", "everybody").await;
        app.run_jobs().await;
        assert!(marks(ann).await.contains(&format!("1000000002:{seq}")));
        bob.reads(*with_bob, seq).await;
        return_to_first(&circle).await;
    }
}

/// Marks are compared with the first ones again.
async fn return_to_first(circle: &Circle) {
    use diesel::prelude::*;
    use talkhub_client::platform::db::schema::members;
    let talk = circle.with_bob;
    let back = circle.app.app.db.write(move |conn| {
        diesel::update(
            members::table
                .filter(members::conversation_id.eq(talk))
                .filter(members::read_seq.gt(1)),
        )
        .set(members::read_seq.eq(1))
        .execute(conn)?;
        Ok(())
    });
    back.await.unwrap();
}

#[actix_web::test]
async fn u08_typing_is_shown_where_both_want_it() {
    let circle = circle().await;
    let Circle {
        app,
        ann,
        bob,
        eve,
        with_bob,
        with_eve,
    } = &circle;
    let typing = async |who: &Person, talk: &ConversationId| {
        who.get(&format!("/api/v1/conversations/{talk}")).await.body["typing"].clone()
    };
    assert_eq!(typing(ann, with_bob).await, true);
    set(ann, "typing", "contacts").await;
    app.run_jobs().await;
    assert_eq!(
        (typing(ann, with_bob).await, typing(bob, with_bob).await),
        (json!(true), json!(true))
    );
    assert_eq!(
        (typing(ann, with_eve).await, typing(eve, with_eve).await),
        (json!(false), json!(false))
    );
    set(bob, "typing", "nobody").await;
    app.run_jobs().await;
    assert_eq!(
        (typing(ann, with_bob).await, typing(bob, with_bob).await),
        (json!(false), json!(false))
    );
    let changes = ann.get("/api/v1/me/changes?after=0").await.body;
    let told = changes["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["id"] == with_bob.to_string() && one["typing"] == false);
    assert!(told, "ann's page hears of it without a reload: {changes}");
}
