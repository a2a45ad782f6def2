//! One run: everything is started, people write while faults come, then calm, then everything that is to be checked.

use crate::crowd::{self, Crowd};
use crate::devices::{Devices, is_settled};
use crate::faults::{self, Victims};
use crate::log::Log;
use crate::network::Network;
use crate::programs::Programs;
use crate::record::{self, Badge, Database, Record, What};
use crate::{Options, dump, load, plan, settings};
use anyhow::{Context, Result};
use end_to_end::{Mariadbd, Site, wait_for};
use reqwest::Method;
use shared_protocol::UserId;
use shared_protocol::api::{Blocks, Heads};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use talkhub_client::platform::db::Place;
use tokio::sync::{mpsc, watch};

/// So long after the last fault everybody must have everything. (INV08)
const CALM: Duration = Duration::from_secs(60);
/// The calm lasts so long at least, so that presence can heal: 20 s at a tenth, and more.
const CALM_AT_LEAST: Duration = Duration::from_secs(10);

/// Runs, and leaves the record in `folder`.
pub(crate) async fn run(options: &Options, folder: &Path) -> Result<()> {
    let mariadb = match options.has_server {
        true => Some(Mariadbd::started().await?),
        false => None,
    };
    let direct = match &mariadb {
        Some(server) => end_to_end::Database::fresh_mysql(&server.url())?,
        None => end_to_end::Database::Sqlite,
    };
    let mut site = Site::with(direct.clone())?;
    let address = |url: String| url.trim_start_matches("http://").to_owned();
    let network = Network::new(
        crowd::everybody(),
        address(site.relay_url()),
        address(site.url()),
        direct.server().map(str::to_owned),
    )
    .await?;
    let fail_points = folder.join("fail-point");
    settings::apply(&mut site, &network.link, &fail_points);
    if let Some(way) = &network.database {
        site.set_database(direct.by_way_of(&way.address()));
    }
    let place = match direct.url() {
        Some(url) => Place::Mysql(url),
        None => Place::Sqlite(site.folder().join("data/talkhub.db")),
    };
    site.start().await.context("the programs do not start")?;
    let crowd = Crowd::sign_up(&site).await?;
    let log = Log::create(folder)?;
    let programs = Programs::new(site, mariadb, &direct, fail_points, &log);
    let run = Run {
        options,
        folder,
        log: &log,
        programs: programs.clone(),
        network: Arc::new(network),
        crowd: &crowd,
    };
    let done = run.carry_out(place).await;
    log.flush()?;
    let mut running = programs.lock().await;
    crowd::keep_logs(running.site.folder(), folder);
    running.site.set_database(direct); // so that it can be removed
    done
}

struct Run<'a> {
    options: &'a Options,
    folder: &'a Path,
    log: &'a Log,
    programs: Programs,
    network: Arc<Network>,
    crowd: &'a Crowd,
}

