//! A device that only reads: connects again and again, compares heads, catches up, by the rules of `socket-client`.

use crate::writing::LIMIT;
use end_to_end::Person;
use shared_protocol::api::{Changes, Conversation, Heads as HeadsAnswer, MessagePage, RelayTicket};
use shared_protocol::envelope::{Auth, Delivery, From, Origin};
use shared_protocol::{RelayFrame, ServerFrame};
use socket_client::catch_up::{From as Begin, Older, Timeline, TimelineEvent};
use socket_client::heads::{Heads, HeadsEvent};
use socket_client::{Client, Rules};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// How many rows the latest page has.
const PAGE: usize = 100;

/// One conversation on one device, whose relay stands behind `url`.
pub(crate) struct Reader {
    person: Person,
    talk: Conversation,
    url: String,
    ticket: Option<RelayTicket>,
    client: Option<Client>,
    timeline: Timeline,
    heads: Heads,
    begun: Instant,
    /// What the device's clock has jumped, in milliseconds.
    pub(crate) jumped: Arc<AtomicI64>,
    last_tick: i64,
    /// How often it has connected.
    pub(crate) connections: u32,
}

impl Reader {
    pub(crate) fn new(person: &Person, talk: &Conversation, url: String) -> Self {
        Self {
            person: person.clone(),
            talk: talk.clone(),
            url,
            ticket: None,
            client: None,
            timeline: Timeline::new(person.me.person.user_id, Rules::ALL),
            heads: Heads::new(0, Rules::ALL),
            begun: Instant::now(),
            jumped: Arc::default(),
            last_tick: 0,
            connections: 0,
        }
    }

    /// What is shown, in its order: `seq:body`.
    pub(crate) fn shown(&self) -> Vec<String> {
        let rows = self.timeline.rows().map(|row| &row.message);
        rows.map(|message| format!("{}:{}", message.seq, message.body))
            .collect()
    }

    pub(crate) fn cursor(&self) -> Option<i64> {
        self.timeline.cursor()
    }

    fn now(&self) -> i64 {
        self.begun.elapsed().as_millis() as i64 + self.jumped.load(Ordering::Relaxed)
    }

    /// Does what is due, then hears what has come within a moment.
    pub(crate) async fn step(&mut self) {
        let (due, now) = (self.last_tick, self.now());
        self.heads.apply(HeadsEvent::Ticked { due, now });
        self.last_tick = now;
        self.connect().await;
        self.compare().await;
        self.catch_up().await;
        self.hear().await;
    }

    async fn connect(&mut self) {
        if self
            .client
            .as_ref()
            .is_some_and(|client| client.handle().is_open())
        {
            return;
        }
        self.client = None;
        if self.ticket.is_none() {
            self.ticket = self.person.ticket().await.ok();
        }
        let Some(ticket) = &self.ticket else { return };
        let auth = Auth {
            relay_id: ticket.relay_id.clone(),
            token: ticket.token.clone(),
        };
        if let Ok(client) = Client::connect(&self.url, &auth).await {
            self.connections += 1;
            self.client = Some(client);
            // Only now that it is in its groups. (RU10)
            self.heads.apply(HeadsEvent::Connected {
                boot: "the only one".into(),
            });
        }
    }

    async fn compare(&mut self) {
        if !self.heads.is_due() {
            return;
        }
        self.heads.apply(HeadsEvent::Asked);
        let Ok(answer) = self.person.get::<HeadsAnswer>("/conversations/heads").await else {
            return self.heads.apply(HeadsEvent::Failed);
        };
        let own = answer.heads.iter().find(|head| head.0 == self.talk.id);
        self.timeline
            .compare(own.map_or(0, |head| head.1), &answer.history_id);
        let (now, chance) = (self.now(), 0.5);
        self.heads.apply(HeadsEvent::Answered { now, chance });
    }

    async fn catch_up(&mut self) {
        if self.timeline.catch_up().want {
            self.timeline.apply(TimelineEvent::Asked);
        }
        let talk = self.talk.id;
        while self.timeline.catch_up().running {
            let asked = self.timeline.catch_up();
            let run = asked.run;
            let answered = match asked.from {
                Begin::Fresh => {
                    let path = format!("/conversations/{talk}/messages?limit={PAGE}");
                    let page = self.person.get::<MessagePage>(&path).await;
                    page.map(|page| TimelineEvent::AnsweredPage {
                        run,
                        page,
                        limit: PAGE,
                    })
                }
                Begin::Changes => {
                    let path = format!("/conversations/{talk}/changes?after={}", asked.page);
                    let changes = self.person.get::<Changes>(&path).await;
                    changes.map(|changes| TimelineEvent::AnsweredChanges { run, changes })
                }
            };
            self.timeline
                .apply(answered.unwrap_or(TimelineEvent::Failed { run }));
        }
    }

    async fn hear(&mut self) {
        let Some(client) = &mut self.client else {
            return tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let mut next = client.next_within(Duration::from_millis(20)).await;
        while let Some(delivery) = next {
            match take(&delivery) {
                Some(Heard::Event(event)) => self.timeline.apply(*event),
                Some(Heard::Look) => self.heads.apply(HeadsEvent::Look),
                None => {}
            }
            if self.timeline.catch_up().want {
                return;
            }
            next = client.next_within(Duration::ZERO).await;
        }
    }

    /// Asks for everything before what is held, as somebody does who scrolls to the top.
    pub(crate) async fn load_all(&mut self) {
        let end = Instant::now() + LIMIT;
        while !self.timeline.is_complete() {
            assert!(Instant::now() < end, "the first message is reached");
            let first = self.timeline.rows().next().map_or(0, |row| row.message.seq);
            self.timeline.apply(TimelineEvent::OlderAsked);
            let path = format!(
                "/conversations/{}/messages?before={first}&limit={PAGE}",
                self.talk.id
            );
            let answered = self.person.get::<MessagePage>(&path).await;
            self.timeline
                .apply(
                    answered.map_or(TimelineEvent::OlderFailed, |page| TimelineEvent::OlderAnswered {
                        page,
                        limit: PAGE,
                    }),
                );
            assert_ne!(self.timeline.older(), Older::Loading);
        }
    }
}

enum Heard {
    Event(Box<TimelineEvent>),
    Look,
}

fn take(delivery: &Delivery) -> Option<Heard> {
    match delivery.from {
        From::Program(Origin::Server) => match serde_json::from_str(&delivery.frame).ok()? {
            ServerFrame::Message { message, history_id } => {
                let history = history_id;
                Some(Heard::Event(Box::new(TimelineEvent::Heard { message, history })))
            }
            _ => None,
        },
        From::Program(Origin::Relay) => match serde_json::from_str(&delivery.frame).ok()? {
            RelayFrame::Look => Some(Heard::Look),
            _ => None,
        },
        From::Client(_) => None,
    }
}
