//! The accept loop: hyper on our own IO object, so that headers time out, small packets leave at once and a connection can
//! be cut.

use crate::caps::{Crowded, Permit};
use crate::http::{Front, Served};
use crate::line::{Io, Line};
use crate::relay::Relay;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, warn};

/// The largest head of a request, in bytes; a larger one gets 431.
const MOST_HEAD: usize = 16 * 1024;

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Clients, and the internal API too.
    Both,
    /// Clients alone.
    Public,
    /// The internal API alone; only the logic server comes here, so no caps.
    Internal,
}

/// Every open connection, to cut the last ones when the relay stops.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Vec<Weak<Line>>>);

impl Lines {
    fn add(&self, line: &Arc<Line>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == lines.capacity() {
            lines.retain(|line| 0 < line.strong_count());
        }
        lines.push(Arc::downgrade(line));
    }

    pub(crate) fn cut_all(&self) {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter_map(Weak::upgrade).for_each(|line| line.cut());
    }
}

/// Accepts until the relay stops.
pub(crate) async fn accept(relay: Arc<Relay>, served: Arc<Served>, listener: TcpListener, door: Door) {
    let stop = relay.accepting.clone();
    let mut complained = Complained::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Err(Crowded::InAll) = serve(&relay, &served, stream, peer, door) {
                    complained.say(|| warn!("No more connections: TALKHUB_RELAY_MAX_CONNECTIONS is reached"));
                }
            }
            Err(error) => {
                complained.say(|| warn!(%error, "Cannot accept connections: {error}"));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn serve(
    relay: &Arc<Relay>,
    served: &Arc<Served>,
    stream: TcpStream,
    peer: SocketAddr,
    door: Door,
) -> Result<(), Crowded> {
    let peer = crate::address::plain(peer.ip());
    let permit = admit(relay, peer, door)?;
    if let Err(error) = prepare(relay, &stream) {
        debug!(%error, "The connection was gone before it began");
        return Ok(());
    }
    let line = Arc::new(Line::new(peer));
    relay.lines.add(&line);
    let front = Front::new(Arc::clone(relay), Arc::clone(served), Arc::clone(&line), door);
    let io = Io::new(stream, line, Arc::clone(relay), permit);
    let header_timeout = Duration::from_millis(relay.config.times.header_timeout_ms);
    relay.tasks.spawn(async move {
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_buf_size(MOST_HEAD)
            .serve_connection(TokioIo::new(io), front)
            .with_upgrades();
        if let Err(error) = serving.await {
            debug!(%error, "A connection ended badly");
        }
    });
    Ok(())
}

fn admit(relay: &Arc<Relay>, peer: std::net::IpAddr, door: Door) -> Result<Option<Permit>, Crowded> {
    match door {
        Door::Internal => Ok(None),
        Door::Both | Door::Public => relay.caps.enter(peer).map(Some),
    }
}

/// Small packets leave at once; a client that has vanished or does not read holds little, and not for long.
fn prepare(relay: &Relay, stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = socket2::SockRef::from(stream);
    let (times, limits) = (&relay.config.times, &relay.config.limits);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(Duration::from_millis(times.tcp_user_timeout_ms)))?;
    #[cfg(not(target_os = "linux"))]
    let _ = times;
    socket.set_send_buffer_size(usize::try_from(limits.send_buffer_bytes).unwrap_or(usize::MAX))
}

/// One line a minute.
#[derive(Default)]
struct Complained(Option<Instant>);

impl Complained {
    fn say(&mut self, line: impl FnOnce()) {
        let minute = Duration::from_secs(60);
        if self.0.is_none_or(|last| minute <= last.elapsed()) {
            self.0 = Some(Instant::now());
            line();
        }
    }
}
