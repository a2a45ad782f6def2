//! Rules about the page's TypeScript: what a file's ending says it may touch, and no way around the types.

use super::tree::Tree;

const SOURCES: &str = "crates/talkhub-client/ui/src/";

pub(crate) fn suffixes(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in scripts(tree) {
        let is_std = path.ends_with(".std.ts");
        let is_named = is_std
            || [".dom.ts", ".dom.tsx", ".test.ts", ".test.tsx", ".d.ts"]
                .iter()
                .any(|end| path.ends_with(end));
        if !is_named {
            complaints.push(format!(
                "{path}: end its name with .std.ts (language only) or .dom.ts(x) (may use the page)"
            ));
        }
        if !is_std {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if imported(line).is_some_and(|from| from.contains(".dom")) {
                complaints.push(format!(
                    "{path}:{}: a .std file imports no .dom file: hand in what it needs, or rename it",
                    number + 1
                ));
            }
        }
    }
    complaints
}

pub(crate) fn escapes(tree: &Tree) -> Vec<String> {
    let ways = [
        (": any", "take `unknown` and parse it"),
        ("as any", "take `unknown` and parse it"),
        ("<any>", "take `unknown` and parse it"),
        ("@ts-ignore", "repair the type"),
        ("@ts-nocheck", "repair the type"),
        ("innerHTML", "build nodes; the page trusts no markup"),
        ("!important", "use a layer"),
    ];
    let files = tree
        .below(SOURCES)
        .filter(|(path, _)| [".ts", ".tsx", ".css"].iter().any(|end| path.ends_with(end)));
    let mut complaints = Vec::new();
    for (path, text) in files.filter(|(path, _)| !path.contains(".test.")) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
            if let Some((what, instead)) = ways.iter().find(|(what, _)| contains_word(line, what)) {
                complaints.push(format!(
                    "{path}:{}: `{}`: {instead}",
                    number + 1,
                    what.trim_start_matches(": ")
                ));
            }
        }
    }
    complaints
}

fn scripts(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.below(SOURCES)
        .filter(|(path, _)| path.ends_with(".ts") || path.ends_with(".tsx"))
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with('*') || line.starts_with("/*")
}

/// Whether it stands there and is not the start of a longer word.
fn contains_word(line: &str, what: &str) -> bool {
    line.match_indices(what)
        .any(|(at, _)| !line[at + what.len()..].starts_with(|c: char| c.is_alphanumeric()))
}

/// The module that an import or export line names.
fn imported(line: &str) -> Option<&str> {
    let quoted = |rest: &'_ str| -> Option<(usize, usize)> {
        let start = rest.find(['"', '\''])? + 1;
        Some((start, start + rest[start..].find(['"', '\''])?))
    };
    let at = [" from ", "import "]
        .iter()
        .find_map(|word| line.find(word).map(|at| at + word.len()))?;
    let rest = &line[at..];
    let (start, end) = quoted(rest)?;
    Some(&rest[start..end])
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    fn file(name: &str) -> String {
        format!("{SOURCES}messages/{name}")
    }

    #[test]
    fn a_std_file_stays_away_from_the_page() {
        let (state, view, plain) = (file("state.std.ts"), file("view.dom.tsx"), file("plain.ts"));
        let found = complaints(
            suffixes,
            &[
                (
                    &state,
                    "// x\nimport { show } from \"./view.dom\";\nimport { a } from \"./a.std\";\n",
                ),
                (&view, "// x\nimport { b } from \"./b.dom\";\n"),
                (&plain, "// x\n"),
            ],
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with(&format!("{plain}: end its name with")));
        assert!(found[1].starts_with(&format!("{state}:2: a .std file imports no .dom file")));
    }

    #[test]
    fn there_is_no_way_around_the_types() {
        let (state, test) = (file("state.std.ts"), file("state.test.ts"));
        let text = "// any\nfunction f(x: any) {}\nconst anyone: anything = 1;\nnode.innerHTML = x;\n";
        let found = complaints(escapes, &[(&state, text), (&test, text)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains(":2: `any`: take `unknown` and parse it"));
        assert!(found[1].contains(":4: `innerHTML`"));
    }
}
