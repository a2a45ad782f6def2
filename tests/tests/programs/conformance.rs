//! The bots of docs/protocol.md, taken from the page and run: socket.io-client and python-socketio send and receive.

use end_to_end::{Outbox, PASSWORD, Person, Site, wait_for};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const PAGE: &str = include_str!("../../../docs/protocol.md");
const GREETING: &str = "I repeat what you say.";

/// The bot in this language, as it is printed.
fn printed(language: &str) -> &'static str {
    let (_, section) = PAGE.split_once("\n## Two bots\n").expect("the page has the bots");
    let section = section.split("\n## ").next().unwrap_or_default();
    let fence = format!("\n```{language}\n");
    let (_, code) = section.split_once(&fence).expect("the page has this bot");
    code.split("\n```").next().unwrap_or_default()
}

/// A bot that answers; killed with the test.
struct Bot(std::process::Child);

impl Bot {
    fn start(site: &Site, mut command: Command, other: &Person, transport: &str) -> Self {
        command
            .env("TALKHUB_URL", site.url())
            .env("TALKHUB_TRANSPORT", transport)
            .env("TALKHUB_NAME", "bot")
            .env("TALKHUB_PASSWORD", PASSWORD)
            .env("TALKHUB_OTHER", other.me.person.user_id.to_string())
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let started = command.spawn();
        Self(started.expect("its language is there: `cargo xtask test end-to-end` installs what is missing"))
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Node with the bot in a file beside the packages of the page, socket.io-client among them.
fn in_javascript(folder: &Path) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let packages = root.join("crates/talkhub-client/ui/node_modules");
    std::os::unix::fs::symlink(packages, folder.join("node_modules")).unwrap();
    let file = folder.join("bot.mjs");
    std::fs::write(&file, printed("js")).unwrap();
    let mut node = Command::new("node");
    node.arg(file);
    node
}

/// The Python that has python-socketio: named by `TALKHUB_TEST_PYTHON`, else the one of this machine.
fn in_python(folder: &Path) -> Command {
    let file: PathBuf = folder.join("bot.py");
    std::fs::write(&file, printed("python")).unwrap();
    let python = std::env::var_os("TALKHUB_TEST_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let mut python = Command::new(python);
    python.arg(file);
    python
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_with_socket_io_client_sends_and_receives() {
    answers(in_javascript).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_with_python_socketio_sends_and_receives() {
    answers(in_python).await;
}

/// It greets when it is there; then it repeats what it hears. First by WebSocket, then by polling.
async fn answers(command: impl Fn(&Path) -> Command) {
    let site = Site::started().await.unwrap();
    let ann = Person::sign_up(&site, "ann").await.unwrap();
    let bot = Person::sign_up(&site, "bot").await.unwrap();
    let talk = ann.talk_with(&bot).await.unwrap();
    let mut outbox = Outbox::new(&ann, &talk);
    let mut want: Vec<String> = Vec::new();
    for (transport, words) in [("websocket", "hello"), ("polling", "Grüße, 世界 👋")] {
        let folder = tempfile::tempdir().unwrap();
        let _running = Bot::start(&site, command(folder.path()), &ann, transport);
        want.push(GREETING.to_owned());
        history_becomes(&ann, &talk, &want).await;
        outbox.write(words.into());
        while !outbox.is_empty() {
            outbox.step().await.unwrap();
        }
        want.extend([words.to_owned(), format!("You said: {words}")]);
        history_becomes(&ann, &talk, &want).await;
    }
}

async fn history_becomes(ann: &Person, talk: &shared_protocol::api::Conversation, want: &[String]) {
    let history = async || {
        let history = ann.history(talk.id).await.ok()?;
        let bodies = history.into_iter().map(|message| message.body);
        bodies.eq(want.iter().cloned()).then_some(())
    };
    wait_for(&format!("the history is {want:?}"), LIMIT, history)
        .await
        .unwrap();
}
