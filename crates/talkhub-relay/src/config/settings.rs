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

const fn number(
    name: &'static str,
    default: u64,
    (least, most): (u64, u64),
    field: fn(&mut Config) -> &mut u64,
    meaning: &'static str,
) -> Setting {
    Setting {
        name,
        kind: Kind::Number {
            default,
            least,
            most,
            field,
        },
        meaning,
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
const MINUTES_10: u64 = 600_000;
const MIB: u64 = 1024 * 1024;

/// Every setting, in the order of the documentation.
pub const ALL: &[Setting] = &[
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
    number(
        "workers",
        0,
        (0, 256),
        |c| &mut c.limits.workers,
        "Threads; 0: one per two cores.",
    ),
    number(
        "durable_per_second",
        20,
        (1, 10_000_000),
        |c| &mut c.limits.durable_per_second,
        "Durable events per second and relay ID.",
    ),
    number(
        "durable_burst",
        60,
        (1, 10_000_000),
        |c| &mut c.limits.durable_burst,
        "Durable events at once per relay ID.",
    ),
    number(
        "ephemeral_per_second",
        40,
        (1, 10_000_000),
        |c| &mut c.limits.ephemeral_per_second,
        "Ephemeral events per second and relay ID.",
    ),
    number(
        "ephemeral_burst",
        80,
        (1, 10_000_000),
        |c| &mut c.limits.ephemeral_burst,
        "Ephemeral events at once per relay ID.",
    ),
    number(
        "ephemeral_deliveries_per_second",
        2_000,
        (1, 100_000_000),
        |c| &mut c.limits.ephemeral_deliveries_per_second,
        "Receivers of ephemeral events per second and sending relay ID.",
    ),
    number(
        "bytes_per_second",
        MIB,
        (65_536, 10_000_000_000),
        |c| &mut c.limits.bytes_per_second,
        "Bytes of events per second and relay ID.",
    ),
    number(
        "ignored_busy_ms",
        3_000,
        (10, MINUTES_10),
        |c| &mut c.times.ignored_busy_ms,
        "Who ignores `busy` for so long is closed.",
    ),
    number(
        "strange_events",
        20,
        (1, 100_000),
        |c| &mut c.limits.strange_events,
        "Events with another name than `private_message` before the connection is closed.",
    ),
    number(
        "connections_per_address",
        200,
        (1, 1_000_000),
        |c| &mut c.limits.connections_per_address,
        "Open connections per address (/64 for IPv6). Loopback and trusted proxies are free.",
    ),
    number(
        "new_connections_per_second",
        100,
        (1, 1_000_000),
        |c| &mut c.limits.new_connections_per_second,
        "New connections per second and address.",
    ),
    number(
        "max_connections",
        0,
        (0, 10_000_000),
        |c| &mut c.limits.max_connections,
        "Open connections in all; 0: 80 % of the file handles.",
    ),
    number(
        "socket_buffer",
        1_024,
        (16, 65_536),
        |c| &mut c.limits.socket_buffer,
        "Packets that wait for one receiver; a fuller one is cut off.",
    ),
    number(
        "socket_buffer_bytes",
        4 * MIB,
        (65_536, 1_024 * MIB),
        |c| &mut c.limits.socket_buffer_bytes,
        "Bytes that wait for one receiver who does not read; a slower one is cut off.",
    ),
    number(
        "send_buffer_bytes",
        131_072,
        (4_096, 16 * MIB),
        |c| &mut c.limits.send_buffer_bytes,
        "The kernel's send buffer of each connection.",
    ),
    number(
        "ping_interval_ms",
        10_000,
        (50, MINUTES_10),
        |c| &mut c.times.ping_interval_ms,
        "How often clients are pinged.",
    ),
    number(
        "ping_timeout_ms",
        8_000,
        (50, MINUTES_10),
        |c| &mut c.times.ping_timeout_ms,
        "How long a client may take to answer a ping.",
    ),
    number(
        "connect_timeout_ms",
        5_000,
        (50, MINUTES_10),
        |c| &mut c.times.connect_timeout_ms,
        "How long a connection may stay without a valid relay ID.",
    ),
    number(
        "header_timeout_ms",
        5_000,
        (50, MINUTES_10),
        |c| &mut c.times.header_timeout_ms,
        "How long the header of a request may take.",
    ),
    number(
        "body_timeout_ms",
        15_000,
        (50, MINUTES_10),
        |c| &mut c.times.body_timeout_ms,
        "How long the body of a request may take.",
    ),
    number(
        "tcp_user_timeout_ms",
        10_000,
        (100, MINUTES_10),
        |c| &mut c.times.tcp_user_timeout_ms,
        "How long sent bytes may stay unacknowledged before the kernel ends the connection.",
    ),
    number(
        "lease_min_s",
        10,
        (1, 86_400),
        |c| &mut c.limits.lease_min_s,
        "The shortest lease of a relay ID, in seconds.",
    ),
    number(
        "lease_max_s",
        3_600,
        (1, 86_400),
        |c| &mut c.limits.lease_max_s,
        "The longest lease of a relay ID, in seconds.",
    ),
    number(
        "lease_sweep_ms",
        1_000,
        (10, MINUTES_10),
        |c| &mut c.times.lease_sweep_ms,
        "How often ended leases are looked for.",
    ),
    number(
        "socket_sweep_ms",
        5_000,
        (10, MINUTES_10),
        |c| &mut c.times.socket_sweep_ms,
        "How often registrations are compared with the live sockets.",
    ),
    number(
        "starting_ms",
        5_000,
        (0, MINUTES_10),
        |c| &mut c.times.starting_ms,
        "How long after a start unknown relay IDs get `starting`, until the first complete set has come.",
    ),
    number(
        "link_queue_bytes",
        32 * MIB,
        (1_024, 1_024 * MIB),
        |c| &mut c.limits.link_queue_bytes,
        "Bytes that wait for a logic server; beyond it senders get `busy`.",
    ),
    number(
        "link_pending",
        65_536,
        (1, 10_000_000),
        |c| &mut c.limits.link_pending,
        "Durable events that wait for their answer, per link; beyond it senders get `busy`.",
    ),
    number(
        "pending_ms",
        10_000,
        (10, MINUTES_10),
        |c| &mut c.times.pending_ms,
        "How long a durable event waits for its answer before its sender gets `busy`.",
    ),
    number(
        "link_message_bytes",
        MIB,
        (131_072, 64 * MIB),
        |c| &mut c.limits.link_message_bytes,
        "The largest message that a logic server may send on the link.",
    ),
    number(
        "link_ping_ms",
        3_000,
        (10, MINUTES_10),
        |c| &mut c.times.link_ping_ms,
        "How often the link is pinged.",
    ),
    number(
        "link_timeout_ms",
        10_000,
        (20, MINUTES_10),
        |c| &mut c.times.link_timeout_ms,
        "A link that is silent for so long is closed.",
    ),
    number(
        "round_ms",
        20_000,
        (10, MINUTES_10),
        |c| &mut c.times.round_ms,
        "How often the full set of connected relay IDs goes up the link.",
    ),
    number(
        "present_part",
        1_000,
        (1, 10_000),
        |c| &mut c.limits.present_part,
        "Relay IDs in one part of that set.",
    ),
    number(
        "internal_body_bytes",
        8 * MIB,
        (1_024, 256 * MIB),
        |c| &mut c.limits.internal_body_bytes,
        "The largest body of an internal request.",
    ),
    number(
        "internal_items",
        10_000,
        (1, 1_000_000),
        |c| &mut c.limits.internal_items,
        "Items in one internal request.",
    ),
    number(
        "wrong_secrets_per_minute",
        10,
        (1, 1_000_000),
        |c| &mut c.limits.wrong_secrets_per_minute,
        "Wrong secrets per minute and address that get 401; further ones get 429.",
    ),
    number(
        "stop_ms",
        8_000,
        (10, MINUTES_10),
        |c| &mut c.times.stop_ms,
        "How long a stop may take.",
    ),
];
