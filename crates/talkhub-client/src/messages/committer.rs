//! The one writer: takes what has queued up and commits it as one transaction (group commit).

use super::holding::{Holding, Sent, Taken};
use super::{Author, Draft, Outcome, Stored, relay, send_all, whose};
use crate::platform::app::App;
use crate::platform::db::is_locked;
#[cfg(feature = "chaos")]
use crate::platform::fail_point::{self, Point};
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{Problem, Result};
use crate::platform::relay::LinkSender;
use diesel::result::{DatabaseErrorKind, Error as DbError};
use shared_protocol::internal::{Down, Outcome as Settled, Settle, Submit};
use shared_protocol::receipt::Key;
use shared_protocol::{RelayId, ServerFrame};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How often a commit that ended without an answer is looked up again.
const TRIES: usize = 3;
/// How long a sender waits after `busy`.
pub const COME_BACK_MS: u64 = 1000;
/// How long a request waits for its commit.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked whether a hold is over.
const LOOK: Duration = Duration::from_millis(20);

/// Puts messages into the writer's queue. Cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: SyncSender<Waiting>,
    holding: Shared,
    key: Key,
    app: App,
}

type Shared = Arc<Mutex<Holding<Waiting>>>;

fn lock(holding: &Shared) -> MutexGuard<'_, Holding<Waiting>> {
    holding.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A draft and who wants to know what became of it.
struct Waiting {
    draft: Result<Draft>,
    asker: Asker,
}

enum Asker {
    /// A submit of this link, and the relay's number for it.
    Link(LinkSender, u64),
    /// A request.
    Request(oneshot::Sender<Outcome>),
}

/// What the writer thread works with.
struct Writer {
    app: App,
    holding: Shared,
}

impl Committer {
    /// Starts the writer's thread; it ends when the last `Committer` is gone, after what it has taken.
    pub fn start(app: &App) -> anyhow::Result<Self> {
        let settings = &app.config.messages;
        let (sender, receiver) = sync_channel(settings.queue);
        let holding = Arc::new(Mutex::new(Holding::new(settings.hold, settings.queue)));
        let writer = Writer {
            app: app.clone(),
            holding: Arc::clone(&holding),
        };
        std::thread::Builder::new()
            .name("committer".into())
            .spawn(move || writer.run(&receiver))?;
        Ok(Self {
            queue: sender,
            holding,
            key: Key::of(app.config.relay.secret.expose()),
            app: app.clone(),
        })
    }

    /// What proves that the relay passed something on.
    pub fn receipt_key(&self) -> &Key {
        &self.key
    }

    /// A link is up to the relay of this boot.
    pub fn linked(&self, boot_id: &str) {
        lock(&self.holding).linked(boot_id);
    }

    /// The link is up again, and the relay has passed messages on meanwhile: nothing is stored before
    /// [`Committer::release`].
    pub fn hold(&self) {
        lock(&self.holding).close();
    }

    /// Everybody has been asked to come again: what they bring is put in order for a moment, then all is stored.
    pub fn release(&self) {
        lock(&self.holding).open(self.app.clock.monotonic());
    }

    /// Queues a submit; a full queue answers `busy` at once.
    pub fn submit(&self, submit: &Submit, link: &LinkSender) {
        let waiting = Waiting {
            draft: relay::parse(submit, &self.key, self.app.clock.now()),
            asker: Asker::Link(link.clone(), submit.r),
        };
        if let Err(TrySendError::Full(waiting) | TrySendError::Disconnected(waiting)) =
            self.queue.try_send(waiting)
        {
            waiting.asker.turn_back();
        }
    }

    /// Commits one draft with whatever else is waiting.
    pub async fn commit(&self, draft: Draft) -> Outcome {
        let (asker, answer) = oneshot::channel();
        let waiting = Waiting {
            draft: Ok(draft),
            asker: Asker::Request(asker),
        };
        self.queue.try_send(waiting).map_err(|_| Problem::Busy(1))?;
        // Without an answer, or in time, it is neither yes nor no.
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(Problem::Busy(1)),
        }
    }
}

