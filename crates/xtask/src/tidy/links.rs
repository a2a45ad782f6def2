//! A rule about documents: every link to a file of the repository leads to one.

use super::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in tree.ending(".md") {
        for (number, line) in text.lines().enumerate() {
            for target in targets(line) {
                if !leads_somewhere(tree, path, target) {
                    complaints.push(format!(
                        "{path}:{}: {target} is not there: repair the link",
                        number + 1
                    ));
                }
            }
        }
    }
    complaints
}

/// What stands in `](…)`, without links to other places and to places within a page.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = links.map(|link| link.split('#').next().unwrap_or_default());
    files.filter(|file| !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:"))
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let mut place: Vec<&str> = from.split('/').collect();
    place.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                place.pop();
            }
            name => place.push(name),
        }
    }
    let place = place.join("/");
    tree.text(&place).is_some() || tree.below(&format!("{place}/")).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    #[test]
    fn links_lead_to_files_and_folders_from_where_they_stand() {
        let good =
            "[a](../README.md#top) [b](protocol.md) [c](https://example.org/x.md) [d](#here) ![e](../Pics/)";
        let bad = "[a](README.md)\n![](../Pics/9.png)";
        let files = [
            ("README.md", ""),
            ("docs/protocol.md", ""),
            ("Pics/1.png", ""),
            ("docs/a.md", good),
            ("docs/b.md", bad),
        ];
        assert_eq!(
            complaints(check, &files),
            [
                "docs/b.md:1: README.md is not there: repair the link",
                "docs/b.md:2: ../Pics/9.png is not there: repair the link"
            ]
        );
    }
}
