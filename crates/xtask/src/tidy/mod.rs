//! The rules of the house that a program can check. A rule is a pure function from the files to complaints, and every
//! complaint says what to do.

mod crates;
mod files;
mod links;
mod page;
mod settings;
mod source;
mod tree;
mod walls;
mod words;

use crate::checks::Tally;
use tree::Tree;

/// A rule's name, and what it finds wrong.
type Rule = (&'static str, fn(&Tree) -> Vec<String>);

const RULES: &[Rule] = &[
    ("slices look down, and only through front doors", walls::check),
    (
        "every file says in its first line what lives there",
        files::first_lines,
    ),
    ("files stay short", files::lengths),
    ("no paths of one machine", files::machine_paths),
    ("both migration folders hold the same list", files::migrations),
    ("every outside crate has a reason", crates::reasons),
    ("crates take their versions from the workspace", crates::versions),
    ("the npm lock file names no addresses", crates::npm_lock),
    ("links in the documents lead somewhere", links::check),
    (
        "the documented settings are those of the code",
        settings::documented,
    ),
    ("tasks are started by Tasks", source::spawns),
    ("lints are expected with a reason, never allowed", source::allows),
    ("time, chance and environment come from platform", source::clocks),
    ("a .std file imports no .dom file", page::suffixes),
    ("TypeScript has no any and no ignored errors", page::escapes),
    ("templates and views hold no words of their own", words::literals),
    ("every word that is asked for exists", words::missing),
    ("every word of the catalogue is used", words::unused),
];

/// Tries every rule on the repository and prints what is wrong. One rule counts as one test.
pub(crate) fn check_repository() -> Tally {
    let tree = match Tree::of_repository() {
        Ok(tree) => tree,
        Err(error) => {
            println!("{error:#}");
            return Tally {
                passed: 0,
                failed: RULES.len() as u64,
            };
        }
    };
    let mut sum = Tally::default();
    for (name, rule) in RULES {
        let complaints = rule(&tree);
        if complaints.is_empty() {
            sum.add(Tally::success());
            continue;
        }
        println!("   not so: {name}");
        for complaint in complaints {
            println!("     {complaint}");
        }
        sum.add(Tally::failure());
    }
    println!("   {}", files::median(&tree));
    sum
}

/// What a rule says of these files.
#[cfg(test)]
fn complaints(rule: fn(&Tree) -> Vec<String>, files: &[(&str, &str)]) -> Vec<String> {
    rule(&Tree::of(files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_can_be_read() {
        let tree = Tree::of_repository().unwrap();
        assert!(
            tree.text("Cargo.toml")
                .is_some_and(|text| text.contains("[workspace]"))
        );
        assert!(tree.ending(".rs").count() > 10);
        assert!(tree.files().all(|(path, _)| !path.contains("node_modules")));
    }
}