impl Asker {
    /// Nothing was decided: the sender comes again with the same id.
    fn turn_back(self) {
        match self {
            Self::Link(link, r) => {
                let busy = Settled::Busy {
                    retry_after_ms: COME_BACK_MS,
                };
                if link.try_send(vec![settle(r, busy)]).is_err() {
                    tracing::warn!("The link is full: a sender will ask again by itself");
                }
            }
            Self::Request(asker) => drop(asker.send(Err(Problem::Busy(1)))),
        }
    }
}

impl Writer {
    fn run(&self, queue: &Receiver<Waiting>) {
        loop {
            let is_waiting = lock(&self.holding).is_waiting();
            let first = match is_waiting {
                true => queue.recv_timeout(LOOK),
                false => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let is_over = matches!(first, Err(RecvTimeoutError::Disconnected));
            let now = match is_over {
                // Nobody waits for the end of a hold any more.
                true => Duration::MAX,
                false => self.app.clock.monotonic(),
            };
            let mut batch = lock(&self.holding).due(now);
            let mut next = first.ok();
            while let Some(waiting) = next {
                batch.extend(self.take(now, waiting));
                next = match batch.len() < self.app.config.messages.batch {
                    true => queue.try_recv().ok(),
                    false => None,
                };
            }
            while !batch.is_empty() {
                let rest = batch.split_off(batch.len().min(self.app.config.messages.batch));
                self.settle_or_turn_back(std::mem::replace(&mut batch, rest));
            }
            if is_over {
                return;
            }
        }
    }

    /// The same, unless it is to be held.
    fn take(&self, now: Duration, waiting: Waiting) -> Option<Waiting> {
        let Ok(draft) = &waiting.draft else {
            return Some(waiting);
        };
        let sent = Sent {
            group: draft.group.clone(),
            author: draft.author.clone(),
            passed: draft.passed.clone(),
        };
        let taken = lock(&self.holding).take(now, sent, waiting);
        match taken {
            Taken::Free(waiting) => return Some(waiting),
            Taken::Full(waiting) => waiting.asker.turn_back(),
            Taken::Held => {}
        }
        None
    }

    fn settle_or_turn_back(&self, batch: Vec<Waiting>) {
        let (drafts, askers): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.draft, waiting.asker))
            .unzip();
        match catch_unwind(AssertUnwindSafe(|| self.decide(drafts))) {
            Ok(outcomes) => self.answer(askers, outcomes),
            Err(_) => {
                // The transaction was rolled back with its connection; the senders come again with the same ids.
                tracing::error!(
                    "A batch of {} made the writer panic: its senders are told to come back",
                    askers.len()
                );
                askers.into_iter().for_each(Asker::turn_back);
            }
        }
    }

    /// One commit for what can be read.
    fn decide(&self, drafts: Vec<Result<Draft>>) -> Vec<Outcome> {
        let good: Vec<Draft> = drafts
            .iter()
            .filter_map(|draft| draft.as_ref().ok().cloned())
            .collect();
        let outcomes = self.commit(&good);
        #[cfg(feature = "chaos")]
        fail_point::pass(Point::AfterCommit);
        for (draft, outcome) in good.iter().zip(&outcomes) {
            self.tell_refusal(draft, outcome);
        }
        self.revoke_gone(&good, &outcomes);
        let mut outcomes = outcomes.into_iter();
        let outcome_of =
            |draft: Result<Draft>| draft.and_then(|_| outcomes.next().unwrap_or(Err(Problem::Busy(1))));
        drafts.into_iter().map(outcome_of).collect()
    }

    /// One lot for each link, in the order of the submits.
    fn answer(&self, askers: Vec<Asker>, outcomes: Vec<Outcome>) {
        let mut lots: Vec<(LinkSender, Vec<Down>)> = Vec::new();
        for (asker, outcome) in askers.into_iter().zip(outcomes) {
            match asker {
                Asker::Link(link, r) => {
                    let answer = settle(r, self.to_wire(outcome));
                    match lots.iter_mut().find(|(known, _)| known.same_channel(&link)) {
                        Some((_, lot)) => lot.push(answer),
                        None => lots.push((link, vec![answer])),
                    }
                }
                // Whoever does not wait any longer asks again with the same id.
                Asker::Request(asker) => drop(asker.send(outcome)),
            }
        }
        for (link, lot) in lots {
            // A link that is gone: its senders ask again with the same ids and get the same answers.
            drop(link.blocking_send(lot));
        }
    }

    /// The relay still lets connections write that we know no longer: it could not be told when they ended. Without this
    /// they would be told to come back until their lease ends.
    fn revoke_gone(&self, drafts: &[Draft], outcomes: &[Outcome]) {
        let of = |(draft, outcome): (&Draft, &Outcome)| match (&draft.author, outcome) {
            (Author::Relay(relay_id), Err(Problem::GoneConnection)) => Some(relay_id.clone()),
            _ => None,
        };
        let mut relay_ids: Vec<RelayId> = drafts.iter().zip(outcomes).filter_map(of).collect();
        relay_ids.sort_unstable();
        relay_ids.dedup();
        if relay_ids.is_empty() {
            return;
        }
        let job = Job::RevokeRelayIds { relay_ids };
        let clock = &self.app.clock;
        if let Err(problem) = self
            .app
            .db
            .write_blocking(|conn| Ok(jobs::enqueue(conn, &job, clock)?))
        {
            // They come again.
            tracing::warn!(?problem, "Connections that have ended could not be taken back");
        }
    }

    /// Whoever holds it as unsaved learns that it never will be stored.
    fn tell_refusal(&self, draft: &Draft, outcome: &Outcome) {
        let Err(problem) = outcome else { return };
        // What was decided before has been told before; who missed it learns it when handing in.
        if problem.is_passing() || draft.passed.is_none() || matches!(problem, Problem::Decided(_)) {
            return;
        }
        match self.app.db.read_blocking(|conn| whose(conn, draft)) {
            Ok(Some((conversation, user_id))) => {
                let id = draft.id;
                let frame = ServerFrame::NotSaved {
                    conversation,
                    user_id,
                    id,
                };
                self.app.relay.tell(&draft.group, &frame);
            }
            Ok(None) => {}
            // They learn it when they hand it in.
            Err(problem) => tracing::warn!(?problem, "A refusal could not be told to the group"),
        }
    }

    /// An outcome for each draft. A batch that the database refuses is split by halves until the one is found.
    fn commit(&self, drafts: &[Draft]) -> Vec<Outcome> {
        if drafts.is_empty() {
            return Vec::new();
        }
        let mut tries = 1;
        loop {
            match self
                .app
                .db
                .write_blocking(|conn| send_all(conn, drafts, &self.app.clock))
            {
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
                // Another process holds the file: halves would wait as long as the whole, one after the other.
                Err(Problem::Database(error)) if is_locked(&error) => {
                    let cause = || Box::new(error.to_string());
                    let locked = || DbError::DatabaseError(DatabaseErrorKind::Unknown, cause());
                    return drafts.iter().map(|_| Err(Problem::Database(locked()))).collect();
                }
                Err(problem) if drafts.len() == 1 => {
                    tracing::error!(
                        ?problem,
                        "A message could not be stored: its sender is told to come back"
                    );
                    return vec![Err(problem)];
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
            Ok(stored) => {
                let message = &stored.message;
                let (seq, rev, at) = (message.seq, message.rev, message.at);
                // Said again for a repeated submit too: whoever has it already passes over it.
                let frame = self.frame_of(&stored);
                if let Some(frame) = frame.as_ref().filter(|_| stored.is_new) {
                    self.app.relay.live().tell(&stored.group, frame);
                }
                Settled::Stored {
                    seq,
                    rev,
                    at,
                    history_id: self.app.history_id.to_string(),
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

    fn frame_of(&self, stored: &Stored) -> Option<String> {
        let frame = ServerFrame::Message {
            message: stored.message.clone(),
            history_id: self.app.history_id.to_string(),
        };
        serde_json::to_string(&frame).ok()
    }
}

fn settle(r: u64, outcome: Settled) -> Down {
    Down::Settle(Settle { r, outcome })
}
