//! A gate on the way to a server: as long as it is open it passes everything on; shut, nobody is there.

use anyhow::Result;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Listens on a port of its own and passes every connection on to `server`.
pub struct Gate {
    port: u16,
    server: String,
    open: Arc<watch::Sender<bool>>,
    accepting: Option<JoinHandle<()>>,
}

impl Gate {
    pub async fn open_to(server: &str) -> Result<Self> {
        let port = crate::free_port()?;
        let mut gate = Self {
            port,
            server: server.to_owned(),
            open: Arc::new(watch::Sender::new(true)),
            accepting: None,
        };
        gate.open().await?;
        Ok(gate)
    }

    /// What to connect to instead of the server.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub async fn open(&mut self) -> Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
        self.open.send_replace(true);
        let (server, open) = (self.server.clone(), Arc::clone(&self.open));
        self.accepting = Some(start(accept(listener, server, open)));
        Ok(())
    }

    /// Cuts every connection and takes no new one.
    pub fn shut(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
        self.open.send_replace(false);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.shut();
    }
}

async fn accept(listener: TcpListener, server: String, open: Arc<watch::Sender<bool>>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let (server, mut open) = (server.clone(), open.subscribe());
        start(async move {
            let Ok(mut far) = TcpStream::connect(&server).await else {
                return;
            };
            near.set_nodelay(true).ok();
            far.set_nodelay(true).ok();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => (),
                _ = open.wait_for(|open| !open) => (),
            }
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]
fn start(work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(work)
}
