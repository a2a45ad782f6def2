//! How a device reaches the relay, and `/live` while it does not.

use super::{Device, Fail, Happened, Heard, api};
use crate::record::What;
use shared_protocol::api::RelayTicket;
use shared_protocol::envelope::{Auth, ConnectRefusal};
use socket_client::heads::HeadsEvent;
use socket_client::outbox::{OutboxEvent, back_off};
use socket_client::{Client, ConnectError, Handle, Options};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// The time-outs of a page, at a tenth.
const CONNECT: Duration = Duration::from_millis(1000);
const ACK: Duration = Duration::from_millis(1500);
/// So long the relay may be away until everything goes by HTTPS (3 s at a tenth).
pub(super) const BY_HTTPS_AFTER: i64 = 300;
/// What is heard over `/live` belongs to no connection.
const LIVE: u32 = 0;

/// The connection to the relay.
pub(super) enum Socket {
    Away,
    /// A ticket is asked for.
    Asking,
    Connecting(Auth),
    Open(Handle, Auth),
    /// It was there: the same relay ID is tried again.
    Lost(Auth),
}

impl Device {
    pub(super) fn connect(&mut self) {
        if self.real() < self.times.connect {
            return;
        }
        let cookie = self.cookie();
        match &self.socket {
            Socket::Away => {
                self.socket = Socket::Asking;
                let api = self.seat.api.clone();
                self.io.spawn(async move {
                    let form = serde_json::json!({});
                    let asked = api.ask(&cookie, reqwest::Method::POST, "/relay-ids", Some(&form));
                    Happened::Ticket(asked.await)
                });
            }
            Socket::Lost(auth) => {
                let auth = auth.clone();
                self.dial(auth);
            }
            Socket::Asking | Socket::Connecting(_) | Socket::Open(..) => {}
        }
        if self.live.is_none() && self.is_long_away() {
            self.open_live();
        }
    }

    /// Whether everything goes by HTTPS now.
    pub(super) fn is_long_away(&self) -> bool {
        !matches!(self.socket, Socket::Open(..)) && self.times.away + BY_HTTPS_AFTER <= self.real()
    }

    pub(super) fn got_ticket(&mut self, answer: Result<RelayTicket, Fail>) {
        self.is_answer(&answer);
        if !matches!(self.socket, Socket::Asking) {
            return;
        }
        match answer {
            Ok(ticket) => self.dial(Auth {
                relay_id: ticket.relay_id,
                token: ticket.token,
            }),
            Err(_) => {
                self.socket = Socket::Away;
                self.rest();
            }
        }
    }

    fn dial(&mut self, auth: Auth) {
        self.connection += 1;
        let (number, url) = (self.connection, self.seat.relay.clone());
        self.socket = Socket::Connecting(auth.clone());
        self.heads.apply(HeadsEvent::Connecting);
        self.io.spawn(async move {
            let options = Options {
                connect_timeout: CONNECT,
                ack_timeout: ACK,
                waiting_deliveries: 1024,
                ..Options::default()
            };
            let connected = Client::connect_with(&url, &auth, &options).await;
            Happened::Connected(number, Box::new(connected))
        });
    }

    pub(super) fn connected(&mut self, number: u32, result: Result<Client, ConnectError>) {
        let Socket::Connecting(auth) = &self.socket else {
            return;
        };
        if number != self.connection {
            return;
        }
        let auth = auth.clone();
        match result {
            Ok(client) => self.opened(number, client, auth),
            Err(error) => {
                let is_forgotten = matches!(
                    error.refusal(),
                    Some(ConnectRefusal::Unregistered | ConnectRefusal::Expired | ConnectRefusal::BadToken)
                );
                self.socket = match is_forgotten {
                    true => Socket::Away,
                    false => Socket::Lost(auth),
                };
                self.rest();
            }
        }
    }

    fn opened(&mut self, number: u32, client: Client, auth: Auth) {
        let (handle, mut deliveries) = client.split();
        let (heard, closed) = (self.hears.clone(), handle.clone());
        self.io.spawn(async move {
            while let Some(delivery) = deliveries.next().await {
                if heard.send((number, delivery)).await.is_err() {
                    break;
                }
            }
            closed.closed().await;
            Happened::Closed(number)
        });
        let boot = auth.relay_id.to_string();
        self.socket = Socket::Open(handle, auth);
        self.misses = 0;
        self.say_socket(true, false);
        if let Some(live) = self.live.take() {
            live.abort();
        }
        self.heads.apply(HeadsEvent::Connected { boot });
        self.outbox.apply(OutboxEvent::Hurry { now: self.now() });
    }

    pub(super) fn closed(&mut self, number: u32) {
        if number != self.connection {
            return;
        }
        if let Socket::Open(_, auth) = &self.socket {
            self.socket = Socket::Lost(auth.clone());
            self.say_socket(false, false);
            self.times.away = self.real();
            self.outbox.apply(OutboxEvent::Cut);
            self.rest();
        }
    }

    /// Ends the connection, as a page that goes.
    pub(super) fn leave_socket(&mut self) {
        if let Socket::Open(..) = &self.socket {
            self.say_socket(false, true);
        }
        self.connection += 1;
        self.socket = Socket::Away;
        self.times.away = self.real();
    }

    /// The relay ID is of no use any more.
    pub(super) fn forget_relay_id(&mut self) {
        if let Socket::Lost(..) = self.socket {
            self.socket = Socket::Away;
        }
    }

    fn rest(&mut self) {
        self.misses += 1;
        let pause = back_off(self.misses, self.chance.unit()) / crate::log::SPEED;
        self.times.connect = self.real() + pause;
    }

    fn say_socket(&self, open: bool, by_us: bool) {
        self.say(What::Socket {
            who: self.seat.who,
            open,
            by_us,
        });
    }

    /// Hears over HTTPS what the logic server tells. Whoever opens it compares heads, as after a connection.
    fn open_live(&mut self) {
        let (url, cookie, heard) = (self.seat.live.clone(), self.cookie(), self.hears.clone());
        self.heads.apply(HeadsEvent::Online);
        self.live = Some(self.io.spawn(async move {
            listen(&url, &cookie, &heard).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            Happened::LiveEnded
        }));
    }
}

/// Until the stream ends, or falls silent.
async fn listen(url: &str, cookie: &str, heard: &mpsc::Sender<Heard>) {
    use futures_util::StreamExt;
    let Ok(mut request) = url.into_client_request() else {
        return;
    };
    if let Ok(cookie) = cookie.parse() {
        request.headers_mut().insert("cookie", cookie);
    }
    let connecting = tokio_tungstenite::connect_async(request);
    let Ok(Ok((mut stream, _))) = tokio::time::timeout(CONNECT, connecting).await else {
        return;
    };
    while let Ok(Some(Ok(message))) = tokio::time::timeout(api::SILENCE, stream.next()).await {
        if let Message::Text(text) = message
            && let Ok(delivery) = serde_json::from_str(&text)
            && heard.send((LIVE, delivery)).await.is_err()
        {
            return;
        }
    }
}
