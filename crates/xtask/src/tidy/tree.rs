//! The text files of the repository: those that git has or would take.

use crate::{command, place};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::process::Command;

/// Paths from the root, with forward slashes, and what stands in each file.
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the repository. A file that is no text is there, but empty.
    pub(crate) fn of_repository() -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(place::root());
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let list = command::output(&mut git).context("tidy asks git for the list of files")?;
        let read = |path: &str| {
            let bytes = std::fs::read(place::root().join(path)).ok()?; // gone, but git has not been told yet
            Some((path.to_owned(), String::from_utf8(bytes).unwrap_or_default()))
        };
        Ok(Self {
            files: list
                .split('\0')
                .filter(|path| !path.is_empty())
                .filter_map(read)
                .collect(),
        })
    }

    /// A tree for tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self {
            files: files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files whose paths end so.
    pub(crate) fn ending<'t>(&'t self, end: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.files().filter(move |(path, _)| path.ends_with(end))
    }

    /// The files below this folder.
    pub(crate) fn below<'t>(&'t self, folder: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.files().filter(move |(path, _)| path.starts_with(folder))
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}

/// The lines of a Rust file that are neither comments nor in its own tests, with their numbers from 1.
pub(crate) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..tests]
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_tests_are_no_code() {
        let text = "//! why\nfn a() {}\n    // not\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(code_lines(text).collect::<Vec<_>>(), [(2, "fn a() {}")]);
    }
}
