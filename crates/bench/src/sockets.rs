//! Thousands of sockets in groups, and a steady stream of messages: is anything lost or heard twice, and how late is it?

use crate::Options;
use crate::crowd::{self, Talk, start};
use crate::figures::{grouped, in_mib, in_ms, percentile};
use anyhow::{Context, Result};
use end_to_end::{Database, Site, new_message_id, wait_for};
use serde_json::json;
use shared_protocol::{Ack, Class, Event};
use socket_client::{Client, Handle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

pub(crate) const HEAD: &str = "\
| database | sockets | groups × relay IDs | asked for | lasting | stored | delivered | lost | heard twice | p50 / p99 to the tick | p50 / p99 to every tab | slowest | memory of the relay | memory of the logic server |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

/// How long what is on its way at the end may take.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// What all tabs heard.
struct Heard {
    begin: Instant,
    count: AtomicU64,
    twice: AtomicU64,
    /// How many were so many tenths of a millisecond old; the last counts all that were older.
    ages: Vec<AtomicU64>,
    oldest_micros: AtomicU64,
}

impl Heard {
    fn new() -> Self {
        Self {
            begin: Instant::now(),
            count: AtomicU64::new(0),
            twice: AtomicU64::new(0),
            ages: (0..100_000).map(|_| AtomicU64::new(0)).collect(),
            oldest_micros: AtomicU64::new(0),
        }
    }

    fn note(&self, age: Duration) {
        let micros = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
        let place = usize::try_from(micros / 100)
            .unwrap_or(usize::MAX)
            .min(self.ages.len() - 1);
        self.ages[place].fetch_add(1, Ordering::Relaxed);
        self.oldest_micros.fetch_max(micros, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// The age below which so many hundredths lie.
    fn percentile(&self, hundredths: u64) -> Duration {
        let wanted = (self.count.load(Ordering::Relaxed) * hundredths).div_ceil(100);
        let mut seen = 0;
        let place = self.ages.iter().position(|count| {
            seen += count.load(Ordering::Relaxed);
            wanted <= seen
        });
        Duration::from_micros(100 * (place.unwrap_or_default() as u64 + 1))
    }
}

/// One row.
pub(crate) async fn measure(name: &str, database: Database, options: &Options) -> Result<String> {
    let mut site = crowd::site(database)?;
    site.start().await?;
    let talks = crowd::talks(&site, options.groups, options.sockets).await?;
    let heard = Arc::new(Heard::new());
    let mut writers = Vec::new();
    let mut handles = Vec::new();
    for talk in &talks {
        let counted = heard.clone();
        let connected = crowd::connect_all(talk.tabs.clone(), move |_, client| {
            listen(client, counted.clone())
        });
        let tabs = connected.await?;
        writers.push((tabs[0].clone(), talk.conversation.group.to_string()));
        handles.extend(tabs);
    }
    let length = Duration::from_secs(options.seconds.unwrap_or(300));
    let run = run(&writers, &heard, options.rate, length, &talks).await?;
    let open = handles.iter().filter(|handle| handle.is_open()).count();
    anyhow::ensure!(
        open == handles.len(),
        "{} sockets were closed",
        handles.len() - open
    );
    run.row(name, &site, options, &heard)
}

/// What a run gave.
struct Run {
    stored: u64,
    expected: u64,
    ticks: Vec<Duration>,
    took: Duration,
}

async fn run(
    writers: &[(Handle, String)],
    heard: &Arc<Heard>,
    rate: u64,
    length: Duration,
    talks: &[Talk],
) -> Result<Run> {
    let total = rate * length.as_secs();
    let (begin, pause) = (Instant::now(), Duration::from_secs(1) / u32::try_from(rate)?);
    let mut acks: Vec<JoinHandle<Result<Duration>>> = Vec::new();
    for number in 0..total {
        // By the clock, not by the answers: whoever writes does not wait for others.
        let due = begin + pause * u32::try_from(number)?;
        tokio::time::sleep_until(due.into()).await;
        let (writer, group) = &writers[number as usize % writers.len()];
        let body = format!(
            "sent-at-{} a message as people write it, of some length",
            heard.begin.elapsed().as_micros()
        );
        let event = Event {
            to: group.clone(),
            id: new_message_id().to_string(),
            class: Class::Durable,
            frame: json!({ "kind": "message", "body": body }).to_string(),
            prev: None,
            receipt: None,
        };
        let (asked, ack) = (Instant::now(), writer.emit(&event));
        acks.push(start(async move {
            match ack.await? {
                Ack::Stored { .. } => Ok(asked.elapsed()),
                other => anyhow::bail!("a message was not stored: {other:?}"),
            }
        }));
    }
    let mut ticks = Vec::new();
    for ack in acks {
        ticks.push(ack.await??);
    }
    let took = begin.elapsed();
    let per_talk = |index: usize| (total as usize + talks.len() - 1 - index) / talks.len();
    let expected: usize = talks
        .iter()
        .enumerate()
        .map(|(index, talk)| per_talk(index) * talk.tabs.len())
        .sum();
    let all = async || (expected as u64 <= heard.count.load(Ordering::Relaxed)).then_some(());
    wait_for("everything is delivered", AFTERWARDS, all).await.ok();
    Ok(Run {
        stored: ticks.len() as u64,
        expected: expected as u64,
        ticks,
        took,
    })
}

impl Run {
    fn row(mut self, name: &str, site: &Site, options: &Options, heard: &Heard) -> Result<String> {
        let delivered = heard.count.load(Ordering::Relaxed);
        let ticks = [50, 99]
            .map(|hundredths| in_ms(percentile(&mut self.ticks, hundredths)))
            .join(" / ");
        let tabs = [50, 99]
            .map(|hundredths| in_ms(heard.percentile(hundredths)))
            .join(" / ");
        let slowest = in_ms(Duration::from_micros(heard.oldest_micros.load(Ordering::Relaxed)));
        let memory = |program: &Option<end_to_end::Process>| -> Result<String> {
            Ok(in_mib(program.as_ref().context("it runs")?.memory()?))
        };
        Ok(format!(
            "| {name} | {} | {} × {} | {}/s | {:.0} s | {} | {} | {} | {} | {ticks} | {tabs} | {slowest} | {} | {} |",
            grouped(options.sockets as u64),
            options.groups,
            options.sockets / options.groups,
            options.rate,
            self.took.as_secs_f64(),
            grouped(self.stored),
            grouped(delivered),
            self.expected.saturating_sub(delivered),
            heard.twice.load(Ordering::Relaxed),
            memory(&site.relay)?,
            memory(&site.logic_server)?,
        ))
    }
}

/// Notes each stored message that this tab hears, and how old it is.
fn listen(client: Client, heard: Arc<Heard>) -> Handle {
    let (handle, mut deliveries) = client.split();
    drop(start(async move {
        let mut seen = Vec::new();
        while let Some(text) = deliveries.next_text().await {
            let (Some(seq), Some(micros)) = (
                number_after(&text, r#"\"seq\":"#),
                number_after(&text, "sent-at-"),
            ) else {
                continue;
            };
            let place = usize::try_from(seq).unwrap_or(usize::MAX);
            if seen.len() <= place {
                seen.resize(place + 1, false);
            }
            if std::mem::replace(&mut seen[place], true) {
                heard.twice.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            heard.note(
                heard
                    .begin
                    .elapsed()
                    .saturating_sub(Duration::from_micros(micros)),
            );
        }
    }));
    handle
}

/// The number that stands behind this word. The frame is a string in the packet, so its quotes are escaped.
fn number_after(packet: &str, word: &str) -> Option<u64> {
    let (_, rest) = packet.split_once(word)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_counted_by_tenths_of_a_millisecond() {
        let heard = Heard::new();
        (1..=100).for_each(|ms| heard.note(Duration::from_millis(ms)));
        assert_eq!(heard.percentile(50), Duration::from_micros(50_100));
        assert_eq!(heard.percentile(99), Duration::from_micros(99_100));
        heard.note(Duration::from_secs(3_600));
        assert_eq!(heard.oldest_micros.load(Ordering::Relaxed), 3_600_000_000);
    }

    #[test]
    fn numbers_are_found_in_a_packet() {
        let packet = r#"42["private_message",{"frame":"{\"kind\":\"message\",\"message\":{\"seq\":12,\"body\":\"sent-at-345 x\"}}"}]"#;
        assert_eq!(number_after(packet, r#"\"seq\":"#), Some(12));
        assert_eq!(number_after(packet, "sent-at-"), Some(345));
        assert_eq!(number_after(packet, "nothing"), None);
    }
}
