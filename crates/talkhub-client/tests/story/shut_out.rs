//! Blocks at the relay and inside the commit: no frame reaches the blocked, and nothing of theirs is stored.

use crate::app::{TestApp, message_id};
use crate::blocks::{NOT_REACHABLE, block, two, unblock};
use crate::link::{Link, Tab, message};
use crate::passed_on::{hand_in, item, passed_on, results};
use serde_json::json;
use shared_protocol::internal::{Outcome, Submit};
use shared_protocol::receipt::{Key, Passed, Receipt};
use talkhub_client::platform::live::Live;
use talkhub_client::platform::relay::Said;

/// The groups that were changed at the relay: `+` for those let in, `-` for those taken out.
fn moves(app: &TestApp) -> Vec<String> {
    let said = app.app.relay.take_recorded();
    let changes = said.into_iter().filter_map(|said| match said {
        Said::Groups(changes) => Some(changes),
        _ => None,
    });
    let each = changes.flatten().map(|change| {
        let signs = |sign: &str, ids: &[shared_protocol::RelayId]| -> Vec<String> {
            ids.iter().map(|id| format!("{sign}{id}")).collect()
        };
        let mut moved = signs("+", &change.add);
        moved.extend(signs("-", &change.remove));
        moved.join(" ")
    });
    each.collect()
}

#[actix_web::test]
async fn inv13_ru17_the_blocked_are_out_of_the_group_before_the_answer() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let talk = app.talk([&ann, &bob]).await;
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    app.app.relay.take_recorded();
    block(&ann, &bob).await;
    let (ann_tab, bob_tab) = (&from_ann.relay_id, &from_bob.relay_id);
    assert_eq!(moves(&app), [format!("+{ann_tab} -{bob_tab}")]);
    // A new connection of the blocked does not get in, nor does one that is registered anew.
    Tab::open(&bob, talk).await;
    let said = app.app.relay.take_recorded();
    let [Said::Registered(_, registration)] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(registration.groups.len(), 1, "one's own only");
    bob.put("/api/v1/conversations/private/1000000001", json!({}))
        .await;
    assert!(
        moves(&app)
            .iter()
            .all(|moved| !moved.contains(&format!("+{bob_tab}")))
    );
    unblock(&ann, &bob).await;
    assert!(moves(&app)[0].contains(&format!("+{bob_tab}")));
    app.run_jobs().await;
}

#[actix_web::test]
async fn ru17_a_relay_that_does_not_answer_hears_of_the_block_later() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let talk = app.talk([&ann, &bob]).await;
    let from_bob = Tab::open(&bob, talk).await;
    app.run_jobs().await;
    app.app.relay.take_recorded();
    app.app.relay.record_away(true);
    block(&ann, &bob).await;
    assert!(moves(&app).is_empty());
    assert_eq!(
        bob.says(talk, "hi", 1).await.refusal(),
        "403 not-reachable",
        "the rule holds at once"
    );
    app.app.relay.record_away(false);
    app.run_jobs().await;
    assert_eq!(moves(&app), [format!("-{}", from_bob.relay_id)]);
}

