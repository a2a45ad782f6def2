//! Where somebody is signed in: the list, ending one or all others, being told of a new one, and guessing by strangers.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use actix_web::http::Method;
use serde_json::{Value, json};
use shared_protocol::{RelayId, ServerFrame};
use talkhub_client::platform::relay::Said;

/// Signs in from this address, with this `User-Agent`, holding what `who` holds.
async fn sign_in_from(who: &Person, address: &str, agent: &str, password: &str) -> Answer {
    let request = who
        .request(Method::POST, "/api/v1/sessions")
        .peer_addr(format!("{address}:1").parse().unwrap())
        .insert_header(("user-agent", agent))
        .set_json(json!({ "name": "1000000001", "password": password }));
    who.send(request).await
}

async fn devices(person: &Person) -> Vec<Value> {
    let answer = person.get("/api/v1/sessions").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["sessions"].as_array().unwrap().clone()
}

async fn tab(person: &Person) -> RelayId {
    let ticket = person.post("/api/v1/relay-ids", json!({})).await;
    ticket.body["relay_id"].as_str().unwrap().parse().unwrap()
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[actix_web::test]
async fn u03_a_device_is_seen_in_the_list_and_ended_from_it() {
    let app = TestApp::new().await;
    let (here, eve) = (app.person("1000000001").await, app.person("1000000002").await);
    app.wait(60);
    let there = sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
    let there = app.visitor().with_cookies(&there);
    let seen = devices(&here).await;
    let other = seen.iter().find(|device| device["current"] == false).unwrap();
    assert_eq!(
        (&other["device"], &other["address"], &other["program"]),
        (&json!("Firefox, Linux"), &json!("203.0.113.7"), &json!(false))
    );
    let (mine, theirs) = (tab(&here).await, tab(&there).await);
    let path = format!("/api/v1/sessions/{}", other["id"].as_str().unwrap());
    app.app.relay.take_recorded();

    assert_eq!(eve.delete(&path).await.status, 404, "a foreign one is not there");
    assert_eq!(here.delete("/api/v1/sessions/x").await.status, 404);
    assert_eq!(there.get("/api/v1/me").await.status, 200);
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!(
        app.app.relay.take_recorded(),
        [Said::Revoked(theirs)],
        "closed before the answer"
    );
    assert_eq!(
        (
            there.get("/api/v1/me").await.status,
            here.get("/api/v1/me").await.status
        ),
        (401, 200)
    );
    assert_eq!(here.delete(&path).await.status, 404, "it is gone");
    assert_ne!(mine.to_string(), "");
    app.run_jobs().await;
}

#[actix_web::test]
async fn u03_all_others_are_ended_at_once_and_nobody_elses() {
    let app = TestApp::new().await;
    let (here, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let mut others = Vec::new();
    for _ in 0..3 {
        let answer = sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
        others.push(app.visitor().with_cookies(&answer));
    }
    assert_eq!(devices(&here).await.len(), 4);
    assert_eq!(app.visitor().delete("/api/v1/sessions").await.status, 401);
    assert_eq!(here.delete("/api/v1/sessions").await.status, 204);
    for other in others {
        assert_eq!(other.get("/api/v1/me").await.status, 401);
    }
    assert_eq!(devices(&here).await.len(), 1);
    assert_eq!(bob.get("/api/v1/me").await.status, 200);
}

#[actix_web::test]
async fn a_sign_in_that_is_idle_for_too_long_is_not_listed() {
    let app = TestApp::new().await;
    let here = app.person("1000000001").await;
    sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
    app.wait(20 * 86_400);
    assert_eq!(devices(&here).await.len(), 2);
    app.wait(11 * 86_400);
    assert_eq!(devices(&here).await.len(), 1);
}

#[actix_web::test]
async fn u03_the_other_devices_hear_of_a_new_sign_in() {
    let app = TestApp::new().await;
    let here = app.person("1000000001").await;
    app.frames();
    let refused = sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, "wrong horse").await;
    assert_eq!(
        (refused.status, app.frames()),
        (401, Vec::new()),
        "nobody came in"
    );
    let there = sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
    let group = here.get("/api/v1/me").await.body["subject"]
        .as_str()
        .unwrap()
        .to_owned();
    let frame = |new_device| ServerFrame::SignedIn {
        device: "Firefox, Linux".into(),
        address: "203.0.113.7".into(),
        at: crate::app::START,
        new_device,
    };
    assert_eq!(app.frames(), [(group.clone(), frame(true))]);
    let again = app.visitor().with_cookies(&there);
    sign_in_from(&again, "203.0.113.7", FIREFOX, PASSWORD).await;
    assert_eq!(app.frames(), [(group, frame(false))], "the same device once more");
}

/// Strangers in Ann's own network guess; her browser, which has signed in before, is not slowed down by them.
#[actix_web::test]
async fn u04_sec04_strangers_cannot_lock_anybody_out_of_a_known_device() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let guess = async |who: &Person| sign_in_from(who, "203.0.113.7", FIREFOX, "guess").await.status;
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.push(guess(&app.visitor()).await);
    }
    assert_eq!((seen[5], &seen[6..]), (401, [429; 14].as_slice()), "{seen:?}");
    // Logged out, so that the only thing her browser still holds is the cookie that says: known.
    assert_eq!(ann.delete("/api/v1/sessions/current").await.status, 204);
    let owner = sign_in_from(&ann, "203.0.113.7", FIREFOX, PASSWORD).await;
    assert_eq!(owner.status, 201, "{}", owner.text);
    let stranger = sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
    assert_eq!(stranger.status, 429, "even with the right password");
}

