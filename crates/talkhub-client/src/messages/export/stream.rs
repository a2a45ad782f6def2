//! A body that is made while it is sent: a thread writes, the connection reads, a few pieces lie between them.

use crate::platform::problem::Problem;
use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use std::io::{self, Write};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// How large a piece is, in bytes.
const PIECE: usize = 64 * 1024;
/// How many of them may wait for the reader.
const WAITING: usize = 4;
/// A reader that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is written here goes to the reader, in order; writing waits for a slow one.
pub(super) struct Pipe {
    piece: Vec<u8>,
    to: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
}

impl Pipe {
    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE)));
        let sent = self.to.send_timeout(Ok(piece), PATIENCE);
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.runtime.block_on(sent).map_err(gone)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if PIECE <= self.piece.len() {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `make` writes, as a body. If it fails the body breaks off, so that nobody takes a part for the whole.
pub(super) fn made_while_sent(
    make: impl FnOnce(Pipe) -> anyhow::Result<Pipe> + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> {
    let (to, from) = mpsc::channel(WAITING);
    let (failed, runtime) = (to.clone(), Handle::current());
    let pipe = Pipe {
        piece: Vec::with_capacity(PIECE),
        to,
        runtime: runtime.clone(),
    };
    let work = move || {
        let Err(error) = make(pipe).and_then(|mut pipe| Ok(pipe.send()?)) else {
            return;
        };
        if failed.is_closed() {
            tracing::info!("An export was broken off by its reader");
            return;
        }
        tracing::error!(?error, "An export failed");
        let broken = io::Error::other(Problem::Internal(error));
        // Nobody reads: then nobody takes a part for the whole either.
        runtime.block_on(failed.send_timeout(Err(broken), PATIENCE)).ok();
    };
    drop(tokio::task::spawn_blocking(work));
    unfold(from, |mut from| async move {
        let piece = from.recv().await?;
        Some((piece, from))
    })
}
