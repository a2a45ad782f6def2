//! The one writer: takes what has queued up and commits it as one transaction (group commit).

use super::aftermath::Aftermath;
use super::holding::{Holding, Taken};
use super::{Draft, Outcome, Stored, list_decided, relay, send_all};
use crate::platform::app::App;
use crate::platform::db::is_locked;
#[cfg(feature = "chaos")]
use crate::platform::fail_point::{self, Point};
use crate::platform::problem::{Problem, Result};
use crate::platform::relay::LinkSender;
use diesel::result::{DatabaseErrorKind, Error as DbError};
use shared_protocol::internal::{Down, Outcome as Settled, Settle, Submit};
use shared_protocol::receipt::Key;
use shared_protocol::{Group, MessageId, ServerFrame};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

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
    /// Bytes that may still wait, in the queue or held.
    room: Arc<Semaphore>,
    holding: Shared,
    keys: Vec<Key>,
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
    /// Given back when it is taken up.
    _room: OwnedSemaphorePermit,
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
            room: Arc::new(Semaphore::new(settings.queue_bytes)),
            holding,
            keys: app
                .config
                .relay
                .secrets()
                .map(|secret| Key::of(secret.expose()))
                .collect(),
            app: app.clone(),
        })
    }

    /// What proves that the relay passed something on.
    pub fn receipt_keys(&self) -> &[Key] {
        &self.keys
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
        let asker = Asker::Link(link.clone(), submit.r);
        let draft = relay::parse(submit, &self.keys, self.app.clock.now());
        if let Err(asker) = self.queue_up(draft, asker) {
            asker.turn_back();
        }
    }

    /// Gives the asker back if there is no room.
    fn queue_up(&self, draft: Result<Draft>, asker: Asker) -> std::result::Result<(), Asker> {
        let bytes = draft.as_ref().map_or(0, Draft::size).min(u32::MAX as usize);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(bytes as u32) else {
            return Err(asker);
        };
        let waiting = Waiting {
            draft,
            asker,
            _room: room,
        };
        self.queue.try_send(waiting).map_err(|error| match error {
            TrySendError::Full(waiting) | TrySendError::Disconnected(waiting) => waiting.asker,
        })
    }

    /// Commits one draft with whatever else is waiting.
    pub async fn commit(&self, draft: Draft) -> Outcome {
        let (asker, answer) = oneshot::channel();
        self.queue_up(Ok(draft), Asker::Request(asker))
            .map_err(|_| Problem::Busy(1))?;
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
            let room = self.app.config.messages.batch.saturating_sub(batch.len() + 1);
            let come: Vec<Waiting> = first.into_iter().chain(queue.try_iter().take(room)).collect();
            let decided = self.list_decided(now, &come);
            for waiting in come {
                batch.extend(self.take(now, waiting, &decided));
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

    /// Which of those that would begin a hold are only said again. One question for all, and none if there are none.
    fn list_decided(&self, now: Duration, come: &[Waiting]) -> HashSet<(Group, MessageId)> {
        let holding = lock(&self.holding);
        let drafts = come.iter().filter_map(|waiting| waiting.draft.as_ref().ok());
        let begin = drafts.filter(|draft| holding.begins(now, &draft.sent()));
        let ids: Vec<MessageId> = begin.map(|draft| draft.id).collect();
        drop(holding);
        if ids.is_empty() {
            return HashSet::new();
        }
        let read = || self.app.db.read_blocking(|conn| list_decided(conn, &ids));
        let decided = catch_unwind(AssertUnwindSafe(read));
        decided.ok().and_then(Result::ok).unwrap_or_default() // if in doubt it is held
    }

    /// The same, unless it is to be held.
    fn take(
        &self,
        now: Duration,
        waiting: Waiting,
        decided: &HashSet<(Group, MessageId)>,
    ) -> Option<Waiting> {
        let Ok(draft) = &waiting.draft else {
            return Some(waiting);
        };
        let mut sent = draft.sent();
        if decided.contains(&(draft.group.clone(), draft.id)) {
            sent.passed = None;
        }
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
            Ok((outcomes, aftermath)) => {
                self.answer(askers, outcomes);
                // Invariant: nothing ends the one writer.
                if catch_unwind(AssertUnwindSafe(|| aftermath.see_to(&self.app))).is_err() {
                    tracing::error!(
                        "What remained of a batch made the writer panic: others hear of it later"
                    );
                }
            }
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

    /// One commit for what can be read; and what is to be done when its senders have their answers.
    fn decide(&self, drafts: Vec<Result<Draft>>) -> (Vec<Outcome>, Aftermath) {
        let good: Vec<Draft> = drafts
            .iter()
            .filter_map(|draft| draft.as_ref().ok().cloned())
            .collect();
        let outcomes = self.commit(&good);
        #[cfg(feature = "chaos")]
        fail_point::pass(Point::AfterCommit);
        let aftermath = Aftermath::of(&good, &outcomes);
        let mut outcomes = outcomes.into_iter();
        let outcome_of =
            |draft: Result<Draft>| draft.and_then(|_| outcomes.next().unwrap_or(Err(Problem::Busy(1))));
        (drafts.into_iter().map(outcome_of).collect(), aftermath)
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
