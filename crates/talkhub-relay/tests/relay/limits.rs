//! What one client may send, and how many there may be.

use crate::kit::*;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use shared_protocol::Ack;
use socket_client::{Client, Options};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn sec27_durable_events_have_a_rate_and_the_rest_is_busy() {
    let world = World::with(|config| {
        config.limits.durable_per_second = 1;
        config.limits.durable_burst = 5;
    })
    .await;
    let talk = group();
    let stored = world.link().await.store_all();
    let (ticket, client) = world.person(&[&talk]).await;
    let acks = (0..8)
        .map(|_| client.emit(&durable(&talk, "{}")))
        .collect::<Vec<_>>();
    let acks = futures_util::future::join_all(acks).await;
    assert_eq!(
        acks.iter()
            .filter(|ack| matches!(ack, Ok(Ack::Stored { .. })))
            .count(),
        5
    );
    let wait = |ack: &_| match ack {
        Ok(Ack::Busy { retry_after_ms }) => Some(*retry_after_ms),
        _ => None,
    };
    assert!(
        acks.iter()
            .filter_map(wait)
            .all(|wait| (900..2_000).contains(&wait)),
        "{acks:?}"
    );
    assert_eq!(acks.iter().filter(|ack| is_busy(ack)).count(), 3);

    client.close().await;
    let again = world.connect(&ticket).await;
    assert!(
        is_busy(&again.emit(&durable(&talk, "{}")).await),
        "connecting again gains nothing"
    );
    assert_eq!(again.emit(&ephemeral(&talk, "{}")).await, Ok(Ack::Forwarded));
    drop(world);
    assert_eq!(stored.await.expect("stored").len(), 5);
}

#[tokio::test]
async fn sec27_what_is_refused_costs_what_a_durable_event_costs() {
    let world = World::with(|config| {
        config.limits.durable_per_second = 1;
        config.limits.durable_burst = 5;
    })
    .await;
    let _stored = world.link().await.store_all();
    let (_, client) = world.person(&[]).await;
    let foreign = group();
    let acks = (0..8)
        .map(|_| client.emit(&durable(&foreign, "{}")))
        .collect::<Vec<_>>();
    let acks = futures_util::future::join_all(acks).await;
    assert_eq!(
        acks.iter()
            .filter(|ack| matches!(ack, Ok(Ack::Refused { .. })))
            .count(),
        5
    );
    assert_eq!(
        acks.iter().filter(|ack| is_busy(ack)).count(),
        3,
        "nobody tries addresses without end"
    );
}

#[tokio::test]
async fn sec27_ephemeral_events_and_bytes_have_rates_too() {
    let world = World::with(|config| {
        config.limits.ephemeral_per_second = 1;
        config.limits.ephemeral_burst = 3;
        config.limits.bytes_per_second = 100_000;
    })
    .await;
    let talk = group();
    let (_, client) = world.person(&[&talk]).await;
    let acks = (0..5)
        .map(|_| client.emit(&ephemeral(&talk, "{}")))
        .collect::<Vec<_>>();
    let acks = futures_util::future::join_all(acks).await;
    assert_eq!(acks.iter().filter(|ack| is_busy(ack)).count(), 2);
    let (_, other) = world.person(&[&talk]).await;
    let big = "x".repeat(45_000);
    let acks = (0..3)
        .map(|_| other.emit(&ephemeral(&talk, &big)))
        .collect::<Vec<_>>();
    let acks = futures_util::future::join_all(acks).await;
    assert_eq!(
        (&acks[0], &acks[1], is_busy(&acks[2])),
        (&Ok(Ack::Forwarded), &Ok(Ack::Forwarded), true)
    );
}

