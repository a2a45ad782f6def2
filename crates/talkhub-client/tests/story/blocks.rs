//! Blocks: the blocked cannot write, find or see, and are told what somebody who takes contacts only would tell.

use crate::app::{Person, TestApp};
use crate::contacts::{ask, befriend, found, ids};
use serde_json::json;
use shared_protocol::ServerFrame;

pub const NOT_REACHABLE: &str = "This person takes messages from their contacts only.";

pub async fn block(me: &Person, other: &Person) {
    let answer = me.put(&format!("/api/v1/blocks/{}", other.id), json!({})).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

pub async fn unblock(me: &Person, other: &Person) {
    let answer = me.delete(&format!("/api/v1/blocks/{}", other.id)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

async fn blocked(me: &Person) -> Vec<String> {
    ids(&me.get("/api/v1/blocks").await.body["blocks"])
}

pub async fn two(app: &TestApp) -> (Person, Person) {
    (app.person("1000000001").await, app.person("1000000002").await)
}

#[actix_web::test]
async fn f08_f09_o10_no_message_passes_either_way_until_the_block_is_lifted() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    befriend(&ann, &bob).await;
    let talk = app.talk([&ann, &bob]).await;
    bob.says(talk, "before", 1).await;
    block(&ann, &bob).await;
    assert_eq!(
        (blocked(&ann).await, blocked(&bob).await),
        (vec!["1000000002".into()], vec![])
    );
    app.frames();
    let refused = bob.says(talk, "let me in", 2).await;
    assert_eq!(
        (refused.refusal().as_str(), &refused.body["title"]),
        ("403 not-reachable", &json!(NOT_REACHABLE))
    );
    let own = ann.says(talk, "one more thing", 1).await;
    assert_eq!(
        (own.refusal().as_str(), &own.body["title"]),
        (
            "403 forbidden",
            &json!("You have blocked this person. Unblock them to write.")
        )
    );
    assert!(app.frames().is_empty(), "nobody hears of what was refused");
    // What was stored before gives its first result, whatever the rules say now.
    assert_eq!(bob.says(talk, "before", 1).await.status, 200);
    unblock(&ann, &bob).await;
    assert_eq!(blocked(&ann).await, Vec::<String>::new());
    assert_eq!(bob.says(talk, "thank you", 3).await.status, 201);
    assert_eq!(
        ann.sees(talk).await,
        ["1:before", "2:thank you"],
        "what was tried meanwhile does not appear"
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn f08_the_blocked_do_not_find_and_the_blocker_sees_whom_to_unblock() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    befriend(&ann, &bob).await;
    block(&ann, &bob).await;
    assert_eq!(found(&bob, &ann).await, "nobody");
    assert_eq!(bob.get("/api/v1/users/1000000001").await.refusal(), "404 missing");
    let by_name = bob.get("/api/v1/users?query=p1000000001").await.body;
    assert_eq!(by_name["users"], json!([]));
    assert_eq!(found(&ann, &bob).await, "none blocked");
    assert_eq!(ann.get("/api/v1/users/1000000002").await.body["blocked"], true);
    for me in [&ann, &bob] {
        assert_eq!(
            me.get("/api/v1/contacts").await.body["contacts"],
            json!([]),
            "contacts no more"
        );
    }
    unblock(&ann, &bob).await;
    assert_eq!(
        (found(&bob, &ann).await, found(&ann, &bob).await),
        ("none".into(), "none".into())
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec16_a_request_to_a_blocker_gets_everybodys_answer_and_reaches_nobody() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let eve = app.person("1000000003").await;
    block(&ann, &bob).await;
    app.frames();
    let mut to_ann = ask(&bob, &ann, "please").await;
    let mut to_eve = ask(&bob, &eve, "please").await;
    assert_eq!(to_ann.status, 201, "{}", to_ann.text);
    for answer in [&mut to_ann, &mut to_eve] {
        for own in ["user_id", "username", "display_name", "subject", "avatar_color"] {
            assert!(answer.body[own].take() != json!(null), "{own}");
        }
        assert!(answer.body["request"]["id"].take().is_string());
    }
    assert_eq!((to_ann.status, &to_ann.body), (to_eve.status, &to_eve.body));
    assert_eq!(
        ann.get("/api/v1/contact-requests").await.body["incoming"],
        json!([])
    );
    let own = ann.get("/api/v1/me").await.body["subject"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(app.frames().iter().all(|(to, _)| *to != own), "and hears nothing");
    assert_eq!(
        ask(&bob, &ann, "").await.refusal(),
        "409 conflict",
        "as with everybody"
    );
    // One that was waiting when the block was made goes on waiting for its sender alone.
    block(&eve, &bob).await;
    let outgoing = bob.get("/api/v1/contact-requests").await.body;
    assert_eq!(ids(&outgoing["outgoing"]).len(), 2);
    assert_eq!(
        eve.get("/api/v1/contact-requests").await.body["incoming"],
        json!([])
    );
    // The blocker must unblock first.
    assert_eq!(ask(&ann, &bob, "").await.refusal(), "409 conflict");
    unblock(&ann, &bob).await;
    assert_eq!(
        ann.get("/api/v1/contact-requests").await.body["incoming"],
        json!([]),
        "tried meanwhile"
    );
}

#[actix_web::test]
async fn o10_bad_blocks_are_refused_and_good_ones_are_safe_to_repeat() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let put = async |id: &str| {
        ann.put(&format!("/api/v1/blocks/{id}"), json!({}))
            .await
            .refusal()
    };
    assert_eq!(put("1000000001").await, "422 impossible");
    for nobody in ["4000000004", "12", "abc"] {
        assert_eq!(put(nobody).await, "404 missing", "{nobody}");
        assert_eq!(
            ann.delete(&format!("/api/v1/blocks/{nobody}")).await.refusal(),
            "404 missing"
        );
    }
    block(&ann, &bob).await;
    block(&ann, &bob).await;
    assert_eq!(blocked(&ann).await, ["1000000002"]);
    // Both at once, and one's own is lifted by oneself alone.
    block(&bob, &ann).await;
    unblock(&ann, &bob).await;
    assert_eq!(
        ann.delete("/api/v1/blocks/1000000002").await.refusal(),
        "404 missing"
    );
    assert_eq!(blocked(&bob).await, ["1000000001"]);
}

#[actix_web::test]
async fn a_private_conversation_is_not_begun_across_a_block_and_an_old_one_can_be_read() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let eve = app.person("1000000003").await;
    let talk = app.talk([&ann, &eve]).await;
    eve.says(talk, "hi", 1).await;
    block(&ann, &bob).await;
    block(&ann, &eve).await;
    let open = async |me: &Person, other: &Person| {
        me.put(&format!("/api/v1/conversations/private/{}", other.id), json!({}))
            .await
    };
    assert_eq!(open(&bob, &ann).await.refusal(), "403 not-reachable");
    assert_eq!(open(&ann, &bob).await.refusal(), "403 forbidden");
    assert_eq!(open(&bob, &eve).await.status, 200);
    assert_eq!(open(&eve, &ann).await.body["id"], json!(talk));
    assert_eq!(eve.sees(talk).await, ["1:hi"]);
    app.run_jobs().await;
}

#[actix_web::test]
async fn f08_neither_sees_whether_the_other_is_there() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    befriend(&ann, &bob).await;
    let talk = app.talk([&ann, &bob]).await;
    let (now, both) = (app.app.clock.now(), [ann.id, bob.id]);
    let set = app.app.db.write(move |conn| {
        talkhub_client::accounts::online::set_shown(
            conn,
            &both.map(|user| (user, Default::default())),
            &[],
            &[],
            now,
        )
    });
    set.await.unwrap();
    let online = async |me: &Person, at: usize| {
        let shown = me.get(&format!("/api/v1/conversations/{talk}")).await.body;
        shown["members"][at]["online"].clone()
    };
    assert_eq!(
        (online(&bob, 0).await, online(&ann, 1).await),
        (json!(true), json!(true))
    );
    let subject = async |me: &Person| {
        me.get("/api/v1/me").await.body["subject"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (anns, bobs) = (subject(&ann).await, subject(&bob).await);
    let told = |app: &TestApp| -> Vec<(String, bool)> {
        let frames = app.frames().into_iter().filter_map(|(to, frame)| match frame {
            ServerFrame::Presence { people, .. } => Some((to, people[0].online)),
            _ => None,
        });
        frames.collect()
    };
    app.frames();
    block(&ann, &bob).await;
    assert_eq!(
        told(&app),
        [(anns.clone(), false), (bobs.clone(), false)],
        "told at once, to each alone"
    );
    assert_eq!(
        (online(&bob, 0).await, online(&ann, 1).await),
        (json!(false), json!(false))
    );
    assert_eq!(
        (online(&bob, 1).await, online(&ann, 0).await),
        (json!(true), json!(true)),
        "oneself"
    );
    assert_eq!(ann.get("/api/v1/users/1000000002").await.body["online"], false);
    unblock(&ann, &bob).await;
    assert_eq!(told(&app), [(anns, true), (bobs, true)]);
    app.run_jobs().await;
}

#[actix_web::test]
async fn f09_the_settings_page_lists_whom_one_has_blocked_and_lifts_it() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    befriend(&ann, &bob).await;
    let talk = app.talk([&ann, &bob]).await;
    let page = ann.get("/settings/blocked").await;
    assert!(page.text.contains("You have blocked nobody."), "{}", page.text);
    block(&ann, &bob).await;
    let page = ann.get("/settings/blocked").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("100 000 0002") && page.text.contains(r#"aria-label="Unblock: "#));
    // The blocked one's own page says nothing of it, and a block of others is not theirs to lift.
    let theirs = bob.get("/settings/blocked").await;
    assert!(!theirs.text.contains("1000000001"), "{}", theirs.text);
    bob.submit("/settings/blocked", &[("user_id", "1000000001")])
        .await;
    assert_eq!(
        bob.says(talk, "let me in", 2).await.refusal(),
        "403 not-reachable"
    );
    let visitor = app.visitor();
    let sent = visitor
        .submit("/settings/blocked", &[("user_id", "1000000002")])
        .await;
    let looked = visitor.get("/settings/blocked").await;
    for answer in [sent, looked] {
        assert_eq!(answer.header("location"), "/login?next=/settings/blocked");
    }
    app.frames();
    let lifted = ann
        .submit("/settings/blocked", &[("user_id", "1000000002")])
        .await;
    assert_eq!(
        (lifted.status, lifted.header("location")),
        (303, "/settings/blocked?lifted=1")
    );
    let page = ann.get("/settings/blocked?lifted=1").await;
    assert!(page.text.contains("Unblocked.") && !page.text.contains("1000000002"));
    assert_eq!(bob.says(talk, "thank you", 3).await.status, 201);
    // Pressed twice, or unblocked elsewhere meanwhile: the same.
    let again = ann
        .submit("/settings/blocked", &[("user_id", "1000000002")])
        .await;
    assert_eq!(again.status, 303);
    assert_eq!(
        ann.submit("/settings/blocked", &[("user_id", "12")]).await.status,
        404
    );
    app.run_jobs().await;
}
