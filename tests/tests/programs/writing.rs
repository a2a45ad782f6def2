//! What the tests of faults have in common: two people who talk, one who writes all the time, and what must be there in the
//! end.

use end_to_end::{Outbox, Person, Site, wait_for};
use shared_protocol::api::Conversation;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Long enough for a busy machine; only a test that fails waits so long.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Whether this is the run for MariaDB: what has nothing to do with the database is tried in the other one alone.
pub(crate) fn is_second_run() -> bool {
    end_to_end::Database::fresh().is_ok_and(|database| {
        database.drop_it();
        database != end_to_end::Database::Sqlite
    })
}

/// Two people with a conversation.
pub(crate) async fn two(site: &Site) -> (Person, Person, Conversation) {
    let (ann, bob) = (
        Person::sign_up(site, "ann").await.unwrap(),
        Person::sign_up(site, "bob").await.unwrap(),
    );
    let talk = ann.talk_with(&bob).await.unwrap();
    (ann, bob, talk)
}

/// Somebody who goes on writing until it is enough, and again and again offers what has no tick yet.
pub(crate) struct Writer {
    name: String,
    enough: Arc<AtomicBool>,
    stored: Arc<AtomicUsize>,
    working: JoinHandle<Outbox>,
}

impl Writer {
    pub(crate) fn start(person: &Person, talk: &Conversation) -> Self {
        let name = person.me.person.username.clone();
        let (enough, stored) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut outbox = Outbox::new(person, talk);
        let (author, stop, counted) = (name.clone(), Arc::clone(&enough), Arc::clone(&stored));
        let working = spawn(async move {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) || !outbox.is_empty() {
                if outbox.is_empty() {
                    for _ in 0..8 {
                        outbox.write(format!("{author}:{number}"));
                        number += 1;
                    }
                }
                outbox.step().await.unwrap();
                counted.store(outbox.stored.len(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(10)).await; // so that there is time for a fault
            }
            outbox
        });
        Self {
            name,
            enough,
            stored,
            working,
        }
    }

    /// Waits until so many have their tick.
    pub(crate) async fn reached(&self, count: usize) {
        let what = format!("{} has {count} ticks", self.name);
        wait_for(&what, LIMIT, async || {
            (count <= self.stored.load(Ordering::Relaxed)).then_some(())
        })
        .await
        .unwrap();
    }

    /// How many have their tick.
    pub(crate) fn ticks(&self) -> usize {
        self.stored.load(Ordering::Relaxed)
    }

    /// Ends the writing and waits for the last tick. Each message is there once, at the place that its tick named, in the order of writing.
    pub(crate) async fn all_is_stored(self, reader: &Person, talk: &Conversation) -> Outbox {
        self.enough.store(true, Ordering::Relaxed);
        let outbox = tokio::time::timeout(LIMIT, self.working)
            .await
            .expect("everything is stored in time")
            .unwrap();
        let history = reader.history(talk.id).await.unwrap();
        let seqs: Vec<i64> = history.iter().map(|message| message.seq).collect();
        assert_eq!(seqs, (1..=history.len() as i64).collect::<Vec<_>>());
        let own = history
            .iter()
            .filter(|message| message.sender.username == self.name);
        let bodies: Vec<&str> = own.map(|message| message.body.as_str()).collect();
        let wrote: Vec<String> = (0..outbox.stored.len())
            .map(|number| format!("{}:{number}", self.name))
            .collect();
        assert_eq!(bodies, wrote, "each once, in the order of writing");
        for written in &outbox.stored {
            let message = &history[written.seq.expect("it has its tick") as usize - 1];
            assert_eq!(
                (message.id.to_string(), &message.body),
                (written.id.clone(), &written.body)
            );
        }
        outbox
    }
}

/// A site on which nobody is slowed down.
pub(crate) fn site_without_rates(mut site: Site) -> Site {
    for name in [
        "TALKHUB_RELAY_DURABLE_PER_SECOND",
        "TALKHUB_RELAY_DURABLE_BURST",
        "TALKHUB_RELAY_IDS_PER_MINUTE",
        "TALKHUB_MESSAGES_PER_MINUTE",
        "TALKHUB_REGISTRATIONS_PER_MINUTE",
    ] {
        site.settings.insert(name.to_owned(), "100000".to_owned());
    }
    site
}

/// Status and text of `GET` on the logic server, within the 20 s that these people wait.
pub(crate) async fn get(site: &Site, person: Option<&Person>, path: &str) -> (u16, String) {
    let mut request = site.http().get(format!("{}{path}", site.url()));
    if let Some(person) = person {
        request = request.header("cookie", person.cookie());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The status with which a call of the API was refused.
pub(crate) fn status_of<T: std::fmt::Debug>(answer: anyhow::Result<T>) -> (u16, String) {
    let error = answer.expect_err("it is refused");
    let refusal = error
        .downcast_ref::<end_to_end::Refusal>()
        .unwrap_or_else(|| panic!("{error:#}"));
    let title = refusal.problem.as_ref().map(|problem| problem.title.clone());
    (refusal.status, title.unwrap_or_default())
}

#[expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]
pub(crate) fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}
