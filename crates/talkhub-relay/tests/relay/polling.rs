//! The polling transport, for clients other than our page: by hand, as HTTP.

use crate::kit::*;
use serde_json::{Value, json};
use shared_protocol::RelayFrame;
use std::time::Duration;

/// Separates packets of one body.
const SEPARATOR: char = '\u{1e}';

/// A client by polling, request by request.
pub(crate) struct Poller {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    /// Packets that came with others and were not looked at yet.
    pub(crate) waiting: Vec<String>,
}

impl Poller {
    pub(crate) async fn open(world: &World) -> Self {
        let base = format!("{}/socket.io/?EIO=4&transport=polling", world.url());
        let open = world
            .http
            .get(&base)
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("text");
        let open: Value =
            serde_json::from_str(open.strip_prefix('0').expect("an open packet")).expect("JSON");
        let url = format!("{base}&sid={}", open["sid"].as_str().expect("a sid"));
        Self {
            http: world.http.clone(),
            url,
            waiting: Vec::new(),
        }
    }

    pub(crate) async fn post(&self, packet: impl Into<String>) -> u16 {
        let answer = self
            .http
            .post(&self.url)
            .body(packet.into())
            .send()
            .await
            .expect("an answer");
        answer.status().as_u16()
    }

    /// The next packet that starts so; pings are answered.
    pub(crate) async fn packet(&mut self, start: &str) -> String {
        let looking = async {
            loop {
                while let Some(packet) = (!self.waiting.is_empty()).then(|| self.waiting.remove(0)) {
                    if packet == "2" {
                        self.post("3").await;
                    } else if let Some(rest) = packet.strip_prefix(start) {
                        return rest.to_owned();
                    }
                }
                let answer = self
                    .http
                    .get(&self.url)
                    .send()
                    .await
                    .expect("an answer")
                    .text()
                    .await
                    .expect("text");
                self.waiting.extend(answer.split(SEPARATOR).map(str::to_owned));
            }
        };
        tokio::time::timeout(SOON, looking).await.expect("it arrives")
    }

    pub(crate) async fn connect(world: &World, ticket: &Ticket) -> Self {
        let mut poller = Self::open(world).await;
        poller.post(format!("40{}", json!(ticket.auth()))).await;
        poller.packet("40").await;
        poller.packet("42[\"private_message\",").await;
        poller
    }
}

#[tokio::test]
async fn n08_polling_clients_take_part() {
    let world = World::new().await;
    let talk = group();
    let (ticket, (_, mut bob)) = (world.ticket(&[&talk]).await, world.person(&[&talk]).await);
    let mut poller = Poller::connect(&world, &ticket).await;
    poller
        .post(format!(
            "425{}",
            json!(["private_message", ephemeral(&talk, "hi")])
        ))
        .await;
    assert_eq!(poller.packet("435").await, "[{\"status\":\"forwarded\"}]");
    assert_eq!(bob.next_within(SOON).await.expect("it arrives").frame, "hi");
    bob.emit(&ephemeral(&talk, "hello")).await.expect("an ack");
    assert!(poller.packet("42").await.contains("\"frame\":\"hello\""));

    world
        .call("DELETE", &format!("/relay-ids/{}", ticket.id), None)
        .await;
    let revoked = serde_json::to_string(&RelayFrame::Revoked).expect("JSON");
    assert!(poller.packet("42").await.contains(&json!(revoked).to_string()));
    poller.packet("41").await;
}

#[tokio::test]
async fn polling_clients_are_refused_with_the_same_reasons() {
    let world = World::new().await;
    let mut poller = Poller::open(&world).await;
    poller.post(format!("40{}", json!(Ticket::new(&[]).auth()))).await;
    assert_eq!(poller.packet("44").await, "{\"message\":\"unregistered\"}");
}

#[tokio::test]
async fn bad28_bad_polls_are_answered_400() {
    let world = World::new().await;
    let base = format!("{}/socket.io/", world.url());
    for query in [
        "",
        "?EIO=3&transport=polling",
        "?EIO=4&transport=carrier-pigeon",
        "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA",
    ] {
        let answer = world
            .http
            .get(format!("{base}{query}"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 400, "{query}");
    }
    let poller = Poller::open(&world).await;
    let large = poller.post("4".repeat(70_000)).await;
    assert!((400..500).contains(&large), "{large}");
}

#[tokio::test]
async fn a_client_may_begin_by_polling_and_go_on_by_websocket() {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    let mut poller = Poller::connect(&world, &ticket).await;
    let url = poller
        .url
        .replace("http://", "ws://")
        .replace("transport=polling", "transport=websocket");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
    socket.send(Message::text("2probe")).await.expect("sent");
    // The poll that waits is ended by the upgrade.
    let poll = poller.http.get(&poller.url).send();
    let (probe, _) = tokio::join!(socket.next(), poll);
    assert_eq!(
        probe
            .expect("an answer")
            .expect("a message")
            .into_text()
            .expect("text")
            .as_str(),
        "3probe"
    );
    socket.send(Message::text("5")).await.expect("sent");
    poller.waiting.clear();

    let item = json!([{"to": ticket.id, "frame": "now", "class": "durable"}]);
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.call("POST", "/forward", Some(item)).await;
    let heard = async {
        while let Some(Ok(message)) = socket.next().await {
            if message
                .to_text()
                .is_ok_and(|text| text.contains("\"frame\":\"now\""))
            {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(SOON, heard).await.expect("in time"));
    world
        .call("DELETE", &format!("/relay-ids/{}", ticket.id), None)
        .await;
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .expect("the upgraded connection is cut too");
}

#[tokio::test]
async fn a_polling_client_is_cut_at_once() {
    let world = World::new().await;
    let ticket = world.ticket(&[&group()]).await;
    let mut poller = Poller::connect(&world, &ticket).await;
    world
        .call("DELETE", &format!("/relay-ids/{}", ticket.id), None)
        .await;
    poller.packet("41").await;
    // What would wait for the next ping ends, and the session is no more: long before two pings are missed.
    let poll = poller.http.get(&poller.url).send();
    let ended = tokio::time::timeout(Duration::from_secs(5), poll).await;
    match ended.expect("the poll ends") {
        Ok(answer) => assert_eq!(answer.status().as_u16(), 400),
        Err(error) => assert!(!error.is_timeout(), "{error}"),
    }
    until("its session is unknown", async || poller.post("3").await == 400).await;
}

#[tokio::test]
async fn who_leaves_the_namespace_by_polling_is_shown_out() {
    let world = World::with(|config| config.times.connect_timeout_ms = 200).await;
    let poller = Poller::connect(&world, &world.ticket(&[]).await).await;
    assert_eq!(poller.post("41").await, 200);
    until("its session is unknown", async || poller.post("3").await == 400).await;
}
