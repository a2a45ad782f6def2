//! Python for the bot of docs/protocol.md: a virtual environment in the target folder with exactly what is listed.

use crate::{command, place};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the environment, or makes it anew when the list or Python itself has changed; gives back its Python.
pub(crate) fn install_if_changed() -> Result<PathBuf> {
    let list = place::root().join("tests/conformance/requirements.txt");
    let folder = place::target().join("python");
    let wanted = format!(
        "{}{}",
        version()?,
        fs::read_to_string(&list).with_context(|| list.display().to_string())?
    );
    let (python, stamp) = (folder.join("bin/python"), folder.join(".talkhub-installed"));
    let fresh = fs::read_to_string(&stamp).is_ok_and(|old| old == wanted) && works(&python);
    if fresh {
        return Ok(python);
    }
    println!("Installing what the Python bot needs (pip) …");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "--requirement",
    ];
    run(Command::new(&python).args(pip).arg(&list))?;
    fs::write(&stamp, wanted).with_context(|| format!("could not write {}", stamp.display()))?;
    Ok(python)
}

fn version() -> Result<String> {
    let said = command::output(Command::new("python3").arg("--version"));
    said.context("the Python bot of docs/protocol.md needs python3")
}

/// An environment whose Python was taken away does not run.
fn works(python: &Path) -> bool {
    let asked = Command::new(python).args(["-c", "import socketio"]).output();
    asked.is_ok_and(|said| said.status.success())
}

fn run(command: &mut Command) -> Result<()> {
    let ended = command::captured(command)?;
    if ended.status.success() {
        return Ok(());
    }
    bail!("{}\n{} failed", ended.said, command::shown(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_does_not_work() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!works(&folder.path().join("bin/python")));
    }

    #[test]
    fn everything_is_listed_in_an_exact_version() {
        let list = fs::read_to_string(place::root().join("tests/conformance/requirements.txt")).unwrap();
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (name, version) = line.split_once("==").expect(line);
            assert!(!name.is_empty() && version.starts_with(|digit: char| digit.is_ascii_digit()));
        }
    }
}
