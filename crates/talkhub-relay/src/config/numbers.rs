//! The settings that are numbers: default, range, field, meaning.

use super::Config;
use super::settings::{Kind, Setting};

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

const MINUTES_10: u64 = 600_000;
const MIB: u64 = 1024 * 1024;

#[rustfmt::skip] // one line each reads as a table
pub(super) const NUMBERS: &[Setting] = &[
    number("workers", 0, (0, 256), |c| &mut c.limits.workers, "Threads; 0: one per two cores."),
    number("durable_per_second", 20, (1, 10_000_000), |c| &mut c.limits.durable_per_second, "Durable events per second and relay ID."),
    number("durable_burst", 60, (1, 10_000_000), |c| &mut c.limits.durable_burst, "Durable events at once per relay ID."),
    number("ephemeral_per_second", 40, (1, 10_000_000), |c| &mut c.limits.ephemeral_per_second, "Ephemeral events per second and relay ID."),
    number("ephemeral_burst", 80, (1, 10_000_000), |c| &mut c.limits.ephemeral_burst, "Ephemeral events at once per relay ID."),
    number("ephemeral_deliveries_per_second", 2_000, (1, 100_000_000), |c| &mut c.limits.ephemeral_deliveries_per_second, "Receivers of ephemeral events per second and sending relay ID."),
    number("bytes_per_second", MIB, (65_536, 10_000_000_000), |c| &mut c.limits.bytes_per_second, "Bytes of events per second and relay ID."),
    number("ignored_busy_ms", 3_000, (10, MINUTES_10), |c| &mut c.times.ignored_busy_ms, "Who ignores `busy` for so long is closed."),
    number("strange_events", 20, (1, 100_000), |c| &mut c.limits.strange_events, "Events with another name than `private_message`, or messages for another namespace, before the connection is closed."),
    number("entries_per_second", 10, (1, 1_000_000), |c| &mut c.limits.entries_per_second, "How often per second one connection may try to enter the namespace; one that leaves and enters more often is closed."),
    number("connections_per_address", 200, (1, 1_000_000), |c| &mut c.limits.connections_per_address, "Open connections per address (/64 for IPv6). Loopback and trusted proxies are free."),
    number("new_connections_per_second", 100, (1, 1_000_000), |c| &mut c.limits.new_connections_per_second, "New connections per second and address."),
    number("max_connections", 0, (0, 10_000_000), |c| &mut c.limits.max_connections, "Open connections in all; 0: 80 % of the file handles."),
    number("socket_buffer", 1_024, (16, 65_536), |c| &mut c.limits.socket_buffer, "Packets that wait for one receiver; a fuller one is cut off."),
    number("socket_buffer_bytes", 4 * MIB, (65_536, 1_024 * MIB), |c| &mut c.limits.socket_buffer_bytes, "Bytes that wait for one receiver who does not read; a slower one is cut off."),
    number("send_buffer_bytes", 131_072, (4_096, 16 * MIB), |c| &mut c.limits.send_buffer_bytes, "The kernel's send buffer of each connection."),
    number("ping_interval_ms", 10_000, (50, MINUTES_10), |c| &mut c.times.ping_interval_ms, "How often clients are pinged."),
    number("ping_timeout_ms", 8_000, (50, MINUTES_10), |c| &mut c.times.ping_timeout_ms, "How long a client may take to answer a ping."),
    number("connect_timeout_ms", 5_000, (50, MINUTES_10), |c| &mut c.times.connect_timeout_ms, "How long a connection may stay without a valid relay ID."),
    number("header_timeout_ms", 5_000, (50, MINUTES_10), |c| &mut c.times.header_timeout_ms, "How long the header of a request may take."),
    number("body_timeout_ms", 15_000, (50, MINUTES_10), |c| &mut c.times.body_timeout_ms, "How long the body of a request may take."),
    number("tcp_user_timeout_ms", 10_000, (100, MINUTES_10), |c| &mut c.times.tcp_user_timeout_ms, "How long sent bytes may stay unacknowledged before the kernel ends the connection."),
    number("lease_min_s", 10, (1, 86_400), |c| &mut c.limits.lease_min_s, "The shortest lease of a relay ID, in seconds."),
    number("lease_max_s", 3_600, (1, 86_400), |c| &mut c.limits.lease_max_s, "The longest lease of a relay ID, in seconds."),
    number("lease_sweep_ms", 1_000, (10, MINUTES_10), |c| &mut c.times.lease_sweep_ms, "How often ended leases are looked for."),
    number("socket_sweep_ms", 5_000, (10, MINUTES_10), |c| &mut c.times.socket_sweep_ms, "How often registrations are compared with the live sockets."),
    number("starting_ms", 5_000, (0, MINUTES_10), |c| &mut c.times.starting_ms, "How long after a start unknown relay IDs get `starting`, until the first complete set has come."),
    number("link_queue_bytes", 32 * MIB, (1_024, 1_024 * MIB), |c| &mut c.limits.link_queue_bytes, "Bytes that wait for a logic server; beyond it senders get `busy`."),
    number("link_pending", 65_536, (1, 10_000_000), |c| &mut c.limits.link_pending, "Durable events that wait for their answer, per link; beyond it senders get `busy`."),
    number("pending_ms", 10_000, (10, MINUTES_10), |c| &mut c.times.pending_ms, "How long a durable event waits for its answer before its sender gets `busy`."),
    number("link_message_bytes", MIB, (131_072, 64 * MIB), |c| &mut c.limits.link_message_bytes, "The largest message that a logic server may send on the link."),
    number("link_ping_ms", 3_000, (10, MINUTES_10), |c| &mut c.times.link_ping_ms, "How often the link is pinged."),
    number("link_timeout_ms", 10_000, (20, MINUTES_10), |c| &mut c.times.link_timeout_ms, "A link that is silent for so long is closed."),
    number("round_ms", 20_000, (10, MINUTES_10), |c| &mut c.times.round_ms, "How often the full set of connected relay IDs goes up the link."),
    number("present_part", 1_000, (1, 10_000), |c| &mut c.limits.present_part, "Relay IDs in one part of that set."),
    number("internal_body_bytes", 8 * MIB, (1_024, 256 * MIB), |c| &mut c.limits.internal_body_bytes, "The largest body of an internal request."),
    number("internal_items", 10_000, (1, 1_000_000), |c| &mut c.limits.internal_items, "Items in one internal request."),
    number("wrong_secrets_per_minute", 10, (1, 1_000_000), |c| &mut c.limits.wrong_secrets_per_minute, "Wrong secrets per minute and address that get 401; further ones get 429."),
    number("stop_ms", 8_000, (10, MINUTES_10), |c| &mut c.times.stop_ms, "How long a stop may take."),
];
