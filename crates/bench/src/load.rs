//! Messages through both programs: pairs of people write to each other as fast as the answers come.

use crate::Options;
use crate::crowd::{self, start};
use crate::figures::{grouped, in_ms, percentile};
use anyhow::{Context, Result, bail, ensure};
use end_to_end::{Database, Person, Site, new_message_id, wait_for};
use serde_json::json;
use shared_protocol::{Ack, Class, Event};
use socket_client::{Client, Deliveries, Handle};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

pub(crate) const HEAD: &str = "\
| database | senders × on the way | stored/s | delivered/s | p50 to the tick | p99 to the tick | lost | out of order |
|---|---|---|---|---|---|---|---|";

/// One row for each window.
pub(crate) async fn measure(name: &str, database: Database, options: &Options) -> Result<Vec<String>> {
    let mut site = crowd::site(database)?;
    site.start().await?;
    let senders = senders(&site, options.senders).await?;
    let mut rows = Vec::new();
    for window in &options.windows {
        let run = run(
            &senders,
            *window,
            Duration::from_secs(options.seconds.unwrap_or(10)),
        )
        .await?;
        rows.push(run.row(name, senders.len(), *window));
    }
    Ok(rows)
}

/// Somebody who writes, with the address of the one who is written to.
struct Sender {
    person: Person,
    group: String,
}

/// So many people, two and two in a private conversation.
async fn senders(site: &Site, count: usize) -> Result<Vec<Sender>> {
    ensure!(
        0 < count && count.is_multiple_of(2),
        "--senders is {count}: expected an even number from 2"
    );
    let mut senders = Vec::new();
    for pair in 0..count / 2 {
        let (left, right) = (format!("left{pair}"), format!("right{pair}"));
        let (left, right) = (
            Person::sign_up(site, &left).await?,
            Person::sign_up(site, &right).await?,
        );
        let group = left.talk_with(&right).await?.group.to_string();
        senders.extend([left, right].map(|person| Sender {
            person,
            group: group.clone(),
        }));
    }
    Ok(senders)
}

/// What one run gave.
struct Run {
    stored: u64,
    delivered: u64,
    lost: u64,
    out_of_order: u64,
    took: Duration,
    latencies: Vec<Duration>,
}

impl Run {
    fn row(mut self, name: &str, senders: usize, window: usize) -> String {
        let each_second = |count: u64| grouped((count as f64 / self.took.as_secs_f64()) as u64);
        let (stored, delivered) = (each_second(self.stored), each_second(self.delivered));
        let p50 = in_ms(percentile(&mut self.latencies, 50));
        let p99 = in_ms(percentile(&mut self.latencies, 99));
        let (lost, wrong) = (self.lost, self.out_of_order);
        format!(
            "| {name} | {senders} × {window} | {stored} | {delivered} | {p50} | {p99} | {lost} | {wrong} |"
        )
    }
}

async fn run(senders: &[Sender], window: usize, length: Duration) -> Result<Run> {
    let heard = Arc::new(Heard::default());
    let mut sockets = Vec::new();
    for sender in senders {
        let client: Client = sender.person.connect().await.context("a sender connects")?;
        let (handle, deliveries) = client.split();
        start(listen(deliveries, heard.clone()));
        sockets.push((handle, sender.group.clone()));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let begin = Instant::now();
    let tasks: Vec<JoinHandle<Result<Vec<Duration>>>> = sockets
        .iter()
        .map(|(handle, group)| start(send(handle.clone(), group.clone(), window, stop.clone())))
        .collect();
    tokio::time::sleep(length).await;
    stop.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let took = begin.elapsed();
    // Every message goes to both tabs of its conversation: the sender's own too.
    let stored = latencies.len() as u64;
    let all = async || (2 * stored <= heard.count.load(Ordering::Relaxed)).then_some(());
    wait_for("everything is delivered", Duration::from_secs(5), all)
        .await
        .ok();
    let delivered = heard.count.load(Ordering::Relaxed);
    for (handle, _) in &sockets {
        handle.close().await;
    }
    Ok(Run {
        stored,
        delivered,
        lost: (2 * stored).saturating_sub(delivered),
        out_of_order: heard.out_of_order.load(Ordering::Relaxed),
        took,
        latencies,
    })
}

/// Keeps `window` messages on the way until it is told to stop; gives back how long each took to its tick.
async fn send(handle: Handle, group: String, window: usize, stop: Arc<AtomicBool>) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let mut waiting = VecDeque::new();
    let mut last: Option<String> = None;
    loop {
        while waiting.len() < window && !stop.load(Ordering::Relaxed) {
            let id = new_message_id().to_string();
            let frame = json!({ "kind": "message", "body": "A message as people write it, of some length." });
            // What is still on the way must be stored before.
            let prev = last.replace(id.clone()).filter(|_| !waiting.is_empty());
            let event = Event {
                to: group.clone(),
                id,
                class: Class::Durable,
                frame: frame.to_string(),
                prev,
                receipt: None,
            };
            waiting.push_back((Instant::now(), handle.emit(&event)));
        }
        let Some((begin, ack)) = waiting.pop_front() else {
            return Ok(latencies);
        };
        match ack.await? {
            Ack::Stored { .. } => latencies.push(begin.elapsed()),
            other => bail!("a message was not stored: {other:?}"),
        }
    }
}

/// What all tabs have heard.
#[derive(Default)]
struct Heard {
    count: AtomicU64,
    out_of_order: AtomicU64,
}

/// Counts stored messages without parsing them, and looks whether their numbers grow.
async fn listen(mut deliveries: Deliveries, heard: Arc<Heard>) {
    let mut last = 0;
    while let Some(text) = deliveries.next_text().await {
        let Some(seq) = seq_of(&text) else { continue };
        heard.count.fetch_add(1, Ordering::Relaxed);
        if seq <= last {
            heard.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
        last = seq;
    }
}

/// The number of a stored message: the frame is a string, so its quotes are escaped.
fn seq_of(packet: &str) -> Option<u64> {
    let (_, rest) = packet.split_once(r#"\"kind\":\"message\""#)?;
    let (_, rest) = rest.split_once(r#"\"seq\":"#)?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_stored_message_is_found() {
        let packet = r#"42["private_message",{"from":"server","frame":"{\"kind\":\"message\",\"message\":{\"conversation\":\"7\",\"seq\":12,\"rev\":12}}"}]"#;
        assert_eq!(seq_of(packet), Some(12));
        assert_eq!(
            seq_of(r#"42["private_message",{"frame":"{\"kind\":\"hello\"}"}]"#),
            None
        );
    }
}
