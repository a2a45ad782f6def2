//! Both programs on free ports, with a data folder and a database that vanish with them.

use crate::{Database, Process, Which, free_port, wait_for};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// What both programs know in tests.
pub const SECRET: &str = "a-secret-for-tests-that-nobody-else-uses";
/// How long a program may take to be ready, on a busy machine.
const READY: Duration = Duration::from_secs(30);

/// One installation of Talkhub. Which programs run is up to the test.
pub struct Site {
    pub relay: Option<Process>,
    pub logic_server: Option<Process>,
    /// For both programs; later ones win over what the kit sets.
    pub settings: BTreeMap<String, String>,
    database: Database,
    port: u16,
    relay_port: u16,
    folder: TempDir,
    http: reqwest::Client,
}

impl Site {
    /// Nothing runs yet.
    pub fn new() -> Result<Self> {
        Self::with(Database::fresh()?)
    }

    pub fn with(database: Database) -> Result<Self> {
        rustls::crypto::ring::default_provider().install_default().ok(); // an error: it is installed already
        Ok(Self {
            relay: None,
            logic_server: None,
            settings: BTreeMap::new(),
            database,
            port: free_port()?,
            relay_port: free_port()?,
            folder: tempfile::Builder::new().prefix("talkhub-site-").tempdir()?,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(20))
                .no_proxy()
                .build()?,
        })
    }

    /// Both programs, ready, connected with each other.
    pub async fn started() -> Result<Self> {
        let mut site = Self::new()?;
        site.start().await?;
        Ok(site)
    }

    /// Starts what does not run and waits until both are ready and connected.
    pub async fn start(&mut self) -> Result<()> {
        if self.relay.is_none() {
            self.start_relay()?;
        }
        if self.logic_server.is_none() {
            self.start_logic_server()?;
        }
        self.relay_is_up().await?;
        self.connected().await
    }

    pub fn start_relay(&mut self) -> Result<()> {
        let settings = self.settings_of(Which::Relay);
        self.relay = Some(Process::start(Which::Relay, &settings, self.folder.path())?);
        Ok(())
    }

    pub fn start_logic_server(&mut self) -> Result<()> {
        let settings = self.settings_of(Which::LogicServer);
        self.logic_server = Some(Process::start(Which::LogicServer, &settings, self.folder.path())?);
        Ok(())
    }

    /// kill -9
    pub fn kill_relay(&mut self) {
        self.relay = None;
    }

    /// kill -9
    pub fn kill_logic_server(&mut self) {
        self.logic_server = None;
    }

    /// The settings with which a program is started.
    pub fn settings_of(&self, which: Which) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::new();
        let mut set = |name: &str, value: String| settings.insert(name.to_owned(), value);
        set("TALKHUB_RELAY_SECRET", SECRET.to_owned());
        match which {
            Which::Relay => {
                set("TALKHUB_RELAY_BIND", format!("127.0.0.1:{}", self.relay_port));
            }
            Which::LogicServer => {
                set("TALKHUB_BIND", format!("127.0.0.1:{}", self.port));
                set(
                    "TALKHUB_DATA_DIR",
                    self.folder.path().join("data").to_string_lossy().into_owned(),
                );
                set("RELAY_SERVER_URL", self.relay_url());
                if let Some(url) = self.database.url() {
                    set("DATABASE_URL", url);
                }
            }
        }
        settings.extend(self.settings.clone());
        settings
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn relay_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.relay_port)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Takes another way to the same database, from the next start on.
    pub fn set_database(&mut self, database: Database) {
        self.database = database;
    }

    /// The status and JSON of the logic server's `/readyz`, if it answers.
    pub async fn readyz(&self) -> Option<(u16, Value)> {
        answer(&self.http, &format!("{}/readyz", self.url())).await
    }

    /// Waits until both are ready: the logic server has the relay, and the relay has the whole set.
    pub async fn connected(&mut self) -> Result<()> {
        self.until("the logic server has the relay", |status, ready| {
            status == 200 && ready["status"] == "ready"
        })
        .await?;
        self.relay_answers("/readyz").await
    }

    /// Waits until the logic server is ready without the relay.
    pub async fn degraded(&mut self) -> Result<()> {
        self.until("the logic server does without the relay", |status, ready| {
            status == 200 && ready["status"] == "degraded"
        })
        .await
    }

    /// Waits until `/readyz` of the logic server says so.
    pub async fn until(&mut self, what: &str, good: impl Fn(u16, &Value) -> bool) -> Result<()> {
        let seen = wait_for(what, READY, async || {
            self.readyz()
                .await
                .filter(|(status, ready)| good(*status, ready))
                .map(|_| ())
        })
        .await;
        let last = self.readyz().await;
        if let Some(program) = &mut self.logic_server {
            program.must_run()?;
            return seen.with_context(|| format!("/readyz: {last:?}; it said:\n{}", program.said()));
        }
        seen
    }

    /// Waits until the relay answers. Ready it is only with a logic server on its link.
    pub async fn relay_is_up(&mut self) -> Result<()> {
        self.relay_answers("/healthz").await
    }

    async fn relay_answers(&mut self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.relay_url());
        let answered = wait_for(&format!("the relay answers {path} with 200"), READY, async || {
            answer(&self.http, &url)
                .await
                .filter(|(status, _)| *status == 200)
                .map(|_| ())
        })
        .await;
        if let Some(program) = &mut self.relay {
            program.must_run()?;
            return answered.with_context(|| program.said());
        }
        answered
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.logic_server = None;
        self.relay = None;
        self.database.drop_it();
        if std::thread::panicking() {
            for name in ["talkhub-relay.log", "talkhub-client.log"] {
                let said = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let lines: Vec<&str> = said.lines().collect();
                eprintln!(
                    "── last lines of {name}:\n{}",
                    lines[lines.len().saturating_sub(30)..].join("\n")
                );
            }
        }
    }
}

/// The status and the JSON of an answer; `None` when nobody answers.
async fn answer(http: &reqwest::Client, url: &str) -> Option<(u16, Value)> {
    let answer = http.get(url).timeout(Duration::from_secs(2)).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.unwrap_or_default()))
}
