//! Rules about what comes from outside: crates and npm packages.

use super::tree::Tree;

pub(crate) fn reasons(tree: &Tree) -> Vec<String> {
    let manifest = tree.text("Cargo.toml").unwrap_or_default();
    let mut complaints = Vec::new();
    for (number, line) in section(manifest, "[workspace.dependencies]") {
        let (before, reason) = line.rsplit_once(" # ").unwrap_or((line, ""));
        if reason.trim().is_empty() {
            let name = before.split('=').next().unwrap_or_default().trim();
            complaints.push(format!(
                "Cargo.toml:{number}: say in a comment on the same line why {name} is here"
            ));
        }
    }
    complaints
}

pub(crate) fn versions(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let manifests = tree
        .ending("Cargo.toml")
        .filter(|(path, _)| *path != "Cargo.toml");
    for (path, text) in manifests {
        for name in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
            for (number, line) in section(text, name) {
                if !line.contains("workspace = true") {
                    complaints.push(format!("{path}:{number}: write `.workspace = true`; the version stands in the root's Cargo.toml"));
                }
            }
        }
        if !text.contains("[lints]\nworkspace = true") {
            complaints.push(format!("{path}: add `[lints]` with `workspace = true`"));
        }
    }
    complaints
}

pub(crate) fn npm_lock(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in tree.ending("package-lock.json") {
        if text.contains("\"resolved\":") {
            complaints.push(format!("{path} names download addresses: make it again with `omit-lockfile-registry-resolved=true` in .npmrc"));
        }
    }
    for (path, text) in tree.ending("package.json") {
        let loose = text
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains("\": \"^") && !line.contains("\"node\""));
        if let Some((number, _)) = loose {
            complaints.push(format!("{path}:{}: pin the exact version", number + 1));
        }
    }
    complaints
}

/// The filled lines of one section of a manifest, with their numbers from 1.
fn section<'t>(manifest: &'t str, title: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    manifest
        .lines()
        .enumerate()
        .skip_while(move |(_, line)| line.trim() != title)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
        .filter(|(_, line)| line.contains('=') && !line.trim_start().starts_with('#'))
        .map(|(number, line)| (number + 1, line))
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    #[test]
    fn a_dependency_says_why_it_is_here() {
        let text =
            "[workspace.dependencies]\nserde = \"1\" # JSON\nleft-pad = \"1\"\n\n[profile.dev]\ndebug = 1\n";
        let found = complaints(reasons, &[("Cargo.toml", text)]);
        assert_eq!(
            found,
            ["Cargo.toml:3: say in a comment on the same line why left-pad is here"]
        );
    }

    #[test]
    fn versions_stand_in_one_place() {
        let good = "[dependencies]\nserde.workspace = true\nx = { workspace = true, features = [\"y\"] }\n\n[lints]\nworkspace = true\n";
        let bad = "[dependencies]\nserde = \"1\"\n";
        let found = complaints(
            versions,
            &[("crates/a/Cargo.toml", good), ("crates/b/Cargo.toml", bad)],
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/b/Cargo.toml:2: write `.workspace = true`"));
    }

    #[test]
    fn the_lock_file_has_no_addresses() {
        let found = complaints(
            npm_lock,
            &[("ui/package-lock.json", "{\"resolved\": \"https://x\"}")],
        );
        assert!(found[0].contains("download addresses"), "{found:?}");
        let loose = "{\n\"dependencies\": {\n\"preact\": \"^10.0.0\"\n}}";
        assert_eq!(
            complaints(npm_lock, &[("ui/package.json", loose)]),
            ["ui/package.json:3: pin the exact version"]
        );
    }
}
