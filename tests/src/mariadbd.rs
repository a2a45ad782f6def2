//! A MariaDB of one test's own, to be killed, frozen and started again.

use crate::process::signal;
use crate::{free_port, wait_for};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long it may take to start, on a busy machine.
const READY: Duration = Duration::from_secs(60);

/// A server with its data in a folder that vanishes with it. `root` has no password.
pub struct Mariadbd {
    port: u16,
    child: Option<Child>,
    folder: TempDir,
}

impl Mariadbd {
    /// Makes the data folder and starts it.
    pub async fn started() -> Result<Self> {
        // Below a short path: that of a socket may have 107 characters at most.
        let folder = tempfile::Builder::new().prefix("talkhub-db-").tempdir()?;
        let mut install = Command::new("mariadb-install-db");
        install.args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]);
        install.args(as_whom());
        install.arg(format!("--datadir={}", folder.path().join("data").display()));
        let done = install.output().context("mariadb-install-db is missing")?;
        ensure!(
            done.status.success(),
            "mariadb-install-db: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        let mut server = Self {
            port: free_port()?,
            child: None,
            folder,
        };
        server.start().await?;
        Ok(server)
    }

    /// Starts it where it was, and waits until it takes connections.
    pub async fn start(&mut self) -> Result<()> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let mut command = Command::new("mariadbd");
        command.arg("--no-defaults").args(as_whom());
        command.arg(format!("--datadir={}", path("data")));
        command.arg(format!("--socket={}", path("socket")));
        command.arg(format!("--pid-file={}", path("pid")));
        command.arg(format!("--port={}", self.port));
        command.args([
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=32M",
            "--character-set-server=utf8mb4",
            "--skip-log-bin",
        ]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.child = Some(command.spawn().context("mariadbd is missing")?);
        let port = self.port;
        wait_for("MariaDB takes connections", READY, async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .ok()
                .map(drop)
        })
        .await
    }

    /// kill -9
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// SIGSTOP: connections stay open, and nothing is answered.
    pub fn freeze(&self) -> Result<()> {
        signal(self.id()?, "STOP")
    }

    /// SIGCONT
    pub fn wake(&self) -> Result<()> {
        signal(self.id()?, "CONT")
    }

    /// What `TALKHUB_TEST_DATABASE_URL` would be for it.
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/", self.port)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn id(&self) -> Result<u32> {
        self.child.as_ref().map(Child::id).context("it does not run")
    }
}

/// Root must say that it means to run the server as root.
fn as_whom() -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    let own = std::fs::metadata("/proc/self").ok()?;
    (own.uid() == 0).then_some("--user=root")
}

impl Drop for Mariadbd {
    fn drop(&mut self) {
        self.kill();
    }
}
