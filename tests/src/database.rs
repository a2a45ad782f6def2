//! A fresh database for one test: a SQLite file, or one of its own on the server that `TALKHUB_TEST_DATABASE_URL` names.

use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where the logic server keeps its history in this test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// The file in the data folder that is used when nothing is set.
    Sqlite,
    Mysql {
        /// `127.0.0.1:3306`
        server: String,
        name: String,
        /// What stands at the end of the URL.
        options: &'static str,
    },
}

impl Database {
    /// Of the kind that this run is for.
    pub fn fresh() -> Result<Self> {
        match std::env::var("TALKHUB_TEST_DATABASE_URL") {
            Ok(url) => Self::fresh_mysql(&url),
            Err(_) => Ok(Self::Sqlite),
        }
    }

    /// A new database on the server at `mysql://root@host:port/`.
    pub fn fresh_mysql(url: &str) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let expected =
            || format!("TALKHUB_TEST_DATABASE_URL is {url:?}: expected mysql://root@127.0.0.1:3306/");
        let server = url
            .strip_prefix("mysql://root@")
            .and_then(|rest| rest.strip_suffix('/'))
            .with_context(expected)?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("programs_{}_{number}", std::process::id());
        let made = Self::Mysql {
            server: server.to_owned(),
            name,
            options: "",
        };
        made.tell("CREATE")?;
        Ok(made)
    }

    /// What `DATABASE_URL` is set to, if it is.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Mysql {
                server,
                name,
                options,
            } => Some(format!("mysql://root@{server}/{name}{options}")),
        }
    }

    /// Its server, if it has one.
    pub fn server(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Mysql { server, .. } => Some(server),
        }
    }

    /// The same database by another way to its server.
    pub fn by_way_of(&self, other: &str) -> Self {
        match self {
            Self::Sqlite => Self::Sqlite,
            Self::Mysql { name, .. } => Self::Mysql {
                server: other.to_owned(),
                name: name.clone(),
                // The driver would leave for the server's own socket.
                options: "?prefer_socket=false",
            },
        }
    }

    /// Removes it. Files of SQLite vanish with their folder.
    pub fn drop_it(&self) {
        self.tell("DROP").ok();
    }

    fn tell(&self, verb: &str) -> Result<()> {
        let Self::Mysql { name, .. } = self else {
            return Ok(());
        };
        self.run(&format!("{verb} DATABASE `{name}`")).map(drop)
    }

    /// Runs statements as another client of the same server, to their end; gives back what they print.
    pub fn run(&self, statements: &str) -> Result<String> {
        let mut client = self.client()?;
        let output = client
            .arg(format!("--execute={statements}"))
            .output()
            .context("the client of MariaDB (mariadb) is missing")?;
        ensure!(
            output.status.success(),
            "{statements}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A client of the server that waits for its statements.
    pub fn client(&self) -> Result<Command> {
        let Self::Mysql { server, .. } = self else {
            anyhow::bail!("SQLite has no server");
        };
        let (host, port) = server
            .split_once(':')
            .context("the server's address has a port")?;
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--protocol=tcp", "--user=root"]);
        client.args([format!("--host={host}"), format!("--port={port}")]);
        client.args(["--skip-column-names", "--batch"]);
        Ok(client)
    }
}
