//! Socket.IO v5, statement by statement: the part of the specification is named before each group.

use crate::kit::*;
use crate::wire::{Wire, deviates};
use serde_json::{Value, json};
use std::time::Duration;

// "Connection to a namespace" ────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_connect_packet_is_answered_with_an_id() {
    let world = World::new().await;
    for prefix in ["40", "40/,"] {
        let ticket = world.ticket(&[]).await;
        let (mut wire, _) = Wire::open(&world).await;
        wire.say(format!("{prefix}{}", json!(ticket.auth()))).await;
        let answer: Value = serde_json::from_str(&wire.expect("40").await).expect("JSON");
        assert!(!answer["sid"].as_str().expect("an id").is_empty());
        wire.expect("42[\"private_message\",").await; // the hello is the first event
        wire.lives().await;
    }
}

#[tokio::test]
async fn a_refused_connect_leaves_the_connection_for_another_try() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let (mut wire, _) = Wire::open(&world).await;
    wire.say("40/other,{}").await;
    assert_eq!(
        wire.expect("44/other,").await,
        "{\"message\":\"Invalid namespace\"}"
    );
    wire.say("40").await;
    assert_eq!(wire.expect("44").await, "{\"message\":\"unregistered\"}");
    wire.say(format!("40{}", json!(ticket.auth()))).await;
    wire.expect("40").await;
    wire.expect("42").await;
    wire.lives().await;
}

#[tokio::test]
async fn whatever_comes_before_connect_closes() {
    let world = World::new().await;
    for packet in ["421[\"private_message\",{}]", "42[\"x\"]", "41", "430[]", "42"] {
        let (mut wire, _) = Wire::open(&world).await;
        wire.say(packet).await;
        wire.closes(packet).await;
    }
    // That a client which says nothing at all is closed: who_does_not_authenticate_is_closed.
}

#[tokio::test]
async fn deviation_the_socket_io_id_is_the_engine_io_id() {
    deviates("The Socket.IO id is the Engine.IO id");
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let (mut wire, open) = Wire::open(&world).await;
    wire.say(format!("40{}", json!(ticket.auth()))).await;
    let answer: Value = serde_json::from_str(&wire.expect("40").await).expect("JSON");
    assert_eq!(answer["sid"], open["sid"]);
    // Whoever knows it can poll as this client, so it is told to nobody else (TR6).
    let hello = wire.expect("42").await;
    assert!(!hello.contains(open["sid"].as_str().expect("a sid")));
}

#[tokio::test]
async fn deviation_no_connection_state_recovery() {
    deviates("No connection state recovery");
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let mut auth = json!(ticket.auth());
    auth["pid"] = json!("from-before");
    auth["offset"] = json!("from-before");
    let (mut wire, _) = Wire::open(&world).await;
    wire.say(format!("40{auth}")).await;
    let answer: Value = serde_json::from_str(&wire.expect("40").await).expect("JSON");
    let names: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["sid"], "no private id to come back with");
    wire.expect("42").await; // the hello, as on every new connection
    wire.stays_silent().await;
}

#[tokio::test]
async fn deviation_a_second_connect_is_passed_over() {
    deviates("A second CONNECT is passed over");
    let world = World::new().await;
    let (mut wire, ticket) = Wire::connected(&world, &[]).await;
    wire.say(format!("40{}", json!(ticket.auth()))).await;
    wire.say("40").await;
    wire.stays_silent().await;
    wire.lives().await;
}

#[tokio::test]
async fn deviation_packets_for_a_namespace_that_was_not_joined_are_passed_over() {
    deviates(
        "Packets for a namespace that was not joined are passed over, and the 20th closes the connection",
    );
    let world = World::new().await;
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    for packet in ["42/other,1[\"private_message\",{}]", "41/other,", "43/other,1[]"] {
        wire.say(packet).await;
    }
    wire.stays_silent().await;
    wire.lives().await;
}

// "Disconnection from a namespace" ───────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_disconnect_packet_leaves_the_namespace() {
    let world = World::new().await;
    let talk = group();
    let (_, mut bob) = world.person(&[&talk]).await;
    let (mut wire, _) = Wire::connected(&world, &[&talk]).await;
    wire.say("41").await;
    until("it has left", async || {
        let (_, connected) = world.call("GET", "/relay-ids", None).await;
        connected["relay_ids"]
            .as_array()
            .is_some_and(|ids| ids.len() == 1)
    })
    .await;
    let event = json!(["private_message", ephemeral(&talk, "from nobody")]);
    wire.say(format!("421{event}")).await;
    silent(&mut bob).await;
}

