//! One link's queue: messages that wait to be written, and durable events that wait to be settled.

use crate::client::Identity;
use crate::config::Config;
use crate::event::Incoming;
use crate::forward::{AWAY_RETRY_MS, Stamped};
use serde::Serialize;
use serde_json::value::RawValue;
use shared_protocol::Ack;
use socketioxide::extract::AckSender;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Several lines share one WebSocket message of about this size.
const MESSAGE: usize = 64 * 1024;
/// So many times more settled ones may stand behind one that is not.
const MOST_SETTLED: usize = 16;
/// A submit that was answered `busy` is remembered so many times longer, so that a late settlement still goes out.
const REMEMBER: u32 = 6;

/// Answering, if an answer is wanted. A sender who has gone asks again with the same id.
pub(crate) trait Acknowledge {
    fn answer(self, ack: &Ack);
}

impl Acknowledge for Option<AckSender> {
    fn answer(self, ack: &Ack) {
        if let Some(sender) = self {
            sender.send(ack).ok();
        }
    }
}

/// One logic server's link.
pub(super) struct Link {
    queue: Mutex<Queue>,
    pub(super) wake: Notify,
    most_bytes: usize,
    most_pending: usize,
    patience: Duration,
}

#[derive(Default)]
struct Queue {
    closed: bool,
    /// JSON arrays, without their last bracket.
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
    /// By `r`, beginning with `first`. `None`: settled.
    pending: VecDeque<Option<Pending>>,
    /// How many of them are not settled, and how many bytes of frames they keep.
    open: usize,
    kept_bytes: usize,
    first: u64,
}

/// A durable event that waits for its settlement.
pub(super) struct Pending {
    /// `None`: none was wanted, or `busy` was answered.
    pub(super) ack: Option<AckSender>,
    pub(super) to: Box<str>,
    pub(super) since: Instant,
    pub(super) from: Arc<Identity>,
    /// To be passed on if the link ends. `None`: `busy` was answered, so its sender comes again by itself.
    pub(super) event: Option<Kept>,
}

/// An event that may have to be passed on yet.
pub(super) struct Kept {
    pub(super) id: Box<str>,
    pub(super) prev: Option<Box<str>>,
    pub(super) receipt: Option<Box<str>>,
    pub(super) frame: Box<RawValue>,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.frame.get().len()
    }
}

/// What a settlement's `r` stands for.
pub(super) enum Settled {
    Pending(Pending),
    /// Settled or given up before.
    Earlier,
    /// Never submitted on this link.
    Unknown,
}

#[derive(Serialize)]
struct SubmitLine<'a> {
    kind: &'static str,
    r: u64,
    from: Stamped<'a>,
    to: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a str>,
    frame: &'a RawValue,
}

impl Queue {
    /// Adds one line. Lines share a message as long as it stays small.
    fn push(&mut self, line: &impl Serialize) {
        if self.messages.back().is_none_or(|message| MESSAGE < message.len()) {
            self.messages.push_back(Vec::with_capacity(1024));
        }
        let Some(message) = self.messages.back_mut() else {
            return;
        };
        let before = message.len();
        message.push(if message.is_empty() { b'[' } else { b',' });
        serde_json::to_writer(&mut *message, line).expect("lines of the link are plain JSON");
        self.bytes += message.len() - before;
    }

    fn forget_settled(&mut self) {
        while let Some(None) = self.pending.front() {
            self.pending.pop_front();
            self.first += 1;
        }
    }
}

