//! What tests and the load generator need to start both real programs, and people who use them.

mod database;
mod gate;
mod mariadbd;
mod outbox;
mod person;
mod process;
mod site;

pub use database::Database;
pub use gate::Gate;
pub use mariadbd::Mariadbd;
pub use outbox::{Outbox, Written};
pub use person::{PASSWORD, Person, Refusal};
pub use process::{Process, Which, free_port};
pub use site::{SECRET, Site};

use std::time::{Duration, Instant};

/// Looks every 20 ms until `done` gives something; an error that names what was waited for after `limit`.
pub async fn wait_for<T, F>(what: &str, limit: Duration, mut done: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = Option<T>>,
{
    let end = Instant::now() + limit;
    loop {
        if let Some(result) = done().await {
            return Ok(result);
        }
        anyhow::ensure!(Instant::now() < end, "{what}: not after {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A new message id. Each is of the present moment and of chance.
#[expect(
    clippy::disallowed_methods,
    reason = "these people use the real time, as browsers do"
)]
pub fn new_message_id() -> shared_protocol::MessageId {
    shared_protocol::MessageId::new(uuid::Uuid::now_v7()).expect("now_v7 makes UUIDs of version 7")
}
