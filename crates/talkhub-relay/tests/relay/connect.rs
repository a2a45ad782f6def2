//! Who is let in, who is cut off, and when.

use crate::kit::*;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use shared_protocol::RelayFrame;
use shared_protocol::envelope::{Auth, ConnectRefusal};
use socket_client::{Client, ConnectError, Options};
use std::time::Duration;

#[tokio::test]
async fn n02_hello_comes_first_and_once() {
    let world = World::new().await;
    let (_, mut client) = world.person(&[&group()]).await;
    silent(&mut client).await;
}

#[tokio::test]
async fn n01_bad24_each_wrong_auth_has_its_reason() {
    let world = World::new().await;
    let (own, other) = (world.ticket(&[]).await, world.ticket(&[]).await);
    let unknown = Ticket::new(&[]);
    let with = |relay_id: &Ticket, token: &str| Auth {
        relay_id: relay_id.id.clone(),
        token: token.to_owned(),
    };
    for (auth, want) in [
        (unknown.auth(), ConnectRefusal::Unregistered),
        (with(&own, "wrong"), ConnectRefusal::BadToken),
        (with(&own, ""), ConnectRefusal::BadToken),
        (with(&own, &other.token), ConnectRefusal::BadToken),
    ] {
        let refused = world.try_connect(&auth).await.expect_err("refused");
        assert_eq!(refused.refusal(), Some(want), "{refused}");
    }
    for auth in [
        None,
        Some(json!({})),
        Some(json!({"relay_id": 1, "token": 2})),
        Some(json!([])),
        Some(json!("x")),
    ] {
        let refused = Client::connect_raw(&world.url(), auth.as_ref(), &Options::default()).await;
        let refused = refused.expect_err("refused");
        assert_eq!(
            refused.refusal(),
            Some(ConnectRefusal::Unregistered),
            "{auth:?}: {refused}"
        );
    }
    world.connect(&own).await;
}

#[tokio::test]
async fn bad24_other_namespaces_do_not_exist() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let options = Options {
        namespace: "/admin".to_owned(),
        ..Options::default()
    };
    let refused = Client::connect_with(&world.url(), &ticket.auth(), &options).await;
    assert!(matches!(refused, Err(ConnectError::OtherRefusal(words)) if words == "Invalid namespace"));
}

#[tokio::test]
async fn who_does_not_authenticate_is_closed() {
    let world = World::with(|config| config.times.connect_timeout_ms = 100).await;
    let refused = world.try_connect(&Ticket::new(&[]).auth()).await;
    assert!(refused.is_err());
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket",
        world.running.public()
    );
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
    let ended = tokio::time::timeout(SOON, async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    });
    ended.await.expect("the relay closes it");
}

#[tokio::test]
async fn who_leaves_the_namespace_may_enter_again_or_is_closed() {
    let world = World::with(|config| config.times.connect_timeout_ms = 300).await;
    let ticket = world.ticket(&[]).await;
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket",
        world.running.public()
    );
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
    let enter = format!("40{}", json!(ticket.auth()));
    for packet in [enter.as_str(), "41", &enter] {
        let message = tokio_tungstenite::tungstenite::Message::text(packet);
        socket.send(message).await.expect("it is open");
        if packet != "41" {
            let entered = async {
                while let Some(Ok(message)) = socket.next().await {
                    if message.to_text().is_ok_and(|text| text.starts_with("40")) {
                        return;
                    }
                }
                panic!("it was closed");
            };
            tokio::time::timeout(SOON, entered).await.expect("it is let in");
        }
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    let (_, connected) = world.call("GET", "/relay-ids", None).await;
    assert_eq!(
        connected["relay_ids"].as_array().map(Vec::len),
        Some(1),
        "it came back"
    );

    let last = tokio_tungstenite::tungstenite::Message::text("41");
    socket.send(last).await.expect("it is open");
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(SOON, ended).await.expect("it is closed");
}

#[tokio::test]
async fn an_ended_lease_cuts_off_and_is_told() {
    let world = World::new().await;
    let talk = group();
    let mut ticket = Ticket::new(&[&talk]);
    let mut registration = ticket.registration();
    registration["lease_s"] = json!(1);
    let path = format!("/relay-ids/{}", ticket.id);
    world.call("PUT", &path, Some(registration)).await;
    let mut client = world.connect(&ticket).await;
    let last = client.next_within(SOON).await.expect("a last frame");
    assert_eq!(relay_frame(&last), Some(RelayFrame::Revoked));
    client.closed().await;
    let refused = world.try_connect(&ticket.auth()).await.expect_err("refused");
    assert_eq!(refused.refusal(), Some(ConnectRefusal::Expired));

    // A renewed one is good again.
    ticket.groups.clear();
    world.put(&ticket).await;
    world.connect(&ticket).await;
}

