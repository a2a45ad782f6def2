//! Whether somebody asked to stop: Ctrl-C or SIGTERM set one flag, and everything that waits looks at it.

use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Call once, first of all. From then on the signals set the flag and no longer end the program.
pub(crate) fn listen() -> Result<()> {
    let flag = ASKED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Whether somebody asked to stop.
pub(crate) fn asked() -> bool {
    ASKED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Looks every 20 ms whether `done` has something to say. `None`: time is over, or somebody asked to stop.
pub(crate) fn wait_for<T>(limit: Duration, mut done: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(result) = done() {
            return Some(result);
        }
        if asked() || end <= Instant::now() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
