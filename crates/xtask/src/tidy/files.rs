//! Rules about files as such: first lines, lengths, paths of one machine, the two lists of migrations.

use super::tree::Tree;

/// The most lines that a file may have.
const MOST_LINES: usize = 400;

/// Longer files, each with the reason why it is not cut.
const LONG: &[(&str, &str)] = &[];

pub(crate) fn first_lines(tree: &Tree) -> Vec<String> {
    let starts: [(&str, &[&str]); 7] = [
        (".rs", &["//! "]),
        (".ts", &["// "]),
        (".tsx", &["// "]),
        (".mjs", &["// ", "#!"]),
        (".css", &["/* "]),
        (".sql", &["-- "]),
        (".ftl", &["# ", "## ", "### "]),
    ];
    let mut complaints = Vec::new();
    for (end, allowed) in starts {
        for (path, text) in tree.ending(end) {
            let first = text.lines().next().unwrap_or_default();
            if !allowed.iter().any(|start| first.starts_with(start)) {
                complaints.push(format!(
                    "{path}:1: begin with one line `{}…` that says what lives here",
                    allowed[0]
                ));
            }
        }
    }
    complaints
}

pub(crate) fn lengths(tree: &Tree) -> Vec<String> {
    longer_than_reasoned(tree, LONG)
}

fn longer_than_reasoned(tree: &Tree, reasoned: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, lines) in sources(tree).filter(|(_, lines)| MOST_LINES < *lines) {
        if reasoned.iter().all(|(long, _)| *long != path) {
            complaints.push(format!(
                "{path} has {lines} lines: cut it, or give the reason in LONG of files.rs"
            ));
        }
    }
    for (path, _) in reasoned {
        if tree
            .text(path)
            .is_none_or(|text| text.lines().count() <= MOST_LINES)
        {
            complaints.push(format!(
                "{path} is no longer a long file: take it out of LONG of files.rs"
            ));
        }
    }
    complaints
}

/// Files that people write and read.
fn sources(tree: &Tree) -> impl Iterator<Item = (&str, usize)> {
    let ends = [".rs", ".ts", ".tsx", ".mjs", ".css", ".html"];
    tree.files()
        .filter(move |(path, _)| ends.iter().any(|end| path.ends_with(end)) && !path.contains(".gen."))
        .map(|(path, text)| (path, text.lines().count()))
}

/// A note for reviewers: how long files are.
pub(crate) fn median(tree: &Tree) -> String {
    let mut lengths: Vec<usize> = sources(tree).map(|(_, lines)| lines).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    let longest = lengths.last().copied().unwrap_or_default();
    format!(
        "{} sources, half of them under {median} lines, the longest {longest}",
        lengths.len()
    )
}

pub(crate) fn machine_paths(tree: &Tree) -> Vec<String> {
    // In two parts each, so that this file does not find itself.
    let homes = ["root", "work", "home"].map(|name| format!("/{name}/"));
    let mut complaints = Vec::new();
    for (path, text) in tree.files() {
        for (number, line) in text.lines().enumerate() {
            if homes.iter().any(|home| names_folder(line, home)) {
                complaints.push(format!(
                    "{path}:{}: this path exists on one machine only: write it from the repository's root",
                    number + 1
                ));
            }
        }
    }
    complaints
}

/// Whether the line has this folder as the start of a path, not in the middle of a longer one or of an address.
fn names_folder(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-~/*}".contains(c))
    })
}

pub(crate) fn migrations(tree: &Tree) -> Vec<String> {
    let names = |folder: &str| -> Vec<String> {
        tree.below(folder)
            .map(|(path, _)| path[folder.len()..].to_owned())
            .collect()
    };
    let (sqlite, mysql) = (names("migrations/sqlite/"), names("migrations/mysql/"));
    let mut complaints = Vec::new();
    for (here, other, others) in [(&sqlite, "mysql", &mysql), (&mysql, "sqlite", &sqlite)] {
        for name in here.iter().filter(|name| !others.contains(name)) {
            complaints.push(format!(
                "migrations/{other}/{name} is missing: both databases get the same steps"
            ));
        }
    }
    let number = |name: &String| name.split(['_', '/']).next().unwrap_or_default().to_owned();
    let mut numbers: Vec<String> = sqlite
        .iter()
        .filter(|name| name.ends_with(".sql") && !name.contains('/'))
        .map(number)
        .collect();
    numbers.sort();
    if let Some(pair) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
        complaints.push(format!(
            "two migrations have the number {}: give the newer one the next number",
            pair[0]
        ));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    #[test]
    fn a_file_says_what_lives_in_it() {
        let found = complaints(
            first_lines,
            &[
                ("a.rs", "use x;\n"),
                ("b.rs", "//! B.\n"),
                ("c.css", "a {}\n"),
                ("d.ts", "// D.\n"),
                ("e.tsx", ""),
            ],
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(
            found[0],
            "a.rs:1: begin with one line `//! …` that says what lives here"
        );
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let (long, short) = ("x\n".repeat(401), "x\n".repeat(400));
        let tree = Tree::of(&[
            ("a.rs", &long),
            ("b.rs", &short),
            ("c.gen.std.ts", &long),
            ("d.md", &long),
        ]);
        let found = longer_than_reasoned(&tree, &[]);
        assert_eq!(
            found,
            ["a.rs has 401 lines: cut it, or give the reason in LONG of files.rs"]
        );
    }

    #[test]
    fn a_reason_that_is_no_longer_needed_goes() {
        let long = "x\n".repeat(401);
        let tree = Tree::of(&[("list.rs", &long), ("cut.rs", "x\n")]);
        let reasoned = [("list.rs", "a list"), ("cut.rs", "was a list")];
        let found = longer_than_reasoned(&tree, &reasoned);
        assert_eq!(
            found,
            ["cut.rs is no longer a long file: take it out of LONG of files.rs"]
        );
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let bad = format!("cd /{}/main\n", "work");
        let good = "see crates/talkhub-client/src/messages/work/ and https://example.org/home/\n";
        let found = complaints(machine_paths, &[("a.md", &bad), ("b.md", good)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a.md:1: "));
    }

    #[test]
    fn both_databases_get_the_same_steps() {
        let found = complaints(
            migrations,
            &[
                ("migrations/sqlite/001_people.sql", ""),
                ("migrations/sqlite/002_rooms.sql", ""),
                ("migrations/mysql/001_people.sql", ""),
            ],
        );
        assert_eq!(
            found,
            ["migrations/mysql/002_rooms.sql is missing: both databases get the same steps"]
        );
        let doubled = [
            ("migrations/sqlite/001_a.sql", ""),
            ("migrations/sqlite/001_b.sql", ""),
            ("migrations/mysql/001_a.sql", ""),
            ("migrations/mysql/001_b.sql", ""),
        ];
        assert_eq!(
            complaints(migrations, &doubled),
            ["two migrations have the number 001: give the newer one the next number"]
        );
    }
}
