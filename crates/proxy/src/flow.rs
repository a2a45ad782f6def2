//! The bytes of one way of one connection: read, kept until they are due, written.

use crate::Mode;
use std::collections::VecDeque;
use std::future::pending;
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How much may be on its way; then the sender is no longer read.
const MOST: usize = 256 << 10;
/// The largest piece.
const PIECE: usize = 16 << 10;

/// How a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The sender has closed, and everything it said is through.
    Closed,
    /// The mode says so.
    Cut,
    /// The mode says so.
    Reset,
    /// The whole connection ends: so many bytes are through, or one of the ends is broken.
    Over,
}

/// A piece on its way.
struct Piece {
    bytes: Vec<u8>,
    written: usize,
    due: Instant,
}

/// What is on its way, and by which rules.
struct Flow {
    mode: Mode,
    pieces: VecDeque<Piece>,
    waiting: usize,
    /// Bytes that still pass before the end.
    left: Option<usize>,
    /// The line is busy with what was read until then.
    busy_until: Instant,
    has_ended: bool,
    chance: u64,
}

/// Passes bytes on until an end. Whoever switches the mode is obeyed at once.
pub(crate) async fn run(from: &TcpStream, to: &TcpStream, modes: &watch::Sender<Mode>) -> End {
    let mut modes = modes.subscribe();
    let mut flow = Flow::new(*modes.borrow_and_update());
    loop {
        match flow.mode {
            Mode::Cut => return End::Cut,
            Mode::Reset => return End::Reset,
            _ if flow.has_ended && flow.pieces.is_empty() => return End::Closed,
            _ => {}
        }
        let flows = flow.mode != Mode::Blackhole;
        let reads = flows && !flow.has_ended && flow.waiting < MOST;
        let step = tokio::select! {
            biased;
            changed = modes.changed() => match changed {
                Ok(()) => { flow.switch(*modes.borrow_and_update()); Ok(()) }
                Err(_) => return End::Over,
            },
            ready = writable(to, flow.pieces.front().map(|piece| piece.due)), if flows => ready.and_then(|()| flow.write(to)),
            ready = from.readable(), if reads => ready.and_then(|()| flow.read(from)),
        };
        if step.is_err() || flow.left == Some(0) {
            return End::Over;
        }
    }
}

/// Waits until something is due and the receiver takes it; for ever when there is nothing.
async fn writable(to: &TcpStream, due: Option<Instant>) -> io::Result<()> {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
    to.writable().await
}

impl Flow {
    fn new(mode: Mode) -> Self {
        let mut flow = Self {
            mode,
            pieces: VecDeque::new(),
            waiting: 0,
            left: None,
            busy_until: Instant::now(),
            has_ended: false,
            chance: 0x9e37_79b9_7f4a_7c15,
        };
        flow.switch(mode);
        flow
    }

    fn switch(&mut self, mode: Mode) {
        self.mode = mode;
        self.left = match mode {
            Mode::Truncate { after } => Some(after as usize),
            _ => None,
        };
        self.busy_until = Instant::now();
        if !matches!(mode, Mode::Delay { .. } | Mode::Throttle { .. }) {
            // The way is free again: what was held up goes now.
            for piece in &mut self.pieces {
                piece.due = self.busy_until;
            }
        }
    }

    fn read(&mut self, from: &TcpStream) -> io::Result<()> {
        let mut bytes = vec![0; self.piece()];
        match from.try_read(&mut bytes) {
            Ok(0) => self.has_ended = true,
            Ok(count) => {
                bytes.truncate(count);
                self.waiting += count;
                let due = self.due(count);
                self.pieces.push_back(Piece {
                    bytes,
                    written: 0,
                    due,
                });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn write(&mut self, to: &TcpStream) -> io::Result<()> {
        let Some(piece) = self.pieces.front_mut() else {
            return Ok(());
        };
        let rest = &piece.bytes[piece.written..];
        let most = self.left.map_or(rest.len(), |left| left.min(rest.len()));
        match to.try_write(&rest[..most]) {
            Ok(count) => {
                piece.written += count;
                self.waiting -= count;
                self.left = self.left.map(|left| left - count);
                if piece.written == piece.bytes.len() {
                    self.pieces.pop_front();
                }
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How much is read at once: of a slow line a fiftieth of a second.
    fn piece(&self) -> usize {
        match self.mode {
            Mode::Throttle { bytes_per_second } => (bytes_per_second as usize / 50).clamp(1, PIECE),
            _ => PIECE,
        }
    }

    fn due(&mut self, count: usize) -> Instant {
        let now = Instant::now();
        match self.mode {
            Mode::Delay { by, jitter } => {
                let due = now + by.saturating_sub(jitter) + self.part_of(jitter * 2);
                self.busy_until = self.busy_until.max(due); // nothing overtakes
            }
            Mode::Throttle { bytes_per_second } => {
                let takes = Duration::from_secs_f64(count as f64 / f64::from(bytes_per_second.max(1)));
                self.busy_until = self.busy_until.max(now) + takes;
            }
            _ => self.busy_until = now,
        }
        self.busy_until
    }

    /// Jitter need not be good chance.
    fn part_of(&mut self, span: Duration) -> Duration {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        span.mul_f64((self.chance % 1000) as f64 / 1000.0)
    }
}
