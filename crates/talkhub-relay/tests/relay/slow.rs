//! Receivers that do not read.

use crate::kit::*;
use serde_json::json;
use shared_protocol::Ack;
use socket_client::{Client, Options};
use std::sync::atomic::Ordering;

/// A client that takes one delivery and then reads no more.
async fn stuck(world: &World, ticket: &Ticket) -> Client {
    let options = Options {
        waiting_deliveries: 1,
        ..Options::default()
    };
    Client::connect_with(&world.url(), &ticket.auth(), &options)
        .await
        .expect("connected")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt27_a_slow_reader_is_cut_off_and_others_miss_nothing() {
    let world = World::with(|config| {
        config.limits.socket_buffer = 64;
        config.limits.send_buffer_bytes = 16_384;
        // Nothing but the kill switch may end it.
        config.times.socket_sweep_ms = 600_000;
        config.times.ping_interval_ms = 600_000;
    })
    .await;
    let talk = group();
    let slow = world.ticket(&[&talk]).await;
    let mut slow_tab = stuck(&world, &slow).await;
    let (_, mut reader) = world.person(&[&talk]).await;
    let frame = "x".repeat(40_000);
    let mut sent = 0;
    until("the slow one is cut off", async || {
        let items: Vec<_> = (0..20)
            .map(|_| json!({"to": talk, "frame": frame, "class": "durable"}))
            .collect();
        assert_eq!(world.call("POST", "/forward", Some(json!(items))).await.0, 200);
        for _ in 0..items.len() {
            let got = reader
                .next_within(SOON)
                .await
                .expect("the one who reads gets all");
            assert_eq!(got.frame.len(), frame.len());
            sent += 1;
        }
        world.running.counters().slow.load(Ordering::Relaxed) == 1
    })
    .await;
    assert!(64 <= sent, "{sent}");
    let (_, connected) = world.call("GET", "/relay-ids", None).await;
    assert_eq!(connected["relay_ids"].as_array().map(Vec::len), Some(1));
    let rest = async {
        let mut rest = 0;
        while slow_tab.next().await.is_some() {
            rest += 1;
        }
        rest
    };
    let rest = tokio::time::timeout(SOON, rest)
        .await
        .expect("its connection has ended");
    assert!(rest < sent, "what was queued for it is gone: {rest} of {sent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ru19_ephemeral_ones_are_dropped_before_anybody_is_cut_off() {
    let world = World::with(|config| {
        config.limits.socket_buffer = 64;
        config.limits.send_buffer_bytes = 16_384;
    })
    .await;
    let talk = group();
    let slow = world.ticket(&[&talk]).await;
    let slow_tab = stuck(&world, &slow).await;
    let (_, sender) = world.person(&[&talk]).await;
    let frame = "x".repeat(40_000);
    for _ in 0..400 {
        assert_eq!(sender.emit(&ephemeral(&talk, &frame)).await, Ok(Ack::Forwarded));
    }
    // Half of its buffer is still free for what matters more.
    let items: Vec<_> = (0..10)
        .map(|_| json!({"to": talk, "frame": frame, "class": "durable"}))
        .collect();
    assert_eq!(world.call("POST", "/forward", Some(json!(items))).await.0, 200);
    assert_eq!(world.running.counters().slow.load(Ordering::Relaxed), 0);
    assert!(slow_tab.handle().is_open());
    let (_, connected) = world.call("GET", "/relay-ids", None).await;
    assert_eq!(connected["relay_ids"].as_array().map(Vec::len), Some(2));
}
