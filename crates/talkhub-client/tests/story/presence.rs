//! Relay IDs, and who is there.

use crate::app::{PASSWORD, TestApp};
use diesel::prelude::*;
use serde_json::json;
use shared_protocol::{RelayId, ServerFrame};
use std::collections::HashSet;
use talkhub_client::platform::db::schema::online;
use talkhub_client::platform::relay::Said;
use talkhub_client::presence::{self, Tracker};

async fn rows(app: &TestApp) -> Vec<String> {
    app.app
        .db
        .read(|conn| {
            Ok(online::table
                .order(online::relay_id)
                .select(online::relay_id)
                .load(conn)?)
        })
        .await
        .unwrap()
}

async fn tab(person: &crate::app::Person) -> RelayId {
    let ticket = person.post("/api/v1/relay-ids", json!({})).await;
    assert_eq!(ticket.status, 201, "{}", ticket.text);
    ticket.body["relay_id"].as_str().unwrap().parse().unwrap()
}

#[actix_web::test]
async fn each_tab_is_registered_with_what_the_relay_must_know_and_no_more() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    app.app.relay.take_recorded();
    let ticket = ann.post("/api/v1/relay-ids", json!({})).await;
    let said = app.app.relay.take_recorded();
    let [Said::Registered(relay_id, registration)] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(relay_id.as_str(), ticket.body["relay_id"]);
    let shown = ann.get(&format!("/api/v1/conversations/{talk}")).await.body;
    assert!(
        registration
            .groups
            .iter()
            .any(|group| group.as_str() == shown["group"])
    );
    assert_eq!(registration.groups.len(), 2, "the conversation's and one's own");
    let token = ticket.body["token"].as_str().unwrap();
    assert_eq!(
        registration.token_sha256,
        talkhub_client::platform::secret::digest(token)
    );
    assert!(registration.origins.contains(&"http://127.0.0.1:8000".to_owned()));
    let text = format!(
        "{} {:?} {:?}",
        registration.subject, registration.groups, registration.origins
    );
    assert!(!text.contains("1000000001") && !text.contains(token), "{text}");
    let hello: ServerFrame = serde_json::from_str(&registration.hello).unwrap();
    assert!(matches!(hello, ServerFrame::Hello { user, .. } if user.user_id == ann.id));
    tab(&ann).await;
    assert_eq!(rows(&app).await.len(), 2, "one row for each tab");
}

#[actix_web::test]
async fn signing_out_takes_the_relay_ids_of_this_sign_in_back() {
    let app = TestApp::new().await;
    let here = app.person("1000000001").await;
    let there = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "1000000001", "password": PASSWORD }),
        )
        .await;
    let there = app.visitor().with_cookies(&there);
    let (mine, other) = (tab(&here).await, tab(&there).await);
    app.app.relay.take_recorded();
    here.delete("/api/v1/sessions/current").await;
    assert_eq!(app.app.relay.take_recorded(), [Said::Revoked(mine)]);
    assert_eq!(rows(&app).await, [other.to_string()]);
    app.run_jobs().await;
}

#[actix_web::test]
async fn coming_and_going_is_told_to_those_who_share_a_conversation() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let talk = app.talk([&ann, &bob]).await;
    app.talk([&eve, &eve]).await;
    let (one, two) = (tab(&ann).await, tab(&ann).await);
    let tracker = Tracker::default();
    app.frames();
    let tell = async || presence::work::tell_changes(&app.app, &tracker).await.unwrap();
    let online =
        async || bob.get(&format!("/api/v1/conversations/{talk}")).await.body["members"][0]["online"].clone();

    presence::relay::on_connected(&app.app, &tracker, one.clone())
        .await
        .unwrap();
    presence::relay::on_connected(&app.app, &tracker, two.clone())
        .await
        .unwrap();
    tell().await;
    let frames = app.frames();
    let [(_, ServerFrame::Presence { conversation, people })] = frames.as_slice() else {
        panic!("{frames:?}")
    };
    assert!(*conversation == talk && people[0].online && people[0].user_id == ann.id);
    assert_eq!(online().await, true);

    presence::relay::on_disconnected(&app.app, &tracker, one)
        .await
        .unwrap();
    app.wait(10);
    tell().await;
    assert!(app.frames().is_empty(), "one of two tabs: nothing to tell");
    presence::relay::on_disconnected(&app.app, &tracker, two)
        .await
        .unwrap();
    tell().await;
    assert!(app.frames().is_empty(), "a reload is no departure");
    app.wait(5);
    tell().await;
    let frames = app.frames();
    let [(_, ServerFrame::Presence { people, .. })] = frames.as_slice() else {
        panic!("{frames:?}")
    };
    assert!(!people[0].online && people[0].last_seen.is_some());
    assert_eq!(online().await, false);
}

#[actix_web::test]
async fn a_start_keeps_exactly_those_who_are_present() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (stays, goes) = (tab(&ann).await, tab(&ann).await);
    let tracker = Tracker::default();
    app.wait(31);
    let young = tab(&ann).await;
    let present = HashSet::from([stays.clone()]);
    presence::relay::on_first_present(&app.app, &tracker, "recorded".into(), present)
        .await
        .unwrap();
    let mut kept = vec![stays.to_string(), young.to_string()];
    kept.sort();
    assert_eq!(rows(&app).await, kept, "not {goes}");
    // The relay has restarted: it knows nobody, and nobody is dropped for that.
    presence::relay::on_first_present(&app.app, &tracker, "another boot".into(), HashSet::new())
        .await
        .unwrap();
    assert_eq!(rows(&app).await, kept);
}

