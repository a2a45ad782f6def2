//! The outbox at work: what leaves, by which way, and what each answer means.

use super::api::Api;
use super::connect::Socket;
use super::{Device, Extent, Fail, Happened, TAB};
use crate::record::{Transport, What};
use anyhow::Result;
use serde_json::json;
use shared_protocol::api::{Committed, HandInForm, HandInResult, HandedIn, Message, PassedOn};
use shared_protocol::{Ack, Class, Event, Group, MessageId, Problem};
use socket_client::catch_up::{PendingState, TimelineEvent};
use socket_client::outbox::{Due, OutboxEvent};
use socket_client::{AckError, Handle};

/// How many of one conversation are on their way at once.
const WINDOW: usize = 8;
/// In so many of a hundred cases the same goes by both ways at the same moment.
const TWICE: u64 = 3;
/// The relay's word for a group that it does not know, or does not know this person in.
const UNKNOWN_ADDRESS: &str = "/problems/unknown-address";

impl Device {
    /// Sends what may leave now.
    pub(super) fn pump(&mut self) -> Result<()> {
        let handle = match &self.socket {
            Socket::Open(handle, _) => Some(handle.clone()),
            _ if self.is_long_away() => None,
            _ => return Ok(()),
        };
        let window = if handle.is_some() { WINDOW } else { 1 };
        let due = self.outbox.due(TAB, self.now(), window);
        if due.is_empty() {
            return Ok(());
        }
        for due in &due {
            self.outbox.apply(OutboxEvent::Emitted { id: due.entry.id });
        }
        self.keep()?;
        for due in due {
            match &handle {
                Some(handle) => self.emit(handle, &due),
                None => self.post(&due),
            }
            if handle.is_some() && self.chance.below(100) < TWICE {
                self.post(&due);
            }
        }
        Ok(())
    }

    fn emit(&mut self, handle: &Handle, due: &Due) {
        let id = due.entry.id;
        let event = Event {
            to: due.entry.group.to_string(),
            id: id.to_string(),
            class: Class::Durable,
            frame: frame_of(&due.entry.body),
            prev: due.prev.map(|prev| prev.to_string()),
            receipt: due.receipt.clone(),
        };
        let (ack, due) = (handle.emit(&event), Box::new(due.clone()));
        self.io.spawn(async move { Happened::Acked(due, ack.await) });
    }

    /// What has a receipt goes as whoever received it would bring it, so that it gets its place and a refusal stands.
    fn post(&mut self, due: &Due) {
        let (api, cookie, due) = (self.seat.api.clone(), self.cookie(), due.clone());
        let subject = self.kept.me.subject.clone();
        self.io.spawn(async move {
            let answer = match &due.receipt {
                Some(receipt) => bring(&api, &cookie, &subject, &due, receipt).await,
                None => None,
            };
            let answer = match answer {
                Some(answer) => answer,
                None => write(&api, &cookie, &due).await,
            };
            Happened::Posted(due.entry.id, Box::new(answer))
        });
    }

    pub(super) fn acked(&mut self, due: &Due, answer: Result<Ack, AckError>) {
        let id = due.entry.id;
        match answer {
            Ok(Ack::Stored {
                seq,
                rev,
                at,
                history_id,
            }) => {
                let entry = self.outbox.entries().iter().find(|entry| entry.id == id);
                let row = entry.map(|entry| Message {
                    conversation: entry.conversation,
                    seq,
                    rev,
                    id,
                    sender: self.kept.me.clone(),
                    kind: "text".to_owned(),
                    body: entry.body.clone(),
                    at,
                    sent_at: None,
                });
                self.say_ok(id, seq, rev, Transport::Relay);
                if let Some(row) = row {
                    self.stored(row, history_id);
                }
            }
            // That names no rule: the relay may not have been told yet. The logic server takes it, or says why not.
            Ok(Ack::Refused { problem }) if problem.kind == UNKNOWN_ADDRESS => self.post(due),
            Ok(Ack::Refused { problem }) => self.refused(id, problem),
            Ok(Ack::Busy { retry_after_ms }) => self.put_off(id, "busy", Some(retry_after_ms as i64)),
            Ok(Ack::PassedOn { at, receipt }) => self.passed_on(id, at, receipt),
            Ok(Ack::Forwarded) => self.put_off(id, "forwarded", None),
            Err(error) => self.put_off(id, &error.to_string(), None),
        }
        self.kept_is_old = true;
    }

