//! The link: dials the relay, keeps it, and hands what comes to the slices.

use super::comings::{self, Comings};
use crate::messages::committer::Committer;
use crate::platform::app::App;
#[cfg(feature = "chaos")]
use crate::platform::fail_point::{self, Point};
use crate::presence::{self, Tracker};
use anyhow::{Context, anyhow, bail};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use shared_protocol::RelayId;
use shared_protocol::internal::{Down, Up};
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The largest message that is taken, and the size at which one of ours is cut.
const LARGEST: usize = 16 << 20;
const CUT: usize = 256 << 10;

/// Dials for ever.
pub async fn keep(app: App, tracker: Tracker, committer: Committer) {
    let mut told = String::new();
    let mut owed = false;
    loop {
        let held = AssertUnwindSafe(hold(&app, &tracker, &committer, &mut owed))
            .catch_unwind()
            .await;
        app.relay.link_down();
        // Whatever waits for those who come again waits no longer than they have.
        committer.release();
        let said = match held {
            Ok(ended) => ended.map_or_else(|error| format!("{error:#}"), |()| "it was closed".to_owned()),
            Err(_) => "its task panicked".to_owned(),
        };
        if said != told {
            tracing::warn!(
                "No link to the relay at {} (RELAY_SERVER_URL): {said}. Trying again",
                app.config.relay.url
            );
            told = said;
        }
        let pause = app.config.relay.retry;
        tokio::time::sleep(pause + pause.mul_f64(app.clock.below(1000) as f64 / 2000.0)).await;
    }
}

/// One link, from dialling to its end. `owed`: the relay has passed messages on, which it says only once, and their senders
/// have not been asked to come again yet.
async fn hold(app: &App, tracker: &Tracker, committer: &Committer, owed: &mut bool) -> anyhow::Result<()> {
    let socket = dial(app).await?;
    let (sink, mut stream) = socket.split();
    let patience = app.config.relay.ping * 2;
    let First {
        boot_id,
        present,
        passed_on,
        early,
    } = first_set(&mut stream, tracker, patience).await?;
    *owed |= 0 < passed_on;
    presence::relay::on_first_present(app, tracker, boot_id.clone(), present).await?;
    let lots = app.relay.link_up(boot_id.clone());
    committer.linked(&boot_id);
    tracing::info!("The link to the relay at {} is up", app.config.relay.url);
    let (comings, waiting) = Comings::new();
    if *owed {
        tracing::info!(
            passed_on,
            "The relay has passed messages on meanwhile: their senders come first"
        );
        committer.hold();
    }
    tokio::select! {
        ended = write(sink, lots, app.config.relay.ping) => ended,
        ended = read(stream, early, app, committer, comings, patience) => ended,
        () = comings::note(app, tracker, waiting) => bail!("nobody reads it any more"),
        ended = introduce(app, &boot_id, committer, owed) => ended,
    }
}

async fn dial(app: &App) -> anyhow::Result<Socket> {
    let relay = &app.config.relay;
    let url = format!("{}/internal/v1/link", relay.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    let secret = HeaderValue::from_str(&format!("Bearer {}", relay.secret.expose()));
    request.headers_mut().insert(
        "authorization",
        secret.context("TALKHUB_RELAY_SECRET has characters that no header takes")?,
    );
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let dialled = tokio::time::timeout(
        relay.request_timeout,
        connect_async_with_config(request, Some(config), true),
    );
    match dialled.await.map_err(|_| anyhow!("it does not answer"))? {
        Ok((socket, _)) => Ok(socket),
        Err(WsError::Http(answer)) if answer.status() == 401 => {
            bail!("it refuses TALKHUB_RELAY_SECRET: set the same secret for both programs")
        }
        Err(WsError::Http(answer)) => bail!("it answers {}", answer.status()),
        Err(error) => Err(anyhow!(error)),
    }
}

/// What a link begins with.
struct First {
    boot_id: String,
    present: HashSet<RelayId>,
    /// How many messages the relay has passed on since the last link ended.
    passed_on: u64,
    /// What came before the set was whole.
    early: Vec<Up>,
}

/// Reads until the relay has said who is connected; what came before that is kept.
async fn first_set(
    stream: &mut SplitStream<Socket>,
    tracker: &Tracker,
    patience: Duration,
) -> anyhow::Result<First> {
    let mut early = Vec::new();
    loop {
        let mut found = None;
        for message in next(stream, patience).await? {
            match message {
                Up::Present {
                    boot_id,
                    part,
                    last,
                    relay_ids,
                    passed_on,
                    ..
                } if found.is_none() => {
                    found = tracker
                        .collect(part, last, relay_ids)
                        .map(|present| (boot_id, present, passed_on));
                }
                other => early.push(other),
            }
        }
        if let Some((boot_id, present, passed_on)) = found {
            return Ok(First {
                boot_id,
                present,
                passed_on,
                early,
            });
        }
    }
}

/// What the next text message carries; nothing for pings and pongs.
async fn next(stream: &mut SplitStream<Socket>, patience: Duration) -> anyhow::Result<Vec<Up>> {
    let message = tokio::time::timeout(patience, stream.next())
        .await
        .map_err(|_| anyhow!("it fell silent"))?;
    match message {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).context("it sent what cannot be read"),
        Some(Ok(Message::Close(_))) | None => bail!("it closed the link"),
        Some(Ok(_)) => Ok(Vec::new()),
        Some(Err(error)) => Err(anyhow!(error)),
    }
}

