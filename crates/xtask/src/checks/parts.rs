//! The parts of `test`: what each one does, and what they share so that nothing is built or started twice.

use super::built::{self, TestProgram};
use super::summary::{self, Tally};
use crate::mariadb::Mariadb;
use crate::place::{self, Profile};
use crate::{chaos, codegen, command, packages, page, programs, python, tidy};
use anyhow::{Context, Result};
use std::process::Command;

/// One part, callable alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Fmt,
    Tidy,
    Codegen,
    Ui,
    Unit,
    Model,
    Stories,
    EndToEnd,
    Chaos,
    Browser,
    Lint,
}

impl Part {
    /// In the order in which they run: quick ones first, then what the built programs are for, then what builds anew.
    pub(crate) const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Tidy,
        Self::Codegen,
        Self::Ui,
        Self::Lint,
        Self::Unit,
        Self::Model,
        Self::Stories,
        Self::EndToEnd,
        Self::Chaos,
        Self::Browser,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Codegen => "codegen",
            Self::Ui => "ui",
            Self::Unit => "unit",
            Self::Model => "model",
            Self::Stories => "stories",
            Self::EndToEnd => "end-to-end",
            Self::Chaos => "chaos",
            Self::Browser => "browser",
            Self::Lint => "lint",
        }
    }

    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::Fmt => "every Rust file is formatted",
            Self::Tidy => "the rules of the house",
            Self::Codegen => "the types of the page are those of the wire",
            Self::Ui => "the page: packages, types, its own tests, its build",
            Self::Unit => "what each crate promises, without database or browser",
            Self::Model => "1,000 schedules of crashes and losses, every invariant after every step",
            Self::Stories => "people and what they see, on SQLite and on MariaDB",
            Self::EndToEnd => "both real programs, on SQLite and on MariaDB",
            Self::Chaos => "a minute of faults on each database, and every invariant after it",
            Self::Browser => "two people in Chromium",
            Self::Lint => "clippy finds nothing",
        }
    }

    /// What it needs from the system.
    fn packages(self) -> &'static [packages::Package] {
        match self {
            Self::Stories | Self::Chaos => &[packages::MARIADB],
            Self::EndToEnd => &[packages::MARIADB, packages::PYTHON, packages::FAKETIME],
            Self::Browser => &[packages::CHROMIUM],
            _ => &[],
        }
    }

    pub(crate) fn run(self, kit: &mut Kit) -> Result<Tally> {
        match self {
            Self::Fmt => one(programs::cargo().args(["fmt", "--all", "--check"])),
            Self::Tidy => Ok(tidy::check_repository()),
            Self::Codegen => codegen::check().map(|()| Tally::success()),
            Self::Ui => ui(),
            Self::Unit => kit.run(unit, &[], &[]),
            Self::Model => kit.run(end_to_end, &[MODEL], &[]),
            Self::Stories => kit.on_both_databases(stories, &[], &[]),
            Self::EndToEnd => {
                page::install_if_changed()?; // the official client stands among the page's packages
                let python = python::install_if_changed()?.to_string_lossy().into_owned();
                let mut settings = programs::paths(Profile::Dev).to_vec();
                settings.push(("TALKHUB_TEST_PYTHON", python));
                kit.on_both_databases(end_to_end, &["--skip", MODEL], &settings)
            }
            Self::Chaos => chaos_runs(),
            Self::Browser => browser(kit),
            Self::Lint => {
                let words = [
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--quiet",
                    "--",
                    "-D",
                    "warnings",
                ];
                one(programs::cargo().args(words))
            }
        }
    }
}

fn unit(program: &TestProgram) -> bool {
    !stories(program) && !end_to_end(program)
}

fn stories(program: &TestProgram) -> bool {
    program.outside && program.package == "talkhub-client"
}

fn end_to_end(program: &TestProgram) -> bool {
    program.outside && program.package == "tests"
}

/// Where the model test lives among the programs' tests: it starts none of them, and runs once.
const MODEL: &str = "model::";

/// The plan of faults that is run every time; others by `cargo xtask chaos --seed N`.
const CHAOS_SEED: &str = "7";

/// What parts share: made when first needed, stopped at the end.
pub(crate) struct Kit {
    programs: Option<Vec<TestProgram>>,
    mariadb: Option<Mariadb>,
}

