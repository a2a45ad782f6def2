//! A relay in this process, people who connect to it, and a logic server played by hand.

pub(crate) use crate::played::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared_protocol::envelope::{Auth, Delivery, From, Origin};
use shared_protocol::{Ack, Class, Event, Group, RelayFrame, RelayId};
use socket_client::{Client, ConnectError, Options};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use talkhub_relay::{Config, Running, Secret, run};
use tokio_util::sync::CancellationToken;

pub(crate) const SECRET: &str = "a-secret-of-the-tests-with-enough-bytes";
pub(crate) const ORIGIN: &str = "http://chat.example.org";
/// Long enough for a busy machine, short enough for a test that fails.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// Long enough that something wrong would have arrived.
pub(crate) const QUIET: Duration = Duration::from_millis(150);

static COUNTER: AtomicU64 = AtomicU64::new(1);

fn bits() -> [u8; 16] {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    u128::from(number)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
        .to_be_bytes()
}

pub(crate) fn group() -> Group {
    Group::new(bits())
}

#[expect(clippy::disallowed_methods, reason = "tests have no Tasks")]
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

/// Settings for tests: free ports, nothing that limits, quick time-outs where nobody waits for them on purpose.
pub(crate) fn config() -> Config {
    let bind = ([127, 0, 0, 1], 0).into();
    let mut config = Config {
        bind,
        secret: Secret::parse(SECRET),
        ..Config::default()
    };
    config.limits.durable_per_second = 1_000_000;
    config.limits.durable_burst = 1_000_000;
    config.limits.ephemeral_per_second = 1_000_000;
    config.limits.ephemeral_burst = 1_000_000;
    config.limits.ephemeral_deliveries_per_second = 10_000_000;
    config.limits.bytes_per_second = 1_000_000_000;
    config.limits.lease_min_s = 1;
    config.times.starting_ms = 0;
    config.times.lease_sweep_ms = 20;
    config.times.socket_sweep_ms = 50;
    config.times.stop_ms = 2_000;
    config
}

/// A relay ID and its token.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) id: RelayId,
    pub(crate) token: String,
    pub(crate) subject: String,
    pub(crate) groups: Vec<Group>,
}

impl Ticket {
    pub(crate) fn new(groups: &[&Group]) -> Self {
        let id = RelayId::new(bits());
        let subject = format!("subject-of-{}", id.short());
        let token = format!("token-of-{id}");
        Self {
            token,
            subject,
            groups: groups.iter().map(|group| (*group).clone()).collect(),
            id,
        }
    }

    pub(crate) fn auth(&self) -> Auth {
        Auth {
            relay_id: self.id.clone(),
            token: self.token.clone(),
        }
    }

    pub(crate) fn hello(&self) -> String {
        json!({"kind": "hello", "relay_id": self.id}).to_string()
    }

    pub(crate) fn registration(&self) -> Value {
        let digest: String = Sha256::digest(&self.token)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        json!({
            "subject": self.subject, "token_sha256": digest, "groups": self.groups, "lease_s": 60,
            "origins": [ORIGIN], "hello": self.hello(),
        })
    }

    pub(crate) fn item(&self) -> Value {
        let mut item = self.registration();
        item["relay_id"] = json!(self.id);
        item
    }
}

