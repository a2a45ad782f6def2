//! Engine.IO v4, statement by statement: the part of the specification is named before each group.

use crate::kit::*;
use crate::polling::Poller;
use crate::wire::{Wire, ask, deviates};
use serde_json::{Value, json};
use std::time::Duration;

/// Heartbeats that a test can wait for.
async fn quick() -> World {
    World::with(|config| {
        config.times.ping_interval_ms = 300;
        config.times.ping_timeout_ms = 200;
    })
    .await
}

// "Handshake" ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn handshake_tells_the_session_and_the_time_outs_on_both_transports() {
    let world = World::new().await;
    let times = &config().times;
    let check = |open: &Value, upgrades: Value| {
        let names: Vec<&String> = open.as_object().expect("an object").keys().collect();
        assert_eq!(
            names,
            ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]
        );
        assert_eq!(open["pingInterval"], times.ping_interval_ms);
        assert_eq!(open["pingTimeout"], times.ping_timeout_ms);
        assert_eq!(open["maxPayload"], 64 * 1024);
        assert_eq!(open["upgrades"], upgrades);
        assert!(!open["sid"].as_str().expect("a sid").is_empty());
    };
    let polling = format!("{}/socket.io/?EIO=4&transport=polling", world.url());
    let (status, body) = ask(world.http.get(polling)).await;
    assert_eq!(status, 200);
    let open = serde_json::from_str(body.strip_prefix('0').expect("an open packet")).expect("JSON");
    check(&open, json!(["websocket"]));

    let (_, by_websocket) = Wire::open(&world).await;
    check(&by_websocket, json!([])); // nothing better to go on to
    assert_ne!(by_websocket["sid"], open["sid"], "every session has its own");
}

#[tokio::test]
async fn handshake_needs_the_version_the_transport_and_get() {
    let world = World::new().await;
    let base = format!("{}/socket.io/", world.url());
    for query in [
        "?transport=websocket",
        "?EIO=abc&transport=websocket",
        "?EIO=4",
        "?EIO=4&transport=abc",
    ] {
        assert_eq!(Wire::at(&world, query).await.err(), Some(400), "{query}");
    }
    // The same over HTTP stands in bad28_bad_polls_are_answered_400; here the method.
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let url = format!("{base}?EIO=4&transport=polling");
        let request = world.http.request(method.parse().expect("a method"), url);
        assert_eq!(ask(request).await.0, 400, "{method}");
    }
    let no_websocket = format!("{base}?EIO=4&transport=websocket");
    assert_eq!(ask(world.http.get(no_websocket)).await.0, 400);
}

#[tokio::test]
async fn an_unknown_sid_is_refused_on_both_transports() {
    let world = World::new().await;
    for sid in ["AAAAAAAAAAAAAAAA", "x", "%00", "..%2f"] {
        let query = format!("?EIO=4&transport=polling&sid={sid}");
        let url = format!("{}/socket.io/{query}", world.url());
        assert_eq!(ask(world.http.get(&url)).await.0, 400, "{sid}");
        assert_eq!(ask(world.http.post(&url).body("40")).await.0, 400, "{sid}");
        let query = query.replace("polling", "websocket");
        match Wire::at(&world, &query).await {
            Ok(wire) => wire.closes("an unknown sid").await,
            Err(status) => assert_eq!(status, 400, "{sid}"),
        }
    }
}

// "HTTP long-polling" ────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_poll_waits_and_a_post_is_answered_ok() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let poller = Poller::connect(&world, &ticket).await;
    let waiting = poller.waits().await;
    assert!(!waiting.is_finished(), "there is nothing to say yet");
    let event = "421[\"private_message\",{}]";
    let posted = ask(poller.http.post(&poller.url).body(event)).await;
    assert_eq!(posted, (200, "ok".to_owned()));
    let (status, body) = waiting.await.expect("an answer");
    assert!(status == 200 && body.starts_with("431[{"), "{status} {body}");
}

