//! One connection: its handle, its handshake, a task that reads and a task that writes.

use crate::packet::{self, Packet};
use crate::received::{AckFuture, Deliveries};
use crate::shared::{EndWhenDropped, Shared};
use crate::{ConnectError, Options};
use futures_util::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_protocol::{Ack, EVENT, Event};
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Messages that the writing task puts on the wire before it flushes.
const BATCH: usize = 64;

/// The sending half. Cheap to clone; nothing here waits.
#[derive(Clone)]
pub struct Handle {
    out: mpsc::UnboundedSender<Message>,
    shared: Arc<Shared>,
    ack_timeout: Duration,
    _end: Arc<EndWhenDropped>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Handle")
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

impl Handle {
    /// Emits `private_message`: it is queued when this returns, the future is its ack.
    pub fn emit(&self, event: &Event) -> AckFuture<Ack> {
        self.emit_named(EVENT, event)
    }

    /// Emits any event with any content and reads the ack as `T`.
    pub fn emit_named<T: DeserializeOwned>(
        &self,
        name: &str,
        content: &(impl Serialize + ?Sized),
    ) -> AckFuture<T> {
        let (answer, answered) = oneshot::channel();
        let id = self.shared.next_ack.fetch_add(1, Ordering::Relaxed);
        if let (Some(acks), Ok(text)) = (
            self.shared.acks().as_mut(),
            packet::event(Some(id), name, content),
        ) {
            acks.insert(id, answer);
            self.emit_raw(text);
        }
        AckFuture::new(answered, self.ack_timeout, (id, Arc::clone(&self.shared)))
    }

    /// Emits `private_message` without asking for an ack.
    pub fn emit_silently(&self, content: &(impl Serialize + ?Sized)) {
        if let Ok(text) = packet::event(None, EVENT, content) {
            self.emit_raw(text);
        }
    }

    /// Sends this text as one WebSocket message, whatever it is.
    pub fn emit_raw(&self, text: impl Into<String>) {
        self.out.send(Message::text(text.into())).ok();
    }

    /// Sends these bytes as one binary WebSocket message.
    pub fn emit_binary(&self, bytes: impl Into<Vec<u8>>) {
        self.out.send(Message::binary(bytes.into())).ok();
    }

    /// How many acks are waited for.
    pub fn in_flight(&self) -> usize {
        self.shared.acks().as_ref().map_or(0, HashMap::len)
    }

    pub fn is_open(&self) -> bool {
        *self.shared.open.borrow()
    }

    /// Waits until the connection has ended, whoever ended it.
    pub async fn closed(&self) {
        let mut open = self.shared.open.subscribe();
        open.wait_for(|open| !open).await.ok();
    }

