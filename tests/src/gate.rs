//! A gate on the way to a server: as long as it is open it passes everything on; shut, nobody is there.

use anyhow::Result;
use proxy::Proxy;

/// Listens on a port of its own and passes every connection on to `server`.
pub struct Gate(Proxy);

impl Gate {
    pub async fn open_to(server: &str) -> Result<Self> {
        // Not one that the system may give away while the gate is shut.
        Ok(Self(Proxy::start(crate::free_port()?, server).await?))
    }

    /// What to connect to instead of the server.
    pub fn address(&self) -> String {
        self.0.address()
    }

    pub async fn open(&mut self) -> Result<()> {
        Ok(self.0.open().await?)
    }

    /// Cuts every connection and takes no new one.
    pub fn shut(&mut self) {
        self.0.shut();
    }
}
