//! The wire itself, for statements of the specifications: one WebSocket or one HTTP request, and every packet as it comes.

use crate::kit::*;
use crate::polling::Poller;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// What differs from the specifications, with the reason. `docs/protocol.md` lists the same, in this order; each one has
/// a test that names it.
pub(crate) const DEVIATIONS: &[&str] = &[
    "The first heartbeat comes at once",
    "The Socket.IO id is the Engine.IO id",
    "No connection state recovery",
    "Binary packets close the connection",
    "A ping of the client is passed over",
    "A second CONNECT is passed over",
    "Packets for a namespace that was not joined are passed over, and the 20th closes the connection",
];

/// What follows deviates: it must be on the list.
pub(crate) fn deviates(what: &str) {
    assert!(
        DEVIATIONS.contains(&what),
        "{what}: not on the list of deviations"
    );
}

#[test]
fn the_documentation_lists_every_deviation() {
    let page = include_str!("../../../../docs/protocol.md");
    let (_, section) = page
        .split_once("\n## Conformance\n")
        .expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let listed: Vec<&str> = rows
        .skip(1)
        .filter_map(|row| row.split('|').nth(1).map(str::trim))
        .collect();
    assert_eq!(listed, DEVIATIONS);
}

/// One WebSocket, packet by packet. Pings are heard like everything else and answered by nobody.
pub(crate) struct Wire(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Wire {
    /// A WebSocket at `/socket.io/` with this query; the status when it is refused.
    pub(crate) async fn at(world: &World, query: &str) -> Result<Self, u16> {
        let url = format!("ws://{}/socket.io/{query}", world.running.public());
        match tokio_tungstenite::connect_async(url).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// After the Engine.IO handshake, with what the relay said in it.
    pub(crate) async fn open(world: &World) -> (Self, Value) {
        let query = "?EIO=4&transport=websocket";
        let mut wire = Self::at(world, query).await.expect("a WebSocket");
        let open = wire.next().await.expect("an open packet");
        let open = open.strip_prefix('0').expect("an open packet");
        (wire, serde_json::from_str(open).expect("JSON"))
    }

    /// After the Socket.IO handshake and the hello, and whose connection it is.
    pub(crate) async fn connected(world: &World, talk: &[&shared_protocol::Group]) -> (Self, Ticket) {
        let ticket = world.ticket(talk).await;
        let (mut wire, _) = Self::open(world).await;
        wire.say(format!("40{}", json!(ticket.auth()))).await;
        wire.expect("40").await;
        wire.expect("42").await;
        (wire, ticket)
    }

    pub(crate) async fn say(&mut self, packet: impl Into<String>) {
        self.0.send(Message::text(packet.into())).await.ok();
    }

    pub(crate) async fn say_binary(&mut self, bytes: &'static [u8]) {
        self.0.send(Message::binary(bytes)).await.ok();
    }

    /// The next packet; `None` when the relay has closed.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let next = tokio::time::timeout(SOON, self.0.next());
        match next.await.expect("the relay says something or closes") {
            Some(Ok(Message::Text(text))) => Some(text.to_string()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => None,
            Some(Ok(other)) => panic!("{other:?}"),
        }
    }

    /// The rest of the next packet that starts so; pings are passed over, nothing else is.
    pub(crate) async fn expect(&mut self, start: &str) -> String {
        loop {
            let packet = self.next().await.expect("the relay has not closed");
            match packet.strip_prefix(start) {
                Some(rest) => return rest.to_owned(),
                None if packet == "2" => {}
                None => panic!("{packet:?} came instead of {start:?}"),
            }
        }
    }

    /// The relay closes, having said nothing but pings and that it closes.
    pub(crate) async fn closes(mut self, why: &str) {
        while let Some(packet) = self.next().await {
            assert!(matches!(packet.as_str(), "1" | "2" | "41"), "{why}: {packet:?}");
        }
    }

    /// It is still open and of use: an event is answered.
    pub(crate) async fn lives(&mut self) {
        self.say("427[\"private_message\",{}]").await;
        assert!(self.expect("437").await.contains("refused"));
    }

    /// Nothing but pings arrives for a while.
    pub(crate) async fn stays_silent(&mut self) {
        let noise = async {
            loop {
                match self.next().await.as_deref() {
                    Some("2") => {}
                    other => return format!("{other:?}"),
                }
            }
        };
        let heard = tokio::time::timeout(QUIET, noise).await;
        assert!(heard.is_err(), "nothing should have arrived: {heard:?}");
    }
}

/// The status and the body of one request.
pub(crate) async fn ask(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.timeout(SOON).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

impl Poller {
    pub(crate) async fn get(&self) -> (u16, String) {
        ask(self.http.get(&self.url)).await
    }

    /// A GET that waits, as one always does while nothing is to be said.
    pub(crate) async fn waits(&self) -> tokio::task::JoinHandle<(u16, String)> {
        let waiting = spawn(ask(self.http.get(&self.url)));
        tokio::time::sleep(Duration::from_millis(60)).await;
        waiting
    }

    /// The WebSocket to go on with, not yet probed.
    pub(crate) async fn second_transport(&self, world: &World) -> Result<Wire, u16> {
        let query = self.url.split_once('?').expect("a query").1;
        let query = format!("?{}", query.replace("transport=polling", "transport=websocket"));
        Wire::at(world, &query).await
    }

    /// The session is over: nothing can be fetched or posted.
    pub(crate) async fn is_over(&self) {
        assert_eq!(self.get().await.0, 400);
        assert_eq!(self.post("42[\"private_message\",{}]").await, 400);
    }
}
