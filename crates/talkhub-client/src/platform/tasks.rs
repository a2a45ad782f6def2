//! What runs beside requests: started and stopped in one place.

use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// All background work of the program. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tasks {
    stop: CancellationToken,
    running: TaskTracker,
}

impl Tasks {
    /// Cancelled when the program stops; work that waits should wait for this too.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs `work` until it ends or the program stops.
    pub fn start(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => tracing::debug!("Stopped {name}"),
                () = work => (),
            }
        });
    }

    /// Runs `work` to its end even if the program is told to stop meanwhile.
    pub fn finish(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.spawn(work);
    }

    /// Runs `work` again and again, `pause` after it ended. Each run is safe to cut off.
    pub fn every<F>(&self, name: &'static str, pause: Duration, work: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        self.start(name, async move {
            loop {
                tokio::time::sleep(pause).await;
                if AssertUnwindSafe(work()).catch_unwind().await.is_err() {
                    tracing::error!("{name} panicked and is tried again");
                }
            }
        });
    }

    /// [`Tasks::start`] for work that stays on the thread of its request.
    pub fn start_local(&self, name: &'static str, work: impl Future<Output = ()> + 'static) {
        let (stop, running) = (self.stop.clone(), self.running.token());
        drop(actix_web::rt::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => tracing::debug!("Stopped {name}"),
                () = work => (),
            }
            drop(running);
        }));
    }

    /// Stops taking work and waits for what runs; `false` if it had to give up.
    pub async fn shut_down(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.running.close();
        tokio::time::timeout(patience, self.running.wait()).await.is_ok()
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        // `TaskTracker::spawn` starts it; here is the one place that may.
        drop(self.running.spawn(work));
    }
}
