//! What is looked after again and again: leases, waits, sockets that nobody reported gone.

use crate::client::Client;
use crate::relay::Relay;
use shared_protocol::RelayFrame;
use socketioxide::SocketIo;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::debug;

/// Starts the sweeps.
pub(crate) fn start(relay: &Arc<Relay>) {
    let times = &relay.config.times;
    let of = Arc::clone(relay);
    relay
        .tasks
        .every(Duration::from_millis(times.lease_sweep_ms), move || {
            let ended = of.registry.end_leases(Instant::now());
            of.cut_off(ended, Some(RelayFrame::Revoked));
        });
    let of = Arc::clone(relay);
    relay
        .tasks
        .every(Duration::from_millis(times.pending_ms.div_ceil(10)), move || {
            of.links.end_waits(Instant::now());
        });
    let of = Arc::clone(relay);
    let mut strays = HashSet::new();
    // Until Socket.IO itself has missed two pings.
    let remembered = Duration::from_millis(2 * (times.ping_interval_ms + times.ping_timeout_ms));
    relay
        .tasks
        .every(Duration::from_millis(times.socket_sweep_ms), move || {
            of.caps.sweep();
            of.strangers.sweep(Instant::now());
            of.sessions.sweep(remembered);
            if let Some(io) = of.io.get() {
                compare(&of, io, &mut strays);
            }
        });
}

/// Registered clients whose socket has gone are forgotten; sockets that twice belong to no registered client are closed.
fn compare(relay: &Relay, io: &SocketIo, strays: &mut HashSet<String>) {
    let clients = relay.registry.clients();
    for client in clients
        .iter()
        .filter(|client| io.get_socket(client.socket.id).is_none())
    {
        debug!("Forgot a client that had left unseen");
        relay.gone(client);
    }
    let live: HashSet<_> = clients
        .iter()
        .map(|client: &Arc<Client>| client.socket.id)
        .collect();
    let mut seen = HashSet::new();
    for socket in io
        .sockets()
        .into_iter()
        .filter(|socket| !live.contains(&socket.id))
    {
        let id = socket.id.to_string();
        // One that is just connecting is not registered yet, so the first time proves nothing.
        if strays.contains(&id) {
            debug!("Closed a socket that belongs to no relay ID");
            socket.disconnect().ok();
        } else {
            seen.insert(id);
        }
    }
    *strays = seen;
}
