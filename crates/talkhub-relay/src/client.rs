//! A connected client: who it is, its socket, and how it is cut off.

use crate::limits::Spent;
use crate::way::Way;
use serde_json::value::RawValue;
use shared_protocol::envelope::{Delivery, From, Origin};
use shared_protocol::{Class, EVENT, RelayFrame, RelayId};
use socketioxide::extract::SocketRef;
use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Who a connection was admitted as. Its handlers hold this; it does not hold the socket, which holds the handlers.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) relay_id: RelayId,
    /// Opaque word for the person, stamped on everything it sends.
    pub(crate) subject: Arc<str>,
    pub(crate) spent: Arc<Mutex<Spent>>,
    /// Events with another name, or that make no sense.
    pub(crate) strange: AtomicU64,
    /// The connection has ended or is being cut: nothing more is taken from it.
    pub(crate) gone: AtomicBool,
}

/// A live client of the registry.
pub(crate) struct Client {
    pub(crate) identity: Arc<Identity>,
    pub(crate) socket: Arc<Socket>,
    pub(crate) way: Way,
    /// The bounds of what may wait for this receiver.
    bounds: Bounds,
}

/// How much may wait for one receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handed {
    Over,
    /// Ephemeral, and the receiver is behind.
    Dropped,
    /// The receiver is so far behind that it must be cut off.
    Full,
    /// It has gone.
    Gone,
}

impl Client {
    pub(crate) fn new(identity: Arc<Identity>, socket: Arc<Socket>, way: Way, bounds: Bounds) -> Self {
        Self {
            identity,
            socket,
            way,
            bounds,
        }
    }

    /// Queues a delivery for this client. Never waits.
    pub(crate) fn hand(&self, delivery: &RawValue, class: Class) -> Handed {
        if self.identity.gone.load(Ordering::Relaxed) {
            return Handed::Gone;
        }
        let (packets, bytes) = self.way.backlog();
        if class == Class::Ephemeral && (self.bounds.packets / 2 <= packets || self.bounds.bytes / 2 <= bytes)
        {
            return Handed::Dropped;
        }
        if self.bounds.bytes < bytes {
            return Handed::Full;
        }
        match self.socket.emit(EVENT, delivery) {
            Ok(()) => {
                self.way.note(delivery.get().len());
                Handed::Over
            }
            Err(SendError::Socket(SocketError::InternalChannelFull)) => match class {
                Class::Ephemeral => Handed::Dropped,
                Class::Durable => Handed::Full,
            },
            Err(SendError::Socket(SocketError::Closed) | SendError::Serialize(_)) => Handed::Gone,
        }
    }

    /// A frame of the relay itself.
    pub(crate) fn tell(&self, frame: RelayFrame) -> Handed {
        let frame = serde_json::to_string(&frame).expect("a frame without content is plain JSON");
        self.hand(
            &addressed(Origin::Relay, &self.identity.relay_id, frame),
            Class::Durable,
        )
    }

    /// The first delivery of every connection.
    pub(crate) fn greet(&self, hello: &str) -> Handed {
        self.hand(
            &addressed(Origin::Server, &self.identity.relay_id, hello.to_owned()),
            Class::Durable,
        )
    }

    /// Says why, then ends the Socket.IO connection. The TCP connection is to be cut a little later, by [`Client::cut`].
    pub(crate) fn dismiss(&self, why: Option<RelayFrame>) {
        if let Some(why) = why {
            self.tell(why);
        }
        self.identity.gone.store(true, Ordering::Relaxed);
        if SocketRef::from(Arc::clone(&self.socket)).disconnect().is_err() {
            self.cut();
        }
    }

    /// Ends the connection at once: that of a WebSocket, or the poll that waits.
    pub(crate) fn cut(&self) {
        self.identity.gone.store(true, Ordering::Relaxed);
        self.way.cut();
    }
}

fn addressed(from: Origin, to: &RelayId, frame: String) -> Box<RawValue> {
    let from = From::Program(from);
    let to = to.as_str().to_owned();
    let delivery = Delivery {
        from,
        to,
        class: Class::Ephemeral,
        frame,
        id: None,
        at: None,
        unsaved: false,
        receipt: None,
        prev: None,
    };
    serde_json::value::to_raw_value(&delivery).expect("a delivery is plain JSON")
}
