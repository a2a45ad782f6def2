//! The logic server's writer: reads the link and the requests, holds, commits, settles.

use super::groups::hears;
use super::{Packet, World, new_holding, pick_fault};
use crate::model::answers::{Answer, Reply};
use crate::model::ledger::Key;
use crate::model::passing::{Place, place_of};
use crate::model::server::{Fault, Settled};
use shared_protocol::{ConversationId, MessageId, UserId};
use std::time::Duration;
use talkhub_client::messages::Draft;
use talkhub_client::messages::holding::Taken;

/// Something to be stored, and who wants to know.
pub struct Waiting {
    pub draft: Draft,
    pub asker: Asker,
    pub key: Key,
    /// Where its device knew, when it sent this, that it had been passed on.
    pub place: Option<Place>,
}

/// Who wants to know what became of a draft.
#[derive(Clone, Copy)]
pub enum Asker {
    /// The relay: which link, and its number for it.
    Link { link: u32, r: u64 },
    /// A request of this tab and start.
    Post { tab: usize, life: u32 },
    /// What this tab has received as unsaved.
    HandIn { tab: usize, life: u32 },
}

impl World<'_> {
    /// One round of the writer.
    pub(super) fn commit(&mut self) {
        if !self.is_server_up {
            return;
        }
        self.set_groups(); // what could not be told at once is a job
        let now = Duration::from_millis(self.now.unsigned_abs());
        let mut batch = self.holding.due(now);
        self.windows.end(self.now);
        let requests = std::mem::take(&mut self.requests);
        for waiting in self.read_some().into_iter().chain(requests) {
            self.note(&waiting, &batch);
            let mut sent = waiting.draft.sent();
            if self.holding.begins(now, &sent) && self.server.is_decided(&waiting.draft) {
                sent.passed = None;
            }
            match self.holding.take(now, sent, waiting) {
                Taken::Free(waiting) => batch.push(waiting),
                Taken::Held => self.seen.held += 1,
                Taken::Full(waiting) => self.settle(&waiting, Settled::Busy),
            }
        }
        if !batch.is_empty() {
            self.commit_all(&batch);
        }
    }

    fn commit_all(&mut self, batch: &[Waiting]) {
        let drafts: Vec<Draft> = batch.iter().map(|waiting| waiting.draft.clone()).collect();
        let fault = pick_fault(&mut self.chance, self.has_faults);
        let expelled = self.pick_expelled(batch);
        let settled = self.server.commit(&drafts, fault, expelled);
        let mut stored = Vec::new();
        let is_silent = settled.is_none();
        for (waiting, settled) in batch.iter().zip(settled.into_iter().flatten()) {
            match &settled {
                Settled::Stored(message) => stored.push(message.clone()),
                Settled::Refused(_) if waiting.draft.passed.is_some() => self.tell_refusal(waiting.key),
                _ => {}
            }
            self.settle(waiting, settled);
        }
        match fault {
            Fault::None | Fault::UnsureDone | Fault::UnsureUndone => {
                stored.into_iter().for_each(|message| self.forward(message));
            }
            _ => {
                if is_silent {
                    batch.iter().for_each(|waiting| self.give_no_answer(waiting));
                }
                self.crash();
            }
        }
        let mut named: Vec<ConversationId> = batch.iter().map(|waiting| waiting.key.0).collect();
        named.dedup();
        self.look_at(&named);
    }

    /// What has come over the link, as far as it can be read.
    fn read_some(&mut self) -> Vec<Waiting> {
        if !self.is_link_whole() {
            return Vec::new();
        }
        let left = self.link.len() - self.read;
        let count = match self.has_faults {
            true => self.chance.below(left + 1),
            false => left,
        };
        let (mut read, mut unreadable) = (Vec::new(), Vec::new());
        for one in &self.link[self.read..self.read + count] {
            let asker = Asker::Link {
                link: self.links,
                r: one.submit.r,
            };
            let user = self.devices[one.tab].me.user_id;
            let place = self
                .server
                .places
                .iter()
                .find(|place| place.group.as_str() == one.submit.to);
            let id = place.expect("devices write where they belong").id;
            match self.server.parse(&one.submit) {
                Ok(draft) => read.push(Waiting {
                    draft,
                    asker,
                    key: (id, user, one.id),
                    place: one.place,
                }),
                Err(problem) => unreadable.push((one.submit.r, problem)),
            }
        }
        self.read += count;
        for (r, problem) in unreadable {
            self.settle_submit(r, Answer::Refused(*problem));
        }
        read
    }

    /// INV09: what was passed on and comes now.
    fn note(&mut self, waiting: &Waiting, going: &[Waiting]) {
        let own = waiting.draft.passed.as_ref().map(place_of);
        if let Some(place) = own {
            self.windows.receive(waiting.key.0, place, self.now);
        }
        let Some(place) = own.into_iter().chain(waiting.place).min() else {
            return self.windows.come_unheard(waiting.key);
        };
        let rows = &self.truths[&waiting.key.0].rows;
        let is_stored = rows
            .iter()
            .any(|row| row.id == waiting.key.2 && row.sender.user_id == waiting.key.1);
        let goes = going.iter().any(|other| other.key == waiting.key);
        if !is_stored && !goes {
            self.windows.come(waiting.key, place, self.now);
        }
    }

    /// Somebody may not write just now, but only where everything of theirs was passed on: what was not is not told apart
    /// from a repeat by anybody, and asked about again.
    fn pick_expelled(&mut self, batch: &[Waiting]) -> Option<(ConversationId, UserId)> {
        if !self.has_faults || !self.chance.percent(10) {
            return None;
        }
        let passed = batch.iter().find(|waiting| waiting.draft.passed.is_some())?;
        let (id, user, _) = passed.key;
        let mut own = batch
            .iter()
            .filter(|waiting| (waiting.key.0, waiting.key.1) == (id, user));
        own.all(|waiting| waiting.draft.passed.is_some())
            .then_some((id, user))
    }

    fn settle(&mut self, waiting: &Waiting, settled: Settled) {
        if !matches!(settled, Settled::Stored(_)) {
            self.windows.forget(waiting.key);
        }
        let history = self.server.history.clone();
        let answer = match settled {
            Settled::Stored(message) => Answer::Row { message, history },
            Settled::Refused(problem) => Answer::Refused(problem),
            Settled::Busy => Answer::Busy,
        };
        match (waiting.asker, answer) {
            (Asker::Link { link, .. }, _) if link != self.links || !self.is_link_whole() => {}
            (Asker::Link { r, .. }, Answer::Row { message, history }) => {
                let (seq, rev, at) = (message.seq, message.rev, message.at);
                let answer = Answer::Acked {
                    seq,
                    rev,
                    at,
                    history,
                };
                self.settle_submit(r, answer);
            }
            (Asker::Link { r, .. }, answer) => self.settle_submit(r, answer),
            (Asker::Post { tab, life }, answer) => {
                let is_lost = self.has_faults && self.chance.percent(8);
                let answer = if is_lost { Answer::Nothing } else { answer };
                let reply = Reply::Posted(waiting.key.2, answer);
                self.net.push(Packet::Reply(tab, life, reply));
            }
            (Asker::HandIn { tab, life }, answer) => {
                let (id, sender, message) = waiting.key;
                let reply = Reply::HandedIn(id, sender, message, answer);
                self.net.push(Packet::Reply(tab, life, reply));
            }
        }
    }

    /// The relay takes a settlement off its list, and tells the sender unless it has been told `busy`.
    fn settle_submit(&mut self, r: u64, answer: Answer) {
        let Some(at) = self.link.iter().position(|one| one.submit.r == r) else {
            return;
        };
        let one = self.link.remove(at);
        self.read -= 1;
        if !one.is_told {
            self.acknowledge(&one, answer);
        }
    }

    fn give_no_answer(&mut self, waiting: &Waiting) {
        if let Asker::Post { tab, life } = waiting.asker {
            let reply = Reply::Posted(waiting.key.2, Answer::Nothing);
            self.net.push(Packet::Reply(tab, life, reply));
        }
    }

    /// Whoever holds it as unsaved learns that it never will be stored.
    fn tell_refusal(&mut self, key: Key) {
        if !self.is_link_whole() {
            return;
        }
        let places = &self.server.places;
        let place = places
            .iter()
            .find(|place| place.id == key.0)
            .expect("it is one of them");
        for (tab, device) in self.devices.iter().enumerate() {
            if hears(&self.out, place, device) && !(self.has_faults && self.chance.percent(10)) {
                self.net.push(Packet::NotSaved(tab, device.connection, key));
            }
        }
    }

    /// The logic server dies, with everything that it held.
    pub(super) fn crash(&mut self) {
        self.seen.crashes += 1;
        self.is_server_up = false;
        self.is_introducing = false;
        self.server_boot += 1;
        let held = self.holding.due(Duration::MAX);
        self.holding = new_holding(self.server.rules);
        self.windows.clear();
        let requests = std::mem::take(&mut self.requests);
        for waiting in held.iter().chain(&requests) {
            self.give_no_answer(waiting);
        }
        for packet in &mut self.net {
            if let Packet::Reply(_, _, reply) = packet {
                *reply = match reply {
                    Reply::Page(run, id, _) | Reply::Changes(run, id, _) | Reply::NoPage(run, id) => {
                        Reply::NoPage(*run, *id)
                    }
                    Reply::Heads(_) | Reply::NoHeads => Reply::NoHeads,
                    Reply::Posted(id, _) => Reply::Posted(*id, Answer::Nothing),
                    Reply::HandedIn(id, user, message, _) => {
                        Reply::HandedIn(*id, *user, *message, Answer::Nothing)
                    }
                    Reply::Older(id, _) => Reply::NoPage(0, *id),
                };
            }
        }
        if self.chance.percent(70) {
            self.close_link();
        }
    }

    /// What a request of this tab brings, for the writer.
    pub(super) fn request(
        &mut self,
        draft: Draft,
        id: ConversationId,
        sender: UserId,
        asker: Asker,
        place: Option<Place>,
    ) {
        let key: (ConversationId, UserId, MessageId) = (id, sender, draft.id);
        self.requests.push(Waiting {
            draft,
            asker,
            key,
            place,
        });
    }
}
