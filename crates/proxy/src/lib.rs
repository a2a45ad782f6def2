//! The fault proxy: stands between a client and a server and does to their bytes, each way on its own, what a bad network does.
//!
//! A [`Proxy`] passes everything on until it is told otherwise. [`Proxy::set`] switches one [`Way`] to a [`Mode`], for the
//! connections that are open and for those that come, at once.

mod connection;
mod flow;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// In which direction bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    ToServer,
    ToClient,
}

impl Way {
    pub const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    fn back(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

/// What happens to the bytes of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Every piece comes so much later, in order, give or take the jitter.
    Delay {
        by: Duration,
        jitter: Duration,
    },
    /// So many bytes each second.
    Throttle {
        bytes_per_second: u32,
    },
    /// Nothing is read and nothing is passed on; nobody is told. What was on its way goes on when the mode ends.
    Blackhole,
    /// The receiver is told that the sender has closed; what the sender still says is lost.
    Cut,
    /// The receiver's connection is reset. The sender is not told: its half stays open, and what it says is lost.
    Reset,
    /// So many bytes of each connection still pass; then both ends are closed.
    Truncate {
        after: u32,
    },
}

/// The modes of both ways, as the connections see them.
#[derive(Clone)]
struct Modes {
    to_server: Arc<watch::Sender<Mode>>,
    to_client: Arc<watch::Sender<Mode>>,
}

impl Modes {
    fn of(&self, way: Way) -> &watch::Sender<Mode> {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }
}

/// What all connections of a proxy share.
#[derive(Clone)]
struct Shared {
    server: String,
    modes: Modes,
    /// False: every connection ends now.
    open: Arc<watch::Sender<bool>>,
    connections: Arc<AtomicUsize>,
    accepted: Arc<AtomicU64>,
}

/// Listens on a port of 127.0.0.1 and passes every connection on to its server. Dropping it cuts everything.
pub struct Proxy {
    port: u16,
    shared: Shared,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on `port`; 0 lets the system choose. Nobody needs to be at `server` yet.
    pub async fn start(port: u16, server: &str) -> io::Result<Self> {
        let mut proxy = Self {
            port,
            shared: Shared {
                server: server.to_owned(),
                modes: Modes {
                    to_server: Arc::new(watch::Sender::new(Mode::Pass)),
                    to_client: Arc::new(watch::Sender::new(Mode::Pass)),
                },
                open: Arc::new(watch::Sender::new(true)),
                connections: Arc::default(),
                accepted: Arc::default(),
            },
            accepting: None,
        };
        proxy.open().await?;
        Ok(proxy)
    }

    /// What to connect to instead of the server.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on bytes of this way are treated so.
    pub fn set(&self, way: Way, mode: Mode) {
        self.shared.modes.of(way).send_replace(mode);
    }

    /// The same for both ways.
    pub fn set_both(&self, mode: Mode) {
        for way in Way::BOTH {
            self.set(way, mode);
        }
    }

    /// Listens, after [`Proxy::shut`] on the same port again.
    pub async fn open(&mut self) -> io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
        self.port = listener.local_addr()?.port();
        self.shared.open.send_replace(true);
        self.accepting = Some(start(accept(listener, self.shared.clone())));
        Ok(())
    }

    /// Cuts every connection and takes no new one: nobody is there.
    pub fn shut(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
        self.shared.open.send_replace(false);
    }

    /// How many connections are held now, half-open ones too.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many were ever accepted.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shut();
    }
}

async fn accept(listener: TcpListener, shared: Shared) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await; // out of file handles, for a while
            continue;
        };
        shared.accepted.fetch_add(1, Ordering::Relaxed);
        start(serve(client, shared.clone()));
    }
}

async fn serve(client: TcpStream, shared: Shared) {
    let mut open = shared.open.subscribe();
    let _counted = Counted::new(&shared.connections);
    let through = async {
        // A server that is not there looks like one that closes at once.
        if let Ok(server) = TcpStream::connect(&shared.server).await {
            connection::run(client, server, &shared.modes).await;
        }
    };
    tokio::select! {
        () = through => (),
        _ = open.wait_for(|open| !open) => (),
    }
}

/// A connection that is held.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "connections end with their proxy, or with the runtime of the test"
)]
fn start(work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(work)
}