#[actix_web::test]
async fn silent_relay_ids_are_swept() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (alive, silent) = (tab(&ann).await, tab(&ann).await);
    let tracker = Tracker::default();
    app.wait(30);
    presence::relay::on_present(&app.app, &tracker, HashSet::from([alive.clone()]))
        .await
        .unwrap();
    app.wait(30);
    app.app.relay.take_recorded();
    presence::work::sweep(&app.app, &tracker).await.unwrap();
    assert_eq!(rows(&app).await, [alive.to_string()]);
    assert_eq!(app.app.relay.take_recorded(), [Said::Revoked(silent)]);
}

#[actix_web::test]
async fn flt30_a_jump_of_the_wall_clock_ends_no_connection() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let alive = tab(&ann).await;
    let tracker = Tracker::default();
    presence::relay::on_connected(&app.app, &tracker, alive.clone())
        .await
        .unwrap();
    // The row looks old by the wall clock; the tracker, which goes by monotonic time, still holds the connection.
    app.wait(2 * 86_400);
    presence::work::sweep(&app.app, &tracker).await.unwrap();
    assert_eq!(rows(&app).await, [alive.to_string()]);
}

#[actix_web::test]
async fn each_person_gets_so_many_relay_ids_a_minute() {
    let app = TestApp::with(|config| config.accounts.relay_ids_per_minute = 2).await;
    let ann = app.person("1000000001").await;
    tab(&ann).await;
    tab(&ann).await;
    assert_eq!(ann.post("/api/v1/relay-ids", json!({})).await.status, 429);
    app.wait(30);
    tab(&ann).await;
}

#[actix_web::test]
async fn the_relays_address_is_the_one_that_the_browser_can_reach() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let ask = async |host: &str| {
        let request = ann
            .request(actix_web::http::Method::POST, "/api/v1/relay-ids")
            .insert_header(("host", host.to_owned()));
        ann.send(request).await.body["relay_url"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(ask("127.0.0.1:8000").await, "http://127.0.0.1:5050");
    assert_eq!(ask("localhost:8000").await, "http://127.0.0.1:5050");
    assert_eq!(ask("chat.lan:8000").await, "http://chat.lan:5050");
    assert_eq!(ask("192.168.1.7:8000").await, "http://192.168.1.7:5050");
}

#[actix_web::test]
async fn a_set_says_what_is_true_when_it_arrives() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let (stays, other) = (tab(&ann).await, tab(&bob).await);
    app.app.relay.take_recorded();
    presence::sets::send_set(&app.app, "recorded").await.unwrap();
    let said = app.app.relay.take_recorded();
    let chunks: Vec<(u32, bool, usize)> = said
        .iter()
        .filter_map(|said| match said {
            Said::Set(set) => Some((set.chunk, set.last, set.relay_ids.len())),
            _ => None,
        })
        .collect();
    assert_eq!(
        chunks,
        [(0, false, 0), (1, false, 2), (2, true, 0)],
        "begun before the rows were read"
    );
    // Signed out while the set was on its way: the set does not bring it back.
    app.app.relay.after_next_chunk({
        let db = app.app.db.clone();
        let gone = other.clone();
        Box::new(move || {
            let gone = gone.to_string();
            let deleted = std::thread::spawn(move || {
                db.write_blocking(|conn| Ok(diesel::delete(online::table.find(&gone)).execute(conn)?))
                    .unwrap()
            });
            assert_eq!(deleted.join().unwrap(), 1);
        })
    });
    presence::sets::send_set(&app.app, "recorded").await.unwrap();
    assert!(app.app.relay.take_recorded().contains(&Said::Revoked(other)));
    assert_eq!(rows(&app).await, [stays.to_string()]);
}

#[actix_web::test]
async fn bad_hosts_become_no_origins_and_set_public_urls_are_the_only_ones() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let origins = async |app: &TestApp, ann: &crate::app::Person, host: &str| {
        app.app.relay.take_recorded();
        let request = ann
            .request(actix_web::http::Method::POST, "/api/v1/relay-ids")
            .insert_header(("host", host.to_owned()));
        assert_eq!(ann.send(request).await.status, 201, "{host}");
        let said = app.app.relay.take_recorded();
        let [Said::Registered(_, registration)] = said.as_slice() else {
            panic!("{said:?}")
        };
        registration.origins.clone()
    };
    let own = ["http://127.0.0.1:8000", "http://localhost:8000"];
    for host in ["a b", "", "x/y", "évil", "a\"b"] {
        assert_eq!(origins(&app, &ann, host).await, own, "{host}");
    }
    assert_eq!(
        origins(&app, &ann, "chat.lan:8000").await.last().unwrap(),
        "http://chat.lan:8000"
    );
    let set = TestApp::with(|config| {
        config.http.public_urls = vec!["https://chat.example.org".into()];
        config.http.has_public_url = true;
    })
    .await;
    let bob = set.person("1000000002").await;
    assert_eq!(
        origins(&set, &bob, "evil.example").await,
        ["https://chat.example.org"]
    );
}
