//! What a browser holds of other people: loaded once, then only followed.

use crate::app::{Person, TestApp};
use crate::blocks::{block, unblock};
use crate::contacts::{ask, befriend, contacts, ids, incoming, outgoing, three};
use crate::privacy::set;
use serde_json::{Value, json};
use shared_protocol::api::Presence;
use shared_protocol::{RelayId, ServerFrame};
use std::collections::BTreeMap;
use talkhub_client::presence;

/// What a browser holds, and up to where it has followed.
struct Followed {
    after: i64,
    held: BTreeMap<String, Value>,
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

/// The list of conversations on somebody's screen: loaded once, then only followed by frames and what they make it ask for.
struct Screen {
    me: Person,
    own: String,
    after: i64,
    held: BTreeMap<String, Value>,
}

impl Screen {
    async fn open(me: &Person) -> Self {
        let own = me.get("/api/v1/me").await.body["subject"].clone();
        let list = me.get("/api/v1/conversations").await.body;
        Self {
            me: me.clone(),
            own: own.as_str().unwrap().to_owned(),
            after: list["rev"].as_i64().unwrap(),
            held: by_id(&list),
        }
    }

    /// What reaches this person, to their own group or to one that they are in.
    async fn hear(&mut self, app: &TestApp, frames: &[(String, ServerFrame)]) {
        let me = self.me.id;
        let groups = app
            .app
            .db
            .read(move |conn| talkhub_client::conversations::list_groups(conn, &[me]));
        let groups: Vec<String> = groups
            .await
            .unwrap()
            .iter()
            .map(|(_, _, group)| group.to_string())
            .collect();
        let mut asks = false;
        for (_, frame) in frames
            .iter()
            .filter(|(to, _)| *to == self.own || groups.contains(to))
        {
            match frame {
                ServerFrame::Presence { conversation, people } => {
                    let held = self.held.get_mut(&conversation.to_string()).unwrap();
                    people.iter().for_each(|one| show(held, one));
                }
                ServerFrame::Person { .. } => asks = true,
                _ => (),
            }
        }
        if asks {
            let path = format!("/api/v1/me/changes?after={}", self.after);
            let changes = self.me.get(&path).await.body;
            self.after = changes["upto"].as_i64().unwrap();
            self.held.extend(by_id(&changes));
        }
    }

    /// What is on the screen equals what a fresh load shows.
    async fn check(&self, what: &str) {
        let fresh = by_id(&self.me.get("/api/v1/conversations").await.body);
        let seen = |list: &BTreeMap<String, Value>| list.values().map(lines).collect::<Vec<_>>();
        assert_eq!(seen(&self.held), seen(&fresh), "{} after: {what}", self.me.id);
    }
}

fn by_id(list: &Value) -> BTreeMap<String, Value> {
    let list = list["conversations"].as_array().unwrap().iter();
    list.map(|one| (one["id"].as_str().unwrap().to_owned(), one.clone()))
        .collect()
}

/// Whether a member is there, as a frame says it.
fn show(conversation: &mut Value, presence: &Presence) {
    let members = conversation["members"].as_array_mut().unwrap();
    let id = json!(presence.user_id);
    let member = members.iter_mut().find(|member| member["user_id"] == id).unwrap();
    member["online"] = json!(presence.online);
    member["status"] = json!(presence.status);
    member["last_seen"] = json!(presence.last_seen);
}

/// What two people share, as one of them sees it in a conversation.
fn lines(conversation: &Value) -> Vec<String> {
    let members = conversation["members"].as_array().unwrap().iter();
    let member = |one: &Value| {
        format!(
            "{} {} {} {}",
            one["user_id"], one["online"], one["status"], one["last_seen"]
        )
    };
    let shared = format!("{} typing {}", conversation["state"], conversation["typing"]);
    members.map(member).chain([shared]).collect()
}

async fn come(app: &TestApp, who: &Person) -> RelayId {
    let ticket = who.post("/api/v1/relay-ids", json!({})).await;
    let relay_id: RelayId = ticket.body["relay_id"].as_str().unwrap().parse().unwrap();
    presence::relay::on_connected(&app.app, &app.tracker, relay_id.clone())
        .await
        .unwrap();
    relay_id
}

#[actix_web::test]
async fn inv07_inv17_u08_whoever_becomes_a_contact_or_parts_is_seen_so_without_a_reload() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = three(&app).await;
    let talks = [app.talk([&ann, &bob]).await, app.talk([&eve, &ann]).await];
    eve.says(talks[1], "hello", 1).await;
    for what in ["last_seen", "typing"] {
        set(&ann, what, "contacts").await;
    }
    app.run_jobs().await;
    let mut screens = Vec::new();
    for person in [&ann, &bob, &eve] {
        screens.push(Screen::open(person).await);
    }
    app.frames();
    let mut check = async |what: &str| {
        app.run_jobs().await;
        presence::work::tell_changes(&app.app, &app.tracker)
            .await
            .unwrap();
        let frames = app.frames();
        for screen in &mut screens {
            screen.hear(&app, &frames).await;
            screen.check(what).await;
        }
        let shown = screens[1].held.values().map(lines).collect::<Vec<_>>();
        shown.concat().join(", ")
    };
    let tab = come(&app, &ann).await;
    come(&app, &bob).await;
    come(&app, &eve).await;
    let hidden = "\"1000000001\" false null null";
    let there = "\"1000000001\" true null null";
    assert!(check("all are there").await.contains(hidden));
    befriend(&ann, &bob).await;
    assert!(check("ann and bob are contacts").await.contains(there));
    assert_eq!(bob.delete("/api/v1/contacts/1000000001").await.status, 204);
    assert!(check("bob has removed ann").await.contains(hidden));
    ann.put("/api/v1/me/presence", json!({ "presence": "busy" }))
        .await;
    assert!(check("ann is busy").await.contains(hidden));
    ask(&ann, &bob, "").await;
    let requests = bob.get("/api/v1/contact-requests").await.body;
    let id = requests["incoming"][0]["request"]["id"].as_str().unwrap();
    bob.post(&format!("/api/v1/contact-requests/{id}/accept"), json!({}))
        .await;
    let busy = check("bob has accepted").await;
    assert!(busy.contains("\"1000000001\" true \"busy\" null"), "{busy}");
    block(&ann, &bob).await;
    assert!(check("ann has blocked bob").await.contains(hidden));
    unblock(&ann, &bob).await;
    check("ann has unblocked bob").await;
    befriend(&bob, &ann).await;
    assert!(check("contacts again").await.contains("\"busy\""));
    assert_eq!(ann.delete("/api/v1/contacts/1000000002").await.status, 204);
    presence::relay::on_disconnected(&app.app, &app.tracker, tab)
        .await
        .unwrap();
    app.wait(60);
    assert!(check("ann has removed bob and gone").await.contains(hidden));
    befriend(&eve, &ann).await;
    check("eve and ann are contacts: her request is none any more").await;
}
