//! The programs of a run: started, killed, stopped, made to die, and watched so that none dies by itself.

use crate::log::Log;
use crate::record::{Part, What};
use anyhow::{Context, Result, ensure};
use end_to_end::{Database, Mariadbd, Site};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, MutexGuard};

/// How long a program may take until it answers, with everything else in the way.
const READY: Duration = Duration::from_secs(60);

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Programs {
    shared: Arc<Mutex<Running>>,
    /// One deed at a time for each of them.
    turns: Arc<[Mutex<()>; 3]>,
    log: Log,
    http: reqwest::Client,
    /// Past the proxies.
    database: Database,
    /// Where the logic server looks whether to die.
    pub(crate) fail_points: PathBuf,
    relay_url: String,
    url: String,
}

/// What runs.
pub(crate) struct Running {
    pub(crate) site: Site,
    pub(crate) mariadb: Option<Mariadbd>,
    /// Somebody sees to it that it dies and starts: its end is no news.
    is_attended: [bool; 2],
}

impl Programs {
    pub(crate) fn new(
        site: Site,
        mariadb: Option<Mariadbd>,
        database: &Database,
        fail_points: PathBuf,
        log: &Log,
    ) -> Self {
        Self {
            database: database.clone(),
            log: log.clone(),
            http: site.http().clone(),
            fail_points,
            relay_url: site.relay_url(),
            url: site.url(),
            turns: Arc::default(),
            shared: Arc::new(Mutex::new(Running {
                site,
                mariadb,
                is_attended: [false; 2],
            })),
        }
    }

