//! The heart of the relay: stamps the sender and forwards. Runs inside the task that reads the socket, so a sender's events
//! keep their order; a handler made of an async closure would be spawned for every event.

use crate::client::Identity;
use crate::event::Incoming;
use crate::limits::TooMuch;
use crate::link::Acknowledge;
use crate::registry::Addressed;
use crate::relay::{Relay, count, wall_clock};
use serde::Serialize;
use serde_json::value::RawValue;
use shared_protocol::{Ack, Class, Problem};
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::handler::{FromMessageParts, MessageHandler, Value};
use socketioxide::socket::Socket;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;
use tracing::info;

/// Handles `private_message` of one client.
pub(crate) struct Forward {
    pub(crate) relay: Arc<Relay>,
    pub(crate) identity: Arc<Identity>,
}

/// The stamp as it goes out, borrowed.
#[derive(Serialize)]
pub(crate) struct Stamped<'a> {
    pub(crate) relay_id: &'a str,
    pub(crate) subject: &'a str,
}

/// A delivery from a client, borrowed: serialised once, however many receive it.
#[derive(Serialize)]
struct FromClient<'a> {
    from: Stamped<'a>,
    to: &'a str,
    class: Class,
    frame: &'a RawValue,
    id: &'a str,
    at: i64,
}

/// How long a sender waits who came while the relay stops, or while the link takes no more.
pub(crate) const AWAY_RETRY_MS: u64 = 1_000;

impl MessageHandler<LocalAdapter, Self> for Forward {
    fn call(&self, socket: Arc<Socket>, mut value: Value, ack_id: Option<i64>) {
        let Ok(sender) = AckSender::from_message_parts(&socket, &mut value, &ack_id);
        let acknowledge = ack_id.is_some().then_some(sender);
        if self.identity.gone.load(Ordering::Relaxed) {
            return;
        }
        match self.take(&value, acknowledge) {
            Ok(()) => {}
            Err((Turned::Away(problem), acknowledge)) => {
                count(&self.relay.counters.refused);
                acknowledge.answer(&Ack::Refused { problem: *problem });
            }
            Err((Turned::Back(TooMuch::Busy { retry_after_ms }), acknowledge)) => {
                count(&self.relay.counters.busy);
                acknowledge.answer(&Ack::Busy { retry_after_ms });
            }
            Err((Turned::Back(TooMuch::Close), _)) => {
                let id = self.identity.relay_id.short();
                info!(
                    relay_id = id,
                    "Closed {id}: it goes on sending although it is told busy"
                );
                close(&self.relay, &self.identity, socket);
            }
        }
    }
}

/// Why an event goes no further.
enum Turned {
    Away(Box<Problem>),
    Back(TooMuch),
}

impl Forward {
    fn take(&self, value: &Value, acknowledge: Option<AckSender>) -> Result<(), (Turned, Option<AckSender>)> {
        let event = match self.read(value) {
            Ok(event) => event,
            Err(turned) => return Err((turned, acknowledge)),
        };
        match event.class {
            Class::Durable => self.submit(&event, acknowledge),
            Class::Ephemeral => match self.pass_on(&event) {
                Ok(()) => {
                    acknowledge.answer(&Ack::Forwarded);
                    Ok(())
                }
                Err(turned) => Err((turned, acknowledge)),
            },
        }
    }

