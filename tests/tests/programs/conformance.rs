//! The official socket.io-client, with nothing but the documented protocol, sends and receives.

use end_to_end::{Outbox, PASSWORD, Person, Site, wait_for};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A bot that answers; killed with the test.
struct Bot(std::process::Child);

impl Bot {
    fn start(site: &Site, name: &str, other: &Person, transport: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/echo_bot.mjs");
        let mut node = Command::new("node");
        node.arg(script)
            .env("TALKHUB_URL", site.url())
            .env("TALKHUB_TRANSPORT", transport);
        node.env("TALKHUB_NAME", name).env("TALKHUB_PASSWORD", PASSWORD);
        node.env("TALKHUB_OTHER", other.me.person.user_id.to_string());
        Self(
            node.stdin(Stdio::null())
                .spawn()
                .expect("Node is there, and `npm ci` was run in the UI's folder"),
        )
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_sends_and_receives_by_websocket() {
    answers_by("websocket").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_sends_and_receives_by_polling() {
    answers_by("polling").await;
}

async fn answers_by(transport: &str) {
    let site = Site::started().await.unwrap();
    let ann = Person::sign_up(&site, "ann").await.unwrap();
    let bot = Person::sign_up(&site, "bot").await.unwrap();
    let talk = ann.talk_with(&bot).await.unwrap();
    let _running = Bot::start(&site, "bot", &ann, transport);

    // It greets when it is there; then it repeats what it hears.
    history_becomes(&ann, &talk, &["I repeat what you say."]).await;
    let mut outbox = Outbox::new(&ann, &talk);
    for words in ["hello", "Grüße, 世界 👋"] {
        outbox.write(words.into());
        while !outbox.is_empty() {
            outbox.step().await.unwrap();
        }
    }
    let mut want = [
        "I repeat what you say.",
        "hello",
        "Grüße, 世界 👋",
        "You said: hello",
        "You said: Grüße, 世界 👋",
    ];
    want.sort_unstable();
    history_becomes(&ann, &talk, &want).await;
}

/// The same messages in any order: the bot answers while the next one is written.
async fn history_becomes(ann: &Person, talk: &shared_protocol::api::Conversation, want: &[&str]) {
    let history = async || {
        let history = ann.history(talk.id).await.ok()?;
        let mut bodies: Vec<String> = history.into_iter().map(|message| message.body).collect();
        bodies.sort_unstable();
        (bodies == want).then_some(())
    };
    wait_for(&format!("the history is {want:?}"), LIMIT, history)
        .await
        .unwrap();
}