    pub(crate) async fn lock(&self) -> MutexGuard<'_, Running> {
        self.shared.lock().await
    }

    /// Waits until nobody else does anything to it.
    pub(crate) async fn turn(&self, part: Part) -> Option<MutexGuard<'_, ()>> {
        let turn = match part {
            Part::Relay => &self.turns[0],
            Part::LogicServer => &self.turns[1],
            Part::Database => &self.turns[2],
            _ => return None,
        };
        Some(turn.lock().await)
    }

    pub(crate) fn lock_blocking(&self) -> MutexGuard<'_, Running> {
        self.shared.blocking_lock()
    }

    /// SIGKILL.
    pub(crate) async fn kill(&self, part: Part) {
        let mut running = self.lock().await;
        running.attend(part, true);
        match part {
            Part::Relay => running.site.kill_relay(),
            Part::LogicServer => running.site.kill_logic_server(),
            Part::Database => running.mariadb.iter_mut().for_each(Mariadbd::kill),
            _ => return,
        }
        drop(running);
        self.log.say(What::Up { part, up: false });
    }

    /// Starts it, and again if it ends because something that it needs is away, until it answers.
    pub(crate) async fn start(&self, part: Part) -> Result<()> {
        if part == Part::Database {
            let begin = Instant::now();
            if let Some(mariadb) = &mut self.lock().await.mariadb {
                mariadb.start().await?;
            }
            self.is_up(part, begin);
            return Ok(());
        }
        let end = Instant::now() + READY;
        loop {
            let begin = Instant::now();
            self.lock().await.start(part)?;
            while self.lock().await.runs(part) {
                ensure!(Instant::now() < end, "{part:?} does not answer after {READY:?}");
                if self.answers(part).await {
                    self.lock().await.attend(part, false);
                    self.is_up(part, begin);
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let said = self.lock().await.said(part);
            ensure!(Instant::now() < end, "{part:?} does not stay: {said}");
            self.log.say(What::Died { part, said });
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn is_up(&self, part: Part, begin: Instant) {
        let after_ms = begin.elapsed().as_millis() as i64;
        self.log.say(What::Ready { part, after_ms });
        self.log.say(What::Up { part, up: true });
    }

    /// SIGSTOP, or SIGCONT when it is over.
    pub(crate) async fn freeze(&self, part: Part, on: bool) -> Result<()> {
        self.lock().await.freeze(part, on)?;
        self.log.say(What::Up { part, up: !on });
        Ok(())
    }

    /// The database ends every connection but the one that asks for it.
    pub(crate) async fn drop_connections(&self) -> Result<()> {
        let database = self.database.clone();
        let drop_all = move || {
            let others = "SELECT id FROM information_schema.processlist \
                          WHERE id <> CONNECTION_ID() AND command <> 'Daemon'";
            for id in database.run(others)?.lines() {
                database.run(&format!("KILL {id}")).ok(); // some have gone meanwhile
            }
            Ok(())
        };
        tokio::task::spawn_blocking(drop_all).await?
    }

    /// Whether the logic server died at this point within `limit`.
    pub(crate) async fn dies_at(&self, point: &str, limit: Duration) -> Result<bool> {
        self.lock().await.attend(Part::LogicServer, true);
        std::fs::write(&self.fail_points, point)?;
        let end = Instant::now() + limit;
        while self.lock().await.runs(Part::LogicServer) {
            // Removing the file disarms it; where that fails it is dying just now.
            if end < Instant::now() && std::fs::remove_file(&self.fail_points).is_ok() {
                self.lock().await.attend(Part::LogicServer, false);
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.log.say(What::Up {
            part: Part::LogicServer,
            up: false,
        });
        Ok(true)
    }

    /// Looks for programs that have ended although nobody ended them; such a one is started again.
    pub(crate) async fn watch(&self) -> Result<()> {
        loop {
            for part in [Part::Relay, Part::LogicServer] {
                let mut running = self.lock().await;
                if running.is_attended(part) || running.runs(part) {
                    continue;
                }
                let said = running.said(part);
                running.attend(part, true);
                drop(running);
                self.log.say(What::Up { part, up: false });
                self.log.say(What::Died { part, said });
                self.start(part).await?;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn answers(&self, part: Part) -> bool {
        let base = match part {
            Part::Relay => &self.relay_url,
            _ => &self.url,
        };
        let asked = self.http.get(format!("{base}/healthz"));
        let answered = asked.timeout(Duration::from_secs(1)).send().await;
        answered.is_ok_and(|answer| answer.status().is_success())
    }
}

impl Running {
    fn start(&mut self, part: Part) -> Result<()> {
        match part {
            Part::Relay => self.site.start_relay(),
            _ => self.site.start_logic_server(),
        }
    }

    fn runs(&mut self, part: Part) -> bool {
        let program = match part {
            Part::Relay => &mut self.site.relay,
            _ => &mut self.site.logic_server,
        };
        program.as_mut().is_some_and(|program| program.must_run().is_ok())
    }

    fn freeze(&self, part: Part, on: bool) -> Result<()> {
        let program = match part {
            Part::Relay => &self.site.relay,
            Part::LogicServer => &self.site.logic_server,
            _ => {
                let server = self.mariadb.as_ref().context("there is a server")?;
                return if on { server.freeze() } else { server.wake() };
            }
        };
        let program = program.as_ref().context("it runs")?;
        if on { program.freeze() } else { program.wake() }
    }

    /// Its last lines.
    fn said(&self, part: Part) -> String {
        let program = match part {
            Part::Relay => self.site.relay.as_ref(),
            _ => self.site.logic_server.as_ref(),
        };
        let said = program.map(end_to_end::Process::said).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }

    fn attend(&mut self, part: Part, on: bool) {
        if let Some(attended) = self.is_attended.get_mut(index(part)) {
            *attended = on;
        }
    }

    fn is_attended(&self, part: Part) -> bool {
        self.is_attended.get(index(part)).copied().unwrap_or(true)
    }

    /// Both programs end when they are asked to.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let limit = Duration::from_secs(15);
        for program in [&mut self.site.logic_server, &mut self.site.relay] {
            let running = program.as_mut().context("both programs run at the end")?;
            let status = running.stop(limit)?;
            ensure!(
                status.success(),
                "a program ended with {status}: {}",
                running.said()
            );
        }
        Ok(())
    }
}

fn index(part: Part) -> usize {
    match part {
        Part::Relay => 0,
        Part::LogicServer => 1,
        _ => usize::MAX,
    }
}
