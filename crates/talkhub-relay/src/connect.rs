//! The door for clients: admits a connection, registers its handlers before the client is told, greets it.

use crate::client::{Client, Identity};
use crate::forward::{Forward, Strange};
use crate::limits::{Entries, Try};
use crate::line::Line;
use crate::registry::Entered;
use crate::relay::{Relay, count};
use crate::way::Way;
use serde::Deserialize;
use shared_protocol::envelope::ConnectRefusal;
use shared_protocol::{EVENT, RelayFrame};
use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::{ConnectHandler, DisconnectHandler, Value};
use socketioxide::socket::{DisconnectReason, Socket};
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{debug, info};

/// What the front knows of a request and the socket will need; it travels in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) line: Arc<Line>,
    /// Whether `line` will be the WebSocket's own: the client did not begin by polling.
    pub(crate) websocket: bool,
    /// In its plain form; `None`: no browser.
    pub(crate) origin: Option<Arc<str>>,
    pub(crate) entries: Entries,
}

/// Admits clients to the namespace `/`.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) relay: Arc<Relay>,
}

#[derive(Deserialize)]
struct Presented {
    relay_id: String,
    token: String,
}

/// The message of a `connect_error`.
struct Refusal(ConnectRefusal);

impl Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.0.as_str())
    }
}

type Verdict<'a> = Pin<Box<dyn Future<Output = Result<(), Box<dyn Display + Send>>> + Send + 'a>>;

impl ConnectHandler<LocalAdapter, Self> for Door {
    /// Before the client is told: handlers registered later would miss its first events and its leaving.
    fn call_middleware<'a>(&'a self, socket: Arc<Socket>, auth: &'a Option<Value>) -> Verdict<'a> {
        let verdict = self.admit(&socket, auth.as_ref()).map_err(|refusal| {
            debug!(reason = refusal.as_str(), "Refused a connection");
            Box::new(Refusal(refusal)) as Box<dyn Display + Send>
        });
        Box::pin(std::future::ready(verdict.map(drop)))
    }

    /// Right after the client was told.
    fn call(&self, socket: Arc<Socket>, _: Option<Value>) {
        let Some(identity) = socket.extensions.get::<Arc<Identity>>() else {
            return;
        };
        let Some(arrival) = socket.req_parts().extensions.get::<Arrival>() else {
            return;
        };
        let way = self.relay.way(&socket, arrival);
        let client = Arc::new(Client::new(identity, socket, way, self.relay.bounds()));
        let relay = &self.relay;
        match relay.registry.enter(&client, |id| relay.links.connected(id)) {
            Entered::Live { replaced } => {
                let id = client.identity.relay_id.short();
                debug!(relay_id = id, "Connected {id}");
                relay.cut_off(replaced.into_iter().collect(), Some(RelayFrame::Replaced));
            }
            Entered::Late => relay.cut_off(vec![client], Some(RelayFrame::Revoked)),
        }
    }
}

impl Relay {
    /// How this socket's client is reached.
    fn way(&self, socket: &Socket, arrival: &Arrival) -> Way {
        match arrival.websocket {
            true => Way::websocket(&arrival.line),
            false => self.sessions.of(&socket.id.to_string()),
        }
    }
}

impl Door {
    fn admit(&self, socket: &Arc<Socket>, auth: Option<&Value>) -> Result<Arc<Identity>, ConnectRefusal> {
        if self.relay.is_stopping() {
            return Err(ConnectRefusal::Busy);
        }
        let arrival = socket.req_parts().extensions.get::<Arrival>();
        self.count_entry(socket, arrival)?;
        let text = auth.and_then(Value::as_str);
        let presented: Presented = text
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or(ConnectRefusal::Unregistered)?;
        let origin = arrival.and_then(|arrival| arrival.origin.as_deref());
        let registry = &self.relay.registry;
        let identity = registry.admit(&presented.relay_id, &presented.token, origin, Instant::now())?;
        socket.extensions.insert(Arc::clone(&identity));
        let handler = Forward {
            relay: Arc::clone(&self.relay),
            identity: Arc::clone(&identity),
        };
        socket.on(EVENT, handler);
        socket.on_fallback(Strange {
            relay: Arc::clone(&self.relay),
            identity: Arc::clone(&identity),
        });
        socket.on_disconnect(Gone {
            relay: Arc::clone(&self.relay),
            identity: Arc::clone(&identity),
        });
        Ok(identity)
    }
}

impl Door {
    /// Whoever enters and leaves again and again is closed.
    fn count_entry(&self, socket: &Socket, arrival: Option<&Arrival>) -> Result<(), ConnectRefusal> {
        let Some(arrival) = arrival else {
            return Ok(());
        };
        match arrival.entries.note(Instant::now()) {
            Try::Fair => return Ok(()),
            Try::TooMuch => {
                info!("Closed a connection: it enters and leaves again and again");
                count(&self.relay.counters.restless);
                self.relay.way(socket, arrival).cut();
            }
            Try::Late => {}
        }
        Err(ConnectRefusal::Busy)
    }
}

/// Tells that a client has left. Runs at once, not in a task of its own.
struct Gone {
    relay: Arc<Relay>,
    identity: Arc<Identity>,
}

impl DisconnectHandler<LocalAdapter, Self> for Gone {
    fn call_with_defer(&self, socket: Arc<Socket>, reason: DisconnectReason, then: fn(Arc<Socket>)) {
        let id = self.identity.relay_id.short();
        debug!(relay_id = id, %reason, "Disconnected {id}");
        self.relay
            .registry
            .exit(&self.identity, |id| self.relay.links.disconnected(id));
        if matches!(reason, DisconnectReason::ClientNSDisconnect) {
            self.show_out(&socket);
        }
        then(socket);
    }
}

impl Gone {
    /// Who leaves the namespace and keeps the connection may enter again, as long as somebody who has just come.
    fn show_out(&self, socket: &Arc<Socket>) {
        let Some(arrival) = socket.req_parts().extensions.get::<Arrival>() else {
            return;
        };
        let (relay, way, id) = (
            Arc::clone(&self.relay),
            self.relay.way(socket, arrival),
            socket.id,
        );
        let patience = Duration::from_millis(relay.config.times.connect_timeout_ms);
        self.relay.tasks.later(patience, move || {
            if relay.io.get().is_some_and(|io| io.get_socket(id).is_none()) {
                way.cut();
            }
        });
    }
}
