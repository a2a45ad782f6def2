//! Who may import what inside the logic server: slices look to their left, and only through the front door.

use super::tree::{Tree, code_lines};

const SOURCES: &str = "crates/talkhub-client/src/";

/// Floors 1 to 3, lowest first. A part uses only what stands before it.
const ORDER: [&str; 12] = [
    "platform",
    "accounts",
    "contacts",
    "conversations",
    "presence",
    "uploads",
    "messages",
    "calls",
    "notifications",
    "search",
    "admin",
    "shell",
];

/// The files of a slice that nobody outside may name.
const INNER: [&str; 5] = ["model", "store", "http", "relay", "work"];

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in tree.below(SOURCES).filter(|(path, _)| path.ends_with(".rs")) {
        let Some((slice, file)) = place_of(path) else {
            continue;
        };
        for (number, line) in statements(text) {
            if let Some(reason) = trespass(slice, file, &line) {
                complaints.push(format!("{path}:{number}: {reason}"));
            }
        }
    }
    let known = |folder: &str| ORDER.contains(&folder);
    for (path, _) in tree.below(SOURCES).filter(|(path, _)| path.ends_with("/mod.rs")) {
        let folder = path[SOURCES.len()..].split('/').next().unwrap_or_default();
        if !known(folder) {
            complaints.push(format!(
                "{path}: `{folder}` has no place in the order of slices: add it in walls.rs"
            ));
        }
    }
    complaints
}

/// The slice and the file (without its ending) that a path stands for. `main.rs` and `lib.rs` may use everything.
fn place_of(path: &str) -> Option<(&str, &str)> {
    let (slice, rest) = path.strip_prefix(SOURCES)?.split_once('/')?;
    let file = rest.split('/').next()?;
    Some((slice, file.strip_suffix(".rs").unwrap_or(file)))
}

/// The code, with every `use` that spans lines joined into one; each with the number of its first line.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in code_lines(text) {
        match joined.last_mut() {
            Some((_, statement)) if open => statement.push_str(line.trim()),
            _ => joined.push((number, line.to_owned())),
        }
        let statement = joined.last().map_or("", |(_, statement)| statement.trim_start());
        let is_use = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
        open = is_use.iter().any(|start| statement.starts_with(start)) && !statement.ends_with(';');
    }
    joined
}

/// Why this line of `slice`'s `file` reaches where it may not; `None` if it does not.
pub(crate) fn trespass(slice: &str, file: &str, line: &str) -> Option<String> {
    paths(line).iter().find_map(|path| {
        let mut parts = path.split("::");
        let (target, inner) = (parts.next()?, parts.next());
        if target == slice {
            across(slice, file, inner?)
        } else {
            beyond(slice, target, inner)
        }
    })
}

/// From one slice into another one, or into another floor.
fn beyond(slice: &str, target: &str, inner: Option<&str>) -> Option<String> {
    let floor = |name: &str| ORDER.iter().position(|known| *known == name);
    let (here, there) = (floor(slice)?, floor(target)?);
    if here < there {
        return Some(format!(
            "{slice} stands below {target} and may not use it: enqueue a Job, or move the code up"
        ));
    }
    let is_slice = 0 < there && there + 1 < ORDER.len();
    let inner = inner.filter(|inner| is_slice && slice != "shell" && INNER.contains(inner))?;
    Some(format!(
        "{target}::{inner} is behind the wall of {target}: use what its mod.rs offers"
    ))
}

/// Inside a slice: model ← store ← mod ← http, relay, work.
fn across(slice: &str, file: &str, inner: &str) -> Option<String> {
    let rank = |name: &str| match name {
        "model" => Some(0),
        "store" => Some(1),
        "mod" => Some(2),
        "http" | "relay" | "work" => Some(3),
        _ => None,
    };
    let here = rank(file).filter(|_| slice != "platform" && slice != "shell")?;
    // A name that is no file of the chain comes from the slice's mod.rs.
    let is_name_of_mod = inner.starts_with(|first: char| first.is_uppercase());
    let there = rank(inner).or(is_name_of_mod.then_some(2))?;
    let good = there < here || inner == file || (here == 2 && there == 2);
    (!good).then(|| format!("{slice}::{file} may not use {inner}: inside a slice it goes model ← store ← mod ← http, relay, work"))
}

/// Every path in this line that starts at `crate::`, with groups in braces spelled out.
fn paths(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        spell(&line[at + "crate::".len()..], "", &mut found);
    }
    found
}

