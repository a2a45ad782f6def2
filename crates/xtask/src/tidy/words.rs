//! Rules about what people read: it stands in the catalogue, every key exists, no key is left over.

use super::tree::{Tree, code_lines};
use std::collections::BTreeSet;

const CLIENT: &str = "crates/talkhub-client/";
const CATALOGUE: &str = "crates/talkhub-client/words/en.ftl";
/// The product's name is the same in every language.
const NAME: &str = "Talkhub";
/// Attributes that people read or hear.
const SPOKEN: [&str; 5] = ["placeholder", "title", "aria-label", "alt", "aria-description"];
/// What asks for a word by its key: the server's code and templates, the page's code.
const ASKING: [&str; 6] = [
    "Said::new(\"",
    "words.get(\"",
    "say(\"",
    "words(\"",
    "word(\"",
    "textOf(\"",
];

pub(crate) fn literals(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in tree.below(CLIENT) {
        let found = if path.contains("/templates/") {
            in_markup(&without_askama(text))
        } else if path.starts_with("crates/talkhub-client/ui/src/")
            && path.ends_with(".tsx")
            && !path.contains(".test.")
        {
            in_jsx(text)
        } else {
            continue;
        };
        for (line, words) in found {
            complaints.push(format!(
                "{path}:{line}: \"{words}\" is read by people: put it into words/en.ftl and ask for its key"
            ));
        }
    }
    complaints
}

pub(crate) fn missing(tree: &Tree) -> Vec<String> {
    let keys = keys(tree);
    let mut complaints = Vec::new();
    for (path, text) in askers(tree) {
        for (number, line) in code_lines(text) {
            for key in asked(line) {
                if !keys.contains(key) && !path.contains(".test.") {
                    complaints.push(format!("{path}:{number}: words/en.ftl has no `{key}`"));
                }
            }
        }
    }
    complaints
}

pub(crate) fn unused(tree: &Tree) -> Vec<String> {
    let catalogue = tree.text(CATALOGUE).unwrap_or_default();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let mut starts: BTreeSet<&str> = BTreeSet::new();
    for (_, text) in askers(tree) {
        named.extend(quoted(text));
        starts.extend(made_up(text));
    }
    let inside =
        |key: &str| catalogue.contains(&format!("{{ {key} }}")) || catalogue.contains(&format!("{{ {key}."));
    keys(tree)
        .into_iter()
        .filter(|key| {
            !named.contains(key) && !starts.iter().any(|start| key.starts_with(start)) && !inside(key)
        })
        .map(|key| format!("{CATALOGUE}: nobody asks for `{key}`: use it or remove it"))
        .collect()
}

/// The keys of the English catalogue.
fn keys(tree: &Tree) -> BTreeSet<&str> {
    let catalogue = tree.text(CATALOGUE).unwrap_or_default();
    let key = |line: &'_ str| -> Option<usize> {
        let (key, _) = line.split_once('=')?;
        let good = key.starts_with(|c: char| c.is_ascii_lowercase()) && !key.trim_end().contains(' ');
        good.then(|| key.trim_end().len())
    };
    catalogue
        .lines()
        .filter_map(|line| key(line).map(|end| &line[..end]))
        .collect()
}

fn askers(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    let ends = [".rs", ".html", ".ts", ".tsx"];
    let asks = move |path: &str| ends.iter().any(|end| path.ends_with(end)) && !path.contains("/tests/");
    tree.below(CLIENT).filter(move |(path, _)| asks(path))
}

/// The keys that this line asks for by name.
fn asked(line: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    for call in ASKING {
        for (at, _) in line.match_indices(call) {
            let before = line[..at].chars().next_back();
            let rest = &line[at + call.len()..];
            let whole = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            if let Some(key) = rest
                .split('"')
                .next()
                .filter(|key| whole && !key.is_empty() && is_key(key))
            {
                keys.push(key);
            }
        }
    }
    keys
}

fn is_key(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Everything that stands in double quotes and looks like a key.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|part| part.len() < 80 && is_key(part))
}

/// The starts of keys that are put together: `problem-${code}` and `problem-{code}` give `problem-`.
fn made_up(text: &str) -> impl Iterator<Item = &str> {
    let holes = text
        .match_indices('{')
        .map(|(at, _)| text[..at].trim_end_matches('$'));
    holes.filter_map(|before| {
        let start = before.rfind(['`', '"'])? + 1;
        let part = &before[start..];
        (part.ends_with('-') && is_key(part)).then_some(part)
    })
}

