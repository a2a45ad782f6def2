//! `chaos`: builds the logic server with its fail points and hands over to the chaos run.

use crate::place::{self, Profile};
use crate::{command, packages, page, programs};
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
        failed |= command::shown_run(run.args(words)).is_err();
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A run on this database, with the programs that were built.
pub(crate) fn prepare(database: &str) -> Result<Command> {
    if database == "mysql" {
        packages::require(&[packages::MARIADB])?;
    }
    let folder = place::target().join("chaos");
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let program = |name| place::program(name, Profile::Dev);
    let mut run = Command::new(program("chaos"));
    run.current_dir(place::root()).arg("--folder").arg(folder);
    run.args(["--database", database]);
    run.env("TALKHUB_CLIENT_BIN", program("talkhub-client-chaos"));
    run.env("TALKHUB_RELAY_BIN", program("talkhub-relay"));
    Ok(run)
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
