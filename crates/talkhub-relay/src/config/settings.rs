//! The table of settings: name, default, range, meaning. `docs/configuration.md` is checked against it.

use super::{Config, LogFormat};
use crate::Secret;

/// The prefix of every environment variable of the relay.
pub const PREFIX: &str = "TALKHUB_RELAY_";

/// One setting. In the file it is called `name`, in the environment `TALKHUB_RELAY_<NAME>`.
pub struct Setting {
    pub name: &'static str,
    pub kind: Kind,
    /// What it is for, in one sentence.
    pub meaning: &'static str,
}

/// What may stand there.
#[derive(Clone, Copy)]
pub enum Kind {
    Number {
        default: u64,
        least: u64,
        most: u64,
        field: fn(&mut Config) -> &mut u64,
    },
    Text {
        default: &'static str,
        /// What is allowed, as it stands after "expected".
        allowed: &'static str,
        set: fn(&mut Config, &str) -> bool,
        show: fn(&Config) -> String,
    },
    /// As text; its value is never shown and may also come from a file named by `…_FILE`.
    Secret {
        allowed: &'static str,
        set: fn(&mut Config, &str) -> bool,
        is_set: fn(&Config) -> bool,
    },
}

impl Setting {
    /// The name of the environment variable.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_ascii_uppercase())
    }

    /// The default as it stands in the documentation.
    pub fn default_text(&self) -> String {
        match self.kind {
            Kind::Number { default, .. } => default.to_string(),
            Kind::Text { default, .. } => default.to_owned(),
            Kind::Secret { .. } => String::new(),
        }
    }

    /// What is allowed, as it stands after "expected".
    pub fn allowed(&self) -> String {
        match self.kind {
            Kind::Number { least, most, .. } => format!("a whole number from {least} to {most}"),
            Kind::Text { allowed, .. } | Kind::Secret { allowed, .. } => allowed.to_owned(),
        }
    }

    /// Takes the value over, or says that it is not allowed.
    pub fn apply(&self, config: &mut Config, value: &str) -> bool {
        let value = value.trim();
        match self.kind {
            Kind::Number {
                least, most, field, ..
            } => match value.parse() {
                Ok(number) if (least..=most).contains(&number) => {
                    *field(config) = number;
                    true
                }
                _ => false,
            },
            Kind::Text { set, .. } | Kind::Secret { set, .. } => set(config, value),
        }
    }
}

fn take<T>(place: &mut T, value: Option<T>) -> bool {
    value.map(|value| *place = value).is_some()
}

fn secret(place: &mut Option<Secret>, text: &str) -> bool {
    Secret::parse(text).map(|secret| *place = Some(secret)).is_some()
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "auto" => Some(LogFormat::Auto),
        "json" => Some(LogFormat::Json),
        "plain" => Some(LogFormat::Plain),
        _ => None,
    }
}

const SECRET: &str = "at least 32 bytes, optionally after a key id and a colon (`k1:…`)";

/// Every setting, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    TEXTS.iter().chain(super::numbers::NUMBERS)
}

const TEXTS: &[Setting] = &[
    Setting {
        name: "bind",
        kind: Kind::Text {
            default: "127.0.0.1:5050",
            allowed: "an address with a port such as 127.0.0.1:5050",
            set: |config, text| take(&mut config.bind, text.parse().ok()),
            show: |config| config.bind.to_string(),
        },
        meaning: "Where clients connect.",
    },
    Setting {
        name: "internal_bind",
        kind: Kind::Text {
            default: "",
            allowed: "an address with a port such as 127.0.0.1:5051, or nothing",
            set: |config, text| match text {
                "" => take(&mut config.internal_bind, Some(None)),
                text => take(&mut config.internal_bind, text.parse().ok().map(Some)),
            },
            show: |config| {
                config
                    .internal_bind
                    .map_or_else(String::new, |bind| bind.to_string())
            },
        },
        meaning: "Where the internal API listens; then it is no longer served at `bind`.",
    },
    Setting {
        name: "secret",
        kind: Kind::Secret {
            allowed: SECRET,
            set: |config, text| secret(&mut config.secret, text),
            is_set: |config| config.secret.is_some(),
        },
        meaning: "What both programs know. Unset: a development secret, while all listeners are on loopback.",
    },
    Setting {
        name: "secret_previous",
        kind: Kind::Secret {
            allowed: SECRET,
            set: |config, text| secret(&mut config.secret_previous, text),
            is_set: |config| config.secret_previous.is_some(),
        },
        meaning: "A second secret that is valid too, while the secret is being changed.",
    },
    Setting {
        name: "trusted_proxies",
        kind: Kind::Text {
            default: "",
            allowed: "addresses or networks with commas between, such as 127.0.0.1,10.0.0.0/8",
            set: |config, text| take(&mut config.trusted_proxies, crate::address::networks(text)),
            show: |config| {
                let shown: Vec<_> = config.trusted_proxies.iter().map(ToString::to_string).collect();
                shown.join(",")
            },
        },
        meaning: "Proxies whose `X-Forwarded-For` is believed.",
    },
    Setting {
        name: "log",
        kind: Kind::Text {
            default: "info",
            allowed: "a filter such as info or talkhub_relay=debug",
            set: |config, text| {
                let good = text.parse::<tracing_subscriber::filter::Targets>().is_ok();
                good && take(&mut config.log, Some(text.to_owned()))
            },
            show: |config| config.log.clone(),
        },
        meaning: "What is logged.",
    },
    Setting {
        name: "log_format",
        kind: Kind::Text {
            default: "auto",
            allowed: "auto, json or plain",
            set: |config, text| take(&mut config.log_format, log_format(text)),
            show: |config| format!("{:?}", config.log_format).to_lowercase(),
        },
        meaning: "How log lines look; `auto`: plain on a terminal, JSON otherwise.",
    },
];