impl Kit {
    /// Asks for missing packages at once, not after ten minutes.
    pub(crate) fn new(parts: &[Part]) -> Result<Self> {
        let needed: Vec<packages::Package> = parts.iter().flat_map(|part| part.packages()).copied().collect();
        let mut once = Vec::new();
        for package in needed {
            if !once.contains(&package) {
                once.push(package);
            }
        }
        packages::require(&once)?;
        Ok(Self {
            programs: None,
            mariadb: None,
        })
    }

    fn built(&mut self) -> Result<&[TestProgram]> {
        if self.programs.is_none() {
            page::build_if_changed()?; // the page is part of the logic server
            println!("   building …");
            self.programs = Some(built::build()?);
        }
        Ok(self.programs.as_deref().unwrap_or_default())
    }

    /// `words`: which tests of the chosen programs, as their own command line has it.
    fn run(
        &mut self,
        chosen: fn(&TestProgram) -> bool,
        words: &[&str],
        settings: &[(&str, String)],
    ) -> Result<Tally> {
        let programs: Vec<TestProgram> = self
            .built()?
            .iter()
            .filter(|program| chosen(program))
            .cloned()
            .collect();
        let mut sum = Tally::default();
        for program in &programs {
            sum.add(program.run(words, settings)?);
        }
        anyhow::ensure!(
            0 < sum.passed + sum.failed,
            "not one test was found: this part did not run"
        );
        Ok(sum)
    }

    fn on_both_databases(
        &mut self,
        chosen: fn(&TestProgram) -> bool,
        words: &[&str],
        settings: &[(&str, String)],
    ) -> Result<Tally> {
        self.built()?;
        println!("   SQLite:");
        let mut sum = self.run(chosen, words, settings)?;
        println!("   MariaDB:");
        let url = self.mariadb()?.server_url();
        let settings = [settings, &[("TALKHUB_TEST_DATABASE_URL", url)]].concat();
        sum.add(self.run(chosen, words, &settings)?);
        anyhow::ensure!(self.mariadb()?.is_alive(), "MariaDB ended while it was used");
        Ok(sum)
    }

    fn mariadb(&mut self) -> Result<&mut Mariadb> {
        if self.mariadb.is_none() {
            self.mariadb = Some(Mariadb::temporary()?);
        }
        self.mariadb.as_mut().context("it was started just now")
    }
}

/// A command that is one check: what it says matters only when it fails.
fn one(command: &mut Command) -> Result<Tally> {
    let ended = command::captured(command)?;
    if ended.status.success() {
        return Ok(Tally::success());
    }
    println!("{}", ended.said);
    Ok(Tally::failure())
}

fn ui() -> Result<Tally> {
    page::require_node()?;
    page::install_if_changed()?;
    let mut sum = Tally::success();
    sum.add(one(&mut page::npm(&["run", "check"]))?);
    sum.add(counted(&mut page::npm(&["run", "test"]), summary::vitest)?);
    let built = one(&mut page::npm(&["run", "build"]))?;
    if built.failed == 0 {
        page::mark_built()?;
    }
    sum.add(built);
    Ok(sum)
}

/// A runner that counts its tests itself.
fn counted(command: &mut Command, count: fn(&str) -> Option<Tally>) -> Result<Tally> {
    let ended = command::captured(command)?;
    let tally = Tally::of_runner(count(&ended.said), ended.status.success());
    if 0 < tally.failed {
        println!("{}", ended.said);
    }
    Ok(tally)
}

/// A minute for each database. Each invariant counts as one check; the figures are shown in any case.
fn chaos_runs() -> Result<Tally> {
    chaos::build()?;
    let mut sum = Tally::default();
    for database in chaos::DATABASES {
        let mut run = chaos::prepare(database)?;
        let ended = command::captured(run.args(["--seed", CHAOS_SEED, "--minutes", "1"]))?;
        println!("{}", ended.said);
        sum.add(Tally::of_runner(
            summary::ours(&ended.said),
            ended.status.success(),
        ));
    }
    Ok(sum)
}

fn browser(kit: &mut Kit) -> Result<Tally> {
    page::install_if_changed()?;
    kit.built()?;
    let mut npm = page::npm(&["run", "browser"]);
    npm.envs(programs::paths(Profile::Dev));
    if let Some(chromium) = place::find_program(packages::CHROMIUM.programs) {
        npm.env("TALKHUB_CHROMIUM", chromium);
    }
    counted(&mut npm, summary::ours)
}
