//! A server that falls silent, or whose connection is half-open, must not keep a thread and a connection for ever: work on
//! it ends at a deadline.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

thread_local! {
    /// Until when the work on this thread may take.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The deadline came first. What was begun may have been done or not, and its connection is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

/// Runs `work` on this thread; whatever waits in it for the server does so for `limit` at most, all in all.
pub fn within<T>(limit: Duration, work: impl FnOnce() -> T) -> Result<T, TimedOut> {
    let outer = DEADLINE.get();
    let own = Instant::now() + limit;
    DEADLINE.set(Some(outer.map_or(own, |outer| outer.min(own))));
    // The driver's own errors cannot say this, and its functions return whatever diesel wants; so it unwinds.
    let done = catch_unwind(AssertUnwindSafe(work));
    DEADLINE.set(outer);
    done.map_err(|cause| match cause.downcast_ref::<TimedOut>() {
        Some(timed_out) => *timed_out,
        None => resume_unwind(cause),
    })
}

/// Waits on this thread for the server, or unwinds to [`within`] when the deadline comes first.
pub(super) fn wait<F: Future>(runtime: &tokio::runtime::Runtime, future: F) -> F::Output {
    let Some(deadline) = DEADLINE.get() else {
        return runtime.block_on(future);
    };
    let limited = async { tokio::time::timeout_at(deadline.into(), future).await };
    // No panic: nothing is written to the log, nothing is poisoned.
    runtime
        .block_on(limited)
        .unwrap_or_else(|_| resume_unwind(Box::new(TimedOut)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    }

    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn flt12_waiting_ends_at_the_deadline_and_the_thread_goes_on() {
        let runtime = runtime();
        let silent = within(SHORT, || wait(&runtime, pending::<()>()));
        assert_eq!(silent, Err(TimedOut));
        assert_eq!(within(LONG, || wait(&runtime, ready(7))), Ok(7));
        assert_eq!(wait(&runtime, ready(8)), 8, "without a deadline too");
    }

    #[test]
    fn an_outer_deadline_holds_within_an_inner_one() {
        let runtime = runtime();
        let inner = || within(LONG, || wait(&runtime, pending::<()>()));
        assert_eq!(within(SHORT, inner), Ok(Err(TimedOut)));
    }

    #[test]
    #[should_panic(expected = "a real one")]
    fn another_panic_goes_on() {
        let _ = within(LONG, || panic!("a real one"));
    }
}