/// Reads one use tree at the start of `rest`, adds its paths, and gives back how many bytes it took.
fn spell(rest: &str, before: &str, found: &mut Vec<String>) -> usize {
    if let Some(group) = rest.strip_prefix('{') {
        let mut at = 1;
        while !rest[at..].starts_with('}') && at < rest.len() {
            let gap = group[at - 1..]
                .find(|c: char| !c.is_whitespace() && c != ',')
                .unwrap_or(0);
            at += gap;
            if rest[at..].starts_with('}') {
                break;
            }
            let taken = spell(&rest[at..], before, found);
            at += taken;
            // Past whatever else stands in this item, such as `as name`.
            at += rest[at..].find([',', '}']).unwrap_or(rest.len() - at);
        }
        return (at + 1).min(rest.len());
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let path = if before.is_empty() {
        rest[..end].to_owned()
    } else {
        format!("{before}::{}", &rest[..end])
    };
    match rest[end..].strip_prefix("::") {
        Some(deeper) if !path.is_empty() => end + 2 + spell(deeper, &path, found),
        _ => {
            found.push(path);
            end.max(usize::from(!rest.is_empty() && end == 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    fn check_line(slice: &str, file: &str, line: &str, want: &str) {
        let got = trespass(slice, file, line).unwrap_or_default();
        assert!(
            got.contains(want) && got.is_empty() == want.is_empty(),
            "{slice}/{file}: {line}: {got:?}"
        );
    }

    #[test]
    fn a_slice_looks_to_its_left() {
        check_line(
            "messages",
            "mod",
            "use crate::search::index;",
            "stands below search",
        );
        check_line("messages", "mod", "use crate::conversations::{Members};", "");
        check_line("messages", "http", "    crate::accounts::find(conn)?", "");
        check_line(
            "platform",
            "db",
            "use crate::accounts::SignedIn;",
            "stands below accounts",
        );
        check_line("admin", "mod", "use crate::shell::run;", "stands below shell");
        check_line("shell", "routes", "use crate::messages::http;", "");
    }

    #[test]
    fn a_slice_goes_by_the_front_door() {
        check_line(
            "messages",
            "mod",
            "use crate::accounts::store::find;",
            "behind the wall of accounts",
        );
        check_line(
            "messages",
            "mod",
            "use crate::{platform::db::DbConn, accounts::{self, store::find}};",
            "behind the wall",
        );
        check_line("messages", "mod", "let x = my_crate::accounts::store::find;", "");
        check_line("messages", "mod", "use crate::platform::relay::Relay;", "");
    }

    #[test]
    fn inside_a_slice_it_goes_one_way() {
        check_line("messages", "store", "use crate::messages::model::Draft;", "");
        check_line(
            "messages",
            "model",
            "use crate::messages::store::find;",
            "may not use store",
        );
        check_line(
            "messages",
            "store",
            "use crate::messages::Sent;",
            "may not use Sent",
        );
        check_line("messages", "http", "use crate::messages::Sent;", "");
        check_line(
            "messages",
            "http",
            "use crate::messages::work::commit;",
            "may not use work",
        );
        check_line(
            "accounts",
            "mod",
            "use crate::accounts::http::show;",
            "may not use http",
        );
        check_line("accounts", "password", "use crate::accounts::model::Name;", "");
    }

    #[test]
    fn groups_in_braces_are_spelled_out() {
        let line = "use crate::{a::{b, c::D as E}, f::*, g};";
        assert_eq!(paths(line), ["a::b", "a::c::D", "f::", "g"]);
    }

    #[test]
    fn a_use_over_several_lines_is_one_statement_and_tests_are_free() {
        let broken = "//! x\nuse crate::{\n    platform::db,\n    search::index,\n};\n";
        let path = "crates/talkhub-client/src/messages/mod.rs";
        let found = complaints(check, &[(path, broken)]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with(&format!("{path}:2: messages stands below search")),
            "{found:?}"
        );

        let in_tests = "//! x\n#[cfg(test)]\nmod tests {\n    use crate::search::index;\n}\n";
        assert!(complaints(check, &[(path, in_tests)]).is_empty());
    }

    #[test]
    fn a_new_slice_needs_a_place() {
        let found = complaints(check, &[("crates/talkhub-client/src/games/mod.rs", "//! x\n")]);
        assert!(found[0].contains("`games` has no place"), "{found:?}");
    }
}
