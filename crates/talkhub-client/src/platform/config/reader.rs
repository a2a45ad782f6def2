//! Layers of values by name, and how a value becomes a type.

use super::BadSetting;
use super::settings::{Kind, SETTINGS, Setting};
use shared_protocol::origin;
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// The values in force, by the name of the environment variable.
pub(super) struct Reader {
    values: HashMap<&'static str, String>,
    warnings: Vec<String>,
}

const DEFAULT_FILE: &str = "talkhub.toml";

impl Reader {
    pub(super) fn new(file: Option<&Path>, variables: Vec<(String, String)>) -> Result<Self, BadSetting> {
        let mut warnings = Vec::new();
        let mut values: HashMap<&'static str, String> = SETTINGS
            .iter()
            .map(|setting| (setting.name, setting.default.to_owned()))
            .collect();
        for (key, value) in from_file(file)? {
            let setting = SETTINGS.iter().find(|setting| key_of(setting) == key);
            let unknown = || {
                BadSetting(format!(
                    "talkhub.toml: {key} is no setting{}",
                    suggestion(&key, key_of)
                ))
            };
            values.insert(setting.ok_or_else(unknown)?.name, value);
        }
        for (name, value) in variables {
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
                values.insert(setting.name, value);
            } else if let Some(setting) = secret_file(&name) {
                let text = std::fs::read_to_string(&value).map_err(|error| {
                    BadSetting(format!(
                        "{name} is \"{value}\": the file cannot be read ({error})"
                    ))
                })?;
                values.insert(setting.name, text.trim_end_matches(['\r', '\n']).to_owned());
            } else if name.starts_with("TALKHUB_")
                && !name.starts_with("TALKHUB_RELAY_")
                && !name.starts_with("TALKHUB_TEST_")
            {
                warnings.push(format!(
                    "{name} is no setting{}",
                    suggestion(&name, |setting| setting.name.to_owned())
                ));
            }
        }
        Ok(Self { values, warnings })
    }

    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn text(&self, name: &'static str) -> String {
        self.values
            .get(name)
            .cloned()
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// What `config print` shows.
    pub(super) fn shown(&self, setting: &Setting) -> String {
        let value = self.text(setting.name);
        match setting.kind {
            Kind::Secret if value == setting.default => "(not set)".to_owned(),
            Kind::Secret => "(set)".to_owned(),
            Kind::Hidden if value.is_empty() => String::new(),
            Kind::Hidden => crate::platform::db::Place::parse(&value)
                .map_or("(not valid)".to_owned(), |place| place.to_string()),
            _ => value,
        }
    }

    pub(super) fn bad(&self, name: &'static str, allowed: &str) -> BadSetting {
        let value: String = self.text(name).chars().take(80).collect();
        BadSetting(format!("{name} is {value:?}: expected {allowed}"))
    }

    /// For values that may hold a password.
    pub(super) fn bad_hidden(&self, name: &'static str, allowed: &str) -> BadSetting {
        BadSetting(format!("{name} cannot be used: {allowed}"))
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &'static str, allowed: &str) -> Result<T, BadSetting> {
        self.text(name).parse().map_err(|_| self.bad(name, allowed))
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, BadSetting> {
        match self.text(name).to_lowercase().as_str() {
            "on" | "true" | "1" | "yes" => Ok(true),
            "off" | "false" | "0" | "no" => Ok(false),
            _ => Err(self.bad(name, "on or off")),
        }
    }

    pub(super) fn is_on(&self, name: &'static str) -> bool {
        self.flag(name).unwrap_or(false)
    }

    pub(super) fn choice(&self, name: &'static str, allowed: &[&'static str]) -> Result<String, BadSetting> {
        let value = self.text(name);
        if allowed.contains(&value.as_str()) {
            return Ok(value);
        }
        Err(self.bad(name, &allowed.join(" or ")))
    }

    pub(super) fn number(&self, name: &'static str) -> Result<u64, BadSetting> {
        let range = SETTINGS
            .iter()
            .find(|setting| setting.name == name)
            .map(|setting| setting.kind);
        let Some(Kind::Number(low, high)) = range else {
            return Err(self.bad(name, "a setting that is a number"));
        };
        let value: Option<u64> = self.text(name).parse().ok();
        value
            .filter(|value| (low..=high).contains(value))
            .ok_or_else(|| self.bad(name, &format!("a whole number from {low} to {high}")))
    }

    pub(super) fn seconds(&self, name: &'static str) -> Result<Duration, BadSetting> {
        self.number(name).map(Duration::from_secs)
    }

    pub(super) fn millis(&self, name: &'static str) -> Result<Duration, BadSetting> {
        self.number(name).map(Duration::from_millis)
    }

    /// `http://host[:port]` or `https://…`, without a path. Empty: none.
    pub(super) fn origin(&self, name: &'static str) -> Result<Option<String>, BadSetting> {
        let value = self.text(name);
        if value.is_empty() {
            return Ok(None);
        }
        origin::parse(&value)
            .map(Some)
            .ok_or_else(|| self.bad(name, ORIGIN))
    }

    pub(super) fn origins(&self, name: &'static str) -> Result<Vec<String>, BadSetting> {
        let value = self.text(name);
        let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| origin::parse(part).ok_or_else(|| self.bad(name, ORIGIN)))
            .collect()
    }

    pub(super) fn addresses(&self, name: &'static str) -> Result<Vec<IpAddr>, BadSetting> {
        let value = self.text(name);
        let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                part.parse()
                    .map_err(|_| self.bad(name, "IP addresses separated by commas"))
            })
            .collect()
    }

    pub(super) fn user_ids(&self, name: &'static str) -> Result<RangeInclusive<i64>, BadSetting> {
        let allowed = "two 10-digit numbers such as 1000000000-9999999999, the first the smaller one";
        let value = self.text(name);
        let (low, high) = value.split_once('-').ok_or_else(|| self.bad(name, allowed))?;
        let number = |text: &str| {
            text.parse::<shared_protocol::UserId>()
                .map(shared_protocol::UserId::number)
        };
        match (number(low), number(high)) {
            (Ok(low), Ok(high)) if low <= high => Ok(low..=high),
            _ => Err(self.bad(name, allowed)),
        }
    }
}

