//! One kind of connection for both databases, how it is opened, and what every fresh one is told.

use super::deadline::{TimedOut, within};
use super::mysql::MysqlConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A blocking connection to whichever database is set. Use it on blocking threads only.
#[derive(diesel::MultiConnection)]
pub enum DbConn {
    Sqlite(SqliteConnection),
    Mysql(MysqlConnection),
}

/// How long a server may take to answer at the start.
const ANSWERS: Duration = Duration::from_secs(10);

/// Where the database is, from `DATABASE_URL`.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    Sqlite(PathBuf),
    /// A URL `mysql://user:password@host:port/name`.
    Mysql(String),
}

/// Never shows the password.
impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Self::Mysql(url) => {
                let rest = url.trim_start_matches("mysql://");
                match rest.rsplit_once('@') {
                    Some((user, host)) => {
                        write!(out, "mysql://{}:***@{host}", user.split(':').next().unwrap_or(""))
                    }
                    None => write!(out, "mysql://{rest}"),
                }
            }
        }
    }
}

impl Place {
    /// `sqlite:/path`, a plain path, or `mysql://…` (`mariadb://…` means the same).
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(rest) = text
            .strip_prefix("mysql://")
            .or_else(|| text.strip_prefix("mariadb://"))
        {
            let name = rest
                .rsplit_once('/')
                .map(|(_, name)| name.split('?').next().unwrap_or(""));
            return match name {
                Some(name) if !name.is_empty() => Ok(Self::Mysql(format!("mysql://{rest}"))),
                _ => {
                    Err("a MySQL address names its database: mysql://user:password@host:3306/talkhub".into())
                }
            };
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains("://") {
            return Err("expected sqlite:/path/talkhub.db or mysql://user:password@host:3306/talkhub".into());
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl Place {
    /// `text` without the password, whoever wrote it.
    pub fn scrub(&self, text: &str) -> String {
        let password = match self {
            Self::Sqlite(_) => None,
            Self::Mysql(url) => {
                let user = url
                    .trim_start_matches("mysql://")
                    .rsplit_once('@')
                    .map(|(user, _)| user);
                user.and_then(|user| user.split_once(':'))
                    .map(|(_, password)| password)
            }
        };
        match password {
            Some(password) if !password.is_empty() => text.replace(password, "***"),
            _ => text.to_owned(),
        }
    }
}

/// What a connection will be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Read,
    Write,
}

/// Opens a connection and tells it how durable and how strict to be, and how long it may wait for a lock. MySQL waits a
/// third of a request's time, since whoever loses tries three times.
pub fn open(place: &Place, purpose: Use, wait: Duration) -> anyhow::Result<DbConn> {
    match place {
        Place::Sqlite(path) => {
            let path = path
                .to_str()
                .ok_or_else(|| anyhow::anyhow!("the path is not valid text"))?;
            let mut conn = SqliteConnection::establish(path)?;
            // Order matters: the busy time first, since switching to WAL may have to wait for another process.
            conn.batch_execute(&format!(
                "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000;",
                wait.as_millis()
            ))?;
            Ok(DbConn::Sqlite(conn))
        }
        Place::Mysql(url) => {
            let opened = within(wait * 2, || open_mysql(url, purpose, wait));
            let conn = opened.map_err(|TimedOut| anyhow::anyhow!("it does not answer"))??;
            Ok(DbConn::Mysql(conn))
        }
    }
}

fn open_mysql(url: &str, purpose: Use, wait: Duration) -> anyhow::Result<MysqlConnection> {
    let mut conn = MysqlConnection::establish(url)?;
    conn.batch_execute(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
    )?;
    conn.batch_execute("SET NAMES utf8mb4 COLLATE utf8mb4_bin")?;
    let lock_wait = (wait.as_secs() * 2 / 3).max(1);
    conn.batch_execute(&format!("SET SESSION innodb_lock_wait_timeout = {lock_wait}"))?;
    // Where the network has swallowed our end, the server keeps the session with its locks for so long, not for hours. What
    // lies idle in the pool is closed by it too, and opened anew when it is needed.
    let idle = (wait.as_secs() * 4).max(8);
    conn.batch_execute(&format!("SET SESSION wait_timeout = {idle}"))?;
    let level = match purpose {
        Use::Read => "REPEATABLE READ",
        Use::Write => "READ COMMITTED",
    };
    conn.batch_execute(&format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}"))?;
    Ok(conn)
}

/// Makes the database on a MySQL server that lacks it, if the account may. SQLite makes its file by itself.
pub fn ensure_database(place: &Place) -> anyhow::Result<()> {
    let Place::Mysql(url) = place else {
        return Ok(());
    };
    let Some((server, name)) = url.rsplit_once('/') else {
        return Ok(());
    };
    let name = name.split('?').next().unwrap_or("");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let is_there = within(ANSWERS, || MysqlConnection::establish(url).is_ok());
    if is_there.map_err(|TimedOut| anyhow::anyhow!("it does not answer"))? || !name.chars().all(plain) {
        return Ok(());
    }
    let options = url
        .split_once('?')
        .map(|(_, options)| format!("?{options}"))
        .unwrap_or_default();
    let mut conn = MysqlConnection::establish(&format!("{server}/{options}"))?;
    conn.batch_execute(&format!(
        "CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    ))?;
    Ok(())
}

/// A pooled connection that remembers whether its last transaction ended cleanly.
pub struct Pooled {
    pub conn: DbConn,
    pub broken: bool,
    /// When the server last answered on it.
    pub proved: Instant,
}

/// Makes connections for the pool.
pub struct Opener {
    pub place: Place,
    pub purpose: Use,
    pub wait: Duration,
}

impl r2d2::ManageConnection for Opener {
    type Connection = Pooled;
    type Error = std::io::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        // A runtime that cannot be made (no file handles left) panics; the pool must only hear of an error.
        let opened = std::panic::catch_unwind(|| open(&self.place, self.purpose, self.wait));
        let opened = opened.unwrap_or_else(|_| {
            Err(anyhow::anyhow!(
                "a connection could not be made: too many open files?"
            ))
        });
        let conn = opened.map_err(|error| std::io::Error::other(self.place.scrub(&error.to_string())))?;
        Ok(Pooled {
            conn,
            broken: false,
            proved: Instant::now(),
        })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        pooled
            .conn
            .batch_execute("SELECT 1")
            .map_err(|error| std::io::Error::other(error.to_string()))
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    fn check(text: &str, want: &str) {
        let got = Place::parse(text).map_or_else(|error| error, |place| place.to_string());
        assert_eq!(got, want);
    }

    #[test]
    fn a_place_never_shows_its_password() {
        check(
            "mysql://ann:secret@db:3306/talkhub",
            "mysql://ann:***@db:3306/talkhub",
        );
        check("mysql://ann:se@cret@db/talkhub", "mysql://ann:***@db/talkhub");
    }

    #[test]
    fn a_password_is_scrubbed_from_what_others_write() {
        let place = Place::parse("mysql://ann:hush@db/talkhub").unwrap();
        assert_eq!(
            place.scrub("bad url mysql://ann:hush@db"),
            "bad url mysql://ann:***@db"
        );
    }

    #[test]
    fn a_file_may_be_named_in_three_ways() {
        check("sqlite:/a/b.db", "sqlite:/a/b.db");
        check("sqlite:///a/b.db", "sqlite:/a/b.db");
        check("b.db", "sqlite:b.db");
    }

    #[test]
    fn other_databases_are_refused() {
        check(
            "postgres://x/y",
            "expected sqlite:/path/talkhub.db or mysql://user:password@host:3306/talkhub",
        );
        check(
            "mysql://host",
            "a MySQL address names its database: mysql://user:password@host:3306/talkhub",
        );
    }
}
