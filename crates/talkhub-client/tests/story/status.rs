//! What somebody is shown as: their choice, idle tabs, when they were last seen, who of a room is there.

use crate::app::{Person, START, TestApp};
use serde_json::{Value, json};
use shared_protocol::api::{Presence, Status};
use shared_protocol::{ConversationId, RelayId, ServerFrame};
use talkhub_client::presence::{self, Tracker};

async fn tab(app: &TestApp, person: &Person, body: Value) -> RelayId {
    let ticket = person.post("/api/v1/relay-ids", body).await;
    assert_eq!(ticket.status, 201, "{}", ticket.text);
    let relay_id: RelayId = ticket.body["relay_id"].as_str().unwrap().parse().unwrap();
    presence::relay::on_connected(&app.app, &app.tracker, relay_id.clone())
        .await
        .unwrap();
    relay_id
}

/// What the round of comings and goings tells now.
async fn told(app: &TestApp) -> Vec<Presence> {
    app.frames();
    presence::work::tell_changes(&app.app, &app.tracker)
        .await
        .unwrap();
    let frames = app.frames().into_iter();
    frames
        .flat_map(|(_, frame)| match frame {
            ServerFrame::Presence { people, .. } => people,
            _ => Vec::new(),
        })
        .collect()
}

async fn tell(app: &TestApp) -> Vec<String> {
    let shown = |one: Presence| match (one.online, one.status) {
        (false, _) => "offline".to_owned(),
        (true, None) => "online".to_owned(),
        (true, Some(status)) => format!("{status:?}").to_lowercase(),
    };
    told(app).await.into_iter().map(shown).collect()
}

/// `online status last_seen` of the first member, as the other one loads it afresh.
async fn seen(by: &Person, talk: ConversationId) -> String {
    let shown = by.get(&format!("/api/v1/conversations/{talk}")).await.body;
    let member = &shown["members"][0];
    format!(
        "{} {} {}",
        member["online"], member["status"], member["last_seen"]
    )
}

#[actix_web::test]
async fn c08_idle_in_every_tab_is_away_and_one_that_wakes_up_is_enough() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (one, two) = (tab(&app, &ann, json!({})).await, tab(&app, &ann, json!({})).await);
    assert_eq!(tell(&app).await, ["online"]);
    let set = async |who: &Person, relay_id: &RelayId, idle: bool| {
        who.put(
            &format!("/api/v1/relay-ids/{relay_id}/idle"),
            json!({ "idle": idle }),
        )
        .await
        .status
    };
    assert_eq!(set(&ann, &one, true).await, 204);
    assert!(tell(&app).await.is_empty(), "the other tab is in use");
    assert_eq!(set(&ann, &two, true).await, 204);
    assert_eq!(tell(&app).await, ["away"]);
    assert_eq!(seen(&bob, talk).await, "true \"away\" null");

    assert_eq!(set(&bob, &one, false).await, 404, "bob cannot wake ann up");
    assert_eq!(
        set(&ann, &"AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap(), true).await,
        404
    );
    assert!(tell(&app).await.is_empty());
    // Another tab that comes back idle, the relay's next round and a restart of ours change nothing. (S08)
    let three = tab(&app, &ann, json!({ "idle": true })).await;
    let present = [one.clone(), two.clone(), three].into_iter().collect();
    presence::relay::on_present(&app.app, &app.tracker, present)
        .await
        .unwrap();
    assert!(tell(&app).await.is_empty());
    let restarted = Tracker::default();
    restarted.start_with(
        app.app
            .db
            .read(talkhub_client::accounts::online::list_shown)
            .await
            .unwrap(),
        app.app.clock.monotonic(),
    );
    presence::relay::on_present(&app.app, &restarted, [one.clone()].into_iter().collect())
        .await
        .unwrap();
    presence::work::tell_changes(&app.app, &restarted).await.unwrap();
    assert_eq!(seen(&bob, talk).await, "true \"away\" null");

    assert_eq!(set(&ann, &one, false).await, 204);
    assert_eq!(tell(&app).await, ["online"]);
    assert_eq!(seen(&bob, talk).await, "true null null");
}

#[actix_web::test]
async fn c08_what_was_chosen_is_shown_and_invisible_looks_as_if_not_there() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    tab(&app, &ann, json!({})).await;
    assert_eq!(tell(&app).await, ["online"]);
    let choose = async |presence: &str| {
        ann.put("/api/v1/me/presence", json!({ "presence": presence }))
            .await
    };

    let busy = choose("busy").await;
    assert_eq!((busy.status, &busy.body["presence"]), (200, &json!("busy")));
    let own = app
        .frames()
        .into_iter()
        .any(|(_, frame)| matches!(frame, ServerFrame::Person { rev, .. } if rev == busy.body["rev"]));
    assert!(own, "the other devices of ann ask for what is new");
    let changes = ann.get("/api/v1/me/changes?after=0").await;
    assert_eq!(changes.body["me"]["presence"], "busy");
    assert_eq!(tell(&app).await, ["busy"]);
    assert_eq!(seen(&bob, talk).await, "true \"busy\" null");
    assert_eq!(bob.get("/api/v1/users/1000000001").await.body["status"], "busy");

    app.wait(30);
    choose("invisible").await;
    let gone = told(&app).await;
    assert_eq!((gone[0].online, gone[0].last_seen), (false, Some(START + 30_000)));
    app.wait(600);
    assert!(told(&app).await.is_empty());
    let card = bob.get("/api/v1/users/1000000001").await.body;
    assert_eq!(
        (&card["online"], &card["last_seen"]),
        (&json!(false), &json!(START + 30_000)),
        "not even that they are there now"
    );
    assert_eq!(card.get("presence"), None, "what was chosen is nobody else's");

    let refused = choose("on the moon").await;
    assert_eq!(
        refused.refusal(),
        "400 invalid body: Line 1, column 25: another kind of value is expected here."
    );
    let page = ann.submit("/settings/presence", &[("presence", "away")]).await;
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/settings/profile?saved=1")
    );
    assert_eq!(ann.get("/api/v1/me").await.body["presence"], "away");
    assert_eq!(
        ann.submit("/settings/presence", &[("presence", "x")])
            .await
            .status,
        400
    );
    let page = ann.get("/settings/profile").await.text;
    assert!(page.contains("value=\"away\" checked"), "{page}");
}

