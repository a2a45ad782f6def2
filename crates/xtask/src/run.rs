//! `run`: from a clone to two running programs and an address to open.

use crate::command;
use crate::mariadb::Mariadb;
use crate::place::{self, Profile};
use crate::programs::{self, Both, Setup};
use crate::{http, page};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// What stands after `cargo xtask run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    demo: bool,
    mysql: bool,
    port: u16,
    relay_port: u16,
    profile: Profile,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            demo: false,
            mysql: false,
            port: 8000,
            relay_port: 5050,
            profile: Profile::Dev,
        };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--demo" => options.demo = true,
                "--release" => options.profile = Profile::Release,
                "--port" => options.port = port(word, words.next())?,
                "--relay-port" => options.relay_port = port(word, words.next())?,
                "--database" => options.mysql = mysql(words.next())?,
                other => bail!("run does not know {other}; `cargo xtask help` lists what it knows"),
            }
        }
        if options.port == options.relay_port {
            bail!(
                "--port and --relay-port are both {}: two programs need two ports",
                options.port
            );
        }
        Ok(options)
    }
}

fn port(option: &str, value: Option<&str>) -> Result<u16> {
    let number = value
        .and_then(|text| text.parse().ok())
        .filter(|number| *number != 0);
    number.with_context(|| {
        format!(
            "{option} is {:?}: expected a number from 1 to 65535",
            value.unwrap_or_default()
        )
    })
}

fn mysql(value: Option<&str>) -> Result<bool> {
    match value {
        Some("mysql") => Ok(true),
        Some("sqlite") => Ok(false),
        other => bail!(
            "--database is {:?}: expected sqlite or mysql",
            other.unwrap_or_default()
        ),
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    free(options.port, "--port")?;
    free(options.relay_port, "--relay-port")?;
    page::build_if_changed()?;
    programs::build(options.profile)?;
    let data = std::env::var_os("TALKHUB_DATA_DIR")
        .map_or_else(|| place::root().join("talkhub-data"), PathBuf::from);
    let mariadb = options
        .mysql
        .then(|| Mariadb::kept_in(&data.join("mariadb")))
        .transpose()?;
    let database_url = mariadb
        .as_ref()
        .map(|server| server.database("talkhub"))
        .transpose()?;
    let setup = Setup {
        profile: options.profile,
        port: options.port,
        relay_port: options.relay_port,
        data,
        database_url,
        secret: programs::random_secret()?,
        settings: Vec::new(),
    };
    if options.demo {
        fill(&setup)?;
    }
    let mut both = Both::start(&setup)?;
    announce(&setup, options);
    let ended = both.watch();
    println!("\nStopping …");
    both.stop();
    ended
}

fn free(port: u16, option: &str) -> Result<()> {
    match http::is_taken(port) {
        false => Ok(()),
        true => bail!("port {port} is in use: stop what listens there, or choose another with {option}"),
    }
}

/// The logic server fills a fresh database, and refuses one that has people in it.
fn fill(setup: &Setup) -> Result<()> {
    let ended = command::captured(&mut setup.client(&["demo"]))?;
    match ended.status.success() {
        true => Ok(()),
        false => bail!(
            "{}\n--demo wants a fresh database: start without it, or remove {}",
            ended.said.trim(),
            setup.data.display()
        ),
    }
}

fn announce(setup: &Setup, options: &Options) {
    let data = setup.data.display();
    let history = match (options.mysql, std::env::var_os("DATABASE_URL")) {
        (true, _) => format!("a private MariaDB in {data}"),
        (false, Some(_)) => "where DATABASE_URL says".to_owned(),
        (false, None) => format!("SQLite in {data}"),
    };
    println!();
    println!("  Talkhub is ready:  http://127.0.0.1:{}", setup.port);
    println!();
    println!("  history   {history}");
    println!("  log lines {}", setup.logs().display());
    if options.demo {
        println!("  people    user1@test.com and user2@test.com, both with the password TestPass123!");
        println!("            (one in this browser, the other in a private window)");
    }
    println!("  Ctrl-C stops both programs.");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, want: Result<(u16, u16, bool, bool), &str>) {
        let words: Vec<&str> = words.split_whitespace().collect();
        let got = Options::parse(&words)
            .map(|options| (options.port, options.relay_port, options.demo, options.mysql))
            .map_err(|error| error.to_string());
        assert_eq!(got, want.map_err(str::to_owned), "{words:?}");
    }

    #[test]
    fn options_are_read() {
        check("", Ok((8000, 5050, false, false)));
        check(
            "--demo --database mysql --port 9000",
            Ok((9000, 5050, true, true)),
        );
        check("--relay-port 1 --database sqlite", Ok((8000, 1, false, false)));
    }

    #[test]
    fn a_bad_option_names_itself_its_value_and_what_is_allowed() {
        check(
            "--port x",
            Err("--port is \"x\": expected a number from 1 to 65535"),
        );
        check("--port", Err("--port is \"\": expected a number from 1 to 65535"));
        check(
            "--database oracle",
            Err("--database is \"oracle\": expected sqlite or mysql"),
        );
        check(
            "--fast",
            Err("run does not know --fast; `cargo xtask help` lists what it knows"),
        );
        check(
            "--port 7 --relay-port 7",
            Err("--port and --relay-port are both 7: two programs need two ports"),
        );
    }

    #[test]
    fn a_taken_port_says_what_to_do() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = free(port, "--port").unwrap_err().to_string();
        assert_eq!(
            error,
            format!("port {port} is in use: stop what listens there, or choose another with --port")
        );
    }
}