    /// By its size, then by its fields, then by its address, then by its rate.
    fn read<'a>(&self, value: &'a Value) -> Result<Incoming<'a>, Turned> {
        let Value::Str(text, None) = value else {
            return Err(Turned::Away(Box::new(Problem::field(
                "event",
                "binary content is not taken",
            ))));
        };
        let now = Instant::now();
        let rates = &self.relay.registry.rates;
        self.spent().event(rates, text.len(), now).map_err(Turned::Back)?;
        let event = Incoming::parse(text).map_err(|problem| self.turn_away(problem, now))?;
        let address = self.relay.registry.address(&self.identity.relay_id, &event.to);
        let allowed = match (event.class, address) {
            (Class::Durable, Addressed::Group(_)) => self.spent().durable(rates, now),
            (Class::Ephemeral, Addressed::Group(members)) => self.spent().ephemeral(rates, members, now),
            (Class::Ephemeral, Addressed::Neighbour) => self.spent().ephemeral(rates, 1, now),
            (Class::Durable, Addressed::Neighbour | Addressed::Nobody) | (_, Addressed::Nobody) => {
                return Err(self.turn_away(nobody(event.class), now));
            }
        };
        allowed.map_err(Turned::Back)?;
        Ok(event)
    }

    /// A refusal costs what a durable event costs: nobody floods with what is refused, or tries addresses without end.
    fn turn_away(&self, problem: Box<Problem>, now: Instant) -> Turned {
        match self.spent().durable(&self.relay.registry.rates, now) {
            Ok(()) => Turned::Away(problem),
            Err(too_much) => Turned::Back(too_much),
        }
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, crate::limits::Spent> {
        self.identity.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(
        &self,
        event: &Incoming<'_>,
        acknowledge: Option<AckSender>,
    ) -> Result<(), (Turned, Option<AckSender>)> {
        let away = TooMuch::Busy {
            retry_after_ms: AWAY_RETRY_MS,
        };
        if self.relay.is_stopping() {
            return Err((Turned::Back(away), acknowledge));
        }
        let handed = self.relay.submit_or_pass_on(event, &self.identity, acknowledge);
        handed.map_err(|acknowledge| (Turned::Back(away), acknowledge))
    }

    /// Ephemeral: to whoever is connected and keeps up, now.
    fn pass_on(&self, event: &Incoming<'_>) -> Result<(), Turned> {
        let delivery = FromClient {
            from: Stamped {
                relay_id: self.identity.relay_id.as_str(),
                subject: &self.identity.subject,
            },
            to: &event.to,
            class: Class::Ephemeral,
            frame: event.frame,
            id: &event.id,
            at: wall_clock(),
        };
        let delivery = serde_json::value::to_raw_value(&delivery).expect("a delivery is plain JSON");
        self.relay.deliver(
            &event.to,
            &delivery,
            Class::Ephemeral,
            Some(&self.identity.relay_id),
        );
        Ok(())
    }
}

/// The same for an address that does not exist and for one that is not the sender's.
fn nobody(class: Class) -> Box<Problem> {
    let message = match class {
        Class::Durable => "not a group that you are in",
        Class::Ephemeral => "not a group that you are in, nor a relay ID that shares one with you",
    };
    let problem = Problem::field("to", message);
    Box::new(Problem {
        kind: "/problems/unknown-address".to_owned(),
        status: 404,
        ..problem
    })
}

/// Events with another name: counted, and closed when there are too many.
pub(crate) struct Strange {
    pub(crate) relay: Arc<Relay>,
    pub(crate) identity: Arc<Identity>,
}

impl MessageHandler<LocalAdapter, Self> for Strange {
    fn call(&self, socket: Arc<Socket>, mut value: Value, ack_id: Option<i64>) {
        let Ok(sender) = AckSender::from_message_parts(&socket, &mut value, &ack_id);
        count(&self.relay.counters.strange);
        let problem = Problem::field(
            "event",
            format!("the only event is \"{}\"", shared_protocol::EVENT),
        );
        ack_id
            .is_some()
            .then_some(sender)
            .answer(&Ack::Refused { problem });
        let strange = 1 + self.identity.strange.fetch_add(1, Ordering::Relaxed);
        if self.relay.config.limits.strange_events <= strange {
            let id = self.identity.relay_id.short();
            info!(
                relay_id = id,
                "Closed {id}: it sent {strange} events of other names"
            );
            close(&self.relay, &self.identity, socket);
        }
    }
}

/// Ends a connection from inside its reading task.
fn close(relay: &Arc<Relay>, identity: &Identity, socket: Arc<Socket>) {
    match relay
        .registry
        .client(&identity.relay_id)
        .filter(|client| client.socket.id == socket.id)
    {
        Some(client) => {
            relay.gone(&client);
            relay.cut_off(vec![client], None);
        }
        // Its first events can come before it is live.
        None => drop(SocketRef::from(socket).disconnect()),
    }
}
