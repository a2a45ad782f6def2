//! What a device does until everything it wrote is stored: send in order, keep what has no answer, connect again.

use crate::{Person, new_message_id};
use anyhow::Result;
use serde_json::json;
use shared_protocol::api::Conversation;
use shared_protocol::envelope::{Auth, ConnectRefusal};
use shared_protocol::{Ack, Class, Event};
use socket_client::{Client, Deliveries, Handle};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How many messages are on their way at once.
const WINDOW: usize = 8;

/// A message that was written, and where it is stored once that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub id: String,
    pub body: String,
    pub seq: Option<i64>,
}

/// One device of one person in one conversation.
pub struct Outbox {
    person: Person,
    conversation: Conversation,
    auth: Option<(String, Auth)>,
    socket: Option<Handle>,
    waiting: VecDeque<Written>,
    /// Of what was passed on while no logic server was there, by its id.
    receipts: HashMap<String, String>,
    /// Everything that has its tick, in the order of the ticks.
    pub stored: Vec<Written>,
    /// How often it had to connect.
    pub connections: u32,
}

impl Outbox {
    pub fn new(person: &Person, conversation: &Conversation) -> Self {
        Self {
            person: person.clone(),
            conversation: conversation.clone(),
            auth: None,
            socket: None,
            waiting: VecDeque::new(),
            receipts: HashMap::new(),
            stored: Vec::new(),
            connections: 0,
        }
    }

    pub fn write(&mut self, body: String) {
        self.waiting.push_back(Written {
            id: new_message_id().to_string(),
            body,
            seq: None,
        });
    }

    /// Tries to get the next few of what waits stored. After anything but ticks it waits a little: call it again.
    pub async fn step(&mut self) -> Result<()> {
        let Some(socket) = self.connected().await? else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            return Ok(());
        };
        let mut prev = None;
        let mut acks = Vec::new();
        for written in self.waiting.iter().take(WINDOW) {
            let event = self.event(written, prev.replace(written.id.clone()));
            acks.push((written.id.clone(), socket.emit(&event)));
        }
        let mut pause = Duration::ZERO;
        for (id, ack) in acks {
            match ack.await {
                Ok(Ack::Stored { seq, .. }) if pause.is_zero() => self.tick(seq),
                // Behind one that waits: it is offered again with it, and gets the same answer.
                Ok(Ack::Stored { .. }) => (),
                Ok(Ack::Busy { retry_after_ms }) => {
                    pause = Duration::from_millis(retry_after_ms.clamp(1, 500))
                }
                Ok(Ack::PassedOn { receipt, .. }) => {
                    self.receipts.insert(id, receipt);
                    pause = Duration::from_millis(100);
                }
                Ok(other) => anyhow::bail!("{}: {other:?}", self.person.me.person.username),
                Err(_) => {
                    self.socket = None;
                    return Ok(());
                }
            }
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Whether everything is stored.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn tick(&mut self, seq: i64) {
        if let Some(written) = self.waiting.pop_front() {
            self.stored.push(Written {
                seq: Some(seq),
                ..written
            });
        }
    }

    fn event(&self, written: &Written, prev: Option<String>) -> Event {
        Event {
            to: self.conversation.group.to_string(),
            id: written.id.clone(),
            class: Class::Durable,
            frame: json!({ "kind": "message", "body": written.body }).to_string(),
            prev,
            receipt: self.receipts.get(&written.id).cloned(),
        }
    }

    /// The open socket, or a new one with the same relay ID, or with a new relay ID. `None`: not now.
    async fn connected(&mut self) -> Result<Option<Handle>> {
        if let Some(socket) = self.socket.as_ref().filter(|socket| socket.is_open()) {
            return Ok(Some(socket.clone()));
        }
        if self.auth.is_none() {
            let Ok(ticket) = self.person.ticket().await else {
                return Ok(None);
            };
            self.auth = Some((
                ticket.relay_url,
                Auth {
                    relay_id: ticket.relay_id,
                    token: ticket.token,
                },
            ));
        }
        let Some((url, auth)) = &self.auth else {
            return Ok(None);
        };
        match Client::connect(url, auth).await {
            Ok(client) => {
                self.connections += 1;
                let (handle, deliveries) = client.split();
                discard(deliveries);
                self.socket = Some(handle.clone());
                Ok(Some(handle))
            }
            Err(error) => {
                let forgotten = [
                    ConnectRefusal::Unregistered,
                    ConnectRefusal::Expired,
                    ConnectRefusal::BadToken,
                ];
                if error
                    .refusal()
                    .is_some_and(|refusal| forgotten.contains(&refusal))
                {
                    self.auth = None;
                }
                Ok(None)
            }
        }
    }
}

/// This device only writes; dropping what it receives must not end the connection.
fn discard(deliveries: Deliveries) {
    drop(deliveries);
}