#[actix_web::test]
async fn c05_last_seen_is_written_at_the_end_and_once_a_minute_while_there() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let relay_id = tab(&app, &ann, json!({})).await;
    assert_eq!(tell(&app).await, ["online"]);
    let written = async || {
        let account = app
            .app
            .db
            .read(move |conn| talkhub_client::accounts::get(conn, "1000000001".parse().unwrap()));
        (account.await.unwrap().last_seen.unwrap() - START) / 1000
    };
    for (wait, want) in [(20, 0), (20, 0), (30, 70), (20, 70), (50, 140)] {
        app.wait(wait);
        presence::relay::on_present(&app.app, &app.tracker, [relay_id.clone()].into_iter().collect())
            .await
            .unwrap();
        assert!(tell(&app).await.is_empty());
        assert_eq!(written().await, want);
    }
    assert_eq!(
        seen(&bob, talk).await,
        "true null null",
        "while somebody is there nothing is said of when"
    );
    app.wait(10);
    presence::relay::on_disconnected(&app.app, &app.tracker, relay_id)
        .await
        .unwrap();
    app.wait(5);
    assert_eq!(tell(&app).await, ["offline"]);
    assert_eq!(seen(&bob, talk).await, format!("false null {}", START + 155_000));
}

#[actix_web::test]
async fn s08_whoever_went_while_the_server_was_away_was_not_seen_just_now() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    tab(&app, &ann, json!({})).await;
    assert_eq!(tell(&app).await, ["online"]);
    app.wait(7_200);
    let restarted = Tracker::default();
    restarted.start_with(
        app.app
            .db
            .read(talkhub_client::accounts::online::list_shown)
            .await
            .unwrap(),
        app.app.clock.monotonic(),
    );
    app.wait(10);
    // The minute's round comes first: it must not write that ann was seen.
    presence::work::tell_changes(&app.app, &restarted).await.unwrap();
    assert_eq!(seen(&bob, talk).await, format!("false null {START}"));
}

#[actix_web::test]
async fn c04_members_see_who_of_them_is_there() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let talk = app.talk([&ann, &bob]).await;
    let path = format!("/api/v1/rooms/{talk}/online");
    assert_eq!(ann.get(&path).await.body, json!({ "people": [] }));
    for person in [&ann, &bob, &eve] {
        tab(&app, person, json!({})).await;
    }
    bob.put("/api/v1/me/presence", json!({ "presence": "busy" }))
        .await;
    tell(&app).await;
    let people = ann.get(&path).await.body["people"].clone();
    let shown: Vec<String> = people
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["user_id"], one["username"], one["status"]))
        .collect();
    assert_eq!(
        shown,
        [
            "\"1000000001\" \"p1000000001\" \"online\"",
            "\"1000000002\" \"p1000000002\" \"busy\""
        ]
    );
    assert_eq!(eve.get(&path).await.refusal(), "404 missing", "for members only");
    assert_eq!(ann.get("/api/v1/rooms/x/online").await.refusal(), "404 missing");
    let _: Status = serde_json::from_value(people[1]["status"].clone()).unwrap();
}

#[actix_web::test]
async fn changes_of_what_one_is_shown_as_are_counted_by_the_minute() {
    let app = TestApp::with(|config| config.presence.changes_per_minute = 2).await;
    let ann = app.person("1000000001").await;
    let choose = async || {
        ann.put("/api/v1/me/presence", json!({ "presence": "busy" }))
            .await
            .status
    };
    assert_eq!([choose().await, choose().await, choose().await], [200, 200, 429]);
    app.wait(30);
    assert_eq!(choose().await, 200);
}

#[actix_web::test]
async fn c08_the_page_is_told_after_which_time_nobody_uses_it() {
    for (set, told) in [(None, 600), (Some(90), 90)] {
        let app = TestApp::with(|config| {
            config.presence.idle = set.map_or(config.presence.idle, std::time::Duration::from_secs);
        })
        .await;
        let ann = app.person("1000000001").await;
        let island = format!("\"idle_after_s\":{told}}}");
        assert!(ann.get("/").await.text.contains(&island), "{set:?}");
    }
}
