//! `bench`: builds a release and hands over to the load generator, which prints the figures.

use crate::mariadb::Mariadb;
use crate::place::{self, Profile};
use crate::{command, page, programs};
use anyhow::Result;
use std::process::Command;

pub(crate) fn run(scenarios: &[&str]) -> Result<()> {
    page::build_if_changed()?;
    programs::build(Profile::Release)?;
    let mariadb = Mariadb::temporary()?;
    let mut bench = Command::new(place::program("bench", Profile::Release));
    bench.args(scenarios).current_dir(place::root());
    bench.envs(programs::paths(Profile::Release));
    bench.env("TALKHUB_TEST_DATABASE_URL", mariadb.server_url());
    command::shown_run(&mut bench)
}
