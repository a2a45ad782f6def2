//! Every word that people read, from Fluent catalogues (projectfluent.org). English first; keys never reach a person.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;

/// A sentence by its key, with what is put into it; turned into text where it leaves the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    key: &'static str,
    values: Vec<(&'static str, Value)>,
}

/// What can be put into a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Number(i64),
}

impl Said {
    pub fn new(key: &'static str) -> Self {
        Self {
            key,
            values: Vec::new(),
        }
    }

    pub fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, Value::Text(value.into())));
        self
    }

    pub fn number(mut self, name: &'static str, value: i64) -> Self {
        self.values.push((name, Value::Number(value)));
        self
    }

    pub fn key(&self) -> &'static str {
        self.key
    }

    /// In the language of `words`.
    pub fn in_words(&self, words: &Words) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in &self.values {
            match value {
                Value::Text(text) => args.set(*name, FluentValue::from(text.as_str())),
                Value::Number(number) => args.set(*name, FluentValue::from(*number)),
            }
        }
        words.format(self.key, Some(&args))
    }
}

/// The languages that there are words in: tag and own name.
pub const LANGUAGES: &[(&str, &str)] = &[("en", "English")];

/// One language's catalogue.
pub struct Words {
    language: &'static str,
    bundle: FluentBundle<FluentResource>,
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::parse("en", include_str!("../../words/en.ftl")));

impl Words {
    pub fn english() -> &'static Self {
        &ENGLISH
    }

    fn parse(language: &'static str, text: &str) -> Self {
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, errors)| {
            tracing::error!(?errors, "The catalogue {language} has lines that cannot be read");
            resource
        });
        let mut bundle = FluentBundle::new_concurrent(vec![language.parse().unwrap_or_default()]);
        bundle.add_resource_overriding(resource);
        // Isolation marks would stand around every value in mails, titles and JSON; pages use <bdi> where they matter.
        bundle.set_use_isolating(false);
        Self { language, bundle }
    }

    pub fn language(&self) -> &'static str {
        self.language
    }

    /// The text of `key`, for templates.
    pub fn get(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The text of `key` with one value in it, for templates.
    pub fn with_text(&self, key: &'static str, name: &'static str, value: &str) -> String {
        Said::new(key).text(name, value).in_words(self)
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!("The catalogue {} lacks {key}", self.language);
            return key.to_owned();
        };
        self.bundle
            .format_pattern(pattern, args, &mut Vec::new())
            .into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_english_catalogue_has_no_broken_line() {
        assert!(FluentResource::try_new(include_str!("../../words/en.ftl").to_owned()).is_ok());
    }

    #[test]
    fn values_stand_in_their_sentence() {
        let words = Words::parse("en", "too-long = { $count } of { $most } characters\n");
        assert_eq!(
            Said::new("too-long")
                .number("count", 10_341)
                .number("most", 10_000)
                .in_words(&words),
            "10341 of 10000 characters"
        );
    }
}
