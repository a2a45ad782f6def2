//! One TCP connection as the relay sees it: a kill switch, a measure of how far behind the receiver is, and the permits
//! that end with it.
//!
//! A socket whose buffer is full cannot be closed through Socket.IO (the packet that says so would need the buffer), and a
//! permit tied to the request would end at the WebSocket upgrade. Both therefore live in the IO object itself.

use crate::caps::Permit;
use crate::frames::{Early, Frames};
use crate::relay::{Relay, count};
use futures_util::task::AtomicWaker;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What the relay knows of a connection and can do to it.
#[derive(Debug)]
pub(crate) struct Line {
    /// The other end of the TCP connection: the client, or a proxy.
    pub(crate) peer: IpAddr,
    cut: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// HTTP has ended on it: what comes now are frames.
    upgraded: AtomicBool,
    /// The kernel takes no more: the receiver does not keep up.
    stalled: AtomicBool,
    /// It has stalled since everything was last written out.
    stalled_once: AtomicBool,
    /// Handed to the socket so far.
    noted: Sum,
    /// The same when it first stalled since everything was last written out.
    at_stall: Sum,
    /// Of it certainly written out.
    written: Sum,
    /// For the address behind a trusted proxy, which only a request tells.
    permit: Mutex<Option<Permit>>,
}

/// Packets and their bytes.
#[derive(Debug, Default)]
struct Sum {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Sum {
    fn get(&self) -> (u64, u64) {
        (
            self.packets.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        )
    }

    fn set(&self, (packets, bytes): (u64, u64)) {
        self.packets.store(packets, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }
}

impl Line {
    pub(crate) fn new(peer: IpAddr) -> Self {
        Self {
            peer,
            cut: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            upgraded: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            stalled_once: AtomicBool::new(false),
            noted: Sum::default(),
            at_stall: Sum::default(),
            written: Sum::default(),
            permit: Mutex::new(None),
        }
    }

    /// Ends the connection now, whatever its buffers hold.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    /// The upgrade to a WebSocket is being answered.
    pub(crate) fn upgrade(&self) {
        self.upgraded.store(true, Ordering::Release);
    }

    /// A packet of so many bytes was handed over for sending.
    pub(crate) fn note(&self, bytes: usize) {
        self.noted.packets.fetch_add(1, Ordering::Relaxed);
        self.noted.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Packets and bytes that wait because the receiver does not keep up; nothing while it does.
    pub(crate) fn backlog(&self) -> (u64, u64) {
        if !self.stalled.load(Ordering::Relaxed) {
            return (0, 0);
        }
        let ((packets, bytes), (written_packets, written_bytes)) = (self.noted.get(), self.written.get());
        (
            packets.saturating_sub(written_packets),
            bytes.saturating_sub(written_bytes),
        )
    }

    fn wrote(&self, stalled: bool) {
        if stalled && !self.stalled_once.swap(true, Ordering::Relaxed) {
            self.at_stall.set(self.noted.get());
        }
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    /// Socket.IO flushes when its buffer has run empty, but the flush itself may stall, and what was noted meanwhile waits
    /// still. So only what was noted before the stall counts as written.
    fn flushed(&self) {
        let stalled = self.stalled_once.swap(false, Ordering::Relaxed);
        self.written.set(if stalled {
            self.at_stall.get()
        } else {
            self.noted.get()
        });
    }

    /// Holds the permit as long as the connection lives, in place of an earlier one.
    pub(crate) fn hold(&self, permit: Permit) {
        let earlier = self
            .permit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(permit);
        drop(earlier);
    }

    /// The address that a held permit is for.
    pub(crate) fn held_address(&self) -> Option<IpAddr> {
        self.permit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(Permit::address)
    }

    fn check(&self) -> Result<()> {
        match self.cut.load(Ordering::Acquire) {
            true => Err(Error::from(ErrorKind::ConnectionAborted)),
            false => Ok(()),
        }
    }
}

/// The byte stream that hyper gets.
pub(crate) struct Io {
    stream: TcpStream,
    line: Arc<Line>,
    relay: Arc<Relay>,
    early: Early,
    frames: Option<Frames>,
    /// Messages for other namespaces.
    strange: u64,
    _permit: Option<Permit>,
}

impl Io {
    pub(crate) fn new(stream: TcpStream, line: Arc<Line>, relay: Arc<Relay>, permit: Option<Permit>) -> Self {
        Self {
            stream,
            line,
            relay,
            early: Early::default(),
            frames: None,
            strange: 0,
            _permit: permit,
        }
    }

    /// Reads along: whoever goes on with other namespaces is cut.
    fn look_at(&mut self, bytes: &[u8]) {
        if !self.line.upgraded.load(Ordering::Acquire) {
            return self.early.read(bytes);
        }
        let early = &mut self.early;
        let frames = self.frames.get_or_insert_default();
        let found = frames.read(&early.take()) + frames.read(bytes);
        (0..found).for_each(|_| count(&self.relay.counters.strange));
        self.strange += found;
        if self.relay.config.limits.strange_events <= self.strange && !self.line.cut.load(Ordering::Acquire) {
            tracing::info!(
                "Closed a connection: {} messages for other namespaces",
                self.strange
            );
            self.line.cut();
        }
    }

    fn wrote(&self, result: Poll<Result<usize>>) -> Poll<Result<usize>> {
        self.line.wrote(result.is_pending());
        result
    }

    fn may_write(&self, context: &Context<'_>) -> Result<()> {
        self.line.writer.register(context.waker());
        self.line.check()
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        self.line.reader.register(context.waker());
        self.line.check()?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.look_at(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.may_write(context)?;
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.may_write(context)?;
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.may_write(context)?;
        self.line.flushed();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
