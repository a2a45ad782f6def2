//! Reading the settings: defaults ← file ← environment, with errors that name setting, value and what is allowed.

use super::Config;
use super::settings::{Kind, PREFIX, Setting, all};
use config::{FileFormat, Source, ValueKind};
use std::collections::HashMap;
use std::path::Path;

/// The file that is read when it exists and no other is named.
pub const DEFAULT_FILE: &str = "talkhub-relay.toml";

/// Settings of the logic server that look like ours; both programs may share one environment.
const OF_THE_LOGIC_SERVER: [&str; 4] = [
    "TALKHUB_RELAY_PUBLIC_URL",
    "TALKHUB_RELAY_LEASE",
    "TALKHUB_RELAY_TIMEOUT",
    "TALKHUB_RELAY_ID_FORGET",
];

/// A setting that cannot be used: one sentence, never with a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub String);

/// The settings, and warnings to be logged.
#[derive(Debug)]
pub struct Read {
    pub config: Config,
    pub warnings: Vec<String>,
}

/// Reads the file (`--config FILE`, or ./talkhub-relay.toml if it is there) and the environment.
pub fn read(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Read, BadConfig> {
    let mut config = Config::default();
    match file {
        Some(file) => apply_file(&mut config, file)?,
        None if Path::new(DEFAULT_FILE).exists() => apply_file(&mut config, Path::new(DEFAULT_FILE))?,
        None => {}
    }
    let warnings = apply_environment(&mut config, environment)?;
    check_whole(&config)?;
    Ok(Read { config, warnings })
}

fn apply_file(config: &mut Config, file: &Path) -> Result<(), BadConfig> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| BadConfig(format!("the settings file {shown} cannot be read: {error}")))?;
    let values = config::File::from_str(&text, FileFormat::Toml)
        .collect()
        .map_err(|error| BadConfig(format!("the settings file {shown} is not TOML: {error}")))?;
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(|left, right| left.0.cmp(&right.0));
    for (name, value) in values {
        let Some(setting) = all().find(|setting| setting.name == name) else {
            let hint = did_you_mean(&name, all().map(|setting| setting.name.to_owned()));
            return Err(BadConfig(format!(
                "{shown}: there is no setting \"{name}\"{hint}"
            )));
        };
        let place = format!("{shown}: {name}");
        let text = match value.kind {
            ValueKind::String(text) => text,
            ValueKind::I64(number) => number.to_string(),
            ValueKind::U64(number) => number.to_string(),
            ValueKind::Array(items) => {
                let items: Result<Vec<String>, _> =
                    items.into_iter().map(config::Value::into_string).collect();
                items.map_err(|_| refuse(&place, setting, "a list"))?.join(",")
            }
            other => return Err(refuse(&place, setting, &other.to_string())),
        };
        take(config, setting, &place, &text)?;
    }
    Ok(())
}

