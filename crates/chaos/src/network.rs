//! The ways between the parts, each through a fault proxy.

use crate::record::{Part, Who};
use anyhow::Result;
use end_to_end::free_port;
use proxy::{Mode, Proxy, Way};
use std::collections::BTreeMap;
use tokio::runtime::{Builder, Runtime};

/// All proxies of a run.
pub(crate) struct Network {
    /// Every device has its own way to each program.
    pub(crate) relay: BTreeMap<Who, Proxy>,
    pub(crate) logic_server: BTreeMap<Who, Proxy>,
    pub(crate) link: Proxy,
    /// Only a database that is a server can be cut off.
    pub(crate) database: Option<Proxy>,
    /// Threads of their own: a way is as slow as its mode says, however much the devices have to do.
    threads: Option<Runtime>,
}

impl Network {
    /// `relay`, `logic_server`, `database`: where they listen.
    pub(crate) async fn new(
        everybody: Vec<Who>,
        relay: String,
        logic_server: String,
        database: Option<String>,
    ) -> Result<Self> {
        let mut threads = Builder::new_multi_thread();
        let threads = threads.worker_threads(1).enable_all().build()?;
        let opening = threads.spawn(Self::open(everybody, relay, logic_server, database));
        let mut network = opening.await??;
        network.threads = Some(threads);
        Ok(network)
    }

    async fn open(
        everybody: Vec<Who>,
        relay: String,
        logic_server: String,
        database: Option<String>,
    ) -> Result<Self> {
        let (relay, logic_server) = (relay.as_str(), logic_server.as_str());
        let mut network = Self {
            threads: None,
            relay: BTreeMap::new(),
            logic_server: BTreeMap::new(),
            link: Proxy::start(free_port()?, relay).await?,
            database: None,
        };
        for who in everybody {
            network
                .relay
                .insert(who, Proxy::start(free_port()?, relay).await?);
            let way = Proxy::start(free_port()?, logic_server).await?;
            network.logic_server.insert(who, way);
        }
        if let Some(server) = database {
            network.database = Some(Proxy::start(free_port()?, &server).await?);
        }
        Ok(network)
    }

    /// Switches the ways of this part.
    pub(crate) fn set(&self, part: Part, ways: &[Way], mode: Mode) {
        for way in ways {
            for proxy in self.ways_of(part) {
                proxy.set(*way, mode);
            }
        }
    }

    pub(crate) fn calm(&self) {
        for part in [
            Part::Link,
            Part::DatabaseLine,
            Part::BrowserRelay(None),
            Part::BrowserLogicServer(None),
        ] {
            self.set(part, &Way::BOTH, Mode::Pass);
        }
    }

    fn ways_of(&self, part: Part) -> Vec<&Proxy> {
        match part {
            Part::BrowserRelay(person) => of_person(&self.relay, person),
            Part::BrowserLogicServer(person) => of_person(&self.logic_server, person),
            Part::Link => vec![&self.link],
            Part::DatabaseLine => self.database.iter().collect(),
            Part::Relay | Part::LogicServer | Part::Database | Part::Client(_) => Vec::new(),
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

fn of_person(all: &BTreeMap<Who, Proxy>, person: Option<u8>) -> Vec<&Proxy> {
    let theirs = |who: &Who| person.is_none_or(|person| person == who.person);
    all.iter()
        .filter(|(who, _)| theirs(who))
        .map(|(_, proxy)| proxy)
        .collect()
}
