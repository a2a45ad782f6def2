//! How the programs find each other, say that they are ready, and stop.

use end_to_end::{Database, Gate, Site, wait_for};
use serde_json::Value;
use std::time::Duration;

#[tokio::test]
async fn r01_the_logic_server_first_then_the_relay() {
    let mut site = Site::new().unwrap();
    site.start_logic_server().unwrap();
    site.degraded().await.unwrap();
    let (status, ready) = site.readyz().await.unwrap();
    assert_eq!((status, &ready["relay"]), (200, &Value::from("away")), "{ready}");

    site.start_relay().unwrap();
    site.connected().await.unwrap();
}

#[tokio::test]
async fn r01_the_relay_first_then_the_logic_server() {
    let mut site = Site::new().unwrap();
    site.start_relay().unwrap();
    site.relay_is_up().await.unwrap();
    site.start_logic_server().unwrap();
    site.connected().await.unwrap();
}

#[tokio::test]
async fn r01_each_finds_the_other_again_after_it_was_killed() {
    let mut site = Site::started().await.unwrap();

    site.kill_relay();
    site.degraded().await.unwrap();
    site.start_relay().unwrap();
    site.connected().await.unwrap();

    site.kill_logic_server();
    assert_eq!(site.readyz().await, None);
    site.start_logic_server().unwrap();
    site.connected().await.unwrap();
}

#[tokio::test]
async fn y03_both_say_that_they_are_healthy_and_ready() {
    let site = Site::started().await.unwrap();
    for url in [site.url(), site.relay_url()] {
        for path in ["/healthz", "/readyz"] {
            let answer = site.http().get(format!("{url}{path}")).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200, "{url}{path}");
        }
    }
    let front: Value = site
        .http()
        .get(site.relay_url())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(
        front["service"].is_string() && front["status"].is_string(),
        "{front}"
    );
}

/// Only a server can go away under the program; a SQLite file is part of it.
#[tokio::test]
async fn y03_a_database_that_stops_is_named_and_its_return_is_noticed() {
    let database = Database::fresh().unwrap();
    let mut site = Site::with(database.clone()).unwrap();
    let Some(server) = database.server() else {
        site.start().await.unwrap();
        assert_eq!(site.readyz().await.unwrap().1["database"], "ok");
        return;
    };
    let mut gate = Gate::open_to(server).await.unwrap();
    site.settings.insert("TALKHUB_DATABASE_WAIT".into(), "1".into());
    site.set_database(database.by_way_of(&gate.address()));
    site.start().await.unwrap();

    gate.shut();
    let named =
        |status, ready: &Value| status == 503 && ready["database"].as_str().is_some_and(|word| word != "ok");
    site.until("/readyz is 503 and names the database", named)
        .await
        .unwrap();
    let health = site
        .http()
        .get(format!("{}/healthz", site.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status().as_u16(), 200, "the program itself is healthy");

    gate.open().await.unwrap();
    site.connected().await.unwrap();
    site.set_database(database); // so that it can be removed
}

#[tokio::test]
async fn both_stop_when_they_are_asked() {
    let mut site = Site::started().await.unwrap();
    let limit = Duration::from_secs(15);
    let status = site.logic_server.as_mut().unwrap().stop(limit).unwrap();
    assert!(status.success(), "the logic server ended with {status}");
    let status = site.relay.as_mut().unwrap().stop(limit).unwrap();
    assert!(status.success(), "the relay ended with {status}");
}

#[tokio::test]
async fn a_stopped_program_leaves_nothing_to_repair() {
    let mut site = Site::started().await.unwrap();
    for _ in 0..3 {
        site.kill_logic_server();
        site.start_logic_server().unwrap();
    }
    site.connected().await.unwrap();
    let url = format!("{}/login", site.url());
    let page = wait_for("the login page", Duration::from_secs(5), async || {
        site.http().get(&url).send().await.ok()
    });
    assert_eq!(page.await.unwrap().status().as_u16(), 200);
}
