//! What runs beside the connections: started here, stopped here.

use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// All tasks of one relay.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self {
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Cancelled when the relay stops: every loop of a task waits for it too.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Makes the stop wait for something that others have started, until this is dropped.
    pub(crate) fn token(&self) -> TaskTrackerToken {
        self.tracker.token()
    }

    /// Does `work` again and again until the relay stops.
    pub(crate) fn every(&self, pause: Duration, mut work: impl FnMut() + Send + 'static) {
        let stop = self.stop();
        self.spawn(async move {
            while stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_some()
            {
                work();
            }
        });
    }

    /// Does `work` once, after a while, unless the relay has stopped by then.
    pub(crate) fn later(&self, pause: Duration, work: impl FnOnce() + Send + 'static) {
        let stop = self.stop();
        self.spawn(async move {
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_some()
            {
                work();
            }
        });
    }

    /// Stops everything and waits for it, at most `limit`. Whether all have ended.
    pub(crate) async fn shut_down(&self, limit: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(limit, self.tracker.wait()).await.is_ok()
    }
}
