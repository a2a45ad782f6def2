//! `pics`: the pictures of `Pics/`, taken by a browser from the running programs.

use crate::place::{self, Profile};
use crate::programs::{self, Both, Setup};
use crate::{command, http, packages, page};
use anyhow::Result;
use std::process::Command;

pub(crate) fn take() -> Result<()> {
    packages::require(&[packages::CHROMIUM])?;
    page::build_if_changed()?;
    programs::build(Profile::Dev)?;
    let folder = tempfile::tempdir()?;
    let setup = Setup {
        profile: Profile::Dev,
        port: http::free_port()?,
        relay_port: http::free_port()?,
        data: folder.path().to_owned(),
        database_url: None,
        secret: programs::random_secret()?,
        settings: Vec::new(),
    };
    command::shown_run(&mut setup.client(&["demo"]))?;
    let both = Both::start(&setup)?;
    let pictures = place::root().join("Pics");
    let mut node = Command::new("node");
    node.current_dir(place::ui()).arg("browser/pics.mjs");
    node.env("TALKHUB_URL", format!("http://127.0.0.1:{}", setup.port));
    node.env("TALKHUB_PICS", &pictures);
    if let Some(chromium) = place::find_program(packages::CHROMIUM.programs) {
        node.env("TALKHUB_CHROMIUM", chromium);
    }
    let taken = command::shown_run(&mut node);
    both.stop();
    taken?;
    println!("The pictures are in {}.", pictures.display());
    Ok(())
}
