//! The handle that reaches the relay: registrations over its internal HTTP API, frames over the link.

use crate::platform::config;
use crate::platform::live::Live;
use crate::platform::problem::{Problem, Result};
use crate::platform::turns::Turns;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_protocol::internal::{
    BOOT_HEADER, Booted, Down, Forward, GroupChange, GroupChanges, Registered, Registration, RegistrationSet,
};
use shared_protocol::{Class, ConversationId, Group, RelayId, ServerFrame};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How many lots of frames may wait for the link; more are dropped, which every receiver heals.
const LINK_QUEUE: usize = 4096;

/// Where lots of frames for the relay queue up.
pub type LinkSender = mpsc::Sender<Vec<Down>>;

/// Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    inner: Arc<Inner>,
}

struct Inner {
    way: Way,
    live: Live,
    turns: Turns<ConversationId>,
    telling: tokio::sync::Mutex<()>,
    link: RwLock<Option<Link>>,
}

struct Link {
    boot_id: String,
    sender: LinkSender,
    since: Instant,
}

enum Way {
    Http {
        client: reqwest::Client,
        config: config::Relay,
    },
    /// Tests: what would have been said.
    Recorded(Mutex<Recording>),
}

/// What a recording handle keeps, and how it plays along.
#[derive(Default)]
struct Recording {
    said: Vec<Said>,
    away: bool,
    panics: bool,
    panics_at_frame: bool,
    after_chunk: Option<Box<dyn FnOnce() + Send>>,
    held: Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>,
}

/// A change of groups that a recording handle keeps on its way.
pub struct Held {
    come: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
}

impl Held {
    /// It is on its way: what it says was read before.
    pub async fn come(&mut self) {
        // Whoever is gone has not come and never will: the story waits for something else in vain.
        drop((&mut self.come).await);
    }

    /// It arrives.
    pub fn go(self) {
        drop(self.go);
    }
}

/// What a recording handle was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Registered(RelayId, Registration),
    Revoked(RelayId),
    Set(RegistrationSet),
    Groups(Vec<GroupChange>),
    Told { to: String, frame: ServerFrame },
}

