//! Rules about documented settings: the table in `docs/configuration.md` is the list in the logic server's code.

use super::tree::{Tree, code_lines};
use std::collections::BTreeMap;

const LIST: &str = "crates/talkhub-client/src/platform/config/settings.rs";
const PAGE: &str = "docs/configuration.md";
const TITLE: &str = "## Logic server";

pub(crate) fn documented(tree: &Tree) -> Vec<String> {
    let (Some(list), Some(page)) = (tree.text(LIST), tree.text(PAGE)) else {
        return vec![format!("{PAGE} or {LIST} is missing: this rule compares them")];
    };
    let (settings, rows) = (settings(list), rows(page));
    let mut complaints = Vec::new();
    for (name, default) in &settings {
        match rows.get(name.as_str()) {
            None => complaints.push(format!(
                "{PAGE}: add a row for {name} (default {default:?}) under \"{TITLE}\""
            )),
            Some(written) if written != default => {
                complaints.push(format!(
                    "{PAGE}: the default of {name} is {default:?}, not {written:?}"
                ));
            }
            Some(_) => {}
        }
    }
    for name in rows.keys().filter(|name| !settings.contains_key(**name)) {
        complaints.push(format!("{PAGE}: there is no setting {name}: remove its row"));
    }
    complaints
}

/// Names and defaults from the code: `setting("NAME", "default", …)`. A default that is no literal is a constant whose
/// value is not for the table.
fn settings(list: &str) -> BTreeMap<String, String> {
    let code: String = code_lines(list).map(|(_, line)| line.trim()).collect();
    let mut found = BTreeMap::new();
    for part in code.split("setting(\"").skip(1) {
        let Some((name, rest)) = part.split_once("\",") else {
            continue;
        };
        let default = rest
            .trim_start()
            .strip_prefix('"')
            .and_then(|rest| rest.split('"').next());
        found.insert(name.to_owned(), default.unwrap_or_default().to_owned());
    }
    found
}

/// Names and defaults from the table: `| `NAME` | `default` | … |`, in the logic server's half of the page.
fn rows(page: &str) -> BTreeMap<&str, &str> {
    let half = page.split_once(TITLE).map_or("", |(_, after)| after);
    let half = half.split("\n## ").next().unwrap_or_default();
    let row = |line: &'_ str| -> Option<(usize, usize, usize, usize)> {
        let cell = |from: usize| -> Option<(usize, usize)> {
            let start = from + line[from..].find('|')? + 1;
            Some((start, start + line[start..].find('|')?))
        };
        let (name_start, name_end) = cell(0)?;
        let (start, end) = cell(name_end)?;
        Some((name_start, name_end, start, end))
    };
    let plain = |text: &'_ str| -> (usize, usize) {
        let trimmed = text.trim().trim_matches('`');
        let start = text.find(trimmed).unwrap_or(0);
        (start, start + trimmed.len())
    };
    let mut found = BTreeMap::new();
    for line in half.lines().filter(|line| line.starts_with("| `")) {
        let Some((a, b, c, d)) = row(line) else { continue };
        let (name, default) = (&line[a..b], &line[c..d]);
        let ((from, to), (start, end)) = (plain(name), plain(default));
        found.insert(&name[from..to], &default[start..end]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    const CODE: &str = "//! x\nsetting(\"TALKHUB_BIND\", \"127.0.0.1:8000\", Text, \"Where.\"),\nsetting(\n    \"TALKHUB_LOG\",\n    \"info\",\n    Text,\n    \"What.\",\n),\nsetting(\"TALKHUB_RELAY_SECRET\", SECRET, Kind::Secret, \"Shared.\"),\n";

    fn check(page: &str) -> Vec<String> {
        complaints(documented, &[(LIST, CODE), (PAGE, page)])
    }

    #[test]
    fn the_table_is_the_list() {
        let good = "# C\n## Logic server\n| setting | default | meaning |\n|---|---|---|\n| `TALKHUB_BIND` | `127.0.0.1:8000` | where |\n| `TALKHUB_LOG` | `info` | what |\n| `TALKHUB_RELAY_SECRET` | | shared |\n\n## Relay\n| `other` | `1` | x |\n";
        assert!(check(good).is_empty(), "{:?}", check(good));
        let bad = "## Logic server\n| `TALKHUB_BIND` | `0.0.0.0:80` | where |\n| `TALKHUB_RELAY_SECRET` | | shared |\n| `TALKHUB_SPEED` | `9` | x |\n";
        assert_eq!(
            check(bad),
            [
                "docs/configuration.md: the default of TALKHUB_BIND is \"127.0.0.1:8000\", not \"0.0.0.0:80\"",
                "docs/configuration.md: add a row for TALKHUB_LOG (default \"info\") under \"## Logic server\"",
                "docs/configuration.md: there is no setting TALKHUB_SPEED: remove its row",
            ]
        );
    }
}
