//! Health, stopping, starting again.

use crate::kit::*;
use serde_json::json;
use shared_protocol::RelayFrame;
use shared_protocol::envelope::ConnectRefusal;
use socket_client::{Client, Options};
use std::time::{Duration, Instant};

#[tokio::test]
async fn health_is_told_without_versions() {
    let mut world = World::new().await;
    assert_eq!(
        world.get("/").await,
        (
            200,
            json!({"service": "talkhub-relay", "status": "no logic server is linked"})
        )
    );
    assert_eq!(world.get("/healthz").await, (200, json!({"status": "ok"})));
    assert_eq!(
        world.get("/readyz").await,
        (
            503,
            json!({"status": "no logic server is linked", "link": "away"})
        )
    );
    let mut link = world.link().await;
    link.present().await;
    assert_eq!(
        world.get("/readyz").await,
        (200, json!({"status": "ready", "link": "there"}))
    );
    let (status, missing) = world.get("/nothing").await;
    assert_eq!((status, &missing["type"]), (404, &json!("/problems/missing")));
    let answer = world.http.get(world.url()).send().await.expect("an answer");
    assert!(!answer.headers().contains_key("server"), "SEC35");
    world.shutdown.cancel();
    tokio::time::timeout(SOON, world.running.finished())
        .await
        .expect("stopped");
}

#[tokio::test]
async fn flt39_a_stop_tells_everybody_and_ends_in_time_although_one_is_stuck() {
    let mut world = World::with(|config| config.limits.send_buffer_bytes = 16_384).await;
    let talk = group();
    let mut link = world.link().await;
    let (_, mut client) = world.person(&[&talk]).await;
    let stuck = world.ticket(&[&talk]).await;
    let options = Options {
        waiting_deliveries: 1,
        ..Options::default()
    };
    let _stuck = Client::connect_with(&world.url(), &stuck.auth(), &options)
        .await
        .expect("connected");
    let items: Vec<_> = (0..100)
        .map(|_| json!({"to": stuck.id, "frame": "x".repeat(40_000), "class": "durable"}))
        .collect();
    world.call("POST", "/forward", Some(json!(items))).await;

    // What waits is still answered.
    let ack = client.emit(&durable(&talk, "{}"));
    let submit = link.submit().await;
    let began = Instant::now();
    world.shutdown.cancel();
    until("it says so", async || {
        world.running_status().await != Some("ready".to_owned())
    })
    .await;
    link.store(&submit, 1).await;
    assert_eq!(ack.await, Ok(stored_ack(1)));
    client.next_within(SOON).await.expect("the stored frame");
    let last = client.next_within(SOON).await.expect("a last frame");
    assert_eq!(relay_frame(&last), Some(RelayFrame::Stopping));
    tokio::time::timeout(SOON, client.closed()).await.expect("closed");
    tokio::time::timeout(SOON, world.running.finished())
        .await
        .expect("stopped");
    assert_eq!(link.close_code().await, 1001);
    assert!(
        began.elapsed() < Duration::from_millis(2_500),
        "{:?}",
        began.elapsed()
    );
    assert!(world.try_connect(&stuck.auth()).await.is_err());
}

#[tokio::test]
async fn a_restart_has_forgotten_everything() {
    let mut first = World::new().await;
    let ticket = first.ticket(&[]).await;
    let client = first.connect(&ticket).await;
    let address = first.running.public();
    first.shutdown.cancel();
    tokio::time::timeout(SOON, first.running.finished())
        .await
        .expect("stopped");
    client.closed().await;
    let second = World::with(|config| config.bind = address).await;
    assert_ne!(second.running.boot_id(), first.running.boot_id());
    let refused = second.try_connect(&ticket.auth()).await.expect_err("refused");
    assert_eq!(refused.refusal(), Some(ConnectRefusal::Unregistered));
    second.put(&ticket).await;
    second.connect(&ticket).await;
}

#[tokio::test]
async fn bad34_a_port_in_use_is_named_with_its_setting() {
    let world = World::new().await;
    let mut config = config();
    config.bind = world.running.public();
    let error = talkhub_relay::run(config, tokio_util::sync::CancellationToken::new()).await;
    let words = error.err().expect("it does not start").to_string();
    let start = format!("TALKHUB_RELAY_BIND is \"{}\": ", world.running.public());
    assert!(words.starts_with(&start), "{words}");
}
