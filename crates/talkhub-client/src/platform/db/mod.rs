//! The database: pools, one call = one transaction, one snapshot for every read.

mod connection;
mod deadline;
pub mod dialect;
pub mod migrate;
mod mysql;
pub mod schema;

pub use connection::{DbConn, Place};

use crate::platform::problem::{Problem, Result};
use connection::{Opener, Pooled, Use};
use deadline::{TimedOut, within};
use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error as DbError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How often a write that lost against another one is tried in all.
const TRIES: usize = 3;
/// How long a connection that is in doubt may take to show that it works.
const PING: Duration = Duration::from_secs(1);

/// Both pools. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    place: Arc<Place>,
    /// So long a request waits for the database in all.
    patience: Duration,
    readers: r2d2::Pool<Opener>,
    writers: r2d2::Pool<Opener>,
    /// As many as there are connections: who waits for one of them needs no thread for it.
    may_read: Arc<Semaphore>,
    may_write: Arc<Semaphore>,
    /// When the server last let a deadline pass: what was not used since then may be half-open.
    doubt: Arc<Mutex<Option<Instant>>>,
}

/// How many connections, and how long somebody waits for one, or for a lock. A request waits twice as long in all.
#[derive(Clone, Debug)]
pub struct PoolSize {
    pub connections: u32,
    pub wait: Duration,
}

