//! Nothing that somebody does is told to whom they have blocked, and everybody else hears of it.

use crate::app::{Person, TestApp};
use crate::blocks::{block, unblock};
use crate::contacts::three;
use crate::privacy::set;
use serde_json::json;
use shared_protocol::ServerFrame;
use talkhub_client::{conversations, presence};

/// What reached this person since the last call, to their own group or to one that they are in, by kind.
async fn heard(app: &TestApp, who: &Person, frames: &[(String, ServerFrame)]) -> Vec<String> {
    let user = who.id;
    let groups = app
        .app
        .db
        .read(move |conn| conversations::list_groups(conn, &[user]));
    let groups = groups.await.unwrap().into_iter();
    let mut groups: Vec<String> = groups.map(|(_, _, group)| group.to_string()).collect();
    let own = who.get("/api/v1/me").await.body["subject"].clone();
    groups.push(own.as_str().unwrap().to_owned());
    let reached = frames.iter().filter(|(to, _)| groups.contains(to));
    let kinds = reached.map(|(_, frame)| serde_json::to_value(frame).unwrap()["kind"].clone());
    let mut kinds: Vec<String> = kinds.map(|kind| kind.as_str().unwrap().to_owned()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

async fn rev(who: &Person) -> i64 {
    let changes = who.get("/api/v1/me/changes?after=0").await.body;
    changes["upto"].as_i64().unwrap()
}

#[actix_web::test]
async fn inv13_sec16_what_the_blocker_does_reaches_everybody_but_the_blocked() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    let talks = [app.talk([&ann, &bob]).await, app.talk([&ann, &eve]).await];
    set(&ann, "avatar", "contacts").await;
    set(&ann, "last_seen", "contacts").await;
    app.run_jobs().await;
    block(&ann, &bob).await;
    app.run_jobs().await;
    let (before, mut eves) = (rev(&bob).await, rev(&eve).await);
    app.frames();
    let kinds = async |what: &str| {
        app.run_jobs().await;
        presence::work::tell_changes(&app.app, &app.tracker)
            .await
            .unwrap();
        let frames = app.frames();
        assert_eq!(heard(&app, &bob, &frames).await, [""; 0], "bob, {what}");
        assert_eq!(rev(&bob).await, before, "bob has nothing to ask for: {what}");
        heard(&app, &eve, &frames).await
    };
    ann.patch("/api/v1/me", json!({ "display_name": "Annabel" }))
        .await;
    assert_eq!(kinds("a new name").await, ["profile"]);
    ann.patch("/api/v1/me", json!({ "status_line": "At the harbour" }))
        .await;
    assert_eq!(kinds("a new status line").await, ["profile"]);
    for audience in ["nobody", "everybody"] {
        set(&ann, "typing", audience).await;
        assert_eq!(kinds("another setting").await, ["person"]);
        let now = rev(&eve).await;
        assert!(eves < now, "eve has something to ask for");
        eves = now;
    }
    for (other, want) in [(&eve, vec!["person"]), (&bob, vec![])] {
        let path = format!("/api/v1/conversations/private/{}", other.id);
        assert_eq!(ann.put(&path, json!({})).await.status, 200);
        assert_eq!(
            kinds("a look at a conversation in which nothing is written").await,
            want
        );
    }
    unblock(&ann, &bob).await;
    app.run_jobs().await;
    let path = format!("/api/v1/me/changes?after={before}");
    let changes = bob.get(&path).await.body;
    assert_eq!(changes["conversations"][0]["id"], json!(talks[0]), "{changes}");
    let ann_now = &changes["conversations"][0]["members"][0];
    assert_eq!(
        ann_now["display_name"], "Annabel",
        "what was missed is found again"
    );
}