impl Link {
    pub(super) fn new(config: &Config) -> Self {
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            queue: Mutex::default(),
            wake: Notify::new(),
            most_bytes: size(config.limits.link_queue_bytes),
            most_pending: size(config.limits.link_pending),
            patience: Duration::from_millis(config.times.pending_ms),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn submit(
        &self,
        event: &Incoming<'_>,
        from: &Arc<Identity>,
        ack: Option<AckSender>,
    ) -> Result<(), Option<AckSender>> {
        let mut queue = self.lock();
        let size = queue.bytes + queue.kept_bytes + event.frame.get().len();
        if queue.closed
            || self.most_bytes < size
            || self.most_pending <= queue.open
            || self.most_pending * MOST_SETTLED <= queue.pending.len()
        {
            return Err(ack);
        }
        // Invariant: one lock for both, so the order of `r` is the order on the link.
        let r = queue.first + queue.pending.len() as u64;
        let kept = Kept {
            id: event.id.as_ref().into(),
            prev: event.prev.as_deref().map(Into::into),
            receipt: event.receipt.as_deref().map(Into::into),
            frame: event.frame.to_owned(),
        };
        queue.kept_bytes += kept.bytes();
        let pending = Pending {
            ack,
            to: event.to.as_ref().into(),
            since: Instant::now(),
            from: Arc::clone(from),
            event: Some(kept),
        };
        queue.pending.push_back(Some(pending));
        queue.open += 1;
        queue.push(&SubmitLine {
            kind: "submit",
            r,
            from: Stamped {
                relay_id: from.relay_id.as_str(),
                subject: &from.subject,
            },
            to: &event.to,
            id: &event.id,
            prev: event.prev.as_deref(),
            receipt: event.receipt.as_deref(),
            frame: event.frame,
        });
        drop(queue);
        self.wake.notify_one();
        Ok(())
    }

    /// Adds a line of its own kind, unless the queue is full.
    pub(super) fn tell(&self, line: &impl Serialize) {
        let mut queue = self.lock();
        if !queue.closed && queue.bytes < self.most_bytes {
            queue.push(line);
            drop(queue);
            self.wake.notify_one();
        }
    }

    /// The next message to be written.
    pub(super) fn next_message(&self) -> Option<String> {
        let mut queue = self.lock();
        let mut message = queue.messages.pop_front()?;
        queue.bytes -= message.len();
        drop(queue);
        message.push(b']');
        Some(String::from_utf8(message).expect("JSON is UTF-8"))
    }

    /// What these settlements are for, in their order.
    pub(super) fn settle(&self, settlements: impl Iterator<Item = u64>, found: &mut Vec<Settled>) {
        let mut queue = self.lock();
        let (mut settled, mut freed) = (0, 0);
        for r in settlements {
            let place = r
                .checked_sub(queue.first)
                .map(|place| usize::try_from(place).unwrap_or(usize::MAX));
            let pending = place.and_then(|place| queue.pending.get_mut(place));
            found.push(match (place, pending) {
                (Some(_), Some(pending)) => match pending.take() {
                    Some(pending) => {
                        settled += 1;
                        freed += pending.event.as_ref().map_or(0, Kept::bytes);
                        Settled::Pending(pending)
                    }
                    None => Settled::Earlier,
                },
                (None, _) => Settled::Earlier,
                (Some(_), None) => Settled::Unknown,
            });
        }
        queue.open -= settled;
        queue.kept_bytes -= freed;
        queue.forget_settled();
    }

    /// Answers `busy` for what was submitted at least `patience` before `now`, and forgets what is much older.
    pub(super) fn end_waits(&self, now: Instant) {
        let mut overdue = Vec::new();
        let mut queue = self.lock();
        let (mut forgotten, mut freed) = (0, 0);
        for place in &mut queue.pending {
            let Some(pending) = place else { continue };
            let waited = now.saturating_duration_since(pending.since);
            if waited < self.patience {
                break;
            }
            overdue.extend(pending.ack.take());
            freed += pending.event.take().map_or(0, |kept| kept.bytes());
            if self.patience * REMEMBER <= waited {
                *place = None;
                forgotten += 1;
            }
        }
        queue.open -= forgotten;
        queue.kept_bytes -= freed;
        queue.forget_settled();
        drop(queue);
        overdue.into_iter().for_each(busy);
    }

    /// Takes nothing any longer; gives back what waits, in the order of submitting.
    pub(super) fn close(&self) -> impl Iterator<Item = Pending> + use<> {
        let mut queue = self.lock();
        queue.closed = true;
        queue.messages.clear();
        queue.bytes = 0;
        queue.kept_bytes = 0;
        let pending = std::mem::take(&mut queue.pending);
        queue.open = 0;
        queue.first += pending.len() as u64;
        drop(queue);
        pending.into_iter().flatten()
    }

    pub(super) fn waiting(&self) -> usize {
        self.lock()
            .pending
            .iter()
            .flatten()
            .filter(|pending| pending.ack.is_some())
            .count()
    }
}

fn busy(ack: AckSender) {
    Some(ack).answer(&Ack::Busy {
        retry_after_ms: AWAY_RETRY_MS,
    });
}