#[actix_web::test]
async fn sec04_a_known_device_has_a_budget_too_and_only_for_its_people() {
    let app = TestApp::new().await;
    let (ann, eve) = (app.person("1000000001").await, app.person("1000000002").await);
    for count in 0..7 {
        let guessed = sign_in_from(&ann, "203.0.113.7", FIREFOX, "guess").await.status;
        assert_eq!(guessed, if count < 6 { 401 } else { 429 }, "{count}");
    }
    // Eve's browser is known too, but not for Ann: it counts like any stranger's.
    for count in 0..7 {
        let guessed = sign_in_from(&eve, "203.0.113.8", FIREFOX, "guess").await.status;
        assert_eq!(guessed, if count < 6 { 401 } else { 429 }, "{count}");
    }
    assert_eq!(
        sign_in_from(&app.visitor(), "203.0.113.8", FIREFOX, PASSWORD)
            .await
            .status,
        429
    );
}

#[actix_web::test]
async fn sec04_a_made_up_or_old_cookie_is_no_known_device() {
    let app = TestApp::new().await;
    let answer = sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
    assert_eq!(answer.status, 401, "there is nobody yet");
    let ann = app.person("1000000001").await;
    let guess = async |who: &Person| sign_in_from(who, "203.0.113.7", FIREFOX, PASSWORD).await.status;
    for _ in 0..6 {
        sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, "guess").await;
    }
    let forged = ann.with_cookie("talkhub_device", |value| {
        value.replacen("1000000001", "1000000002", 1)
    });
    let cut = ann.with_cookie("talkhub_device", |value| value[..value.len() - 1].to_owned());
    assert_eq!(
        (guess(&forged).await, guess(&cut).await, guess(&ann).await),
        (429, 429, 201)
    );
    app.wait(401 * 86_400);
    for _ in 0..6 {
        sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, "guess").await;
    }
    assert_eq!(guess(&ann).await, 429, "too long ago");
}

#[actix_web::test]
async fn sec04_the_networks_own_limit_does_not_bind_a_known_device() {
    let app = TestApp::with(|config| config.accounts.sign_ins_per_minute = 3).await;
    let ann = app.person("1000000001").await;
    for name in ["a", "b", "c", "d"] {
        let request = app.visitor();
        let answer = request
            .post("/api/v1/sessions", json!({ "name": name, "password": "x" }))
            .await;
        assert_eq!(answer.status, if name == "d" { 429 } else { 401 });
    }
    let login = json!({ "name": "1000000001", "password": PASSWORD });
    assert_eq!(
        app.visitor().post("/api/v1/sessions", login.clone()).await.status,
        429
    );
    assert_eq!(ann.post("/api/v1/sessions", login).await.status, 201);
}

#[actix_web::test]
async fn the_security_page_lists_and_ends_without_script() {
    let app = TestApp::new().await;
    let here = app.person("1000000001").await;
    let there = sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
    let there = app.visitor().with_cookies(&there);
    assert_eq!(
        app.visitor().get("/settings/security").await.header("location"),
        "/login?next=/settings/security"
    );
    let page = here.get("/settings/security").await.text;
    for shown in [
        "Firefox, Linux",
        "203.0.113.7",
        "this one",
        "2027-01-15 08:00 UTC",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let other = devices(&here).await;
    let other = other.iter().find(|device| device["current"] == false).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ended = here
        .submit("/settings/security/devices", &[("session", &other)])
        .await;
    assert_eq!(
        (ended.status, ended.header("location")),
        (303, "/settings/security?saved=1")
    );
    assert_eq!(there.get("/").await.header("location"), "/login");
    let twice = here
        .submit("/settings/security/devices", &[("session", &other)])
        .await;
    assert_eq!(twice.status, 303, "gone is gone");
    sign_in_from(&app.visitor(), "203.0.113.7", FIREFOX, PASSWORD).await;
    here.submit("/settings/security/devices", &[("session", "others")])
        .await;
    assert_eq!(devices(&here).await.len(), 1);
}
