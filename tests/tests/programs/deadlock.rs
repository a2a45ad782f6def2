//! Two transactions of MariaDB that wait for each other: the server ends one of them. SQLite has one writer at a time: there
//! the test ends at once.

use crate::writing::{LIMIT, site_without_rates, spawn, two};
use end_to_end::{Database, Person, Site, new_message_id, wait_for};
use shared_protocol::{ConversationId, MessageId};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::time::Instant;

/// Another client of the server, which is told statements one after the other. Its transaction ends with it.
struct Client {
    child: Child,
    answers: BufReader<ChildStdout>,
    database: Database,
    name: String,
}

impl Client {
    fn start(database: &Database) -> Self {
        let url = database.url().unwrap();
        let name = url.rsplit('/').next().unwrap().to_owned();
        let mut child = database.client().unwrap();
        let mut child = child
            .args(["--unbuffered", &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
            database: database.clone(),
            name,
        }
    }

    fn tell(&mut self, statement: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{statement};").unwrap();
        stdin.flush().unwrap();
    }

    /// Locks this conversation's row, and waits until it has it: somebody else may hold it for a moment.
    fn hold(&mut self, id: ConversationId) {
        self.tell(&locking(id));
        let mut line = String::new();
        while line.trim() != id.to_string() {
            line.clear();
            let read = self.answers.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "the client has ended");
        }
    }

    /// Whether somebody has locked this conversation's row.
    fn is_held(&self, id: ConversationId) -> bool {
        let name = &self.name;
        let try_it = format!("USE `{name}`; SET innodb_lock_wait_timeout = 0; {}", locking(id));
        // ER_LOCK_WAIT_TIMEOUT; a busy server may refuse for other reasons.
        let refused = self.database.run(&try_it).err();
        refused.is_some_and(|error| error.to_string().contains("ERROR 1205"))
    }

    /// Commits. Whether all its statements were carried out.
    fn end(mut self) -> bool {
        self.tell("COMMIT");
        drop(self.child.stdin.take());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn locking(id: ConversationId) -> String {
    format!("SELECT id FROM conversations WHERE id = {id} FOR UPDATE")
}

/// Whether one transaction in this database waits for a lock.
fn one_waits(database: &Database) -> Option<()> {
    let url = database.url()?;
    let name = url.rsplit('/').next()?;
    let count = format!(
        "SELECT COUNT(*) FROM information_schema.innodb_trx \
         JOIN information_schema.processlist ON id = trx_mysql_thread_id \
         WHERE trx_state = 'LOCK WAIT' AND db = '{name}'"
    );
    (database.run(&count).unwrap().trim() == "1").then_some(())
}

fn sends(
    person: &Person,
    id: ConversationId,
    message: MessageId,
) -> tokio::task::JoinHandle<anyhow::Result<serde_json::Value>> {
    let person = person.clone();
    spawn(async move { person.post(id, message, "said once").await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt14_of_two_that_wait_for_each_other_ours_is_tried_again() {
    let database = Database::fresh().unwrap();
    if database == Database::Sqlite {
        return;
    }
    let mut site = site_without_rates(Site::with(database.clone()).unwrap());
    site.start().await.unwrap();
    let (ann, bob, one) = two(&site).await;
    let eve = Person::sign_up(&site, "eve").await.unwrap();
    let other = ann.talk_with(&eve).await.unwrap();
    let gate = bob.talk_with(&eve).await.unwrap();
    let name = database.url().unwrap();
    let name = name.rsplit('/').next().unwrap();
    database
        .run(&format!(
            "USE `{name}`; CREATE TABLE ballast (number INT NOT NULL) ENGINE = InnoDB"
        ))
        .unwrap();

    let (begin, mut sent) = (Instant::now(), 0);
    // Which of the two rows the server locks first is its own affair, and so is whether one commit takes both messages.
    for (held, wanted) in [(one.id, other.id), (other.id, one.id)].into_iter().cycle() {
        assert!(
            begin.elapsed() < LIMIT,
            "no commit waited for one row with the other in its hands"
        );
        let mut gatekeeper = Client::start(&database);
        gatekeeper.tell("START TRANSACTION");
        gatekeeper.hold(gate.id);
        let mut rival = Client::start(&database);
        rival.tell("START TRANSACTION");
        // The server gives up the one that has changed less.
        rival.tell("INSERT INTO ballast SELECT seq FROM seq_1_to_1000");
        rival.hold(held);
        let first = sends(&bob, gate.id, new_message_id());
        wait_for("the writer is busy", LIMIT, async || one_waits(&database))
            .await
            .unwrap();
        let both = [one.id, other.id].map(|id| sends(&ann, id, new_message_id()));
        sent += 1;
        assert!(gatekeeper.end());
        first.await.unwrap().expect("the gate is open");
        wait_for("the next commit waits too", LIMIT, async || one_waits(&database))
            .await
            .unwrap();
        let is_crossed = rival.is_held(wanted);
        if is_crossed {
            rival.tell(&locking(wanted));
        }
        let was_spared = rival.end();
        for sending in both {
            sending.await.unwrap().expect("it was tried again");
        }
        if is_crossed {
            assert!(was_spared, "ours was the one that had to go");
            break;
        }
    }
    for id in [one.id, other.id] {
        let history = ann.history(id).await.unwrap();
        assert_eq!(history.len(), sent, "each once, whatever the first try came to");
    }
}
