//! The built page: `npm ci` and the UI's build, only when its sources have changed since the last time.

use crate::{command, place};
use anyhow::{Context, Result, bail};
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders of the UI that hold no sources.
const NOT_SOURCES: [&str; 3] = ["node_modules", "dist", "test-results"];

/// Builds the page if its sources are newer than the built one; says so when it does.
pub(crate) fn build_if_changed() -> Result<()> {
    let fingerprint = fingerprint()?;
    let stamp = stamp();
    if fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint) {
        return Ok(());
    }
    install_if_changed()?;
    println!("Building the page …");
    run(npm(&["run", "build"]))?;
    fs::write(&stamp, fingerprint).context("could not write into ui/dist after the page's build")
}

/// `npm ci` if the lock file has changed since the last one.
pub(crate) fn install_if_changed() -> Result<()> {
    let lock = fs::read_to_string(place::ui().join("package-lock.json")).context("ui/package-lock.json")?;
    let stamp = place::ui().join("node_modules/.talkhub-lock");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == lock) {
        return Ok(());
    }
    println!("Installing what the page is made with (npm ci) …");
    run(npm(&["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock).context("could not write into ui/node_modules after npm ci")
}

/// Marks the present page as built from the present sources; for callers that ran the build themselves.
pub(crate) fn mark_built() -> Result<()> {
    Ok(fs::write(stamp(), fingerprint()?)?)
}

/// Beside Vite's manifest: not among the files that are served.
fn stamp() -> PathBuf {
    place::ui().join("dist/.vite/sources")
}

/// An npm command in the UI's folder.
pub(crate) fn npm(words: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(place::ui()).args(words).env("NO_COLOR", "1");
    command.env("npm_config_update_notifier", "false");
    command
}

/// Says what to install when Node is missing or too old.
pub(crate) fn require_node() -> Result<()> {
    let version = Command::new("node").arg("--version").output();
    let version = version.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    match version.as_deref().map(major) {
        Ok(Some(number)) if 20 <= number => Ok(()),
        Ok(_) => bail!(
            "Node {} is too old to build the page: install Node 20 or newer",
            version.unwrap_or_default()
        ),
        Err(_) => bail!("the page is built with Node, which is missing: install Node 20 or newer with npm"),
    }
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn run(mut command: Command) -> Result<()> {
    require_node()?;
    let ended = command::captured(&mut command)?;
    if ended.status.success() {
        return Ok(());
    }
    bail!("{}\n{} failed", ended.said, command::shown(&command))
}

/// A digest over every source of the page, its lock file, and the words and common passwords that go into it.
fn fingerprint() -> Result<String> {
    let mut files = Vec::new();
    collect(&place::ui(), &mut files)?;
    collect(&place::root().join("crates/talkhub-client/words"), &mut files)?;
    files.push(place::root().join("crates/talkhub-client/src/accounts/common_passwords.txt"));
    files.sort();
    let mut digest = DefaultHasher::new();
    for file in files {
        file.strip_prefix(place::root())
            .unwrap_or(&file)
            .hash(&mut digest);
        fs::read(&file)?.hash(&mut digest);
    }
    Ok(format!("{:016x}\n", digest.finish()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && !NOT_SOURCES.contains(&name.as_str()) {
            collect(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("20"), None);
    }

    #[test]
    fn sources_are_found_and_built_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["src/a.ts", "dist/a.js", "node_modules/b/c.js", "package.json"] {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let mut files = Vec::new();
        collect(folder.path(), &mut files).unwrap();
        files.sort();
        let names: Vec<_> = files
            .iter()
            .map(|file| file.strip_prefix(folder.path()).unwrap())
            .collect();
        assert_eq!(names, [Path::new("package.json"), Path::new("src/a.ts")]);
    }
}
