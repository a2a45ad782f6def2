//! The log of a run: JSON lines, written as things happen.

use crate::record::{LOG, Line, What};
use anyhow::Result;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How much faster the devices' clocks go: every time-out is a setting, and theirs run at a tenth.
pub(crate) const SPEED: i64 = 10;

/// Cheap to clone. It also is the clock of the run.
#[derive(Clone)]
pub(crate) struct Log {
    begin: Instant,
    /// The begin, in milliseconds since 1970.
    epoch: i64,
    paper: Arc<Mutex<BufWriter<File>>>,
}

impl Log {
    #[expect(
        clippy::disallowed_methods,
        reason = "these people use the real time, as browsers do"
    )]
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let log = Self {
            begin: Instant::now(),
            epoch: since.as_millis() as i64,
            paper: Arc::new(Mutex::new(BufWriter::new(File::create(folder.join(LOG))?))),
        };
        log.say(What::Begin { epoch: log.epoch });
        Ok(log)
    }

    /// Milliseconds since the start of the run.
    pub(crate) fn now(&self) -> i64 {
        self.begin.elapsed().as_millis() as i64
    }

    /// The same as the devices count it.
    pub(crate) fn device_now(&self) -> i64 {
        self.now() * SPEED
    }

    /// A time of the programs' clocks, as milliseconds since the start of the run.
    pub(crate) fn since_begin(&self, at: i64) -> i64 {
        at - self.epoch
    }

    pub(crate) fn say(&self, what: What) {
        // The time is taken under the lock: the lines of the log stand in its order.
        let mut paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        let line = Line { t: self.now(), what };
        if let Ok(text) = serde_json::to_string(&line) {
            writeln!(paper, "{text}").ok();
        }
    }

    pub(crate) fn flush(&self) -> Result<()> {
        Ok(self
            .paper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()?)
    }
}
