//! Rules about Rust code: tasks, lints, and where time, chance and environment come from.

use super::tree::{Tree, code_lines};

const CLIENT: &str = "crates/talkhub-client/src/";
const RELAY: &str = "crates/talkhub-relay/src/";

pub(crate) fn spawns(tree: &Tree) -> Vec<String> {
    let started = [
        "tokio::spawn(",
        "tokio::task::spawn(",
        "task::spawn(",
        "actix_web::rt::spawn(",
        "rt::spawn(",
    ];
    let programs = tree
        .files()
        .filter(|(path, _)| path.starts_with(CLIENT) || path.starts_with(RELAY));
    let mut complaints = Vec::new();
    for (path, text) in programs.filter(|(path, _)| path.ends_with(".rs") && !is_tasks(path)) {
        for (number, line) in code_lines(text) {
            if started.iter().any(|start| line.contains(start)) && !is_excused(text, number) {
                complaints.push(format!(
                    "{path}:{number}: start it by Tasks, so that it is stopped with the program"
                ));
            }
        }
    }
    complaints
}

/// Whether the function around this line says why: `#[expect(clippy::disallowed_methods, reason = "…")]`.
fn is_excused(text: &str, number: usize) -> bool {
    let before: Vec<&str> = text.lines().take(number).collect();
    let near = before.len().saturating_sub(10);
    before[near..]
        .iter()
        .any(|line| line.contains("clippy::disallowed_methods"))
}

/// The modules whose business it is to start tasks.
fn is_tasks(path: &str) -> bool {
    path.ends_with("/tasks.rs") || path.contains("/tasks/")
}

pub(crate) fn allows(tree: &Tree) -> Vec<String> {
    let attribute = ["#[al", "#![al"].map(|start| format!("{start}low("));
    let mut complaints = Vec::new();
    for (path, text) in tree.ending(".rs") {
        for (number, line) in text.lines().enumerate() {
            if attribute
                .iter()
                .any(|attribute| line.trim_start().starts_with(attribute))
            {
                complaints.push(format!(
                    "{path}:{}: write #[expect(…, reason = \"…\")]",
                    number + 1
                ));
            }
        }
    }
    complaints
}

pub(crate) fn clocks(tree: &Tree) -> Vec<String> {
    let sources = [
        ("Utc::now", "take the time from Clock"),
        ("SystemTime::now", "take the time from Clock"),
        ("Uuid::now_v7", "let Clock make the id"),
        ("rand::", "take chance from Clock"),
        ("env::var", "read it in Config and hand it over"),
    ];
    let above =
        |path: &str| !path.starts_with("crates/talkhub-client/src/platform/") && !path.ends_with("/main.rs");
    let mut complaints = Vec::new();
    for (path, text) in tree
        .below(CLIENT)
        .filter(|(path, _)| path.ends_with(".rs") && above(path))
    {
        for (number, line) in code_lines(text) {
            if let Some((what, instead)) = sources.iter().find(|(what, _)| names(line, what)) {
                complaints.push(format!("{path}:{number}: {what} outside platform: {instead}"));
            }
        }
    }
    complaints
}

/// Whether the line has this path, not as the end of a longer name.
fn names(line: &str, what: &str) -> bool {
    line.match_indices(what)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    #[test]
    fn tasks_are_started_in_one_place() {
        let spawn = "//! x\nfn a() {\n    tokio::spawn(async {});\n}\n";
        let excused = "//! x\n#[expect(clippy::disallowed_methods, reason = \"it ends the tasks\")]\nfn a() {\n    tokio::spawn(async {});\n}\n";
        let found = complaints(
            spawns,
            &[
                ("crates/talkhub-relay/src/server.rs", excused),
                ("crates/talkhub-client/src/messages/work.rs", spawn),
                ("crates/talkhub-client/src/platform/tasks.rs", spawn),
                ("crates/socket-client/src/lib.rs", spawn),
            ],
        );
        assert_eq!(
            found,
            [
                "crates/talkhub-client/src/messages/work.rs:3: start it by Tasks, so that it is stopped with the program"
            ]
        );
    }

    #[test]
    fn lints_are_expected() {
        let bad = format!("//! x\n#[al{}(dead_code)]\n", "low");
        let found = complaints(
            allows,
            &[
                ("a.rs", &bad),
                ("b.rs", "//! x\n#[expect(dead_code, reason = \"soon\")]\n"),
            ],
        );
        assert_eq!(found, ["a.rs:2: write #[expect(…, reason = \"…\")]"]);
    }

    #[test]
    fn time_chance_and_environment_come_from_platform() {
        let bad =
            "//! x\nlet now = SystemTime::now();\nlet operand::x = 1;\nlet port = std::env::var(\"PORT\");\n";
        let found = complaints(
            clocks,
            &[
                ("crates/talkhub-client/src/accounts/mod.rs", bad),
                ("crates/talkhub-client/src/platform/clock.rs", bad),
            ],
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].ends_with("SystemTime::now outside platform: take the time from Clock"));
        assert!(found[1].ends_with("env::var outside platform: read it in Config and hand it over"));
    }
}