impl Relay {
    /// To the relay that the settings name. Install a TLS provider first.
    pub fn new(config: &config::Relay) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(config.request_timeout)
            // Shorter than the relay keeps an idle connection: no call meets one that is just closing.
            .pool_idle_timeout(Duration::from_secs(3))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self::from_way(Way::Http {
            client,
            config: config.clone(),
        }))
    }

    /// Keeps what it is told, for tests.
    pub fn recording() -> Self {
        Self::from_way(Way::Recorded(Mutex::default()))
    }

    fn from_way(way: Way) -> Self {
        Self {
            inner: Arc::new(Inner {
                way,
                live: Live::default(),
                turns: Turns::default(),
                telling: tokio::sync::Mutex::default(),
                link: RwLock::new(None),
            }),
        }
    }

    /// Everything that a recording handle was told since the last call.
    pub fn take_recorded(&self) -> Vec<Said> {
        match &self.inner.way {
            Way::Recorded(recording) => {
                std::mem::take(&mut recording.lock().unwrap_or_else(PoisonError::into_inner).said)
            }
            Way::Http { .. } => Vec::new(),
        }
    }

    /// A recording handle plays a relay that does not answer.
    pub fn record_away(&self, away: bool) {
        if let Some(mut recording) = self.recorded() {
            recording.away = away;
        }
    }

    /// A recording handle panics at the next change of groups.
    pub fn record_panic(&self) {
        if let Some(mut recording) = self.recorded() {
            recording.panics = true;
        }
    }

    /// A recording handle panics at the next frame.
    pub fn record_panic_at_frame(&self) {
        if let Some(mut recording) = self.recorded() {
            recording.panics_at_frame = true;
        }
    }

    /// A recording handle does this once, right after it has taken the next chunk that names somebody.
    pub fn after_next_chunk(&self, then: Box<dyn FnOnce() + Send>) {
        if let Some(mut recording) = self.recorded() {
            recording.after_chunk = Some(then);
        }
    }

    /// A recording handle keeps the next change of groups on its way until it is let go.
    pub fn hold_groups(&self) -> Held {
        let ((on_its_way, come), (go, arrive)) = (oneshot::channel(), oneshot::channel());
        if let Some(mut recording) = self.recorded() {
            recording.held = Some((on_its_way, arrive));
        }
        Held { come, go }
    }

    /// Who is changing which conversation's group.
    pub fn turns(&self) -> &Turns<ConversationId> {
        &self.inner.turns
    }

    /// Held from reading who is there until it is told: what was read earlier is never told later.
    pub fn telling(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.telling
    }

    /// The streams of browsers that cannot reach the relay: they are told what groups are told.
    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// The link is up: from now on frames go into the queue that is given back.
    pub fn link_up(&self, boot_id: String) -> mpsc::Receiver<Vec<Down>> {
        let (sender, receiver) = mpsc::channel(LINK_QUEUE);
        *self.inner.link.write().unwrap_or_else(PoisonError::into_inner) = Some(Link {
            boot_id,
            sender,
            since: Instant::now(),
        });
        receiver
    }

    pub fn link_down(&self) {
        *self.inner.link.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The relay's boot id while the link is up.
    pub fn boot_id(&self) -> Option<String> {
        self.link(|link| link.boot_id.clone())
    }

    /// How long the link has been up.
    pub fn up_for(&self) -> Option<Duration> {
        self.link(|link| link.since.elapsed())
    }

    /// The queue of the link while it is up.
    pub fn link_sender(&self) -> Option<LinkSender> {
        self.link(|link| link.sender.clone())
    }

    fn link<T>(&self, of: impl Fn(&Link) -> T) -> Option<T> {
        self.inner
            .link
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(of)
    }

    /// Registers one relay ID; gives back the relay's boot id.
    pub async fn register(&self, relay_id: &RelayId, registration: Registration) -> Result<Registered> {
        if let Some(mut said) = self.recorded() {
            let lease_s = registration.lease_s;
            said.said.push(Said::Registered(relay_id.clone(), registration));
            return Ok(Registered {
                boot_id: "recorded".into(),
                lease_s,
            });
        }
        self.call(
            Method::PUT,
            &format!("relay-ids/{relay_id}"),
            Some(&registration),
            None,
        )
        .await
    }

    /// One chunk of the whole set, meant for the boot `boot_id`.
    pub async fn send_set(&self, set: &RegistrationSet, boot_id: &str) -> Result<Booted> {
        if let Some(mut said) = self.recorded() {
            said.said.push(Said::Set(set.clone()));
            let then = if set.relay_ids.is_empty() {
                None
            } else {
                said.after_chunk.take()
            };
            drop(said);
            if let Some(then) = then {
                then();
            }
            return Ok(Booted {
                boot_id: boot_id.to_owned(),
            });
        }
        self.call(Method::PUT, "relay-ids", Some(set), Some(boot_id))
            .await
    }

    /// Takes a relay ID back; its socket closes at once.
    pub async fn revoke(&self, relay_id: &RelayId) -> Result<()> {
        if let Some(mut said) = self.recorded() {
            said.said.push(Said::Revoked(relay_id.clone()));
            return Ok(());
        }
        let none: Option<&()> = None;
        self.call::<Booted>(Method::DELETE, &format!("relay-ids/{relay_id}"), none, None)
            .await
            .map(|_| ())
    }

    /// Who enters and leaves which group: done when this returns.
    pub async fn change_groups(&self, changes: Vec<GroupChange>) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let held = self.recorded().and_then(|mut recording| recording.held.take());
        if let Some((on_its_way, arrive)) = held {
            drop((on_its_way.send(()), arrive.await));
        }
        if let Some(mut said) = self.recorded() {
            assert!(!std::mem::take(&mut said.panics), "a bug, as a story wants it");
            if said.away {
                return Err(Problem::RelayAway);
            }
            said.said.push(Said::Groups(changes));
            return Ok(());
        }
        self.call::<Booted>(Method::POST, "groups", Some(&GroupChanges { changes }), None)
            .await
            .map(|_| ())
    }

    /// Tells a group. The frame may get lost: the row is the truth.
    pub fn tell(&self, to: &Group, frame: &ServerFrame) {
        self.tell_all([(to.clone(), frame.clone())]);
    }

    /// Tells many groups, in order, in one lot.
    pub fn tell_all(&self, frames: impl IntoIterator<Item = (Group, ServerFrame)>) {
        let mut lot = Vec::new();
        for (to, frame) in frames {
            let text = match serde_json::to_string(&frame) {
                Ok(text) => text,
                Err(error) => {
                    tracing::error!(%error, "A frame could not be written");
                    continue;
                }
            };
            self.inner.live.tell(&to, &text);
            if let Some(mut said) = self.recorded() {
                assert!(
                    !std::mem::take(&mut said.panics_at_frame),
                    "a bug, as a story wants it"
                );
                said.said.push(Said::Told {
                    to: to.to_string(),
                    frame,
                });
                continue;
            }
            lot.push(Down::Forward(Forward {
                to: to.into(),
                frame: text,
                class: Class::Durable,
                except: None,
            }));
        }
        if lot.is_empty() {
            return;
        }
        if let Some(sender) = self.link_sender()
            && sender.try_send(lot).is_err()
        {
            tracing::warn!("The link's queue is full: frames were dropped, browsers will ask");
        }
    }

    fn recorded(&self) -> Option<MutexGuard<'_, Recording>> {
        match &self.inner.way {
            Way::Recorded(recording) => Some(recording.lock().unwrap_or_else(PoisonError::into_inner)),
            Way::Http { .. } => None,
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        boot_id: Option<&str>,
    ) -> Result<T> {
        let Way::Http { client, config } = &self.inner.way else {
            return Err(Problem::RelayAway);
        };
        let url = format!("{}/internal/v1/{path}", config.url);
        let mut request = client.request(method, url).bearer_auth(config.secret.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(boot_id) = boot_id {
            request = request.header(BOOT_HEADER, boot_id);
        }
        let answer = request.send().await.map_err(|error| {
            tracing::debug!(%error, "The relay did not answer");
            Problem::RelayAway
        })?;
        match answer.status().as_u16() {
            200..=299 => answer
                .json()
                .await
                .map_err(|error| Problem::Internal(error.into())),
            401 => {
                tracing::error!(
                    "The relay at {} refuses TALKHUB_RELAY_SECRET: set the same secret for both programs",
                    config.url
                );
                Err(Problem::RelayAway)
            }
            // It has restarted since: the link will notice and register everybody anew.
            409 | 429 | 500..=599 => Err(Problem::RelayAway),
            status => {
                let told = answer.text().await.unwrap_or_default();
                Err(Problem::Internal(anyhow::anyhow!(
                    "the relay answered {status}: {told}"
                )))
            }
        }
    }
}
