//! A small Socket.IO v5 client over WebSocket, for tests and load: one namespace, one event, acks.
//!
//! [`Client::connect`] gives a [`Handle`] that emits (clone it, keep any number in flight) and [`Deliveries`] that are
//! received. Emitting never waits: the packet is queued and the returned future is only the answer.
//!
//! Beside it stands what a device needs so that nothing is lost, as cores without IO: [`outbox`], [`catch_up`], [`heads`].

pub mod catch_up;
mod connection;
mod error;
pub mod heads;
pub mod outbox;
mod packet;
mod received;
mod rules;
mod shared;

pub use connection::Handle;
pub use error::{AckError, ConnectError};
pub use received::{AckFuture, Deliveries};
pub use rules::Rules;

use shared_protocol::envelope::{Auth, Delivery};
use shared_protocol::{Ack, Event};
use std::time::Duration;

/// How to connect. `Options::default()` suits nearly every test.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `Origin` header that a browser would send.
    pub origin: Option<String>,
    /// More headers of the handshake, such as `X-Forwarded-For`.
    pub headers: Vec<(String, String)>,
    /// The Socket.IO namespace.
    pub namespace: String,
    /// How long [`Client::connect`] takes at most.
    pub connect_timeout: Duration,
    /// How long an ack may take.
    pub ack_timeout: Duration,
    /// Deliveries that nobody has taken; when so many wait, the socket is no longer read.
    pub waiting_deliveries: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            origin: None,
            headers: Vec::new(),
            namespace: "/".to_owned(),
            connect_timeout: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(10),
            waiting_deliveries: 65_536,
        }
    }
}

/// A connected client: what it may send and what it receives.
#[derive(Debug)]
pub struct Client {
    handle: Handle,
    deliveries: Deliveries,
}

impl Client {
    /// Connects to the relay at `url` (`http://host:port` or `ws://…`) and waits until it has taken or refused `auth`.
    pub async fn connect(url: &str, auth: &Auth) -> Result<Self, ConnectError> {
        Self::connect_with(url, auth, &Options::default()).await
    }

    /// The same with [`Options`].
    pub async fn connect_with(url: &str, auth: &Auth, options: &Options) -> Result<Self, ConnectError> {
        let auth = serde_json::to_value(auth).map_err(|error| ConnectError::Protocol(error.to_string()))?;
        Self::connect_raw(url, Some(&auth), options).await
    }

    /// The same with any JSON, or none, as `auth`: for tests of what the relay refuses.
    pub async fn connect_raw(
        url: &str,
        auth: Option<&serde_json::Value>,
        options: &Options,
    ) -> Result<Self, ConnectError> {
        let connecting = connection::open(url, auth, options);
        let (handle, deliveries) = tokio::time::timeout(options.connect_timeout, connecting)
            .await
            .map_err(|_| ConnectError::TimedOut)??;
        Ok(Self { handle, deliveries })
    }

    /// Takes the two halves apart: emit from one task, receive in another.
    pub fn split(self) -> (Handle, Deliveries) {
        (self.handle, self.deliveries)
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// See [`Handle::emit`].
    pub fn emit(&self, event: &Event) -> AckFuture<Ack> {
        self.handle.emit(event)
    }

    /// See [`Handle::emit_raw`].
    pub fn emit_raw(&self, packet: impl Into<String>) {
        self.handle.emit_raw(packet);
    }

    /// See [`Deliveries::next`].
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.next().await
    }

    /// See [`Deliveries::next_within`].
    pub async fn next_within(&mut self, limit: Duration) -> Option<Delivery> {
        self.deliveries.next_within(limit).await
    }

    /// See [`Handle::closed`].
    pub async fn closed(&self) {
        self.handle.closed().await;
    }

    /// See [`Handle::close`].
    pub async fn close(self) {
        drop(self.deliveries);
        self.handle.close().await;
    }
}
