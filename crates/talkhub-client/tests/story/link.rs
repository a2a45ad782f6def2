//! The link of stories: submits as the relay makes them, and what they are settled with.

use crate::app::{Person, TestApp, message_id};
use serde_json::json;
use shared_protocol::internal::{Down, Settle, Submit};
use shared_protocol::{Group, RelayId, Stamp};
use std::sync::Arc;
use talkhub_client::messages::committer::Committer;
use talkhub_client::platform::app::App;
use talkhub_client::platform::config::Config;
use tokio::sync::mpsc;

/// A connection of somebody, as the relay knows it.
pub struct Tab {
    pub relay_id: RelayId,
    pub group: Group,
    /// What the relay stamps.
    pub subject: String,
}

impl Tab {
    pub async fn open(person: &Person, talk: shared_protocol::ConversationId) -> Self {
        let ticket = person.post("/api/v1/relay-ids", json!({})).await;
        assert_eq!(ticket.status, 201, "{}", ticket.text);
        let shown = person.get(&format!("/api/v1/conversations/{talk}")).await.body;
        Self {
            relay_id: ticket.body["relay_id"].as_str().unwrap().parse().unwrap(),
            group: shown["group"].as_str().unwrap().parse().unwrap(),
            subject: person.get("/api/v1/me").await.body["subject"]
                .as_str()
                .unwrap()
                .to_owned(),
        }
    }

    pub fn submit(&self, r: u64, draft: u64, prev: Option<u64>, frame: &str) -> Submit {
        Submit {
            r,
            receipt: None,
            from: Stamp {
                relay_id: self.relay_id.clone(),
                subject: self.subject.clone(),
            },
            to: self.group.to_string(),
            id: message_id(draft),
            prev: prev.map(message_id),
            frame: frame.to_owned(),
        }
    }
}

/// The frame of a message.
pub fn message(body: &str) -> String {
    json!({ "kind": "message", "body": body }).to_string()
}

/// A writer of its own, with these bounds.
pub fn start(app: &TestApp, batch: usize, queue: usize) -> Committer {
    let mut config = Config::clone(&app.app.config);
    (config.messages.batch, config.messages.queue) = (batch, queue);
    let config = Arc::new(config);
    Committer::start(&App {
        config,
        ..app.app.clone()
    })
    .unwrap()
}

/// A link whose other end is the test.
pub struct Link {
    pub committer: Committer,
    sender: mpsc::Sender<Vec<Down>>,
    answers: mpsc::Receiver<Vec<Down>>,
}

impl Link {
    pub fn new(app: &TestApp, batch: usize) -> Self {
        let (sender, answers) = mpsc::channel(1000);
        let committer = start(app, batch, 1000);
        Self {
            committer,
            sender,
            answers,
        }
    }

    pub fn submit(&self, submit: Submit) {
        self.committer.submit(&submit, &self.sender);
    }

    /// Until the writer has done everything that it was given, also what remains to be done when the senders have their
    /// answers. All answers must have been taken.
    pub async fn done(&mut self) {
        const LAST: u64 = 999_999;
        let nobody = RelayId::new([0; 16]);
        // It cannot be read, so nothing comes of it but an answer.
        self.submit(Submit {
            r: LAST,
            receipt: None,
            from: Stamp {
                relay_id: nobody,
                subject: String::new(),
            },
            to: String::new(),
            id: String::new(),
            prev: None,
            frame: String::new(),
        });
        assert_eq!(self.settled(1).await[0].r, LAST);
    }

    /// The next `count` answers, in the order in which they came: `r status`.
    pub async fn settled(&mut self, count: usize) -> Vec<Settle> {
        let mut settled = Vec::new();
        while settled.len() < count {
            let lot = tokio::time::timeout(std::time::Duration::from_secs(20), self.answers.recv()).await;
            for down in lot.expect("an answer").expect("a link") {
                match down {
                    Down::Settle(settle) => settled.push(settle),
                    other => panic!("unexpected {other:?}"),
                }
            }
        }
        settled
    }
}
