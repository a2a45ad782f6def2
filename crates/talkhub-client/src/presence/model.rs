//! A connection as the `online` table has it.

use shared_protocol::{RelayId, UserId};

/// One tab or device.
#[derive(Clone, Debug)]
pub struct Connection {
    pub relay_id: RelayId,
    pub user: UserId,
    pub token_sha256: String,
    /// Origins whose pages may use it.
    pub origins: Vec<String>,
}

/// A connection that is to be made.
#[derive(Clone, Debug)]
pub struct NewConnection {
    pub connection: Connection,
    pub session: i64,
    pub device: String,
    pub lease_end: i64,
    pub now: i64,
}

pub(super) fn join_origins(origins: &[String]) -> String {
    origins.join(" ")
}

pub(super) fn split_origins(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