#[tokio::test]
async fn packets_of_one_body_are_separated_and_keep_their_order() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let mut poller = Poller::connect(&world, &ticket).await;
    let packets: Vec<String> = (0..20)
        .map(|number| format!("42{number}[\"private_message\",{{}}]"))
        .collect();
    assert_eq!(poller.post(packets.join("\u{1e}")).await, 200);
    for number in 0..20 {
        assert!(poller.packet("43").await.starts_with(&format!("{number}[")));
    }
}

#[tokio::test]
async fn two_polls_at_once_end_the_session() {
    let world = World::new().await;
    let poller = Poller::open(&world).await;
    poller.get().await; // the heartbeat that comes at once
    let first = poller.waits().await;
    let (status, _) = poller.get().await;
    assert_eq!(status, 400, "the second is refused");
    let (status, body) = first.await.expect("an answer");
    assert!(
        status == 400 || matches!(body.as_str(), "1" | "6"),
        "the first is let go: {status} {body:?}"
    );
    poller.is_over().await;
}

#[tokio::test]
async fn other_methods_on_a_session_are_refused_and_leave_it_alone() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let mut poller = Poller::connect(&world, &ticket).await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = world.http.request(method.parse().expect("a method"), &poller.url);
        assert_eq!(ask(request.body("1")).await.0, 400, "{method}");
    }
    poller.post("421[\"private_message\",{}]").await;
    poller.packet("431").await;
}

#[tokio::test]
async fn a_body_that_is_no_packet_or_too_large_ends_the_session() {
    let world = World::new().await;
    for (body, want) in [
        ("9abc".to_owned(), 400),
        ("\u{1e}".to_owned(), 400),
        ("4".repeat(70_000), 413),
    ] {
        let poller = Poller::open(&world).await;
        assert_eq!(poller.post(body.clone()).await, want, "{:.9}", body);
        poller.is_over().await;
    }
}

// "Heartbeat" ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn deviation_the_first_heartbeat_comes_at_once() {
    deviates("The first heartbeat comes at once");
    let world = World::new().await;
    let (mut wire, open) = Wire::open(&world).await;
    assert!(Some(5_000) < open["pingInterval"].as_u64());
    let ping = tokio::time::timeout(Duration::from_secs(3), wire.next()).await;
    assert_eq!(
        ping.expect("long before the interval is over").as_deref(),
        Some("2")
    );
}

#[tokio::test]
async fn the_relay_pings_once_per_interval_and_who_answers_stays() {
    let world = World::with(|config| {
        config.times.ping_interval_ms = 300;
        config.times.ping_timeout_ms = 1_500;
    })
    .await;
    let tickets = [world.ticket(&[]).await, world.ticket(&[]).await];
    let start = tokio::time::Instant::now();
    let (mut wire, _) = Wire::open(&world).await;
    let mut poller = Poller::open(&world).await;
    poller.post(format!("40{}", json!(tickets[0].auth()))).await;
    poller.packet("40").await;
    let by_websocket = async {
        wire.say(format!("40{}", json!(tickets[1].auth()))).await;
        let mut pings = 0;
        while pings < 7 {
            if wire.next().await.as_deref() == Some("2") {
                pings += 1;
                wire.say("3").await;
            }
        }
        assert!(Duration::from_millis(1_600) < start.elapsed(), "one per interval");
        wire.lives().await;
    };
    // The first ping may have come along with the answer to CONNECT: it is answered too.
    let mut listening = Poller {
        http: poller.http.clone(),
        url: poller.url.clone(),
        waiting: std::mem::take(&mut poller.waiting),
    };
    // Longer than a ping may be left unanswered.
    let event = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let post = world.http.post(&poller.url).body("421[\"private_message\",{}]");
        assert_eq!(ask(post).await.0, 200);
    };
    tokio::join!(by_websocket, event, listening.packet("431"));
}

#[tokio::test]
async fn who_does_not_answer_a_ping_is_closed_on_both_transports() {
    let world = quick().await;
    let (wire, _) = Wire::connected(&world, &[]).await;
    wire.closes("no pong").await;
    let poller = Poller::open(&world).await;
    let over = async {
        while let (200, body) = poller.get().await {
            assert!(matches!(body.as_str(), "1" | "2"), "{body}");
        }
    };
    tokio::time::timeout(SOON, over).await.expect("the session ends");
    poller.is_over().await;
}

