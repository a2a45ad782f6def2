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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// However much there is: what was made and not read yet is a few pieces.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn u06_a_slow_reader_holds_the_writer_and_not_the_memory() {
        const PIECES: usize = 64;
        let made = Arc::new(AtomicUsize::new(0));
        let counted = made.clone();
        let body = made_while_sent(move |mut out| {
            for _ in 0..PIECES {
                out.write_all(&[7; PIECE])?;
                counted.fetch_add(1, Ordering::SeqCst);
            }
            Ok(out)
        });
        let mut body = Box::pin(body);
        let mut read = 0;
        while let Some(piece) = body.next().await {
            assert_eq!(piece.unwrap().len(), PIECE);
            read += 1;
            // As far as it gets by itself: then it waits.
            let moves_on = async {
                while made.load(Ordering::SeqCst) < PIECES.min(read + WAITING) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, moves_on).await.unwrap();
            let ahead = made.load(Ordering::SeqCst) - read;
            assert!(ahead <= WAITING + 1, "{ahead} pieces wait after {read}");
        }
        assert_eq!(read, PIECES);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn u06_a_reader_who_has_gone_ends_the_writer() {
        let made = Arc::new(AtomicUsize::new(0));
        let (counted, (ended, end)) = (made.clone(), tokio::sync::oneshot::channel());
        let body = made_while_sent(move |mut out| {
            let written = loop {
                match out.write_all(&[7; PIECE]) {
                    Ok(()) => counted.fetch_add(1, Ordering::SeqCst),
                    Err(error) => break error,
                };
            };
            ended.send(written.kind()).ok();
            Err(written.into())
        });
        let mut body = Box::pin(body);
        assert!(body.next().await.is_some());
        drop(body);
        assert_eq!(end.await.unwrap(), io::ErrorKind::BrokenPipe);
    }
}
