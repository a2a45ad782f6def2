//! One link from its opening to its end: rounds and submits up, settlements down, pings both ways.

use super::down::obey;
use super::queue::Link;
use crate::relay::{Relay, count};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use shared_protocol::internal::Up;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{info, warn};

const GOING_AWAY: u16 = 1001;
const NOT_TEXT: u16 = 1003;
const POLICY: u16 = 1008;

/// Why a link ends.
struct End {
    code: u16,
    reason: String,
    /// The other side did something that it may not.
    bad: bool,
}

impl End {
    fn bad(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            bad: true,
        }
    }

    fn plain(reason: &str) -> Self {
        Self {
            code: GOING_AWAY,
            reason: reason.to_owned(),
            bad: false,
        }
    }
}

/// Serves a link until it ends; then everything that waits on it is passed on or answered.
pub(crate) async fn run(relay: Arc<Relay>, socket: WebSocket) {
    let _running = relay.tasks.token();
    let link = Arc::new(Link::new(&relay.config));
    let mut rounds = Rounds {
        relay: Arc::clone(&relay),
        link: Arc::clone(&link),
        round: 0,
    };
    // Nobody connects or disconnects between the first set and the first event after it.
    rounds.first();
    info!("A logic server has linked");
    let (mut sink, stream) = socket.split();
    let stop = relay.tasks.stop();
    let end = tokio::select! {
        end = write(&mut sink, &link, &mut rounds) => end,
        end = read(&relay, &link, stream) => end,
        () = stop.cancelled() => End::plain("the relay stops"),
    };
    relay.end_link(&link);
    if end.bad {
        count(&relay.counters.bad_links);
        warn!(
            code = end.code,
            reason = end.reason,
            "Closed a link: {}",
            end.reason
        );
    } else {
        info!(reason = end.reason, "A link has ended: {}", end.reason);
    }
    let reason: String = end.reason.chars().take(100).collect();
    let close = Message::Close(Some(CloseFrame {
        code: end.code,
        reason: reason.into(),
    }));
    let goodbye = async {
        sink.send(close).await.ok();
        sink.close().await.ok();
    };
    tokio::time::timeout(Duration::from_millis(500), goodbye)
        .await
        .ok();
}

/// The full sets of connected relay IDs.
struct Rounds {
    relay: Arc<Relay>,
    link: Arc<Link>,
    round: u64,
}

impl Rounds {
    fn first(&mut self) {
        let (relay, link) = (Arc::clone(&self.relay), Arc::clone(&self.link));
        let mut passing = relay.links.passing();
        relay.registry.with_connected(|ids| {
            self.send(&ids, passing.take());
            relay.links.add(&link);
        });
    }

    fn next(&mut self) {
        self.round += 1;
        let relay = Arc::clone(&self.relay);
        relay.registry.with_connected(|ids| self.send(&ids, 0));
    }

    fn send(&self, ids: &[shared_protocol::RelayId], passed_on: u64) {
        let size = usize::try_from(self.relay.config.limits.present_part).unwrap_or(usize::MAX);
        let parts = ids.chunks(size).collect::<Vec<_>>();
        let last = parts.len().saturating_sub(1);
        let parts = if parts.is_empty() { vec![ids] } else { parts };
        for (part, ids) in parts.into_iter().enumerate() {
            self.link.tell(&Up::Present {
                boot_id: self.relay.boot_id.clone(),
                round: self.round,
                part: u32::try_from(part).unwrap_or(u32::MAX),
                last: part == last,
                relay_ids: ids.to_vec(),
                passed_on,
            });
        }
    }
}

/// Writes what is queued and flushes once; in between rounds and pings.
async fn write(sink: &mut SplitSink<WebSocket, Message>, link: &Link, rounds: &mut Rounds) -> End {
    let times = rounds.relay.config.times.clone();
    let mut round = beat(times.round_ms);
    let mut ping = beat(times.link_ping_ms);
    loop {
        tokio::select! {
            () = link.wake.notified() => {}
            _ = round.tick() => rounds.next(),
            _ = ping.tick() => {
                if sink.feed(Message::Ping(Vec::new().into())).await.is_err() {
                    return End::plain("the connection is gone");
                }
            }
        }
        while let Some(message) = link.next_message() {
            if sink.feed(Message::Text(message.into())).await.is_err() {
                return End::plain("the connection is gone");
            }
        }
        if sink.flush().await.is_err() {
            return End::plain("the connection is gone");
        }
    }
}

fn beat(ms: u64) -> tokio::time::Interval {
    let pause = Duration::from_millis(ms);
    let mut beat = tokio::time::interval_at(Instant::now() + pause, pause);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    beat
}

/// Does what the logic server says, inline and in order.
async fn read(relay: &Relay, link: &Link, mut stream: SplitStream<WebSocket>) -> End {
    let silence = Duration::from_millis(relay.config.times.link_timeout_ms);
    loop {
        let message = match tokio::time::timeout(silence, stream.next()).await {
            Err(_) => return End::bad(POLICY, format!("silent for {} ms", silence.as_millis())),
            Ok(None) => return End::plain("the logic server is gone"),
            Ok(Some(Err(error))) => return broken(&error),
            Ok(Some(Ok(message))) => message,
        };
        match message {
            Message::Text(text) => {
                if let Err(reason) = obey(relay, link, &text) {
                    return End::bad(POLICY, reason);
                }
                // The receivers' own tasks get a turn before the next lot fills their buffers.
                tokio::task::yield_now().await;
            }
            Message::Binary(_) => return End::bad(NOT_TEXT, "binary messages are not taken"),
            Message::Close(_) => return End::plain("the logic server has closed it"),
            Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

fn broken(error: &axum::Error) -> End {
    let words = error.to_string();
    match words.contains("too long") || words.contains("too big") || words.contains("exceeds") {
        true => End::bad(1009, "a message is larger than TALKHUB_RELAY_LINK_MESSAGE_BYTES"),
        false if words.contains("UTF-8") || words.contains("utf-8") => {
            End::bad(1007, "a message is not valid text")
        }
        false => End::plain("the connection is gone"),
    }
}
