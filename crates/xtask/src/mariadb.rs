//! A private MariaDB on a free port of 127.0.0.1, stopped when it is dropped: for a try and for tests.

use crate::command::{self, Running};
use crate::{http, packages, place, stop};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A running server. `root` has no password and reaches it from this machine alone.
pub(crate) struct Mariadb {
    port: u16,
    // Fields are dropped in this order: the server first, then the folders it works in.
    running: Running,
    _small: TempDir,
    _whole: Option<TempDir>,
}

impl Mariadb {
    /// One whose data vanishes with it.
    pub(crate) fn temporary() -> Result<Self> {
        let whole = tempfile::Builder::new().prefix("talkhub-mariadb-").tempdir()?;
        Self::start(&whole.path().join("data"), Some(whole))
    }

    /// One that keeps its data in this folder, which is made at the first start.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self> {
        Self::start(folder, None)
    }

    fn start(data: &Path, whole: Option<TempDir>) -> Result<Self> {
        packages::require(&[packages::MARIADB])?;
        if !data.join("mysql").is_dir() {
            install(data)?;
        }
        // The socket's path may have 107 characters at most, so it does not stand beside the data.
        let small = tempfile::Builder::new().prefix("talkhub-").tempdir()?;
        let log = small.path().join("log");
        let port = http::free_port()?;
        let mut running = Running::start(&mut server(data, small.path(), port, &log)?)?;
        let ready = stop::wait_for(Duration::from_secs(60), || match running.ended() {
            Ok(None) => TcpStream::connect(("127.0.0.1", port)).ok().map(|_| true),
            _ => Some(false),
        });
        if ready != Some(true) {
            bail!(
                "MariaDB did not start in {}:\n{}",
                data.display(),
                fs::read_to_string(log).unwrap_or_default()
            );
        }
        Ok(Self {
            port,
            running,
            _small: small,
            _whole: whole,
        })
    }

    /// Where tests make databases of their own.
    pub(crate) fn server_url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/", self.port)
    }

    /// The URL of this database, which is made if it is not there.
    pub(crate) fn database(&self, name: &str) -> Result<String> {
        let client = place::find_program(&["mariadb", "mysql"])
            .context("the client of MariaDB is missing: install mariadb-client")?;
        let mut command = Command::new(client);
        command.args([
            "--no-defaults",
            "--protocol=tcp",
            "--host=127.0.0.1",
            "--user=root",
        ]);
        command.arg(format!("--port={}", self.port));
        command.arg(format!(
            "--execute=CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4"
        ));
        let ended = command::captured(&mut command)?;
        if !ended.status.success() {
            bail!("could not make the database {name}: {}", ended.said);
        }
        Ok(format!("{}{name}", self.server_url()))
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.running.ended(), Ok(None))
    }
}

fn install(data: &Path) -> Result<()> {
    fs::create_dir_all(data).with_context(|| format!("could not make the folder {}", data.display()))?;
    let program = place::find_program(&["mariadb-install-db", "mysql_install_db"])
        .context("mariadb-install-db is missing: install mariadb-server")?;
    let mut command = Command::new(program);
    command.args([
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]);
    command
        .arg(path_option("datadir", &data.canonicalize()?))
        .args(as_whom());
    let ended = command::captured(&mut command)?;
    if !ended.status.success() {
        fs::remove_dir_all(data).ok();
        bail!("mariadb-install-db failed:\n{}", ended.said);
    }
    Ok(())
}

fn server(data: &Path, small: &Path, port: u16, log: &Path) -> Result<Command> {
    let program = place::find_program(packages::MARIADB.programs)
        .context("mariadbd is missing: install mariadb-server")?;
    let mut command = Command::new(program);
    command.arg("--no-defaults").args(as_whom());
    command.arg(path_option("datadir", &data.canonicalize()?));
    command.arg(path_option("socket", &small.join("socket")));
    command.arg(path_option("pid-file", &small.join("pid")));
    command.arg(format!("--port={port}"));
    // As one would run it: what is acknowledged is on disk.
    command.args([
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--innodb-flush-log-at-trx-commit=1",
    ]);
    command.args([
        "--character-set-server=utf8mb4",
        "--max-connections=400",
        "--skip-log-bin",
    ]);
    let paper = File::create(log)?;
    command.stdout(paper.try_clone()?).stderr(paper);
    Ok(command)
}

/// Root must say that it means to run the server as root.
fn as_whom() -> Option<&'static str> {
    packages::is_root().then_some("--user=root")
}

fn path_option(name: &str, path: &Path) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(format!("--{name}="));
    option.push(PathBuf::from(path));
    option
}