#[tokio::test]
async fn a_renewed_lease_closes_nothing() {
    let world = World::new().await;
    let (talk, more) = (group(), group());
    let mut ticket = Ticket::new(&[&talk]);
    let mut registration = ticket.registration();
    registration["lease_s"] = json!(1);
    world
        .call("PUT", &format!("/relay-ids/{}", ticket.id), Some(registration))
        .await;
    let mut client = world.connect(&ticket).await;
    let (_, mut other) = world.person(&[&talk, &more]).await;
    ticket.groups = vec![more.clone()];
    world.put(&ticket).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;

    assert!(client.handle().is_open());
    silent(&mut client).await;
    assert_eq!(refused(client.emit(&ephemeral(&talk, "{}")).await), ["to"]);
    client.emit(&ephemeral(&more, "{}")).await.expect("an ack");
    assert_eq!(
        other.next_within(SOON).await.expect("it arrives").to,
        more.to_string()
    );
}

#[tokio::test]
async fn deleting_cuts_off_at_once() {
    let world = World::new().await;
    let mut link = world.link().await;
    let (ticket, mut client) = world.person(&[&group()]).await;
    let (status, _) = world
        .call("DELETE", &format!("/relay-ids/{}", ticket.id), None)
        .await;
    assert_eq!(status, 200);
    let last = client.next_within(SOON).await.expect("a last frame");
    assert_eq!(relay_frame(&last), Some(RelayFrame::Revoked));
    tokio::time::timeout(SOON, client.closed()).await.expect("closed");
    let refused = world.try_connect(&ticket.auth()).await.expect_err("refused");
    assert_eq!(refused.refusal(), Some(ConnectRefusal::Unregistered));
    assert_eq!(link.present().await, []);
    let seen = [link.up().await, link.up().await];
    let connected = shared_protocol::internal::Up::Connected {
        relay_id: ticket.id.clone(),
    };
    let disconnected = shared_protocol::internal::Up::Disconnected { relay_id: ticket.id };
    assert_eq!(seen, [Ok(connected), Ok(disconnected)]);
    let (status, _) = world
        .call("DELETE", "/relay-ids/AAAAAAAAAAAAAAAAAAAAAA", None)
        .await;
    assert_eq!(status, 200, "taking back an unknown one is no error");
}

#[tokio::test]
async fn bad24_a_second_connection_wins() {
    let world = World::new().await;
    let talk = group();
    let (ticket, mut first) = world.person(&[&talk]).await;
    let (_, other) = world.person(&[&talk]).await;
    let mut second = world.connect(&ticket).await;
    let last = first.next_within(SOON).await.expect("a last frame");
    assert_eq!(relay_frame(&last), Some(RelayFrame::Replaced));
    tokio::time::timeout(SOON, first.closed()).await.expect("closed");
    other.emit(&ephemeral(&talk, "still here")).await.expect("an ack");
    assert_eq!(
        second.next_within(SOON).await.expect("it arrives").frame,
        "still here"
    );
    let (_, connected) = world.call("GET", "/relay-ids", None).await;
    assert_eq!(connected["relay_ids"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn another_subject_is_another_person() {
    let world = World::new().await;
    let (mut ticket, client) = world.person(&[&group()]).await;
    ticket.subject = "somebody else".to_owned();
    world.put(&ticket).await;
    tokio::time::timeout(SOON, client.closed()).await.expect("closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt28_who_leaves_at_once_leaves_nothing_behind() {
    let world = World::new().await;
    let tickets = futures_util::future::join_all((0..20).map(|_| world.ticket(&[]))).await;
    let tries = (0..300).map(|number| {
        let (url, ticket) = (world.url(), tickets[number % tickets.len()].clone());
        spawn(async move {
            let auth = ticket.auth();
            let connecting = Client::connect(&url, &auth);
            let patience = Duration::from_millis(number as u64 % 40);
            drop(tokio::time::timeout(patience, connecting).await);
        })
    });
    futures_util::future::join_all(tries.collect::<Vec<_>>()).await;
    until("nobody is connected", async || {
        let (_, connected) = world.call("GET", "/relay-ids", None).await;
        connected["relay_ids"].as_array().is_some_and(Vec::is_empty)
    })
    .await;
}
