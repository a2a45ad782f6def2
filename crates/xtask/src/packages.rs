//! System packages that some tasks need: found, offered, installed unasked only where `CI` is set.

use crate::{command, place, stop};
use anyhow::{Result, bail};
use std::io::{IsTerminal, Write};
use std::process::Command;
use std::time::Duration;

/// A Debian package, and what shows that it is there: one of these programs, and that this command ends well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) programs: &'static [&'static str],
    /// Empty: the program is proof enough.
    pub(crate) proof: &'static [&'static str],
    pub(crate) why: &'static str,
}

pub(crate) const MARIADB: Package = Package {
    name: "mariadb-server",
    programs: &["mariadbd", "mysqld"],
    proof: &[],
    why: "to try everything on the second database",
};

pub(crate) const CHROMIUM: Package = Package {
    name: "chromium",
    programs: &["chromium", "chromium-browser", "google-chrome"],
    proof: &[],
    why: "to try the page in a real browser",
};

pub(crate) const FAKETIME: Package = Package {
    name: "faketime",
    programs: &["faketime"],
    proof: &[],
    why: "to let the programs' clock jump",
};

/// Debian has Python without the part that makes virtual environments.
pub(crate) const PYTHON: Package = Package {
    name: "python3-venv",
    programs: &["python3"],
    proof: &["python3", "-c", "import ensurepip, venv"],
    why: "to try the Python bot of docs/protocol.md",
};

/// Makes sure that all of them are there. Asks on a terminal; elsewhere says what to install.
pub(crate) fn require(wanted: &[Package]) -> Result<()> {
    let missing: Vec<Package> = wanted.iter().copied().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        println!("{} is missing; it is needed {}.", package.name, package.why);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    if place::find_program(&["apt-get"]).is_none() {
        bail!(
            "install {} with this system's package manager, then try again",
            names.join(" and ")
        );
    }
    let line = format!("apt-get install --no-install-recommends {}", names.join(" "));
    let unasked = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    let wanted = unasked || (std::io::stdin().is_terminal() && agreed(&line)?);
    if !wanted {
        bail!("as root, run: {line}");
    }
    install(&names)?;
    match missing.iter().find(|package| is_missing(package)) {
        None => Ok(()),
        Some(package) => bail!(
            "{} was installed, but none of its programs {:?} is found, or it does not work: {}",
            package.name,
            package.programs,
            package.proof.join(" ")
        ),
    }
}

fn is_missing(package: &Package) -> bool {
    place::find_program(package.programs).is_none() || !is_proved(package.proof)
}

fn is_proved(proof: &[&str]) -> bool {
    let Some((program, words)) = proof.split_first() else {
        return true;
    };
    let asked = Command::new(program).args(words).output();
    asked.is_ok_and(|said| said.status.success())
}

/// Asks on the terminal; only a plain yes is one.
fn agreed(line: &str) -> Result<bool> {
    print!("Run `{line}` now? [y/N] ");
    std::io::stdout().flush()?;
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).ok();
        tell.send(answer).ok();
    });
    let answer = stop::wait_for(Duration::from_secs(600), || told.try_recv().ok()).unwrap_or_default();
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn install(names: &[&str]) -> Result<()> {
    println!("Installing {} …", names.join(", "));
    command::shown_run(apt_get().args(["update", "-qq"]))?;
    command::shown_run(
        apt_get()
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(names),
    )
}

/// `apt-get` with the rights it needs: as we are when we are root, else through sudo.
fn apt_get() -> Command {
    let mut command = match is_root() || place::find_program(&["sudo"]).is_none() {
        true => Command::new("apt-get"),
        false => {
            let mut sudo = Command::new("sudo");
            sudo.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            sudo
        }
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Whether this process runs as root: servers then want to be told as whom to run.
pub(crate) fn is_root() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
    }
    #[cfg(not(unix))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_package_shows_that_it_is_there() {
        let shell = Package {
            name: "shell",
            programs: &["no-such-program", "sh"],
            proof: &["sh", "-c", "exit 0"],
            why: "",
        };
        let broken = Package {
            proof: &["sh", "-c", "exit 1"],
            ..shell
        };
        let nothing = Package {
            name: "nothing",
            programs: &["no-such-program"],
            proof: &[],
            why: "",
        };
        assert!(!is_missing(&shell));
        assert!(is_missing(&nothing));
        assert!(is_missing(&broken), "it is there but does not work");
        assert!(require(&[shell]).is_ok());
    }
}
