//! What all parts of one relay share.

use crate::accept::Lines;
use crate::caps::Caps;
use crate::client::{Bounds, Client};
use crate::config::Config;
use crate::internal::Strangers;
use crate::link::Links;
use crate::registry::Registry;
use crate::secret::Secret;
use crate::tasks::Tasks;
use crate::way::Sessions;
use rand::RngCore;
use serde_json::value::RawValue;
use shared_protocol::{Class, RelayFrame, RelayId};
use socketioxide::SocketIo;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

/// How long a dismissed client's last frame may take before its connection is cut.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// One relay.
pub(crate) struct Relay {
    pub(crate) config: Config,
    /// New with every start: whoever sees another one knows that everything was forgotten.
    pub(crate) boot_id: String,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) registry: Registry,
    pub(crate) links: Links,
    pub(crate) caps: Arc<Caps>,
    pub(crate) lines: Lines,
    pub(crate) strangers: Strangers,
    pub(crate) tasks: Tasks,
    /// Cancelled first when the relay stops: nobody new is let in.
    pub(crate) accepting: CancellationToken,
    pub(crate) counters: Counters,
    pub(crate) io: OnceLock<SocketIo>,
    pub(crate) sessions: Sessions,
    stopping: AtomicBool,
}

/// What went wrong so far, for tests and for a later `/metrics`.
#[derive(Debug, Default)]
pub struct Counters {
    /// Events that were refused, and those that could not even be answered.
    pub refused: AtomicU64,
    /// Events with another name than `private_message`.
    pub strange: AtomicU64,
    /// Connections closed because they entered and left again and again.
    pub restless: AtomicU64,
    /// Events answered `busy`.
    pub busy: AtomicU64,
    /// Durable events passed on because no logic server was there.
    pub passed_on: AtomicU64,
    /// Receivers cut off because they did not keep up.
    pub slow: AtomicU64,
    /// Links closed because of what they sent, or because they were silent.
    pub bad_links: AtomicU64,
    /// Settlements that came after the sender had been told `busy`.
    pub late_settles: AtomicU64,
    /// Internal calls with a wrong secret.
    pub wrong_secrets: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Relay {
    pub(crate) fn new(config: Config) -> Self {
        let mut bits = [0; 16];
        rand::rng().fill_bytes(&mut bits);
        let primary = config.secret.clone().unwrap_or_else(Secret::development);
        Self {
            boot_id: RelayId::new(bits).to_string(),
            secrets: std::iter::once(primary)
                .chain(config.secret_previous.clone())
                .collect(),
            registry: Registry::new(&config, Instant::now()),
            links: Links::default(),
            caps: Arc::new(Caps::new(&config)),
            lines: Lines::default(),
            strangers: Strangers::default(),
            tasks: Tasks::new(),
            accepting: CancellationToken::new(),
            counters: Counters::default(),
            io: OnceLock::new(),
            sessions: Sessions::default(),
            stopping: AtomicBool::new(false),
            config,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            packets: self.config.limits.socket_buffer,
            bytes: self.config.limits.socket_buffer_bytes,
        }
    }

    /// Hands a delivery out and cuts off receivers that are too far behind.
    pub(crate) fn deliver(&self, to: &str, delivery: &RawValue, class: Class, except: Option<&RelayId>) {
        for slow in self.registry.deliver(to, delivery, class, except).full {
            let id = slow.identity.relay_id.short();
            info!(relay_id = id, "Cut off {id}: it does not read what it is sent");
            count(&self.counters.slow);
            slow.cut();
            self.gone(&slow);
        }
    }

    /// Tells clients why and ends their connections, at the latest after a moment.
    pub(crate) fn cut_off(&self, clients: Vec<Arc<Client>>, why: Option<RelayFrame>) {
        if clients.is_empty() {
            return;
        }
        for client in &clients {
            let id = client.identity.relay_id.short();
            debug!(relay_id = id, ?why, "Dismissed {id}");
            client.dismiss(why);
            // Not while another connection of the same relay ID is live.
            let id = &client.identity.relay_id;
            if why == Some(RelayFrame::Revoked) && self.registry.client(id).is_none() {
                self.links.disconnected(&client.identity.relay_id);
            }
        }
        self.tasks
            .later(LAST_WORDS, move || clients.iter().for_each(|client| client.cut()));
    }

    /// Forgets that a client is connected and tells the logic servers.
    pub(crate) fn gone(&self, client: &Client) {
        self.registry
            .exit(&client.identity, |id| self.links.disconnected(id));
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.accepting.cancel();
    }
}

/// Milliseconds since 1970. Told to people, never used for order, leases or limits.
#[expect(
    clippy::disallowed_methods,
    reason = "the relay's only look at the wall clock"
)]
pub(crate) fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