impl Run<'_> {
    async fn carry_out(&self, place: Place) -> Result<()> {
        let (works, is_working) = watch::channel(true);
        let mut devices = Devices::new(
            self.crowd,
            &self.network,
            self.folder,
            self.options,
            self.log,
            &is_working,
        )?;
        devices.start_all();
        tokio::select! {
            done = self.suffer(&mut devices) => done?,
            ended = self.programs.watch() => return ended,
            () = self.observe() => {}
            () = load::watch(self.log) => {}
        }
        self.network.calm();
        self.log.say(What::Calm);
        works.send_replace(false);
        let reports = tokio::select! {
            reports = self.calm_down(&devices) => reports?,
            ended = self.programs.watch() => return ended,
            () = self.observe() => return Ok(()),
            () = load::watch(self.log) => return Ok(()),
        };
        devices.end().await;
        let programs = self.programs.clone();
        tokio::task::spawn_blocking(move || programs.lock_blocking().stop()).await??;
        let database: Database = tokio::task::spawn_blocking(move || dump::read(&place)).await??;
        Record::save(self.folder, &self.crowd.ids(), &database, &reports)
    }

    /// Faults from the first to the last.
    async fn suffer(&self, devices: &mut Devices) -> Result<()> {
        let (clients, killed) = mpsc::unbounded_channel();
        let victims = Victims {
            programs: self.programs.clone(),
            network: Arc::clone(&self.network),
            clients,
            log: self.log.clone(),
        };
        let length = self.options.length.as_millis() as i64;
        let everybody = crowd::everybody();
        let plan = plan::plan(self.options.seed, length, &everybody, self.options.has_server);
        let faults = async {
            let done = faults::carry_out(plan, &victims).await;
            drop(victims); // the last one who kills devices
            done
        };
        tokio::try_join!(faults, devices.die_and_rise(killed, self.log))?;
        Ok(())
    }

    /// Asks the logic server every second who is there.
    async fn observe(&self) {
        let mut beat = tokio::time::interval(Duration::from_secs(1));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            for person in 0..crowd::PEOPLE {
                let path = format!("/users/{}", self.crowd.person(person).me.person.user_id);
                let asked = self.crowd.watcher.get::<serde_json::Value>(&path);
                let answer = tokio::time::timeout(Duration::from_millis(500), asked).await;
                let Ok(Ok(profile)) = answer else {
                    break; // it is away: next second
                };
                if let Some(online) = profile["online"].as_bool() {
                    self.log.say(What::Presence { person, online });
                }
            }
        }
    }

    /// Waits until everybody has everything, and asks for the final state. Who does not get there is the checker's business.
    async fn calm_down(&self, devices: &Devices) -> Result<Vec<record::Device>> {
        let least = tokio::time::sleep(CALM_AT_LEAST);
        let nobody = async || self.blocks().await.filter(Vec::is_empty);
        let waited = wait_for("nobody has blocked anybody", CALM_AT_LEAST, nobody).await;
        if waited.is_err() {
            self.lift_what_is_left().await;
        }
        let settled = async || {
            let (heads, reports) = (self.heads().await?, devices.report().await?);
            let mut all = reports.iter();
            let settled = all.all(|device| is_settled(device, &heads[usize::from(device.who.person)]));
            settled.then_some(())
        };
        wait_for("everybody has everything", CALM, settled).await.ok();
        least.await;
        // In the calm nothing is in the way of a sign-out.
        devices.sign_out();
        tokio::time::sleep(Duration::from_secs(1)).await;
        wait_for("everybody has everything again", CALM, settled)
            .await
            .ok();
        let heads = self
            .heads()
            .await
            .context("the logic server does not answer in the calm")?;
        let mut reports = devices
            .report()
            .await
            .context("a device does not answer in the calm")?;
        for device in &mut reports {
            let heads = &heads[usize::from(device.who.person)].heads;
            device.badges = heads
                .iter()
                .map(|head| Badge {
                    conversation: head.0,
                    read: head.2,
                    unread: head.3,
                })
                .collect();
        }
        Ok(reports)
    }

    /// Who has blocked whom, past the proxies.
    async fn blocks(&self) -> Option<Vec<(u8, UserId)>> {
        let mut all = Vec::new();
        for person in 0..crowd::PEOPLE {
            let listed: Blocks = self.crowd.steady(person).get("/blocks").await.ok()?;
            let blocks = listed.blocks.into_iter();
            all.extend(blocks.map(|relation| (person, relation.person.user_id)));
        }
        Some(all)
    }

    /// In the calm everybody lets everybody be; a try that came late may have blocked somebody once more.
    async fn lift_what_is_left(&self) {
        for (person, other) in self.blocks().await.unwrap_or_default() {
            let me = self.crowd.steady(person);
            let path = format!("/blocks/{other}");
            // Its answer is empty.
            me.ask::<()>(Method::DELETE, &path, None::<&()>).await.ok();
        }
    }

    /// What the logic server says to each person, past the proxies.
    async fn heads(&self) -> Option<Vec<Heads>> {
        let mut all = Vec::new();
        for person in 0..crowd::PEOPLE {
            all.push(self.crowd.steady(person).get("/conversations/heads").await.ok()?);
        }
        Some(all)
    }
}