#[tokio::test]
async fn flt36_who_ignores_busy_is_closed() {
    let world = World::with(|config| {
        config.limits.ephemeral_burst = 1;
        config.limits.ephemeral_per_second = 1;
        config.times.ignored_busy_ms = 200;
    })
    .await;
    let talk = group();
    let (_, flooder) = world.person(&[&talk]).await;
    let (_, quiet) = world.person(&[&talk]).await;
    let flood = async {
        while flooder.handle().is_open() {
            flooder.handle().emit_silently(&ephemeral(&talk, "{}"));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, flood).await.expect("closed");
    assert!(quiet.handle().is_open());
}

#[tokio::test]
async fn sec27_other_events_are_refused_counted_and_closed() {
    let world = World::with(|config| config.limits.strange_events = 5).await;
    let (_, client) = world.person(&[]).await;
    for _ in 0..4 {
        let ack = client
            .handle()
            .emit_named::<Ack>("send_message", &json!({}))
            .await;
        assert_eq!(refused(ack), ["event"]);
    }
    assert!(client.handle().is_open());
    client.emit_raw("42[\"join_room\"]");
    tokio::time::timeout(SOON, client.closed()).await.expect("closed");
}

#[tokio::test]
async fn sec27_messages_for_other_namespaces_are_counted_and_closed() {
    let world = World::with(|config| config.limits.strange_events = 20).await;
    let (talk, strange) = (group(), &world.running.counters().strange);
    let (_, client) = world.person(&[&talk]).await;
    for number in 0..19 {
        let packet = if number % 2 == 0 {
            "40/admin,{}"
        } else {
            "42/x,[\"private_message\",{}]"
        };
        client.handle().emit_raw(packet);
    }
    until("they are counted", async || strange.load(Ordering::Relaxed) == 19).await;
    client
        .emit(&ephemeral(&talk, "still here"))
        .await
        .expect("an ack");
    client.handle().emit_raw("41/other,");
    tokio::time::timeout(SOON, client.closed()).await.expect("closed");
    assert_eq!(strange.load(Ordering::Relaxed), 20);
}

#[tokio::test]
async fn sec27_who_enters_and_leaves_again_and_again_is_closed() {
    let world = World::with(|config| config.limits.entries_per_second = 4).await;
    let (ticket, restless) = (world.ticket(&[]).await, &world.running.counters().restless);
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket",
        world.running.public()
    );
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
    let enter = format!("40{}", json!(ticket.auth()));
    for packet in [enter.as_str(), "41", &enter, "41", &enter, "41"] {
        socket.send(Message::text(packet)).await.expect("it is open");
        let entered = async {
            while let Some(Ok(message)) = socket.next().await {
                if message.to_text().is_ok_and(|text| text.starts_with("40")) {
                    return;
                }
            }
            panic!("it was closed");
        };
        if packet != "41" {
            tokio::time::timeout(SOON, entered).await.expect("it is let in");
        }
    }
    assert_eq!(restless.load(Ordering::Relaxed), 0);
    // With a wrong token it is a try all the same.
    let wrong = format!("40{}", json!({ "relay_id": ticket.id, "token": "wrong" }));
    for _ in 0..4 {
        // It may be closed already.
        drop(socket.send(Message::text(wrong.as_str())).await);
    }
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(SOON, ended).await.expect("it is closed");
    assert_eq!(restless.load(Ordering::Relaxed), 1);
    let mut other = world.connect(&ticket).await;
    silent(&mut other).await;
}

#[tokio::test]
async fn sec27_connections_behind_a_proxy_count_by_their_real_address() {
    let world = World::with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
        config.limits.connections_per_address = 2;
    })
    .await;
    let mut kept = Vec::new();
    let connect = async |address: &str| {
        let ticket = world.ticket(&[]).await;
        let headers = vec![("x-forwarded-for".to_owned(), address.to_owned())];
        let options = Options {
            headers,
            ..Options::default()
        };
        Client::connect_with(&world.url(), &ticket.auth(), &options).await
    };
    kept.push(connect("203.0.113.9").await.expect("the first"));
    kept.push(connect("6.6.6.6, 203.0.113.9").await.expect("the second"));
    assert!(connect("203.0.113.9").await.is_err(), "the third is one too many");
    kept.push(connect("203.0.113.10").await.expect("another address"));
    kept.remove(0).close().await;
    until("its place is free again", async || {
        connect("203.0.113.9").await.is_ok()
    })
    .await;
}