fn apply_environment(
    config: &mut Config,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Vec<String>, BadConfig> {
    let mut given: HashMap<String, String> =
        environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    for name in OF_THE_LOGIC_SERVER {
        given.remove(name);
    }
    for setting in all() {
        let variable = setting.variable();
        let from_file = format!("{variable}_FILE");
        let (value, path) = (given.remove(&variable), given.remove(&from_file));
        match (value, path) {
            (Some(_), Some(_)) => {
                return Err(BadConfig(format!(
                    "{variable} and {from_file} are both set: expected one of them"
                )));
            }
            (Some(value), None) => take(config, setting, &variable, &value)?,
            (None, Some(path)) if matches!(setting.kind, Kind::Secret { .. }) => {
                let value = std::fs::read_to_string(&path).map_err(|error| {
                    BadConfig(format!("{from_file} is \"{path}\": it cannot be read: {error}"))
                })?;
                take(config, setting, &from_file, &value)?;
            }
            (None, Some(path)) => drop(given.insert(from_file, path)),
            (None, None) => {}
        }
    }
    let mut unknown: Vec<_> = given.into_keys().collect();
    unknown.sort();
    let warn = |name: String| {
        let hint = did_you_mean(&name, all().map(Setting::variable));
        format!("the environment variable {name} is no setting of the relay{hint}")
    };
    Ok(unknown.into_iter().map(warn).collect())
}

fn take(config: &mut Config, setting: &Setting, place: &str, value: &str) -> Result<(), BadConfig> {
    match setting.apply(config, value) {
        true => Ok(()),
        false => Err(refuse(place, setting, value)),
    }
}

fn refuse(place: &str, setting: &Setting, value: &str) -> BadConfig {
    let allowed = setting.allowed();
    if matches!(setting.kind, Kind::Secret { .. }) {
        let bytes = value.trim().len();
        return BadConfig(format!(
            "{place} has {bytes} bytes or a wrong form: expected {allowed}"
        ));
    }
    let shown: String = value.chars().take(80).flat_map(char::escape_debug).collect();
    BadConfig(format!("{place} is \"{shown}\": expected {allowed}"))
}

/// What no single setting shows.
fn check_whole(config: &Config) -> Result<(), BadConfig> {
    if config.secret.is_none() && !config.only_loopback() {
        let bind = config.bind;
        return Err(BadConfig(format!(
            "TALKHUB_RELAY_SECRET is not set: expected a secret of at least 32 bytes, because TALKHUB_RELAY_BIND \
             ({bind}) or TALKHUB_RELAY_INTERNAL_BIND is not on loopback; make one with: openssl rand -hex 32"
        )));
    }
    let known = |secret: &crate::Secret| secret.is_development();
    if !config.only_loopback() && config.secret.iter().chain(&config.secret_previous).any(known) {
        return Err(BadConfig(
            "TALKHUB_RELAY_SECRET is the development secret: expected one of your own, because the relay does not \
             listen on loopback alone; make one with: openssl rand -hex 32"
                .to_owned(),
        ));
    }
    let (least, most) = (config.limits.lease_min_s, config.limits.lease_max_s);
    if most < least {
        return Err(BadConfig(format!(
            "TALKHUB_RELAY_LEASE_MAX_S is \"{most}\": expected at least TALKHUB_RELAY_LEASE_MIN_S ({least})"
        )));
    }
    if config
        .internal_bind
        .is_some_and(|internal| internal == config.bind && internal.port() != 0)
    {
        return Err(BadConfig(format!(
            "TALKHUB_RELAY_INTERNAL_BIND is \"{}\": expected another address than TALKHUB_RELAY_BIND",
            config.bind
        )));
    }
    Ok(())
}

fn did_you_mean(name: &str, known: impl Iterator<Item = String>) -> String {
    let near = known.map(|known| (distance(name, &known), known)).min();
    match near {
        Some((distance, known)) if distance <= 3 => format!("; did you mean {known}?"),
        _ => String::new(),
    }
}

/// How many letters must be inserted, deleted or replaced to come from one word to the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn check(variables: &[(&str, &str)], want: Result<&[&str], &str>) {
        let environment = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let got = read(Some(Path::new("/dev/null")), environment);
        match (got, want) {
            (Ok(read), Ok(warnings)) => assert_eq!(read.warnings, warnings),
            (Err(error), Err(words)) => assert!(error.0.contains(words), "{error} lacks {words}"),
            (got, want) => panic!("{variables:?} gave {got:?}, wanted {want:?}"),
        }
    }

    #[test]
    fn without_any_setting_the_relay_starts() {
        check(&[], Ok(&[]));
    }

    #[test]
    fn bad33_each_bad_value_names_setting_value_and_range() {
        check(
            &[("TALKHUB_RELAY_BIND", "nowhere")],
            Err("TALKHUB_RELAY_BIND is \"nowhere\": expected an address"),
        );
        check(
            &[("TALKHUB_RELAY_BIND", "127.0.0.1:99999")],
            Err("\"127.0.0.1:99999\""),
        );
        check(
            &[("TALKHUB_RELAY_DURABLE_BURST", "many")],
            Err("TALKHUB_RELAY_DURABLE_BURST is \"many\": expected a whole number from 1 to"),
        );
        check(&[("TALKHUB_RELAY_LEASE_MAX_S", "0")], Err("from 1 to 86400"));
        check(
            &[("TALKHUB_RELAY_LEASE_MAX_S", "5")],
            Err("at least TALKHUB_RELAY_LEASE_MIN_S"),
        );
        check(&[("TALKHUB_RELAY_LOG_FORMAT", "xml")], Err("auto, json or plain"));
        check(
            &[("TALKHUB_RELAY_TRUSTED_PROXIES", "10.0.0.0/99")],
            Err("addresses or networks"),
        );
        check(
            &[("TALKHUB_RELAY_SECRET_FILE", "/nonexistent/secret")],
            Err("TALKHUB_RELAY_SECRET_FILE"),
        );
    }

    #[test]
    fn sec22_a_secret_must_be_long_and_is_never_shown() {
        check(
            &[("TALKHUB_RELAY_SECRET", "hunter2")],
            Err("TALKHUB_RELAY_SECRET has 7 bytes"),
        );
        check(
            &[("TALKHUB_RELAY_SECRET", "")],
            Err("TALKHUB_RELAY_SECRET has 0 bytes"),
        );
        check(
            &[("TALKHUB_RELAY_BIND", "0.0.0.0:5050")],
            Err("TALKHUB_RELAY_SECRET is not set"),
        );
        let development = shared_protocol::internal::DEVELOPMENT_SECRET;
        check(
            &[
                ("TALKHUB_RELAY_BIND", "0.0.0.0:5050"),
                ("TALKHUB_RELAY_SECRET", development),
            ],
            Err("is the development secret"),
        );
        let both = [
            ("TALKHUB_RELAY_SECRET", development),
            ("TALKHUB_RELAY_SECRET_FILE", "/dev/null"),
        ];
        check(&both, Err("are both set"));
    }

    #[test]
    fn an_unknown_variable_is_a_warning_with_a_guess() {
        check(
            &[
                ("TALKHUB_RELAY_BINT", "x"),
                ("TALKHUB_RELAY_PUBLIC_URL", "x"),
                ("TALKHUB_BIND", "x"),
            ],
            Ok(&[
                "the environment variable TALKHUB_RELAY_BINT is no setting of the relay; did you mean TALKHUB_RELAY_BIND?",
            ]),
        );
    }

    fn check_file(text: &str, want: Result<u64, &str>) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("written");
        match (read(Some(file.path()), std::iter::empty()), want) {
            (Ok(read), Ok(burst)) => assert_eq!(read.config.limits.durable_burst, burst),
            (Err(error), Err(words)) => assert!(error.0.contains(words), "{error} lacks {words}"),
            (got, want) => panic!("{text:?} gave {got:?}, wanted {want:?}"),
        }
    }

    #[test]
    fn bad32_the_file_is_checked_too() {
        check_file(
            "durable_burst = 7\ntrusted_proxies = [\"10.0.0.1\", \"::1\"]",
            Ok(7),
        );
        check_file("durable_burst = \"8\"", Ok(8));
        check_file("durable_bust = 7", Err("did you mean durable_burst?"));
        check_file(
            "durable_burst = true",
            Err("durable_burst is \"true\": expected a whole number"),
        );
        check_file("= 7", Err("is not TOML"));
        let missing = read(Some(Path::new("/nonexistent.toml")), std::iter::empty());
        assert!(missing.is_err_and(|error| error.0.contains("/nonexistent.toml cannot be read")));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(b"durable_burst = 7").expect("written");
        let environment = [("TALKHUB_RELAY_DURABLE_BURST".to_owned(), "9".to_owned())];
        let read = read(Some(file.path()), environment.into_iter()).expect("good settings");
        assert_eq!(read.config.limits.durable_burst, 9);
    }

    #[test]
    fn the_documentation_names_every_setting_and_its_default() {
        let page = include_str!("../../../../docs/configuration.md");
        let (_, page) = page.split_once("## Relay\n").expect("a section on the relay");
        for setting in all() {
            let row = page
                .lines()
                .find(|line| line.starts_with(&format!("| `{}`", setting.variable())));
            let row = row.unwrap_or_else(|| panic!("docs/configuration.md lacks {}", setting.variable()));
            let default = setting.default_text();
            assert!(
                default.is_empty() || row.contains(&format!("`{default}`")),
                "{row} lacks {default}"
            );
            if let Kind::Number { least, most, .. } = setting.kind {
                assert!(
                    row.contains(&format!("{least} to {most}")),
                    "{row} lacks {least} to {most}"
                );
            }
        }
    }
}