    /// Leaves politely (Socket.IO DISCONNECT, WebSocket Close) and waits for the end, 2 s at most.
    pub async fn close(&self) {
        self.emit_raw("41");
        self.out.send(Message::Close(None)).ok();
        tokio::time::timeout(Duration::from_secs(2), self.closed())
            .await
            .ok();
        self.shared.end();
    }
}

/// Handshake, CONNECT, and the two tasks.
pub(crate) async fn open(
    url: &str,
    auth: Option<&serde_json::Value>,
    options: &Options,
) -> Result<(Handle, Deliveries), ConnectError> {
    let mut request = address(url).into_client_request().map_err(Box::new)?;
    let origin = options.origin.iter().map(|origin| ("origin", origin.as_str()));
    let others = options
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in origin.chain(others) {
        let bad = || ConnectError::Header(format!("{name}: {value}"));
        let value = HeaderValue::try_from(value).map_err(|_| bad())?;
        let name = HeaderName::try_from(name).map_err(|_| bad())?;
        request.headers_mut().insert(name, value);
    }
    let (mut socket, _) = connect_async_with_config(request, None, true)
        .await
        .map_err(Box::new)?;
    let patience = enter(&mut socket, auth, options).await?;

    let (sink, stream) = socket.split();
    let (out, queued) = mpsc::unbounded_channel();
    let (deliver, received) = mpsc::channel(options.waiting_deliveries.max(1));
    let shared = Arc::new(Shared {
        next_ack: AtomicU64::new(0),
        acks: Mutex::new(Some(HashMap::new())),
        open: watch::Sender::new(true),
    });
    spawn(write(sink, queued, Arc::clone(&shared)));
    spawn(read_all(
        stream,
        deliver,
        out.clone(),
        Arc::clone(&shared),
        patience,
    ));
    let end = Arc::new(EndWhenDropped(Arc::clone(&shared)));
    let deliveries = Deliveries {
        received,
        _end: Arc::clone(&end),
    };
    let handle = Handle {
        out,
        shared,
        ack_timeout: options.ack_timeout,
        _end: end,
    };
    Ok((handle, deliveries))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client for tests and load: its tasks end with its connection"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

fn address(url: &str) -> String {
    let base = url.trim_end_matches('/');
    let base = match base.split_once("://") {
        Some(("http", rest)) => format!("ws://{rest}"),
        Some(("https", rest)) => format!("wss://{rest}"),
        _ => base.to_owned(),
    };
    format!("{base}/socket.io/?EIO=4&transport=websocket")
}

/// Waits for Engine.IO's open packet, sends CONNECT, waits for the answer. Gives back how long the server may be silent.
async fn enter(
    socket: &mut Socket,
    auth: Option<&serde_json::Value>,
    options: &Options,
) -> Result<Duration, ConnectError> {
    let mut patience = packet::patience("");
    loop {
        let message = match socket.next().await {
            None => return Err(ConnectError::Closed),
            Some(Err(error)) => return Err(closed_or(error)),
            Some(Ok(message)) => message,
        };
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(ConnectError::Closed),
            _ => continue,
        };
        let answer = match Packet::parse(&text) {
            Packet::Open(open) => {
                patience = packet::patience(open);
                packet::connect(&options.namespace, auth)
            }
            Packet::Ping => "3".to_owned(),
            Packet::Connected => return Ok(patience),
            Packet::Close => return Err(ConnectError::Closed),
            Packet::Refused(message) => return Err(refused(message)),
            Packet::Event(_) | Packet::Ack(..) | Packet::Other => {
                return Err(ConnectError::Protocol(text.chars().take(80).collect()));
            }
        };
        socket.send(Message::text(answer)).await.map_err(closed_or)?;
    }
}

fn closed_or(error: Error) -> ConnectError {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_) | Error::Io(_) => {
            ConnectError::Closed
        }
        other => ConnectError::Transport(Box::new(other)),
    }
}

fn refused(message: String) -> ConnectError {
    match serde_json::from_value(serde_json::Value::String(message.clone())) {
        Ok(refusal) => ConnectError::Refused(refusal),
        Err(_) => ConnectError::OtherRefusal(message),
    }
}

/// Puts what is queued on the wire and flushes once per batch.
async fn write(
    mut sink: SplitSink<Socket, Message>,
    mut queued: mpsc::UnboundedReceiver<Message>,
    shared: Arc<Shared>,
) {
    let mut open = shared.open.subscribe();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            count = queued.recv_many(&mut batch, BATCH) => if count == 0 { break },
            _ = open.wait_for(|open| !open) => break,
        }
        for message in batch.drain(..) {
            if sink.feed(message).await.is_err() {
                return shared.end();
            }
        }
        if sink.flush().await.is_err() {
            return shared.end();
        }
    }
    sink.close().await.ok();
    shared.end();
}

/// Answers pings, hands out acks and deliveries. Ends when the server or the last handle has gone, or when the server's
/// ping is late.
async fn read_all(
    mut stream: SplitStream<Socket>,
    deliver: mpsc::Sender<Utf8Bytes>,
    out: mpsc::UnboundedSender<Message>,
    shared: Arc<Shared>,
    patience: Duration,
) {
    let mut open = shared.open.subscribe();
    loop {
        let message = tokio::select! {
            message = tokio::time::timeout(patience, stream.next()) => message.unwrap_or(None),
            _ = open.wait_for(|open| !open) => break,
        };
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            Some(Ok(_)) => continue,
        };
        match Packet::parse(&text) {
            Packet::Ping => drop(out.send(Message::text("3"))),
            Packet::Close => break,
            Packet::Ack(id, array) => {
                if let Some(waiting) = shared.acks().as_mut().and_then(|acks| acks.remove(&id)) {
                    waiting.send(array.to_owned()).ok();
                }
            }
            Packet::Event(_) if !deliver.is_closed() => drop(deliver.send(text).await),
            _ => {}
        }
    }
    shared.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_takes_any_scheme() {
        let want = "ws://127.0.0.1:5050/socket.io/?EIO=4&transport=websocket";
        for url in [
            "http://127.0.0.1:5050",
            "http://127.0.0.1:5050/",
            "ws://127.0.0.1:5050",
        ] {
            assert_eq!(address(url), want);
        }
        assert!(address("https://relay.example.org").starts_with("wss://relay.example.org/socket.io/"));
    }
}
