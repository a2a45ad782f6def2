//! All devices of a run as they live, die and are asked.

use crate::Options;
use crate::crowd::Crowd;
use crate::device::api::Api;
use crate::device::disk::{Disk, Kept};
use crate::device::{self, Order, Seat};
use crate::log::Log;
use crate::network::Network;
use crate::record::{self, What, Who};
use anyhow::Result;
use shared_protocol::api::Heads;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

/// See the module.
pub(crate) struct Devices {
    seats: BTreeMap<Who, Arc<Seat>>,
    orders: BTreeMap<Who, mpsc::UnboundedSender<Order>>,
    lives: JoinSet<Result<()>>,
    handles: BTreeMap<Who, AbortHandle>,
}

impl Devices {
    /// Everybody's disk is written; nobody lives yet.
    pub(crate) fn new(
        crowd: &Crowd,
        network: &Network,
        folder: &Path,
        options: &Options,
        log: &Log,
        works: &watch::Receiver<bool>,
    ) -> Result<Self> {
        let mut devices = Self {
            seats: BTreeMap::new(),
            orders: BTreeMap::new(),
            lives: JoinSet::new(),
            handles: BTreeMap::new(),
        };
        for (who, person) in &crowd.devices {
            let (orders, taken) = mpsc::unbounded_channel();
            let folder = folder.join(format!("device-{}-{}", who.person, who.device));
            Disk::new(&folder)?.keep(&Kept {
                me: person.me.person.clone(),
                username: person.me.person.username.clone(),
                cookie: Some(person.cookie().to_owned()),
                number: 0,
                life: 0,
                entries: Vec::new(),
                blocks: Vec::new(),
            })?;
            let way = network.logic_server[who].address();
            let seat = Seat {
                who: *who,
                folder,
                api: Api::new(&way)?,
                relay: format!("http://{}", network.relay[who].address()),
                live: format!("ws://{way}/live"),
                friends: crowd.friends(*who),
                seed: options.seed,
                pace: options.pace(),
                log: log.clone(),
                works: works.clone(),
                orders: Mutex::new(taken),
            };
            devices.seats.insert(*who, Arc::new(seat));
            devices.orders.insert(*who, orders);
        }
        Ok(devices)
    }

    pub(crate) fn start_all(&mut self) {
        for who in self.seats.keys().copied().collect::<Vec<_>>() {
            self.start(who);
        }
    }

    fn start(&mut self, who: Who) {
        let life = self.lives.spawn(device::live(Arc::clone(&self.seats[&who])));
        self.handles.insert(who, life);
    }

    /// Kills whom the faults name, and starts them again, until there are no more faults.
    pub(crate) async fn die_and_rise(
        &mut self,
        mut killed: mpsc::UnboundedReceiver<(Who, Duration)>,
        log: &Log,
    ) -> Result<()> {
        let mut dead = JoinSet::new();
        loop {
            tokio::select! {
                name = killed.recv() => match name {
                    Some((who, lasts)) => {
                        if let Some(life) = self.handles.remove(&who) {
                            life.abort();
                            log.say(What::Dead { who });
                            dead.spawn(async move {
                                tokio::time::sleep(lasts).await;
                                who
                            });
                        }
                    }
                    None if dead.is_empty() => return Ok(()),
                    None => {
                        while let Some(who) = dead.join_next().await {
                            self.start(who?);
                        }
                    }
                },
                Some(who) = dead.join_next(), if !dead.is_empty() => self.start(who?),
                Some(ended) = self.lives.join_next(), if !self.lives.is_empty() => match ended {
                    Ok(ended) => ended?,
                    Err(error) if error.is_cancelled() => {}
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    /// The state of all of them; `None` when one does not answer.
    pub(crate) async fn report(&self) -> Option<Vec<record::Device>> {
        let mut reports = Vec::new();
        for orders in self.orders.values() {
            let (answer, answered) = oneshot::channel();
            orders.send(Order::Report(answer)).ok()?;
            let answered = tokio::time::timeout(Duration::from_secs(5), answered);
            reports.push(answered.await.ok()?.ok()?);
        }
        Some(reports)
    }

    /// Some first devices sign out, and in again; not all, since passwords are hashed one after the other.
    pub(crate) fn sign_out(&self) {
        let some = |who: &Who| who.device == 0 && who.person.is_multiple_of(3);
        let first = self.orders.iter().filter(|(who, _)| some(who));
        for (_, orders) in first {
            orders.send(Order::SignOut).ok();
        }
    }

    pub(crate) async fn end(&mut self) {
        self.lives.shutdown().await;
    }
}

/// Whether this device is connected, has sent everything, and shows everything that these heads name.
pub(crate) fn is_settled(device: &record::Device, heads: &Heads) -> bool {
    let waits = device
        .outbox
        .iter()
        .any(|(_, standing)| *standing == record::Standing::Waiting);
    let shows = |conversation, rev| {
        let mut screens = device.screens.iter();
        screens.any(|screen| screen.conversation == conversation && screen.cursor == Some(rev))
    };
    device.connected && !waits && heads.heads.iter().all(|head| shows(head.0, head.1))
}
