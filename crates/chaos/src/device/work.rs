//! What people do, by chance: mostly they write.

use super::connect::Socket;
use super::{Device, Happened, TAB};
use crate::record::What;
use anyhow::Result;
use reqwest::Method;
use serde_json::json;
use shared_protocol::{Class, ConversationId, Event};
use socket_client::outbox::{Entry, OutboxEvent};

/// A device with so many unsent messages waits before it writes more.
const MOST_UNSENT: usize = 60;

/// What later slices add (edit, delete, join, leave) are further kinds here.
#[derive(Clone, Copy)]
enum Work {
    Send,
    SendTooMuch,
    Read,
    Type,
    Open,
    Reload,
    Block,
    Unblock,
    SignOut,
}

const WORK: [(u64, Work); 9] = [
    (700, Work::Send),
    (10, Work::SendTooMuch),
    (150, Work::Read),
    (80, Work::Type),
    (45, Work::Open),
    (10, Work::Reload),
    (5, Work::Block),
    (1, Work::Unblock),
    (5, Work::SignOut),
];

impl Device {
    /// The next thing, if it is time for it.
    pub(super) fn work(&mut self) -> Result<()> {
        if self.real() < self.times.work {
            return Ok(());
        }
        self.times.work = self.real() + (self.seat.pace * self.chance.between(100, 500)) as i64;
        match self.chance.weighted(&WORK) {
            Work::Send => self.write(""),
            Work::SendTooMuch => self.write(&"x".repeat(10_000)),
            Work::Read => {
                self.read();
                Ok(())
            }
            Work::Type => {
                self.type_a_little();
                Ok(())
            }
            Work::Open => {
                self.open();
                Ok(())
            }
            Work::Reload => {
                self.reloads = true;
                Ok(())
            }
            Work::Block => self.block(),
            Work::Unblock => {
                self.unblock();
                Ok(())
            }
            // The other device's sign-in is what the run itself looks through.
            Work::SignOut if self.seat.who.device != 0 => Ok(()),
            Work::SignOut => {
                self.sign_out();
                Ok(())
            }
        }
    }

    fn anywhere(&mut self) -> Option<ConversationId> {
        let ids: Vec<ConversationId> = self.places.keys().copied().collect();
        self.chance.pick(&ids).copied()
    }

    /// Into the outbox, onto the disk, onto the screen; it leaves when the outbox says so.
    fn write(&mut self, more: &str) -> Result<()> {
        let Some(conversation) = self.anywhere() else {
            return Ok(());
        };
        if MOST_UNSENT < self.outbox.unsent().count() {
            return Ok(());
        }
        self.kept.number += 1;
        let (who, number, id) = (self.seat.who, self.kept.number, end_to_end::new_message_id());
        let body = format!("{who}:{number}{more}");
        self.say(What::Invoke {
            who,
            conversation,
            id,
            number,
            body: body.clone(),
        });
        let entry = Entry {
            id,
            user: self.kept.me.user_id,
            conversation,
            group: self.places[&conversation].group.clone(),
            body,
            at: self.now(),
            order: number as i64,
            tab: TAB.to_owned(),
            writer: None,
            emitted: false,
            refused: None,
            ticked: None,
            passed: None,
        };
        self.outbox.apply(OutboxEvent::Wrote { entry });
        self.keep()?;
        self.show_unsent();
        Ok(())
    }

    /// Up to the last line that is shown.
    fn read(&mut self) {
        let Some(id) = self.anywhere() else {
            return;
        };
        let last = self
            .timelines
            .get(&id)
            .and_then(|timeline| timeline.rows().next_back());
        let Some(wanted) = last.map(|held| held.message.seq) else {
            return;
        };
        let (api, cookie, asked) = (self.seat.api.clone(), self.cookie(), self.real());
        self.io.spawn(async move {
            let path = format!("/conversations/{id}/read");
            let form = json!({ "read": wanted });
            let answer = api.ask(&cookie, Method::PUT, &path, Some(&form)).await;
            Happened::Read(id, asked, wanted, answer)
        });
    }

    fn type_a_little(&mut self) {
        let Some(id) = self.anywhere() else {
            return;
        };
        let Socket::Open(handle, _) = &self.socket else {
            return;
        };
        let message_id = end_to_end::new_message_id();
        let event = Event {
            to: self.places[&id].group.to_string(),
            id: message_id.to_string(),
            class: Class::Ephemeral,
            frame: json!({ "kind": "typing", "conversation": id, "on": true }).to_string(),
            prev: None,
            receipt: None,
        };
        self.say(What::Typed {
            who: self.seat.who,
            conversation: id,
            id: message_id,
        });
        drop(handle.emit(&event)); // its answer is of no interest, but without one asked for nothing is passed on
    }

    fn open(&mut self) {
        let Some(friend) = self.chance.pick(&self.seat.friends).copied() else {
            return;
        };
        let (api, cookie) = (self.seat.api.clone(), self.cookie());
        self.io.spawn(async move {
            let path = format!("/conversations/private/{friend}");
            Happened::Opened(api.ask(&cookie, Method::PUT, &path, Some(&json!({}))).await)
        });
    }
}
