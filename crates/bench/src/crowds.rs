//! A thousand clients: back after the relay was killed and started again, and what coming and going leaves behind.

use crate::Options;
use crate::crowd::{self, Tab, start};
use crate::figures::{grouped, in_mib, in_ms};
use anyhow::{Context, Result};
use end_to_end::{Database, Process, Site, new_message_id};
use shared_protocol::ConversationId;
use shared_protocol::api::Changes;
use shared_protocol::envelope::ConnectRefusal;
use socket_client::Client;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

pub(crate) const RESTART_HEAD: &str = "\
| database | clients | stored while they were away | half of them back after | all back after | all caught up after |
|---|---|---|---|---|---|";

pub(crate) const WAVES_HEAD: &str = "\
| database | waves × clients | relay: before, during and after the first, after the last, a minute later | logic server: the same |
|---|---|---|---|";

/// Conversations of the crowd.
const TALKS: usize = 10;
/// Messages that are stored by HTTPS while the relay is away.
const MISSED: usize = 100;
/// A crowd that is not back by then is lost.
const LIMIT: Duration = Duration::from_secs(120);
/// How long memory is left alone before it is read.
const REST: Duration = Duration::from_secs(5);
/// The same after the last wave.
const LONG_REST: Duration = Duration::from_secs(55);

/// One row: kill -9, start, and how long it takes until the last client is connected and has what it missed.
pub(crate) async fn restart(name: &str, database: Database, options: &Options) -> Result<String> {
    let mut site = crowd::site(database)?;
    site.start().await?;
    let talks = crowd::talks(&site, TALKS, options.clients).await?;
    let mut waiting: Vec<JoinHandle<Result<(Duration, Duration)>>> = Vec::new();
    let killed = std::sync::Arc::new(std::sync::OnceLock::new());
    for talk in &talks {
        let (id, killed) = (talk.conversation.id, killed.clone());
        let connected = crowd::connect_all(talk.tabs.clone(), move |tab, client| (tab, client, id)).await?;
        waiting.extend(
            connected
                .into_iter()
                .map(|(tab, client, id)| start(come_back(tab, client, id, killed.clone()))),
        );
    }
    killed.set(Instant::now()).ok();
    site.kill_relay();
    for number in 0..MISSED {
        let talk = &talks[number % talks.len()];
        let person = &talk.people[number % 2];
        person
            .post(talk.conversation.id, new_message_id(), "while you were away")
            .await?;
    }
    site.start_relay()?;
    let mut back = Vec::new();
    let mut caught_up = Vec::new();
    for client in waiting {
        let (connected, complete) = tokio::time::timeout(LIMIT, client)
            .await
            .context("a client comes back")???;
        back.push(connected);
        caught_up.push(complete);
    }
    back.sort_unstable();
    let last = |durations: &[Duration]| in_ms(durations.iter().max().copied().unwrap_or_default());
    Ok(format!(
        "| {name} | {} | {MISSED} | {} | {} | {} |",
        grouped(back.len() as u64),
        in_ms(back[back.len() / 2]),
        last(&back),
        last(&caught_up)
    ))
}

/// What a page does: notices, tries again with growing pauses, asks for what changed. Both times are since the kill.
async fn come_back(
    tab: Tab,
    client: Client,
    talk: ConversationId,
    killed: std::sync::Arc<std::sync::OnceLock<Instant>>,
) -> Result<(Duration, Duration)> {
    client.closed().await;
    let killed = *killed.wait();
    let mut tab = tab;
    let mut pause = Duration::from_secs(1);
    let back = loop {
        let id = new_message_id().to_string(); // its end is chance
        let chance = f64::from(u8::from_str_radix(&id[id.len() - 2..], 16)?) / 256.0;
        tokio::time::sleep(pause.mul_f64(0.7 + 0.6 * chance)).await;
        match tab.connect().await {
            Ok(client) => break client,
            Err(error) => match error.refusal() {
                Some(ConnectRefusal::Starting) => pause = Duration::from_millis(750),
                Some(ConnectRefusal::Unregistered | ConnectRefusal::Expired | ConnectRefusal::BadToken) => {
                    if let Ok(ticket) = tab.person.ticket().await {
                        tab.ticket = ticket;
                    }
                }
                _ => pause = (pause * 2).min(Duration::from_secs(3)),
            },
        }
    };
    let connected = killed.elapsed();
    let missed: Changes = tab
        .person
        .get(&format!("/conversations/{talk}/changes?after=0"))
        .await?;
    anyhow::ensure!(
        missed.messages.len() == MISSED / TALKS,
        "{} messages",
        missed.messages.len()
    );
    let complete = killed.elapsed();
    drop(back);
    Ok((connected, complete))
}

/// One row: so many waves of clients that connect and leave, and the memory of both programs between them.
pub(crate) async fn waves(name: &str, database: Database, options: &Options) -> Result<String> {
    let mut site = crowd::site(database)?;
    site.start().await?;
    let talks = crowd::talks(&site, TALKS, options.clients).await?;
    let mut read = vec![memories(&site).await?];
    for wave in 0..options.waves {
        let mut clients = Vec::new();
        for talk in &talks {
            clients.extend(crowd::connect_all(talk.tabs.clone(), |_, client| client).await?);
        }
        if wave == 0 {
            read.push(memories(&site).await?);
        }
        let leaving: Vec<_> = clients.into_iter().map(|client| start(client.close())).collect();
        for left in leaving {
            left.await?;
        }
        if wave == 0 || wave + 1 == options.waves {
            read.push(memories(&site).await?);
        }
    }
    // What only lies about for a while, such as a closed connection's timers, is gone by then.
    tokio::time::sleep(LONG_REST).await;
    read.push(memories(&site).await?);
    let of = |which: fn(&(u64, u64)) -> u64| -> String {
        let texts: Vec<String> = read.iter().map(|pair| in_mib(which(pair))).collect();
        texts.join(", ")
    };
    let (waves, clients) = (options.waves, grouped(options.clients as u64));
    Ok(format!(
        "| {name} | {waves} × {clients} | {} | {} |",
        of(|pair| pair.0),
        of(|pair| pair.1)
    ))
}

/// Of the relay and of the logic server, after a rest.
async fn memories(site: &Site) -> Result<(u64, u64)> {
    tokio::time::sleep(REST).await;
    let memory = |program: &Option<Process>| program.as_ref().context("it runs")?.memory();
    Ok((memory(&site.relay)?, memory(&site.logic_server)?))
}
