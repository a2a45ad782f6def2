//! `chaos`: builds the logic server with its fail points and hands over to the chaos run.

use crate::mariadb::{self, Mariadb};
use crate::place::{self, Profile};
use crate::{command, page, programs};
use anyhow::{Context, Result};
use std::process::{Command, ExitCode};

/// The databases of a run, as `--database` names them.
pub(crate) const DATABASES: [&str; 2] = ["sqlite", "mysql"];

/// One run, or one on each database where none is named.
pub(crate) fn run(words: &[&str]) -> Result<ExitCode> {
    build()?;
    let looks_again = words.contains(&"--check");
    let chosen = words.iter().position(|word| *word == "--database");
    let databases = match chosen.and_then(|at| words.get(at + 1)) {
        Some(name) => vec![*name],
        None if looks_again => vec![DATABASES[0]],
        None => DATABASES.to_vec(),
    };
    let mut failed = false;
    for database in databases {
        let mut run = prepare(database)?;
        run.command.args(words);
        if chosen.is_none() && !looks_again {
            run.command.args(["--database", database]);
        }
        failed |= command::shown_run(&mut run.command).is_err();
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A run that is ready to start, with what must live as long as it.
pub(crate) struct Prepared {
    pub(crate) command: Command,
    _mariadb: Option<mariadb::Prepared>,
}

/// What every run on this database needs.
pub(crate) fn prepare(database: &str) -> Result<Prepared> {
    let folder = place::target().join("chaos");
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut command = Command::new(place::program("chaos", Profile::Dev));
    command.current_dir(place::root()).arg("--folder").arg(folder);
    let path = |name| place::program(name, Profile::Dev);
    command.env("TALKHUB_CLIENT_BIN", path("talkhub-client-chaos"));
    command.env("TALKHUB_RELAY_BIN", path("talkhub-relay"));
    let mariadb = match database {
        "mysql" => Some(Mariadb::prepare()?),
        _ => None,
    };
    if let Some(mariadb) = &mariadb {
        command.env("TALKHUB_CHAOS_MARIADB", serde_json::to_string(&mariadb.words)?);
    }
    Ok(Prepared {
        command,
        _mariadb: mariadb,
    })
}

/// Only the logic server is built anew, with its fail points, as a program of another name: nobody else's is touched.
pub(crate) fn build() -> Result<()> {
    page::build_if_changed()?;
    println!("Building the programs for chaos …");
    let mut cargo = programs::cargo();
    cargo.args([
        "build",
        "--quiet",
        "--workspace",
        "--features",
        "talkhub-client/chaos",
    ]);
    for name in ["talkhub-client-chaos", "talkhub-relay", "chaos"] {
        cargo.args(["--bin", name]);
    }
    command::shown_run(&mut cargo)
}