/// A relay, and the HTTP side of a logic server.
pub(crate) struct World {
    pub(crate) running: Running,
    pub(crate) shutdown: CancellationToken,
    pub(crate) http: reqwest::Client,
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let shutdown = CancellationToken::new();
        let running = run(config, shutdown.clone())
            .await
            .expect("the relay starts on a free port");
        // reqwest wants to know whose TLS it would use, even for plain http.
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        Self {
            running,
            shutdown,
            http,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running.public())
    }

    /// An internal call with the right secret.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self
            .request(method, path)
            .header("authorization", format!("Bearer {SECRET}"));
        let answer = match body {
            Some(body) => answer
                .header("content-type", "application/json")
                .body(body.to_string()),
            None => answer,
        };
        read(answer.send().await.expect("an answer")).await
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}/internal/v1{path}", self.running.internal());
        self.http.request(method.parse().expect("a method"), url)
    }

    pub(crate) async fn put(&self, ticket: &Ticket) {
        let (status, body) = self
            .call(
                "PUT",
                &format!("/relay-ids/{}", ticket.id),
                Some(ticket.registration()),
            )
            .await;
        assert_eq!(status, 200, "{body}");
    }

    /// Registers a new relay ID in these groups.
    pub(crate) async fn ticket(&self, groups: &[&Group]) -> Ticket {
        let ticket = Ticket::new(groups);
        self.put(&ticket).await;
        ticket
    }

    pub(crate) async fn try_connect(&self, auth: &Auth) -> Result<Client, ConnectError> {
        Client::connect(&self.url(), auth).await
    }

    /// Connects and takes the hello.
    pub(crate) async fn connect(&self, ticket: &Ticket) -> Client {
        let mut client = self
            .try_connect(&ticket.auth())
            .await
            .expect("the relay lets it in");
        let hello = client.next_within(SOON).await.expect("a hello");
        assert_eq!(
            (hello.from, hello.frame),
            (From::Program(Origin::Server), ticket.hello())
        );
        client
    }

    /// Registers and connects.
    pub(crate) async fn person(&self, groups: &[&Group]) -> (Ticket, Client) {
        let ticket = self.ticket(groups).await;
        let client = self.connect(&ticket).await;
        (ticket, client)
    }

    pub(crate) async fn link(&self) -> Link {
        Link::open(self).await
    }

    /// What `/` says, as long as anybody answers.
    pub(crate) async fn running_status(&self) -> Option<String> {
        let answer = self.http.get(self.url()).send().await.ok()?;
        Some(read(answer).await.1["status"].as_str()?.to_owned())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        read(
            self.http
                .get(format!("{}{path}", self.url()))
                .send()
                .await
                .expect("an answer"),
        )
        .await
    }
}

pub(crate) async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn durable(to: impl ToString, frame: &str) -> Event {
    event(to, Class::Durable, frame)
}

pub(crate) fn ephemeral(to: impl ToString, frame: &str) -> Event {
    event(to, Class::Ephemeral, frame)
}

fn event(to: impl ToString, class: Class, frame: &str) -> Event {
    let id = format!("id-{}", COUNTER.fetch_add(1, Ordering::Relaxed));
    Event {
        to: to.to_string(),
        id,
        class,
        frame: frame.to_owned(),
        prev: None,
        receipt: None,
    }
}

/// The fields that a refusal names.
pub(crate) fn refused(ack: Result<Ack, socket_client::AckError>) -> Vec<String> {
    match ack {
        Ok(Ack::Refused { problem }) => problem.fields.into_iter().map(|wrong| wrong.field).collect(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub(crate) fn is_busy(ack: &Result<Ack, socket_client::AckError>) -> bool {
    matches!(ack, Ok(Ack::Busy { .. }))
}

pub(crate) fn is_passed_on(ack: &Result<Ack, socket_client::AckError>) -> bool {
    matches!(ack, Ok(Ack::PassedOn { .. }))
}

/// The frame of a delivery that the relay itself made.
pub(crate) fn relay_frame(delivery: &Delivery) -> Option<RelayFrame> {
    match delivery.from {
        From::Program(Origin::Relay) => serde_json::from_str(&delivery.frame).ok(),
        _ => None,
    }
}

/// Nothing arrives for a while.
pub(crate) async fn silent(client: &mut Client) {
    let heard = client.next_within(QUIET).await;
    assert!(heard.is_none(), "nothing should have arrived: {heard:?}");
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + SOON;
    while !so().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn from_origin(origin: &str) -> Options {
    Options {
        origin: Some(origin.to_owned()),
        ..Options::default()
    }
}
