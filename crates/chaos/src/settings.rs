//! The settings of a run: every time-out at a tenth or so, and no limit that people would never reach.

use end_to_end::Site;
use proxy::Proxy;
use std::path::Path;

const TIMES: [(&str, &str); 24] = [
    ("TALKHUB_BODY_TIMEOUT", "2"),
    ("TALKHUB_DATABASE_WAIT", "2"),
    ("TALKHUB_HOLD_MS", "200"), // three times as long is still shorter than the relay waits for an answer
    ("TALKHUB_LINK_PING", "1"),
    ("TALKHUB_LINK_RETRY_MS", "50"),
    ("TALKHUB_LIVE_PING", "1"),
    ("TALKHUB_PRESENCE_COLLECT_MS", "100"),
    ("TALKHUB_PRESENCE_EXPIRY", "6"),
    ("TALKHUB_PRESENCE_GRACE_MS", "400"),
    ("TALKHUB_RELAY_BODY_TIMEOUT_MS", "1500"),
    ("TALKHUB_RELAY_CONNECT_TIMEOUT_MS", "1000"),
    ("TALKHUB_RELAY_HEADER_TIMEOUT_MS", "1000"),
    ("TALKHUB_RELAY_ID_FORGET", "4"),
    ("TALKHUB_RELAY_LEASE", "90"),
    ("TALKHUB_RELAY_LINK_PING_MS", "300"),
    ("TALKHUB_RELAY_LINK_TIMEOUT_MS", "1500"),
    ("TALKHUB_RELAY_PENDING_MS", "1000"),
    ("TALKHUB_RELAY_PING_INTERVAL_MS", "1000"),
    ("TALKHUB_RELAY_PING_TIMEOUT_MS", "1500"),
    ("TALKHUB_RELAY_ROUND_MS", "2000"),
    ("TALKHUB_RELAY_SOCKET_SWEEP_MS", "500"),
    ("TALKHUB_RELAY_STARTING_MS", "1000"),
    ("TALKHUB_RELAY_TCP_USER_TIMEOUT_MS", "1500"),
    ("TALKHUB_RELAY_TIMEOUT", "1"),
];

const LIMITS: [(&str, &str); 11] = [
    ("TALKHUB_CONVERSATIONS_PER_MINUTE", "100000"),
    ("TALKHUB_LOOKUPS_PER_MINUTE", "100000"),
    ("TALKHUB_MESSAGES_PER_MINUTE", "100000"),
    ("TALKHUB_REGISTRATIONS_PER_MINUTE", "100000"),
    ("TALKHUB_RELAY_CONNECTIONS_PER_ADDRESS", "100000"),
    ("TALKHUB_RELAY_DURABLE_BURST", "10000"),
    ("TALKHUB_RELAY_DURABLE_PER_SECOND", "10000"),
    ("TALKHUB_RELAY_IDS_PER_MINUTE", "100000"),
    ("TALKHUB_RELAY_NEW_CONNECTIONS_PER_SECOND", "100000"),
    ("TALKHUB_SEARCHES_PER_MINUTE", "100000"),
    ("TALKHUB_SIGN_INS_PER_MINUTE", "100000"),
];

/// For every start of both programs from now on.
pub(crate) fn apply(site: &mut Site, link: &Proxy, fail_points: &Path) {
    let constant = TIMES.iter().chain(&LIMITS);
    let constant = constant.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    site.settings.extend(constant);
    let mut set = |name: &str, value: String| site.settings.insert(name.to_owned(), value);
    set("RELAY_SERVER_URL", format!("http://{}", link.address()));
    set("CHAOS_FAIL_POINT_FILE", fail_points.display().to_string());
}