/// A template without what askama puts in, line breaks kept.
fn without_askama(text: &str) -> String {
    let text = without_attributes(text);
    let mut rest = text.as_str();
    let mut kept = String::new();
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        let close = match &rest[at..at + 2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = rest[at..].find(close).map_or(rest.len(), |end| at + end + 2);
        kept.push_str(&rest[..at]);
        kept.extend(rest[at..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

/// A template without the blocks that stand inside a tag: `…_class` holds classes, `at_…` an attribute.
fn without_attributes(text: &str) -> String {
    let inside_a_tag = |line: &str| {
        let name = line.trim_start().strip_prefix("{% block ")?.split(' ').next()?;
        (name.ends_with("_class") || name.starts_with("at_")).then_some(())
    };
    let kept = text
        .lines()
        .map(|line| if inside_a_tag(line).is_some() { "" } else { line });
    kept.collect::<Vec<_>>().join("\n")
}

/// Words between tags and in spoken attributes of HTML, with their lines.
fn in_markup(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let next = text[at..].find('<').map_or(text.len(), |next| at + next);
        add_if_words(text, at, next, &mut found);
        if text[next..].starts_with("<!--") {
            at = text[next..].find("-->").map_or(text.len(), |end| next + end + 3);
            continue;
        }
        let end = text[next..].find('>').map_or(text.len(), |end| next + end + 1);
        add_spoken(text, next, end, &mut found);
        at = end;
    }
    found
}

/// Words between tags and in spoken attributes of JSX. What stands in braces is code.
fn in_jsx(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    add_spoken(text, 0, text.len(), &mut found);
    for (at, _) in text.match_indices('>') {
        let is_arrow = text[..at].ends_with('=');
        let rest = &text[at + 1..];
        let Some(end) = rest.find(['<', '{']) else {
            continue;
        };
        let between = &rest[..end];
        let code = between.contains(['(', ')', '}', '=', ';', '|', '&', '>', '[', ']', '`', '"']);
        let begins_like_code = between.trim_start().starts_with([',', '.', ':', '?', '/', '*']);
        if !is_arrow && !code && !begins_like_code {
            add_if_words(text, at + 1, at + 1 + end, &mut found);
        }
    }
    found
}

fn add_if_words(text: &str, from: usize, to: usize, found: &mut Vec<(usize, String)>) {
    let words = text[from..to].trim();
    if is_read(words) {
        let start = from + text[from..to].find(words).unwrap_or(0);
        found.push((
            line_of(text, start),
            words.split_whitespace().collect::<Vec<_>>().join(" "),
        ));
    }
}

fn add_spoken(text: &str, from: usize, to: usize, found: &mut Vec<(usize, String)>) {
    for name in SPOKEN {
        let start = format!("{name}=\"");
        for (at, _) in text[from..to].match_indices(&start) {
            let value = from + at + start.len();
            let whole = text[..from + at].ends_with(char::is_whitespace);
            let end = text[value..to].find('"').map_or(to, |end| value + end);
            if whole {
                add_if_words(text, value, end, found);
            }
        }
    }
}

/// Whether a person would read it: letters that are neither an entity nor the product's name.
fn is_read(words: &str) -> bool {
    let mut plain = words.replace(NAME, "");
    while let Some(start) = plain.find('&') {
        let Some(end) = plain[start..].find(';') else {
            break;
        };
        plain.replace_range(start..=start + end, "");
    }
    plain.chars().any(char::is_alphabetic) && !plain.starts_with("<!")
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::super::complaints;
    use super::*;

    fn template(text: &str) -> Vec<String> {
        complaints(
            literals,
            &[("crates/talkhub-client/src/accounts/templates/login.html", text)],
        )
    }

    fn view(text: &str) -> Vec<String> {
        complaints(
            literals,
            &[("crates/talkhub-client/ui/src/messages/view.dom.tsx", text)],
        )
    }

    #[test]
    fn a_template_has_no_words_of_its_own() {
        let good = "<!doctype html>\n<title>Talkhub · {{ words.get(\"login-title\") }}</title>\n{% if a %}<p>{{ b }}</p>{% endif %}<!-- why -->&nbsp;·";
        assert!(template(good).is_empty(), "{:?}", template(good));
        let classes = "{% block body_class %}page page--entry{% endblock %}\n{% block at_profile %} aria-current=\"page\"{% endblock %}\n";
        assert!(template(classes).is_empty());
        assert_eq!(template("{% block title %}Sign in{% endblock %}").len(), 1);
        let bad = "<p>\n  Welcome back\n</p>\n<input placeholder=\"Your name\" name=\"title\">";
        let found = template(bad);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("login.html:2: \"Welcome back\" is read by people"));
        assert!(found[1].contains("\"Your name\""));
    }

    #[test]
    fn a_view_has_no_words_of_its_own() {
        let good = "const a: Map<string, number> = new Map<string, number>();\nconst b = (c: A<B>, d: E<F>) => <p class=\"x\">{say(\"hello\")}</p>;\nif (a > b && c < d) {}\n<span>·</span>";
        assert!(view(good).is_empty(), "{:?}", view(good));
        let bad = "return <button title=\"Send it\">Send</button>;\n<p>\n  Nothing here, yet.\n</p>";
        let found = view(bad);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[2].contains(":3: \"Nothing here, yet.\""), "{found:?}");
    }

    const CODE: &str = "crates/talkhub-client/src/accounts/model.rs";

    #[test]
    fn every_word_that_is_asked_for_exists() {
        let catalogue = (CATALOGUE, "# Words\nname-taken = { $name } is already taken\n");
        let found = complaints(
            missing,
            &[
                catalogue,
                (CODE, "Said::new(\"name-taken\");\nSaid::new(\"name-short\");\n"),
            ],
        );
        assert_eq!(found, [format!("{CODE}:2: words/en.ftl has no `name-short`")]);
    }

    #[test]
    fn no_word_is_left_over() {
        let catalogue = "# Words\nused = a\nleft-over = b\nmade-up-one = c\ninner = d\nouter = { inner } e\n    .attribute = f\n";
        let code = "words.get(\"used\"); words.get(\"outer\"); format!(\"made-up-{code}\");";
        let found = complaints(unused, &[(CATALOGUE, catalogue), (CODE, code)]);
        assert_eq!(
            found,
            [format!(
                "{CATALOGUE}: nobody asks for `left-over`: use it or remove it"
            )]
        );
    }
}
