//! Many people with many tabs: conversations of two people, each with so many tabs that a group has the wanted number of
//! connected relay IDs.

use anyhow::{Context, Result, ensure};
use end_to_end::{Database, Person, Site};
use shared_protocol::api::{Conversation, RelayTicket};
use shared_protocol::envelope::Auth;
use socket_client::Client;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Nobody is slowed down: the limits are for people.
const LIMITS: [&str; 6] = [
    "TALKHUB_RELAY_DURABLE_PER_SECOND",
    "TALKHUB_RELAY_DURABLE_BURST",
    "TALKHUB_RELAY_CONNECTIONS_PER_ADDRESS",
    "TALKHUB_RELAY_NEW_CONNECTIONS_PER_SECOND",
    "TALKHUB_REGISTRATIONS_PER_MINUTE",
    "TALKHUB_RELAY_IDS_PER_MINUTE",
];
/// So many ask for something at the same moment.
const AT_ONCE: usize = 32;

/// A site without limits that says little.
pub(crate) fn site(database: Database) -> Result<Site> {
    let mut site = Site::with(database)?;
    let most = |name: &&str| ((*name).to_owned(), "100000".to_owned());
    site.settings.extend(LIMITS.iter().map(most));
    let others = [
        ("TALKHUB_RELAY_BYTES_PER_SECOND", "1000000000"),
        ("TALKHUB_RELAY_SOCKET_BUFFER", "65536"),
        ("TALKHUB_LOG", "warn"),
        ("TALKHUB_RELAY_LOG", "warn"),
    ];
    site.settings
        .extend(others.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(site)
}

/// Two people in a conversation, and what each of their tabs enters with.
pub(crate) struct Talk {
    pub(crate) people: [Person; 2],
    pub(crate) conversation: Conversation,
    pub(crate) tabs: Vec<Tab>,
}

/// A tab: whose it is, and its relay ID.
#[derive(Clone)]
pub(crate) struct Tab {
    pub(crate) person: Person,
    pub(crate) ticket: RelayTicket,
}

impl Tab {
    pub(crate) async fn connect(&self) -> Result<Client, socket_client::ConnectError> {
        let auth = Auth {
            relay_id: self.ticket.relay_id.clone(),
            token: self.ticket.token.clone(),
        };
        Client::connect(&self.ticket.relay_url, &auth).await
    }
}

/// So many conversations of two, with this many tabs together in all.
pub(crate) async fn talks(site: &Site, count: usize, tabs: usize) -> Result<Vec<Talk>> {
    ensure!(
        0 < count && 2 * count <= tabs,
        "{tabs} sockets for {count} groups: expected at least two for each"
    );
    enough_handles(tabs)?;
    let mut talks = Vec::new();
    for number in 0..count {
        let people = [
            Person::sign_up(site, &format!("left{number}")).await?,
            Person::sign_up(site, &format!("right{number}")).await?,
        ];
        let conversation = people[0].talk_with(&people[1]).await?;
        talks.push(Talk {
            people,
            conversation,
            tabs: Vec::new(),
        });
    }
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let asked: Vec<JoinHandle<Result<Tab>>> = (0..tabs)
        .map(|number| {
            let person = talks[number % count].people[number / count % 2].clone();
            start(in_turn(gate.clone(), async move {
                let ticket = person.ticket().await?;
                Ok(Tab { person, ticket })
            }))
        })
        .collect();
    for (number, tab) in asked.into_iter().enumerate() {
        talks[number % count].tabs.push(tab.await??);
    }
    Ok(talks)
}

/// Connects them all, a few at a time, and gives back how `then` goes on with each.
pub(crate) async fn connect_all<T: Send + 'static>(
    tabs: impl IntoIterator<Item = Tab>,
    then: impl Fn(Tab, Client) -> T + Clone + Send + 'static,
) -> Result<Vec<T>> {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let connecting: Vec<JoinHandle<Result<T>>> = tabs
        .into_iter()
        .map(|tab| {
            let then = then.clone();
            start(in_turn(gate.clone(), async move {
                let client = tab.connect().await.context("a tab connects")?;
                Ok(then(tab, client))
            }))
        })
        .collect();
    let mut connected = Vec::new();
    for one in connecting {
        connected.push(one.await??);
    }
    Ok(connected)
}

/// Each socket needs a file handle here and one in the relay.
fn enough_handles(sockets: usize) -> Result<()> {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let handles: Option<usize> = line
        .and_then(|line| line.split_whitespace().nth(3))
        .and_then(|soft| soft.parse().ok());
    let needed = sockets / 4 * 5 + 200; // the relay takes 80 % of its handles
    ensure!(
        handles.is_none_or(|handles| needed <= handles),
        "{sockets} sockets need {needed} file handles in each program: `ulimit -n {needed}` before"
    );
    Ok(())
}

async fn in_turn<T>(gate: Arc<Semaphore>, work: impl Future<Output = T>) -> T {
    let _turn = gate.acquire_owned().await;
    work.await
}

#[expect(
    clippy::disallowed_methods,
    reason = "tasks of the load generator end with it"
)]
pub(crate) fn start<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}
