//! Log lines: JSON or plain. No frames, no tokens; relay IDs are cut to 6 characters where they are logged.

use crate::config::{Config, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Sets the log up for the whole program. Call it once.
pub fn set_up(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Whoever reads the log may go away; a complaint about that would end the task that logs.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Plain => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    match json {
        true => lines.json().flatten_event(true).init(),
        false => lines.init(),
    }
}