#[tokio::test]
async fn a_client_that_is_cut_off_is_told_so_by_a_disconnect_packet() {
    let world = World::new().await;
    let (mut wire, ticket) = Wire::connected(&world, &[]).await;
    let path = format!("/relay-ids/{}", ticket.id);
    world.call("DELETE", &path, None).await;
    wire.expect("42").await; // why
    wire.expect("41").await;
    wire.closes("revoked").await;
}

// "Sending and receiving data", "Acknowledgement" ────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn an_ack_carries_the_id_of_its_event_and_comes_once() {
    let world = World::new().await;
    let talk = group();
    let (mut wire, _) = Wire::connected(&world, &[&talk]).await;
    for id in [0, 7, 4_294_967_296_u64, i64::MAX as u64] {
        let event = json!(["private_message", ephemeral(&talk, "{}")]);
        wire.say(format!("42{id}{event}")).await;
        assert_eq!(
            wire.expect(&format!("43{id}[")).await,
            "{\"status\":\"forwarded\"}]"
        );
    }
    wire.stays_silent().await;
}

#[tokio::test]
async fn an_event_without_an_id_gets_no_ack() {
    let world = World::new().await;
    let talk = group();
    let (_, mut bob) = world.person(&[&talk]).await;
    let (mut wire, _) = Wire::connected(&world, &[&talk]).await;
    let event = json!(["private_message", ephemeral(&talk, "hi")]);
    wire.say(format!("42{event}")).await;
    assert_eq!(bob.next_within(SOON).await.expect("it arrives").frame, "hi");
    wire.stays_silent().await;
}

#[tokio::test]
async fn an_ack_that_nobody_asked_for_does_no_harm() {
    let world = World::new().await;
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    wire.say("430[]").await;
    wire.say("4312[{\"status\":\"stored\"}]").await;
    wire.stays_silent().await;
    wire.lives().await;
}

#[tokio::test]
async fn an_event_of_another_name_is_refused_with_its_ack() {
    let world = World::new().await;
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    wire.say("425[\"message\",1]").await;
    let ack: Value = serde_json::from_str(&format!("[{}", wire.expect("435[").await)).expect("JSON");
    assert_eq!(ack[0]["status"], "refused");
    wire.lives().await;
}

// "Packet encoding" ──────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn packets_that_cannot_be_read_close() {
    let world = World::new().await;
    for packet in [
        "4",
        "4abc",
        "48",
        "49[]", // no such kind
        "42",
        "42{}",
        "42\"x\"",
        "42[]",
        "42[1]",
        "42abc[\"x\"]", // not an event
        "43",
        "43abc", // not an ack
        "44{}",  // only the relay sends it
    ] {
        let (mut wire, _) = Wire::connected(&world, &[]).await;
        wire.say(packet).await;
        wire.closes(packet).await;
    }
}

#[tokio::test]
async fn binary_events_and_acks_close() {
    let world = World::new().await;
    for packet in [
        "451-[\"private_message\",{\"_placeholder\":true,\"num\":0}]",
        "451-/,3[\"private_message\",{}]",
        "4510000-[\"private_message\"]",
        "461-1[{\"_placeholder\":true,\"num\":0}]",
        "45[\"private_message\"]",
    ] {
        let (mut wire, _) = Wire::connected(&world, &[]).await;
        wire.say(packet).await;
        wire.closes(packet).await;
    }
}

#[tokio::test]
async fn every_packet_of_one_message_is_one_packet() {
    let world = World::new().await;
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    // The separator belongs to polling alone: in a WebSocket message it makes the packet unreadable.
    wire.say("421[\"private_message\",{}]\u{1e}422[\"private_message\",{}]")
        .await;
    let heard = tokio::time::timeout(Duration::from_secs(2), async {
        let mut acks = 0;
        while let Some(packet) = wire.next().await {
            acks += usize::from(packet.starts_with("43"));
            if packet.starts_with("432") {
                return acks;
            }
        }
        acks
    });
    assert!(
        heard.await.unwrap_or(1) <= 1,
        "never two events out of one message"
    );
}
