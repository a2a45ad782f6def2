//! How many durable events the relay passes on per second: it runs as its own program, a logic server that only echoes
//! and the senders run here. `cargo build --release -p talkhub-relay --bins --examples`, then
//! `target/release/examples/throughput [senders] [window] [seconds]`.

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use sha2::{Digest, Sha256};
use shared_protocol::envelope::Auth;
use shared_protocol::internal::{DEVELOPMENT_SECRET, Down, Outcome, Settle, Up};
use shared_protocol::{Ack, Class, Event, Group, RelayId};
use socket_client::{Client, Handle};
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[expect(clippy::disallowed_methods, reason = "a load program: its tasks end with it")]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

/// The relay as its own program, ended with this one.
struct Relay(Child);

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .map(|word| word.parse())
        .collect::<Result<_, _>>()
        .context("expected numbers")?;
    let senders = numbers.first().copied().unwrap_or(64);
    let window = numbers.get(1).copied().unwrap_or(1);
    let seconds = numbers.get(2).copied().unwrap_or(5);
    let (relay, address) = start()?;
    let echo = spawn(echo(address.clone()));
    let mut people = Vec::new();
    for number in 0..senders {
        people.push(pair(&address, number).await?);
    }
    let until = Instant::now() + Duration::from_secs(seconds as u64);
    let sending: Vec<_> = people
        .into_iter()
        .map(|(group, handle)| spawn(send(group, handle, window, until)))
        .collect();
    let mut waits = Vec::new();
    for sender in sending {
        waits.extend(sender.await??);
    }
    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    println!(
        "{senders} senders, window {window}: {} stored and delivered/s, p50 {:.2} ms, p99 {:.2} ms; relay {}",
        waits.len() / seconds,
        at(50),
        at(99),
        memory(&relay),
    );
    echo.abort();
    Ok(())
}

fn start() -> Result<(Relay, String)> {
    let own = std::env::current_exe()?;
    let program = own
        .parent()
        .and_then(|folder| folder.parent())
        .context("no folder")?
        .join("talkhub-relay");
    let many = "1000000";
    let child = Command::new(program)
        .env("TALKHUB_RELAY_BIND", "127.0.0.1:0")
        .env("TALKHUB_RELAY_LOG_FORMAT", "json")
        .env("TALKHUB_RELAY_DURABLE_PER_SECOND", many)
        .env("TALKHUB_RELAY_DURABLE_BURST", many)
        .env("TALKHUB_RELAY_BYTES_PER_SECOND", "1000000000")
        .stderr(Stdio::piped())
        .spawn()
        .context("build the relay first")?;
    let mut relay = Relay(child);
    let mut log = BufReader::new(relay.0.stderr.take().context("no log")?).lines();
    while let Some(line) = log.next() {
        let line: serde_json::Value = serde_json::from_str(&line?)?;
        if line["message"] == "ready" {
            let address = line["address"].as_str().context("no address")?.to_owned();
            std::thread::spawn(move || log.for_each(drop));
            return Ok((relay, address));
        }
    }
    bail!("the relay does not start")
}

/// Answers every submit as stored.
async fn echo(address: String) -> Result<()> {
    let mut request = format!("ws://{address}/internal/v1/link").into_client_request()?;
    request
        .headers_mut()
        .insert("authorization", format!("Bearer {DEVELOPMENT_SECRET}").parse()?);
    let (mut socket, _) = connect_async_with_config(request, None, true).await?;
    let mut seq = 0;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else { continue };
        let lines: Vec<Up> = serde_json::from_str(&text)?;
        let submits = lines.into_iter().filter_map(|line| match line {
            Up::Submit(submit) => Some(submit),
            _ => None,
        });
        let settles: Vec<Down> = submits
            .map(|submit| {
                seq += 1;
                let (history_id, frame) = ("h".to_owned(), Some(submit.frame));
                Down::Settle(Settle {
                    r: submit.r,
                    outcome: Outcome::Stored {
                        seq,
                        rev: seq,
                        at: seq,
                        history_id,
                        frame,
                    },
                })
            })
            .collect();
        if !settles.is_empty() {
            socket
                .send(Message::text(serde_json::to_string(&settles)?))
                .await?;
        }
    }
    Ok(())
}

/// Two people with a group of their own; the first sends, both receive.
async fn pair(address: &str, number: usize) -> Result<(Group, Handle)> {
    let bits = |salt: u8| {
        let mut bits = [salt; 16];
        bits[..8].copy_from_slice(&number.to_be_bytes());
        bits
    };
    let group = Group::new(bits(0));
    let mut sender = None;
    for salt in [1, 2] {
        let (relay_id, token) = (RelayId::new(bits(salt)), format!("token-{number}-{salt}"));
        let digest: String = Sha256::digest(&token)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let registration = json!({"subject": "s", "token_sha256": digest, "groups": [group], "lease_s": 3600,
            "origins": [], "hello": "{}"});
        put(address, &relay_id, registration.to_string()).await?;
        let client = Client::connect(&format!("http://{address}"), &Auth { relay_id, token }).await?;
        let (handle, mut deliveries) = client.split();
        let keeps = handle.clone();
        spawn(async move {
            while deliveries.next_text().await.is_some() {}
            drop(keeps);
        });
        sender.get_or_insert(handle);
    }
    Ok((group, sender.context("two people")?))
}

async fn put(address: &str, relay_id: &RelayId, body: String) -> Result<()> {
    let url = format!("http://{address}/internal/v1/relay-ids/{relay_id}");
    rustls::crypto::ring::default_provider().install_default().ok();
    let answer = reqwest::Client::new()
        .put(url)
        .bearer_auth(DEVELOPMENT_SECRET)
        .body(body)
        .send()
        .await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    Ok(())
}

/// Keeps `window` events in flight; how long each took.
async fn send(group: Group, handle: Handle, window: usize, until: Instant) -> Result<Vec<Duration>> {
    let (mut waits, mut flying) = (Vec::new(), std::collections::VecDeque::new());
    let frame = json!({"kind": "message", "body": "x".repeat(100)}).to_string();
    for number in 0.. {
        while window <= flying.len() || (Instant::now() >= until && !flying.is_empty()) {
            let Some((began, ack)): Option<(Instant, socket_client::AckFuture<Ack>)> = flying.pop_front()
            else {
                break;
            };
            match ack.await? {
                Ack::Stored { .. } => waits.push(began.elapsed()),
                other => bail!("{other:?}"),
            }
        }
        if until <= Instant::now() {
            break;
        }
        let id = format!("id-{number}");
        let event = Event {
            to: group.to_string(),
            id,
            class: Class::Durable,
            frame: frame.clone(),
            prev: None,
            receipt: None,
        };
        flying.push_back((Instant::now(), handle.emit(&event)));
    }
    Ok(waits)
}

fn memory(relay: &Relay) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", relay.0.id())).unwrap_or_default();
    let resident = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or("VmRSS unknown");
    resident.split_whitespace().collect::<Vec<_>>().join(" ")
}
