//! The database server of a run, which is killed and stopped like the programs.

use anyhow::{Context, Result, ensure};
use end_to_end::wait_for;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// How to start it: the words of its command line, as JSON.
pub(crate) const COMMAND: &str = "TALKHUB_CHAOS_MARIADB";
/// How long it may take to be there again, repairing what a kill has left.
const READY: Duration = Duration::from_secs(30);

/// A private MariaDB. Dropping it kills it.
pub(crate) struct Mariadb {
    words: Vec<String>,
    address: String,
    child: Option<Child>,
}

impl Mariadb {
    /// What `TALKHUB_CHAOS_MARIADB` says how to start.
    pub(crate) async fn start() -> Result<Self> {
        let words = std::env::var(COMMAND)
            .with_context(|| format!("{COMMAND} is not set: run it by `cargo xtask chaos`"))?;
        let words: Vec<String> =
            serde_json::from_str(&words).with_context(|| format!("{COMMAND} is {words}"))?;
        let port = words.iter().find_map(|word| word.strip_prefix("--port="));
        let port = port.with_context(|| format!("{COMMAND} names no --port"))?;
        let mut server = Self {
            address: format!("127.0.0.1:{port}"),
            words,
            child: None,
        };
        server.begin().await?;
        Ok(server)
    }

    /// `127.0.0.1:3306`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Starts it and waits until it takes connections.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        let (program, words) = self.words.split_first().context("an empty command")?;
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(
            command
                .spawn()
                .with_context(|| format!("could not start {program}"))?,
        );
        let address = self.address.clone();
        let answers = async || {
            let connected = TcpStream::connect(&address).await;
            connected.ok().map(|_| ())
        };
        wait_for("MariaDB takes connections", READY, answers).await
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Ends every connection but its own.
    pub(crate) fn drop_connections(&self) -> Result<()> {
        let others = "SELECT CONCAT('KILL ', id) FROM information_schema.processlist \
                      WHERE id <> CONNECTION_ID() AND command <> 'Daemon'";
        for line in self.says(others)?.lines() {
            self.says(line).ok(); // some have gone meanwhile
        }
        Ok(())
    }

    fn says(&self, query: &str) -> Result<String> {
        let (host, port) = self.address.split_once(':').context("the address has a port")?;
        let mut client = Command::new("mariadb");
        client.args([
            "--no-defaults",
            "--protocol=tcp",
            "--user=root",
            "--skip-column-names",
        ]);
        client.args(["--batch", "--connect-timeout=2"]);
        client.args([format!("--host={host}"), format!("--port={port}")]);
        let output = client.arg(format!("--execute={query}")).output();
        let output = output.context("the client of MariaDB (mariadb) is missing")?;
        ensure!(
            output.status.success(),
            "{query}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        self.kill();
    }
}