const ORIGIN: &str = "http://host:port or https://host, without a path";

fn from_file(file: Option<&Path>) -> Result<Vec<(String, String)>, BadSetting> {
    let path = match file {
        Some(path) => path,
        None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
        None => return Ok(Vec::new()),
    };
    let source = config::File::from(path)
        .format(config::FileFormat::Toml)
        .required(true);
    let read = config::Config::builder().add_source(source).build();
    let table = read.and_then(config::Config::try_deserialize::<HashMap<String, config::Value>>);
    let table = table.map_err(|error| BadSetting(format!("{}: {error}", path.display())))?;
    let mut pairs = Vec::new();
    for (key, value) in table {
        let text = value
            .into_string()
            .map_err(|error| BadSetting(format!("{}: {key}: {error}", path.display())))?;
        pairs.push((key, text));
    }
    Ok(pairs)
}

fn key_of(setting: &Setting) -> String {
    setting.name.trim_start_matches("TALKHUB_").to_lowercase()
}

fn secret_file(name: &str) -> Option<&'static Setting> {
    let name = name.strip_suffix("_FILE")?;
    SETTINGS
        .iter()
        .find(|setting| setting.name == name && matches!(setting.kind, Kind::Secret | Kind::Hidden))
}

fn suggestion(name: &str, of: impl Fn(&Setting) -> String) -> String {
    let near = SETTINGS.iter().map(of).min_by_key(|known| distance(name, known));
    match near {
        Some(known) if distance(name, &known) <= 3 => format!("; did you mean {known}?"),
        _ => String::new(),
    }
}

/// How many letters differ (Levenshtein 1966).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let change = before + usize::from(letter != *other);
            before = row[column + 1];
            row[column + 1] = change.min(before + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}