impl Db {
    /// Opens the pools lazily; [`migrate::run`] should have been there before. Call it on a blocking thread.
    pub fn open(place: &Place, size: &PoolSize) -> Self {
        let pool = |purpose, connections: u32| {
            r2d2::Pool::builder()
                .max_size(connections)
                .min_idle(Some(0))
                .connection_timeout(size.wait)
                .idle_timeout(Some(Duration::from_secs(120)))
                .max_lifetime(None)
                .test_on_check_out(false)
                .error_handler(Box::new(r2d2::NopErrorHandler))
                .build_unchecked(Opener {
                    place: place.clone(),
                    purpose,
                    wait: size.wait,
                })
        };
        // One writer on SQLite: writers then wait here for each other instead of failing there.
        let writers = match place {
            Place::Sqlite(_) => 1,
            Place::Mysql(_) => size.connections,
        };
        let (readers, writers) = (pool(Use::Read, size.connections), pool(Use::Write, writers));
        Self {
            place: Arc::new(place.clone()),
            patience: size.wait * 2,
            may_read: Arc::new(Semaphore::new(readers.max_size() as usize)),
            may_write: Arc::new(Semaphore::new(writers.max_size() as usize)),
            readers,
            writers,
            doubt: Arc::default(),
        }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// One snapshot: everything read in `work` is of one moment.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut DbConn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        let late = || Problem::Unreachable("it did not answer in time".to_owned());
        let read = in_turn(&self.may_read, move || db.read_blocking(work));
        tokio::time::timeout(self.patience, read)
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    /// One call, one transaction: an error rolls everything back. It may run again after losing against another
    /// writer, so it changes nothing but the database.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut DbConn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        // It may still be done: whoever asks again with the same ids finds out.
        let late = || Problem::Unsure(DbError::BrokenTransactionManager);
        let written = in_turn(&self.may_write, move || db.write_blocking(work));
        tokio::time::timeout(self.patience, written)
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    /// [`Db::read`] for threads that may block.
    pub fn read_blocking<T>(&self, work: impl Fn(&mut DbConn) -> Result<T>) -> Result<T> {
        let begin = match *self.place {
            Place::Sqlite(_) => "BEGIN",
            Place::Mysql(_) => "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        };
        let mut dead = 0;
        loop {
            match self.transaction(&mut *self.checkout(&self.readers)?, begin, &work) {
                // The server closed connections while they lay idle: each of the pool may be one of them.
                Err(Problem::Database(error)) if dead <= self.readers.max_size() && lost(&error) => dead += 1,
                other => return other,
            }
        }
    }

    /// [`Db::write`] for threads that may block.
    pub fn write_blocking<T>(&self, work: impl Fn(&mut DbConn) -> Result<T>) -> Result<T> {
        let begin = match *self.place {
            Place::Sqlite(_) => "BEGIN IMMEDIATE",
            Place::Mysql(_) => "START TRANSACTION",
        };
        let (mut tries, mut dead) = (1, 0);
        loop {
            let mut pooled = self.checkout(&self.writers)?;
            match self.transaction(&mut pooled, begin, &work) {
                Err(Problem::Database(error)) if dead <= self.writers.max_size() && lost(&error) => dead += 1,
                Err(Problem::Database(error)) if tries < TRIES && may_win_next_time(&error) => tries += 1,
                Err(Problem::Database(error) | Problem::Unsure(error)) if is_locked(&error) => {
                    tracing::warn!(
                        "The file {} is locked: a backup, an sqlite3 shell or a second logic server may hold it",
                        self.place
                    );
                    return Err(Problem::Database(error));
                }
                other => return other,
            }
        }
    }

    /// Whether the database answers, for `/readyz`.
    pub async fn answers(&self) -> bool {
        let asked = self.read(|conn| Ok(conn.batch_execute("SELECT 1")?));
        matches!(
            tokio::time::timeout(Duration::from_secs(3), asked).await,
            Ok(Ok(()))
        )
    }

    /// A connection that works, as far as is known. One that lay idle while another fell silent must show it first.
    fn checkout(&self, pool: &r2d2::Pool<Opener>) -> Result<r2d2::PooledConnection<Opener>> {
        loop {
            let found = pool.get();
            let mut pooled = found.map_err(|error| Problem::Unreachable(error.to_string()))?;
            let doubt = *self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
            if doubt.is_none_or(|doubt| doubt < pooled.proved) {
                return Ok(pooled);
            }
            pooled.broken = true;
            if let Ok(Ok(())) = within(PING, || pooled.conn.batch_execute("SELECT 1")) {
                (pooled.broken, pooled.proved) = (false, Instant::now());
                return Ok(pooled);
            }
        }
    }

    fn transaction<T>(
        &self,
        pooled: &mut Pooled,
        begin: &str,
        work: impl Fn(&mut DbConn) -> Result<T>,
    ) -> Result<T> {
        // Invariant: whoever leaves early, by error, panic or deadline, leaves a connection that is thrown away.
        pooled.broken = true;
        let conn = &mut pooled.conn;
        let begun = within(self.patience, || conn.batch_execute(begin).map(|()| work(conn)));
        let done = begun.map_err(|TimedOut| {
            self.fell_silent();
            Problem::Unreachable("it did not answer in time".to_owned())
        })??;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = within(self.patience, || conn.batch_execute(end));
        pooled.broken = !matches!(ended, Ok(Ok(())));
        match (done, ended) {
            (Ok(value), Ok(Ok(()))) => {
                pooled.proved = Instant::now();
                Ok(value)
            }
            (Ok(_), Ok(Err(error))) => Err(Problem::Unsure(error)),
            (Ok(_), Err(TimedOut)) => {
                self.fell_silent();
                Err(Problem::Unsure(DbError::BrokenTransactionManager))
            }
            (Err(problem), _) => Err(problem),
        }
    }

    fn fell_silent(&self) {
        *self.doubt.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// What the driver and the server say of a connection that is no more.
const LOST: [&str; 10] = [
    "gone away",
    "onnection reset",
    "roken pipe",
    "onnection closed",
    "onnection was killed",
    "disconnected by the server",
    "erver shutdown in progress",
    "EOF",
    "Input/output error",
    "imed out",
];

fn lost(error: &DbError) -> bool {
    match error {
        DbError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
        DbError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            LOST.iter().any(|sign| info.message().contains(sign))
        }
        _ => false,
    }
}

/// Deadlock, lock timeout, or a row that somebody else inserted or deleted just now: the whole transaction again finds
/// another state.
fn may_win_next_time(error: &DbError) -> bool {
    match error {
        DbError::DatabaseError(
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::SerializationFailure,
            _,
        ) => true,
        DbError::DatabaseError(_, info) => ["Deadlock", "Lock wait timeout"]
            .iter()
            .any(|sign| info.message().contains(sign)),
        _ => false,
    }
}

/// SQLite has waited for another process in vain. Nothing was done, and waiting again would be too long.
pub fn is_locked(error: &DbError) -> bool {
    matches!(error, DbError::DatabaseError(_, info) if info.message().contains("database is locked"))
}

/// Runs `work` where it may block, as soon as there is a turn for it. Nobody waits any longer: it is not begun.
async fn in_turn<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let turn = Arc::clone(turns).acquire_owned().await;
    blocking(move || {
        // To the end of the work, however long somebody waits for it.
        let _turn = turn;
        work()
    })
    .await
}

/// Runs `work` where it may block.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Problem::Internal(anyhow::anyhow!(
            "work on the database stopped: {error}"
        ))),
    }
}
