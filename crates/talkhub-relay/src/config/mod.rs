//! The relay's settings: one struct, built from defaults, file and environment by [`read`].

mod numbers;
mod print;
pub mod read;
pub mod settings;

use crate::Secret;
use crate::address::Network;
use std::net::SocketAddr;

pub use print::print;
pub use read::{BadConfig, read};

/// Everything that can be set. Tests build it from `Config::default()`; the programs from [`read`].
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients connect.
    pub bind: SocketAddr,
    /// Where the internal API listens; `None`: at `bind` too.
    pub internal_bind: Option<SocketAddr>,
    /// What the logic server must know. `None`: the development secret, if nobody else can reach us.
    pub secret: Option<Secret>,
    /// A second one, valid while the secret is being changed.
    pub secret_previous: Option<Secret>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Filter of the log, in the words of `tracing`'s env-filter.
    pub log: String,
    pub log_format: LogFormat,
    pub limits: Limits,
    pub times: Times,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Plain on a terminal, JSON otherwise.
    Auto,
    Json,
    Plain,
}

/// Sizes, counts and rates. The table in `settings.rs` says what each means.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub workers: u64,
    pub durable_per_second: u64,
    pub durable_burst: u64,
    pub ephemeral_per_second: u64,
    pub ephemeral_burst: u64,
    pub ephemeral_deliveries_per_second: u64,
    pub bytes_per_second: u64,
    pub strange_events: u64,
    pub entries_per_second: u64,
    pub connections_per_address: u64,
    pub new_connections_per_second: u64,
    pub max_connections: u64,
    pub socket_buffer: u64,
    pub socket_buffer_bytes: u64,
    pub send_buffer_bytes: u64,
    pub link_queue_bytes: u64,
    pub link_pending: u64,
    pub link_message_bytes: u64,
    pub present_part: u64,
    pub internal_body_bytes: u64,
    pub internal_items: u64,
    pub wrong_secrets_per_minute: u64,
    pub lease_min_s: u64,
    pub lease_max_s: u64,
}

/// Time-outs and intervals, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Times {
    pub ping_interval_ms: u64,
    pub ping_timeout_ms: u64,
    pub connect_timeout_ms: u64,
    pub header_timeout_ms: u64,
    pub body_timeout_ms: u64,
    pub tcp_user_timeout_ms: u64,
    pub ignored_busy_ms: u64,
    pub pending_ms: u64,
    pub link_ping_ms: u64,
    pub link_timeout_ms: u64,
    pub round_ms: u64,
    pub starting_ms: u64,
    pub lease_sweep_ms: u64,
    pub socket_sweep_ms: u64,
    pub stop_ms: u64,
}

impl Default for Config {
    /// The defaults of the table of settings.
    fn default() -> Self {
        let mut config = Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 5050)),
            internal_bind: None,
            secret: None,
            secret_previous: None,
            trusted_proxies: Vec::new(),
            log: "info".to_owned(),
            log_format: LogFormat::Auto,
            limits: Limits::default(),
            times: Times::default(),
        };
        for setting in settings::all() {
            if let settings::Kind::Number { default, field, .. } = setting.kind {
                *field(&mut config) = default;
            }
        }
        config
    }
}

impl Config {
    /// Whether only programs on this machine can reach the relay.
    pub fn only_loopback(&self) -> bool {
        let internal = self.internal_bind.unwrap_or(self.bind);
        self.bind.ip().is_loopback() && internal.ip().is_loopback()
    }
}
