//! The test programs that cargo has built: which there are, and how one is run.

use super::summary::{self, Tally};
use crate::{command, place, programs};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;

/// One program full of tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestProgram {
    /// The package's folder, where its tests run.
    pub(crate) folder: PathBuf,
    pub(crate) package: String,
    /// The target's name: the crate's, or that of a file or folder in `tests/`.
    pub(crate) target: String,
    /// Whether it stands in `tests/` and sees the crate from outside.
    pub(crate) outside: bool,
    pub(crate) executable: PathBuf,
}

/// Builds every program and every test program of the workspace, once, with one set of features.
pub(crate) fn build() -> Result<Vec<TestProgram>> {
    let mut cargo = programs::cargo();
    cargo.args([
        "build",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--message-format=json-render-diagnostics",
    ]);
    let messages = command::output(&mut cargo)?;
    messages
        .lines()
        .filter_map(|line| parse(line).transpose())
        .collect()
}

/// What cargo says of each thing that it has built.
#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

fn parse(line: &str) -> Result<Option<TestProgram>> {
    let message: Message = serde_json::from_str(line).with_context(|| format!("cargo said {line:?}"))?;
    let is_test =
        message.reason == "compiler-artifact" && message.profile.is_some_and(|profile| profile.test);
    let (Some(executable), Some(target), Some(manifest), true) =
        (message.executable, message.target, message.manifest_path, is_test)
    else {
        return Ok(None);
    };
    let folder = manifest
        .parent()
        .context("a manifest stands in a folder")?
        .to_owned();
    Ok(Some(TestProgram {
        package: folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        folder,
        target: target.name,
        outside: target.kind.iter().any(|kind| kind == "test"),
        executable,
    }))
}

impl TestProgram {
    /// Runs its tests, or those that `words` choose, with these settings; on failure prints what was said.
    pub(crate) fn run(&self, words: &[&str], settings: &[(&str, String)]) -> Result<Tally> {
        let mut command = Command::new(&self.executable);
        command
            .args(words)
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder);
        // Answers in tests are compared, never rewritten.
        command
            .env("INSTA_UPDATE", "no")
            .env("INSTA_WORKSPACE_ROOT", place::root());
        command
            .env_remove("TALKHUB_TEST_DATABASE_URL")
            .env_remove("DATABASE_URL");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let ended = command::captured(&mut command)?;
        let tally = Tally::of_runner(summary::rust(&ended.said), ended.status.success());
        if 0 < tally.failed {
            println!("{}", ended.said);
        }
        if 0 < tally.passed + tally.failed {
            println!(
                "   {} {}: {} passed, {} failed",
                self.package, self.target, tally.passed, tally.failed
            );
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_test_is_recognised() {
        let line = r#"{"reason":"compiler-artifact","package_id":"x","manifest_path":"/repo/crates/talkhub-client/Cargo.toml","target":{"kind":["test"],"crate_types":["bin"],"name":"story","src_path":"/x"},"profile":{"opt_level":"0","test":true},"features":[],"filenames":[],"executable":"/repo/target/debug/deps/story-1","fresh":true}"#;
        let program = parse(line).unwrap().unwrap();
        assert_eq!(
            (program.package.as_str(), program.target.as_str(), program.outside),
            ("talkhub-client", "story", true)
        );
    }

    #[test]
    fn other_messages_are_passed_over() {
        assert_eq!(
            parse(r#"{"reason":"build-finished","success":true}"#).unwrap(),
            None
        );
        assert!(parse("warning: nonsense").is_err());
    }
}