async fn read(
    mut stream: SplitStream<Socket>,
    early: Vec<Up>,
    app: &App,
    committer: &Committer,
    mut comings: Comings,
    patience: Duration,
) -> anyhow::Result<()> {
    let link = app
        .relay
        .link_sender()
        .ok_or_else(|| anyhow!("the link is down again"))?;
    let mut messages = early;
    loop {
        #[cfg(feature = "chaos")]
        if messages.iter().any(|message| matches!(message, Up::Submit(_))) {
            fail_point::pass(Point::LinkRead);
        }
        for message in messages {
            match message {
                Up::Submit(submit) => committer.submit(&submit, &link),
                other => comings.add(other),
            }
        }
        messages = next(&mut stream, patience).await?;
    }
}

/// Sends the whole set; only then are browsers asked to compare what they have. Ends only with an error.
async fn introduce(app: &App, boot_id: &str, committer: &Committer, owed: &mut bool) -> anyhow::Result<()> {
    presence::sets::send_set(app, boot_id)
        .await
        .map_err(|problem| anyhow!("it does not take the set: {problem}"))?;
    if let Some(link) = app.relay.link_sender() {
        link.send(vec![Down::Look])
            .await
            .map_err(|_| anyhow!("the link is down again"))?;
    }
    committer.release();
    *owed = false;
    std::future::pending().await
}

async fn write(
    mut sink: SplitSink<Socket, Message>,
    mut lots: mpsc::Receiver<Vec<Down>>,
    ping: Duration,
) -> anyhow::Result<()> {
    let mut beat = tokio::time::interval(ping);
    loop {
        tokio::select! {
            lot = lots.recv() => {
                let mut lot = lot.ok_or_else(|| anyhow!("nobody speaks on the link any more"))?;
                // Everything that has queued up, then one flush.
                while let Ok(more) = lots.try_recv() {
                    lot.extend(more);
                }
                for text in cut(&lot)? {
                    sink.feed(Message::text(text)).await?;
                }
                sink.flush().await?;
                #[cfg(feature = "chaos")]
                if lot.iter().any(|down| matches!(down, Down::Settle(_))) {
                    fail_point::pass(Point::AfterSettle);
                }
            }
            _ = beat.tick() => sink.send(Message::Ping(Vec::new().into())).await?,
        }
    }
}

/// JSON arrays, each ended where it grows too large.
fn cut(lot: &[Down]) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut text = String::new();
    for down in lot {
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&serde_json::to_string(down)?);
        if CUT < text.len() {
            text.push(']');
            texts.push(std::mem::take(&mut text));
        }
    }
    if !text.is_empty() {
        text.push(']');
        texts.push(text);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_protocol::Class;
    use shared_protocol::internal::Forward;

    #[test]
    fn large_lots_are_cut_and_nothing_is_missing() {
        let one = Down::Forward(Forward {
            to: "x".into(),
            frame: "y".repeat(50_000),
            class: Class::Durable,
            except: None,
        });
        let texts = cut(&vec![one; 20]).unwrap();
        assert!(1 < texts.len());
        let back: usize = texts
            .iter()
            .map(|text| serde_json::from_str::<Vec<Down>>(text).unwrap().len())
            .sum();
        assert_eq!(back, 20);
        assert!(cut(&[]).unwrap().is_empty());
    }
}
