//! What a browser holds of other people: loaded once, then only followed.

use crate::app::{Person, TestApp};
use crate::contacts::{ask, befriend, contacts, ids, incoming, outgoing, three};
use serde_json::{Value, json};

/// What a browser holds, and up to where it has followed.
struct Followed {
    after: i64,
    held: std::collections::BTreeMap<String, Value>,
}

impl Followed {
    async fn follow(&mut self, me: &Person) {
        let changes = me
            .get(&format!("/api/v1/me/changes?after={}", self.after))
            .await
            .body;
        for relation in changes["relations"].as_array().unwrap() {
            let id = relation["user_id"].as_str().unwrap().to_owned();
            self.held.insert(id, relation.clone());
        }
        self.after = changes["upto"].as_i64().unwrap();
    }

    fn with(&self, fits: impl Fn(&Value) -> bool) -> Vec<String> {
        let held = self.held.iter().filter(|(_, relation)| fits(relation));
        held.map(|(id, _)| id.clone()).collect()
    }

    async fn check(&mut self, me: &Person) {
        self.follow(me).await;
        let state = |want: &'static str| move |relation: &Value| relation["contact"] == want;
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        assert_eq!(self.with(state("contact")), sorted(contacts(me).await));
        assert_eq!(self.with(state("incoming")), sorted(incoming(me).await));
        assert_eq!(self.with(state("requested")), sorted(outgoing(me).await));
        let blocks = me.get("/api/v1/blocks").await.body;
        assert_eq!(
            self.with(|relation| relation["blocked"] == true),
            sorted(ids(&blocks["blocks"]))
        );
    }
}

#[actix_web::test]
async fn inv07_what_was_followed_equals_a_fresh_load() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    let people = [ann.clone(), bob.clone(), eve.clone()];
    let mut browsers: Vec<Followed> = people
        .iter()
        .map(|_| Followed {
            after: 0,
            held: Default::default(),
        })
        .collect();
    let mut done = 0;
    let mut check = async || {
        done += 1;
        for (browser, person) in browsers.iter_mut().zip(&people) {
            browser.check(person).await;
        }
    };
    ask(&ann, &bob, "").await;
    check().await;
    ask(&eve, &bob, "").await;
    check().await;
    let incoming = bob.get("/api/v1/contact-requests").await.body["incoming"].clone();
    for (request, answer) in incoming.as_array().unwrap().iter().zip(["reject", "accept"]) {
        let id = request["request"]["id"].as_str().unwrap();
        bob.post(&format!("/api/v1/contact-requests/{id}/{answer}"), json!({}))
            .await;
        check().await;
    }
    ask(&bob, &eve, "").await;
    check().await;
    bob.put("/api/v1/blocks/1000000001", json!({})).await;
    check().await;
    ask(&ann, &bob, "").await;
    check().await;
    bob.delete("/api/v1/blocks/1000000001").await;
    check().await;
    bob.delete("/api/v1/contacts/1000000003").await;
    check().await;
    assert_eq!(done, 9);
    app.run_jobs().await;
}

#[actix_web::test]
async fn whoever_has_left_is_in_nobodys_list() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    let mallory = app.person("1000000004").await;
    befriend(&ann, &bob).await;
    ask(&bob, &eve, "").await;
    mallory.put("/api/v1/blocks/1000000002", json!({})).await;
    bob.put("/api/v1/blocks/1000000004", json!({})).await;
    let gone = bob.id;
    let forget = || {
        app.app
            .db
            .write(move |conn| talkhub_client::contacts::forget(conn, gone))
    };
    assert_eq!(forget().await.unwrap(), [ann.id, eve.id, mallory.id]);
    assert_eq!((contacts(&ann).await, incoming(&eve).await), (vec![], vec![]));
    assert_eq!(mallory.get("/api/v1/blocks").await.body["blocks"], json!([]));
    let changes = ann.get("/api/v1/me/changes?after=0").await.body;
    assert_eq!(ids(&changes["relations"]), ["1000000002"]);
    assert_eq!(changes["relations"][0]["contact"], "none");
    assert!(forget().await.unwrap().is_empty(), "safe to repeat");
    app.run_jobs().await;
}