#[actix_web::test]
async fn a_live_stream_of_the_blocked_hears_nothing_more() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let talk = app.talk([&ann, &bob]).await;
    let group = Tab::open(&bob, talk).await.group;
    let live: &Live = app.app.relay.live();
    let mut stream = live.open(1, bob.id, std::slice::from_ref(&group), 5).unwrap();
    let mut heard = async || {
        live.tell(&group, "{}");
        let next = tokio::time::timeout(std::time::Duration::from_millis(50), stream.next());
        next.await.is_ok()
    };
    assert!(heard().await);
    block(&ann, &bob).await;
    assert!(!heard().await);
    unblock(&ann, &bob).await;
    assert!(heard().await);
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec15_the_commit_refuses_the_blocked_on_the_link_and_what_was_passed_on() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let eve = app.person("1000000003").await;
    let (talk, other) = (app.talk([&ann, &bob]).await, app.talk([&bob, &eve]).await);
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    let to_eve = Tab::open(&bob, other).await;
    // Passed on before the block, handed in after it.
    let key = Key::of(app.app.config.relay.secret.expose());
    let frame = message("passed on before");
    let id = message_id(9);
    let passed = Passed {
        subject: &from_bob.subject,
        group: from_bob.group.as_str(),
        id: &id,
        frame: &frame,
        prev: None,
    };
    let receipt = Receipt::sign(&key, &passed, app.app.clock.now(), "boot", 1).to_string();
    block(&ann, &bob).await;
    let mut link = Link::new(&app, 512);
    link.submit(from_bob.submit(1, 1, None, &message("let me in")));
    link.submit(from_ann.submit(2, 2, None, &message("one more thing")));
    link.submit(to_eve.submit(3, 3, None, &message("she blocked me")));
    link.submit(Submit {
        receipt: Some(receipt.clone()),
        ..from_bob.submit(4, 9, None, &frame)
    });
    let settled = link.settled(4).await;
    let words: Vec<String> = settled
        .iter()
        .map(|settle| match &settle.outcome {
            Outcome::Stored { seq, .. } => format!("{} stored {seq}", settle.r),
            Outcome::Refused { problem } => format!("{} {} {}", settle.r, problem.status, problem.title),
            Outcome::Busy { .. } => format!("{} busy", settle.r),
        })
        .collect();
    assert_eq!(
        words,
        [
            format!("1 403 {NOT_REACHABLE}"),
            "2 403 You have blocked this person. Unblock them to write.".to_owned(),
            "3 stored 1".to_owned(),
            format!("4 403 {NOT_REACHABLE}"),
        ]
    );
    // Later nobody can bring it in, not even when the block is lifted.
    unblock(&ann, &bob).await;
    let handed = json!({ "subject": from_bob.subject, "id": id, "frame": frame, "receipt": receipt });
    let answer = ann
        .post(
            &format!("/api/v1/conversations/{talk}/passed-on"),
            json!({ "messages": [handed] }),
        )
        .await;
    assert_eq!(answer.body["results"][0]["status"], "refused", "{}", answer.text);
    assert_eq!(ann.sees(talk).await, Vec::<String>::new());
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec16_whoever_hands_in_for_somebody_who_has_blocked_them_learns_nothing_of_it() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let talk = app.talk([&ann, &bob]).await;
    let from_ann = Tab::open(&ann, talk).await;
    let passed = passed_on(&app, from_ann.submit(1, 1, None, &message("hi")), 1, 60);
    block(&ann, &bob).await;
    for _ in 0..2 {
        let answer = hand_in(&bob, talk, &[item(&passed)]).await;
        assert_eq!(results(&answer), ["refused forbidden"]);
        let problem = &answer.body["results"][0]["problem"];
        assert_eq!(problem["title"], "This message was refused.");
        assert!(!answer.text.contains("block"), "{}", answer.text);
    }
    let own = hand_in(&ann, talk, &[item(&passed)]).await;
    assert!(own.text.contains("You have blocked this person"), "{}", own.text);
    app.run_jobs().await;
}

/// It was passed on, and its writer has not heard of that: over HTTPS nobody says so.
#[actix_web::test]
async fn inv11_what_was_refused_over_https_is_not_handed_in_once_the_block_is_lifted() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let talk = app.talk([&ann, &bob]).await;
    let from_bob = Tab::open(&bob, talk).await;
    let passed = passed_on(&app, from_bob.submit(1, 1, None, &message("hi")), 1, 60);
    block(&ann, &bob).await;
    assert_eq!(bob.says(talk, "hi", 1).await.refusal(), "403 not-reachable");
    unblock(&ann, &bob).await;
    let handed = hand_in(&ann, talk, &[item(&passed)]).await;
    assert_eq!(results(&handed), ["refused forbidden"]);
    assert_eq!(bob.says(talk, "hi", 1).await.refusal(), "403 not-reachable");
    assert_eq!(bob.says(talk, "hello?", 2).await.status, 201);
    assert_eq!(ann.sees(talk).await, ["1:hello?"]);
    app.run_jobs().await;
}

/// What is refused settles its place for what names it, so nothing before it may be open.
#[actix_web::test]
async fn inv09_over_https_too_nothing_is_refused_before_what_was_written_before_it() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let talk = app.talk([&ann, &bob]).await;
    block(&ann, &bob).await;
    let after = async |number: u64, prev: u64| {
        let path = format!("/api/v1/conversations/{talk}/messages");
        let form = json!({ "id": message_id(number), "prev": message_id(prev), "body": "hi" });
        bob.post(&path, form).await
    };
    assert_eq!(after(2, 1).await.status, 503, "the first one may still come");
    assert_eq!(bob.says(talk, "hi", 1).await.refusal(), "403 not-reachable");
    assert_eq!(after(2, 1).await.refusal(), "403 not-reachable");
    unblock(&ann, &bob).await;
    assert_eq!(after(4, 3).await.status, 503);
    assert_eq!(after(3, 2).await.status, 201);
    assert_eq!(after(4, 3).await.status, 201);
    app.run_jobs().await;
}