#[tokio::test]
async fn deviation_a_ping_of_the_client_is_passed_over() {
    deviates("A ping of the client is passed over");
    let world = World::new().await;
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    wire.say("2").await;
    wire.say("3").await; // nor does a pong too many do harm
    wire.stays_silent().await;
    wire.lives().await;
}

// "Upgrade" ──────────────────────────────────────────────────────────────────────────────────────────────────────────
// That a client may go on by WebSocket and is then told there: a_client_may_begin_by_polling_and_go_on_by_websocket.

#[tokio::test]
async fn an_upgrade_ends_the_waiting_poll_and_loses_nothing() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let mut poller = Poller::connect(&world, &ticket).await;
    let waiting = poller.waits().await;
    let mut wire = poller.second_transport(&world).await.expect("a WebSocket");
    wire.say("2probe").await;
    assert_eq!(wire.next().await.as_deref(), Some("3probe"));
    assert_eq!(waiting.await.expect("an answer"), (200, "6".to_owned()));
    wire.say("5").await;
    wire.lives().await;

    // The old transport is closed for good, and there is no second upgrade.
    poller.waiting.clear();
    poller.is_over().await;
    if let Ok(third) = poller.second_transport(&world).await {
        third.closes("a second upgrade").await;
    }
    wire.lives().await;
}

#[tokio::test]
async fn a_probe_that_is_none_is_closed() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let poller = Poller::connect(&world, &ticket).await;
    let mut wire = poller.second_transport(&world).await.expect("a WebSocket");
    wire.say("2rubbish").await;
    wire.closes("a bad probe").await;
}

// "Packet encoding" and "WebSocket" ──────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn packets_that_only_a_server_sends_or_that_do_not_exist_close() {
    let world = World::new().await;
    for packet in ["", "0{}", "5", "6", "7", "99", "2probe", "x", "é"] {
        let (mut wire, _) = Wire::connected(&world, &[]).await;
        wire.say(packet).await;
        wire.closes(packet).await;
    }
}

#[tokio::test]
async fn deviation_binary_packets_close_the_connection() {
    deviates("Binary packets close the connection");
    let world = World::new().await;
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    wire.say_binary(b"\x01\x02\x03").await;
    wire.closes("a binary message").await;
    let poller = Poller::open(&world).await;
    poller.post("bAQID").await;
    poller.is_over().await;
}

#[tokio::test]
async fn a_message_may_have_max_payload_bytes_and_not_one_more() {
    let world = World::new().await;
    let most = 64 * 1024;
    let event = |bytes: usize| {
        let empty = "421[\"private_message\",{\"x\":\"\"}]";
        empty.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - empty.len())))
    };
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    wire.say(event(most)).await;
    wire.expect("431").await;
    wire.say(event(most + 1)).await;
    wire.closes("a message over the limit").await;
}

// "Close" ────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_close_packet_ends_the_session_and_the_waiting_poll() {
    let world = World::new().await;
    let (mut wire, _) = Wire::connected(&world, &[]).await;
    wire.say("1").await;
    wire.closes("the client's close").await;

    let ticket = world.ticket(&[]).await;
    let poller = Poller::connect(&world, &ticket).await;
    let waiting = poller.waits().await;
    assert_eq!(poller.post("1").await, 200);
    let (status, body) = waiting.await.expect("an answer");
    assert!(
        status == 200 && matches!(body.as_str(), "6" | "1"),
        "{status} {body:?}"
    );
    poller.is_over().await;
    until("both have left", async || {
        world.call("GET", "/relay-ids", None).await.1["relay_ids"] == json!([])
    })
    .await;
}

#[tokio::test]
async fn a_transport_that_breaks_is_a_close() {
    let world = World::new().await;
    let (wire, _) = Wire::connected(&world, &[]).await;
    drop(wire); // no close frame, no close packet
    until("it has left", async || {
        world.call("GET", "/relay-ids", None).await.1["relay_ids"] == json!([])
    })
    .await;
}
