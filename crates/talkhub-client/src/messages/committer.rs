//! The one writer: takes what has queued up and commits it as one transaction (group commit).

use super::{Draft, Outcome, Stored, relay, send_all};
use crate::platform::clock::Clock;
use crate::platform::db::Db;
#[cfg(feature = "chaos")]
use crate::platform::fail_point::{self, Point};
use crate::platform::live::Live;
use crate::platform::problem::{Problem, Result};
use crate::platform::relay::LinkSender;
use shared_protocol::ServerFrame;
use shared_protocol::internal::{Down, Outcome as Settled, Settle, Submit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// How often a commit that ended without an answer is looked up again.
const TRIES: usize = 3;
/// How long a sender waits after `busy`.
const COME_BACK_MS: u64 = 1000;

/// Puts submits into the writer's queue. Cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: SyncSender<Waiting>,
}

/// A submit and the link that wants to know.
struct Waiting {
    submit: Submit,
    link: LinkSender,
}

/// What the writer thread works with.
struct Writer {
    live: Live,
    db: Db,
    clock: Clock,
    history_id: Arc<str>,
    batch: usize,
}

impl Committer {
    /// Starts the writer's thread; it ends when the last `Committer` is gone.
    pub fn start(
        live: Live,
        db: Db,
        clock: Clock,
        history_id: Arc<str>,
        batch: usize,
        queue: usize,
    ) -> anyhow::Result<Self> {
        let (sender, receiver) = sync_channel(queue);
        let writer = Writer {
            live,
            db,
            clock,
            history_id,
            batch,
        };
        std::thread::Builder::new()
            .name("committer".into())
            .spawn(move || writer.run(&receiver))?;
        Ok(Self { queue: sender })
    }

    /// Queues a submit; a full queue answers `busy` at once.
    pub fn submit(&self, submit: Submit, link: &LinkSender) {
        let waiting = Waiting {
            submit,
            link: link.clone(),
        };
        if let Err(TrySendError::Full(waiting) | TrySendError::Disconnected(waiting)) =
            self.queue.try_send(waiting)
        {
            let busy = settle(
                waiting.submit.r,
                Settled::Busy {
                    retry_after_ms: COME_BACK_MS,
                },
            );
            if waiting.link.try_send(vec![busy]).is_err() {
                tracing::warn!("The link is full: a sender will ask again by itself");
            }
        }
    }
}

impl Writer {
    fn run(&self, queue: &Receiver<Waiting>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            while batch.len() < self.batch {
                match queue.try_recv() {
                    Ok(waiting) => batch.push(waiting),
                    Err(_) => break,
                }
            }
            let settled = catch_unwind(AssertUnwindSafe(|| self.settle_all(&batch)));
            if settled.is_err() {
                // The transaction was rolled back with its connection; the senders come again with the same ids.
                tracing::error!(
                    "A batch of {} made the writer panic: its senders are told to come back",
                    batch.len()
                );
                for waiting in &batch {
                    let busy = settle(
                        waiting.submit.r,
                        Settled::Busy {
                            retry_after_ms: COME_BACK_MS,
                        },
                    );
                    drop(waiting.link.blocking_send(vec![busy]));
                }
            }
        }
    }

    /// One commit, then one lot of answers for each link, in the order of the submits.
    fn settle_all(&self, batch: &[Waiting]) {
        let parsed: Vec<Result<Draft>> = batch
            .iter()
            .map(|waiting| relay::parse(&waiting.submit))
            .collect();
        let drafts: Vec<Draft> = parsed
            .iter()
            .filter_map(|draft| draft.as_ref().ok().cloned())
            .collect();
        let mut outcomes = self.commit(&drafts).into_iter();
        #[cfg(feature = "chaos")]
        fail_point::pass(Point::AfterCommit);
        let mut lots: Vec<(&LinkSender, Vec<Down>)> = Vec::new();
        for (waiting, draft) in batch.iter().zip(parsed) {
            let outcome = draft.and_then(|_| outcomes.next().unwrap_or(Err(Problem::Busy(1))));
            let answer = settle(waiting.submit.r, self.to_wire(outcome));
            match lots.iter_mut().find(|(link, _)| link.same_channel(&waiting.link)) {
                Some((_, lot)) => lot.push(answer),
                None => lots.push((&waiting.link, vec![answer])),
            }
        }
        for (link, lot) in lots {
            // A link that is gone: its senders ask again with the same ids and get the same answers.
            drop(link.blocking_send(lot));
        }
    }

    /// An outcome for each draft. A batch that the database refuses is split by halves until the one is found.
    fn commit(&self, drafts: &[Draft]) -> Vec<Outcome> {
        if drafts.is_empty() {
            return Vec::new();
        }
        let mut tries = 1;
        loop {
            match self.db.write_blocking(|conn| send_all(conn, drafts, &self.clock)) {
                Ok(outcomes) => return outcomes,
                // Neither yes nor no: what was committed is found by its id and gives its first result.
                Err(Problem::Unsure(error)) if tries < TRIES => {
                    tracing::warn!(%error, "A commit ended without an answer: looking it up");
                    tries += 1;
                }
                Err(Problem::Unreachable(error)) => {
                    tracing::error!(
                        error,
                        "The database cannot be reached: senders are told to come back"
                    );
                    return drafts.iter().map(|_| Err(Problem::Busy(2))).collect();
                }
                Err(problem) if drafts.len() == 1 => {
                    tracing::error!(
                        ?problem,
                        "A message could not be stored: its sender is told to come back"
                    );
                    return vec![Err(Problem::Busy(2))];
                }
                Err(problem) => {
                    tracing::warn!(?problem, "A batch of {} is split by halves", drafts.len());
                    let (left, right) = drafts.split_at(drafts.len() / 2);
                    let mut outcomes = self.commit(left);
                    outcomes.extend(self.commit(right));
                    return outcomes;
                }
            }
        }
    }

    fn to_wire(&self, outcome: Outcome) -> Settled {
        match outcome {
            Ok(Stored {
                message,
                group,
                is_new,
            }) => {
                let (seq, rev, at) = (message.seq, message.rev, message.at);
                let history_id = self.history_id.to_string();
                let frame = ServerFrame::Message {
                    message,
                    history_id: history_id.clone(),
                };
                // Said again for a repeated submit too: whoever has it already passes over it.
                let frame = serde_json::to_string(&frame).ok();
                if let Some(frame) = frame.as_ref().filter(|_| is_new) {
                    self.live.tell(&group, frame);
                }
                Settled::Stored {
                    seq,
                    rev,
                    at,
                    history_id,
                    frame,
                }
            }
            Err(problem) if problem.is_passing() => Settled::Busy {
                retry_after_ms: COME_BACK_MS,
            },
            Err(problem) => Settled::Refused {
                problem: problem.to_wire(),
            },
        }
    }
}

fn settle(r: u64, outcome: Settled) -> Down {
    Down::Settle(Settle { r, outcome })
}
