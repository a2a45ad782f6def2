//! `pics`: the pictures of `Pics/`, taken by a browser from the running programs filled with the demo.

use crate::place::{self, Profile};
use crate::{command, packages, page, programs};
use anyhow::Result;

pub(crate) fn take() -> Result<()> {
    packages::require(&[packages::CHROMIUM])?;
    page::build_if_changed()?;
    programs::build(Profile::Dev)?;
    let pictures = place::root().join("Pics");
    // The script starts and stops both programs itself, in a temporary folder.
    let mut node = std::process::Command::new("node");
    node.current_dir(place::ui())
        .arg("browser/pics.mjs")
        .arg(&pictures);
    node.envs(programs::paths(Profile::Dev));
    if let Some(chromium) = place::find_program(packages::CHROMIUM.programs) {
        node.env("TALKHUB_CHROMIUM", chromium);
    }
    command::shown_run(&mut node)?;
    println!("The pictures are in {}.", pictures.display());
    Ok(())
}
