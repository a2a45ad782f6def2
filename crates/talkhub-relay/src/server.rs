//! Starting and stopping a relay.

use crate::accept::{Door, accept};
use crate::client::Client;
use crate::config::Config;
use crate::connect;
use crate::http::{Served, elsewhere};
use crate::relay::{Counters, Relay};
use crate::sweep;
use shared_protocol::RelayFrame;
use socketioxide::{ParserConfig, SocketIo, TransportType};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Why a relay does not start: one sentence that names the setting and its value.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{setting} is \"{address}\": the relay cannot listen there: {cause}")]
    Bind {
        setting: &'static str,
        address: SocketAddr,
        cause: std::io::Error,
    },
    #[error("TALKHUB_RELAY_SECRET is not set: without it every listener must be on loopback")]
    NoSecret,
}

/// A relay that runs.
pub struct Running {
    public: SocketAddr,
    internal: Option<SocketAddr>,
    relay: Arc<Relay>,
    finished: watch::Receiver<bool>,
}

impl Running {
    /// Where clients connect, and the internal API listens unless it has a listener of its own.
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where the internal API listens.
    pub fn internal(&self) -> SocketAddr {
        self.internal.unwrap_or(self.public)
    }

    /// New with every start.
    pub fn boot_id(&self) -> &str {
        &self.relay.boot_id
    }

    /// What went wrong so far.
    pub fn counters(&self) -> &Counters {
        &self.relay.counters
    }

    /// Waits until the relay has stopped.
    pub async fn finished(&mut self) {
        self.finished.wait_for(|finished| *finished).await.ok();
    }
}

/// Starts a relay and comes back when it listens. It stops, gracefully, when `shutdown` is cancelled.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<Running, StartError> {
    if config.secret.is_none() && !config.only_loopback() {
        return Err(StartError::NoSecret);
    }
    if config.secret.is_none() {
        warn!(
            "TALKHUB_RELAY_SECRET is not set: the development secret is used, which is good for this machine alone"
        );
    }
    let listener = bind("TALKHUB_RELAY_BIND", config.bind).await?;
    let internal = match config.internal_bind {
        Some(address) => Some(bind("TALKHUB_RELAY_INTERNAL_BIND", address).await?),
        None => None,
    };
    let address = |listener: &TcpListener, configured| listener.local_addr().unwrap_or(configured);
    let public_address = address(&listener, config.bind);
    let internal_address = internal.as_ref().map(|internal| address(internal, config.bind));

    let relay = Arc::new(Relay::new(config));
    let served = Arc::new(serve(&relay));
    let door = if internal.is_some() {
        Door::Public
    } else {
        Door::Both
    };
    relay
        .tasks
        .spawn(accept(Arc::clone(&relay), Arc::clone(&served), listener, door));
    if let Some(internal) = internal {
        relay
            .tasks
            .spawn(accept(Arc::clone(&relay), served, internal, Door::Internal));
    }
    sweep::start(&relay);
    info!(address = %public_address, "ready");
    let (finish, finished) = watch::channel(false);
    let running = Running {
        public: public_address,
        internal: internal_address,
        relay,
        finished,
    };
    stop_when(Arc::clone(&running.relay), shutdown, finish);
    Ok(running)
}

async fn bind(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| StartError::Bind {
            setting,
            address,
            cause,
        })
}

fn serve(relay: &Arc<Relay>) -> Served {
    let (times, limits) = (&relay.config.times, &relay.config.limits);
    let ms = Duration::from_millis;
    // What fits into an event of 64 KiB goes through; a larger message closes the connection.
    let most = 64 * 1024;
    let (socket, io) = SocketIo::builder()
        .transports([TransportType::Websocket, TransportType::Polling])
        .ping_interval(ms(times.ping_interval_ms))
        .ping_timeout(ms(times.ping_timeout_ms))
        .connect_timeout(ms(times.connect_timeout_ms))
        .max_buffer_size(usize::try_from(limits.socket_buffer).unwrap_or(usize::MAX))
        .max_payload(most)
        .ws_max_message_size(most as usize)
        .ws_max_frame_size(most as usize)
        .ws_read_buffer_size(2048)
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(0)
                .packet_completion_timeout(ms(5_000)),
        )
        .build_with_inner_svc(elsewhere());
    io.ns(
        "/",
        connect::Door {
            relay: Arc::clone(relay),
        },
    );
    relay.io.set(io).ok();
    Served::new(relay, socket)
}

#[expect(
    clippy::disallowed_methods,
    reason = "it outlives the tasks, because it ends them"
)]
fn stop_when(relay: Arc<Relay>, shutdown: CancellationToken, finish: watch::Sender<bool>) {
    tokio::spawn(async move {
        shutdown.cancelled().await;
        stop(&relay).await;
        finish.send_replace(true);
    });
}

/// Lets nobody in, lets what waits be answered, tells every client, and cuts what is left. Never longer than `stop_ms`.
async fn stop(relay: &Relay) {
    let limit = Duration::from_millis(relay.config.times.stop_ms);
    let until = Instant::now() + limit;
    info!("Stopping");
    relay.begin_stopping();
    let short = Duration::from_millis(20);
    while 0 < relay.links.waiting() && Instant::now() + limit / 2 < until {
        tokio::time::sleep(short).await;
    }
    let clients = relay.registry.clients();
    for client in &clients {
        client.tell(RelayFrame::Stopping);
    }
    tokio::time::sleep(Duration::from_millis(100).min(limit / 10)).await;
    close(relay, &clients, until).await;
    // The links are told before the last connections are cut.
    relay
        .tasks
        .shut_down(Duration::from_millis(300).min(limit / 10))
        .await;
    relay.lines.cut_all();
    let rest = until.saturating_duration_since(Instant::now()).max(short);
    if !relay.tasks.shut_down(rest).await {
        warn!("Stopped with work left over: it did not end in time");
    }
    info!("Stopped");
}

/// Closes the Socket.IO connections; one that does not read would keep us for ever, so the rest is cut.
async fn close(relay: &Relay, clients: &[Arc<Client>], until: Instant) {
    let Some(io) = relay.io.get() else { return };
    let patience = until.saturating_duration_since(Instant::now()) / 4;
    if tokio::time::timeout(patience, io.close()).await.is_err() {
        info!("Cut the clients that do not read");
        clients.iter().for_each(|client| client.cut());
    }
}