    pub(super) fn posted(&mut self, id: MessageId, answer: Result<Committed, Fail>) {
        self.is_answer(&answer);
        match answer {
            Ok(committed) => {
                let row = committed.message;
                self.say_ok(id, row.seq, row.rev, Transport::Https);
                self.learn(&committed.history_id);
                self.stored(row, committed.history_id);
            }
            Err(fail) => match fail.refusal() {
                Some(problem) => self.refused(id, problem.clone()),
                None => self.put_off(id, &fail.word(), fail.retry_after()),
            },
        }
        self.kept_is_old = true;
    }

    fn say_ok(&self, id: MessageId, seq: i64, rev: i64, by: Transport) {
        self.say(What::Ok {
            who: self.seat.who,
            id,
            seq,
            rev,
            by,
        });
    }

    fn stored(&mut self, message: Message, history: String) {
        self.outbox.apply(OutboxEvent::Stored {
            id: message.id,
            history: history.clone(),
            now: self.now(),
        });
        let id = message.conversation;
        self.tell(id, TimelineEvent::Stored { message, history }, Extent::Last);
    }

    fn refused(&mut self, id: MessageId, problem: Problem) {
        self.say(What::Refused {
            who: self.seat.who,
            id,
            problem: problem.kind.clone(),
        });
        self.outbox.apply(OutboxEvent::Refused {
            id,
            problem: problem.clone(),
        });
        self.stands(id, PendingState::Failed, Some(problem));
    }

    fn put_off(&mut self, id: MessageId, why: &str, retry_after: Option<i64>) {
        self.say(What::Unknown {
            who: self.seat.who,
            id,
            why: why.to_owned(),
        });
        self.outbox.apply(OutboxEvent::PutOff {
            id,
            now: self.now(),
            chance: self.chance.unit(),
            retry_after,
        });
    }

    fn passed_on(&mut self, id: MessageId, at: i64, receipt: String) {
        // `1.<at>.<boot>.<number>.<mac>`: opaque to devices, told to the log.
        let mut parts = receipt.split('.').skip(2);
        let (boot, number) = (parts.next(), parts.next());
        self.say(What::PassedOn {
            who: self.seat.who,
            id,
            boot: boot.unwrap_or_default().to_owned(),
            number: number.and_then(|number| number.parse().ok()).unwrap_or_default(),
        });
        self.outbox.apply(OutboxEvent::PassedOn {
            id,
            at,
            receipt,
            now: self.now(),
            chance: self.chance.unit(),
        });
        self.stands(id, PendingState::PassedOn, None);
    }

    fn stands(&mut self, id: MessageId, state: PendingState, problem: Option<Problem>) {
        let entry = self.outbox.entries().iter().find(|entry| entry.id == id);
        if let Some(conversation) = entry.map(|entry| entry.conversation) {
            let event = TimelineEvent::Stands { id, state, problem };
            self.tell(conversation, event, Extent::Last);
        }
    }
}

/// As a message like any other.
async fn write(api: &Api, cookie: &str, due: &Due) -> Result<Committed, Fail> {
    let path = format!("/conversations/{}/messages", due.entry.conversation);
    let mut form = json!({ "id": due.entry.id, "body": due.entry.body });
    if let Some(prev) = due.prev {
        form["prev"] = json!(prev);
    }
    api.ask(cookie, reqwest::Method::POST, &path, Some(&form)).await
}

/// With its receipt. `None`: that is of no use any more.
async fn bring(
    api: &Api,
    cookie: &str,
    subject: &Group,
    due: &Due,
    receipt: &str,
) -> Option<Result<Committed, Fail>> {
    let path = format!("/conversations/{}/passed-on", due.entry.conversation);
    let form = HandInForm {
        messages: vec![PassedOn {
            subject: subject.clone(),
            id: due.entry.id,
            prev: due.prev,
            frame: frame_of(&due.entry.body),
            receipt: receipt.to_owned(),
        }],
    };
    let form = json!(form);
    let asked = api.ask(cookie, reqwest::Method::POST, &path, Some(&form));
    let answer: HandedIn = match asked.await {
        Ok(answer) => answer,
        Err(fail) => return Some(Err(fail)),
    };
    let history_id = answer.history_id;
    Some(match answer.results.into_iter().next()? {
        HandInResult::Stored { message } => Ok(Committed { message, history_id }),
        HandInResult::Refused { problem } => {
            let is_of_no_use = ["/problems/bad-receipt", "/problems/receipt-expired"];
            if is_of_no_use.contains(&problem.kind.as_str()) {
                return None;
            }
            Err(Fail::Status {
                status: problem.status,
                problem: Some(problem),
                retry_after: None,
            })
        }
        HandInResult::Busy { retry_after_ms } => Err(Fail::Status {
            status: 503,
            problem: None,
            retry_after: Some(retry_after_ms as i64),
        }),
    })
}

fn frame_of(body: &str) -> String {
    json!({ "kind": "message", "body": body }).to_string()
}
