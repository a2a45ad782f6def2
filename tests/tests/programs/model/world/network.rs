//! The relay of the model: it loses, repeats, delays, reorders and forgets.

use super::{Packet, Submitted, WINDOW, World, pick_fault, promise};
use crate::model::device::{Answer, Device, Reply};
use crate::model::ledger::Checked;
use crate::model::sent::{draft, submit};
use crate::model::server::{Fault, Settled};
use shared_protocol::ConversationId;
use shared_protocol::api::Message;
use shared_protocol::internal::Submit;
use socket_client::heads::HeadsEvent;
use socket_client::outbox::{Due, OutboxEvent};
use std::rc::Rc;

impl World<'_> {
    /// Sends what may go: by the relay while it is there, else over HTTPS, one at a time.
    pub(super) fn pump(&mut self, tab: usize) -> Checked {
        let device = &mut self.devices[tab];
        let disk = &mut self.disks[device.disk];
        if device.is_connected {
            for due in device.pump(self.now, WINDOW, disk) {
                let entry = &due.entry;
                let times = match self.chance.below(if self.has_faults { 16 } else { 1 }) {
                    1 => 0,
                    2 => 2,
                    _ => 1,
                };
                for _ in 0..times {
                    let submitted = Submitted {
                        tab,
                        connection: device.connection,
                        id: entry.id,
                        submit: submit(&device.relay_id, &entry.group, entry.id, due.prev, &entry.body),
                    };
                    let is_late = self.has_faults && self.chance.percent(10);
                    let at = self.link.len() - usize::from(is_late).min(self.link.len());
                    self.link.insert(at, submitted);
                }
            }
            return Ok(());
        }
        if self.is_relay_up || !self.is_server_up || !device.has_https {
            return Ok(());
        }
        for due in device.pump(self.now, 1, disk) {
            if self.is_server_up {
                self.post(tab, &due);
            }
        }
        Ok(())
    }

    /// One message over HTTPS.
    pub(super) fn post(&mut self, tab: usize, due: &Due) {
        let entry = &due.entry;
        let (user, life) = (entry.user, self.devices[tab].life);
        self.seen.posts += 1;
        let fault = pick_fault(&mut self.chance, self.has_faults);
        let draft = draft(&entry.group, entry.id, due.prev, &entry.body);
        let settled = self.server.post(user, draft, fault);
        let history = self.server.history.clone();
        let (answer, stored) = match settled {
            None => (Answer::Nothing, None),
            Some(Settled::Stored(message)) => {
                let stored = Some(message.clone());
                (Answer::Row { message, history }, stored)
            }
            Some(Settled::Refused(problem)) => (Answer::Refused(problem), None),
            Some(Settled::Busy) => (Answer::Busy, None),
        };
        let is_lost = self.has_faults && self.chance.percent(8);
        let answer = if is_lost { Answer::Nothing } else { answer };
        let reply = Reply::Posted(entry.id, answer);
        self.net.push(Packet::Reply(tab, life, reply));
        match fault {
            Fault::None | Fault::UnsureDone | Fault::UnsureUndone => {
                stored.into_iter().for_each(|message| self.forward(message));
            }
            _ => self.crash(),
        }
        self.look_at(&[entry.conversation]);
    }

    /// The logic server takes what has queued up on the link.
    pub(super) fn commit(&mut self) -> Checked {
        if !self.is_link_up || !self.is_server_up || !self.is_relay_up || self.link.is_empty() {
            return Ok(());
        }
        let count = 1 + self.chance.below(self.link.len());
        let batch: Vec<Submitted> = self.link.drain(..count).collect();
        let submits: Vec<Submit> = batch.iter().map(|one| one.submit.clone()).collect();
        let fault = pick_fault(&mut self.chance, self.has_faults);
        let settled = self.server.commit(&submits, fault);
        let history = self.server.history.clone();
        let mut stored = Vec::new();
        for (one, settled) in batch.iter().zip(settled.into_iter().flatten()) {
            let answer = match settled {
                Settled::Stored(message) => {
                    let (seq, rev, at) = (message.seq, message.rev, message.at);
                    stored.push(message);
                    Answer::Acked {
                        seq,
                        rev,
                        at,
                        history: history.clone(),
                    }
                }
                Settled::Refused(problem) => Answer::Refused(problem),
                Settled::Busy => Answer::Busy,
            };
            if !(self.has_faults && self.chance.percent(8)) {
                self.net
                    .push(Packet::Ack(one.tab, one.connection, one.id, answer));
            }
        }
        match fault {
            Fault::None | Fault::UnsureDone | Fault::UnsureUndone => {
                stored.into_iter().for_each(|message| self.forward(message));
            }
            _ => self.crash(),
        }
        let places = self.server.places.iter();
        let named = places.filter(|place| submits.iter().any(|submit| submit.to == place.group.as_str()));
        let named: Vec<ConversationId> = named.map(|place| place.id).collect();
        self.look_at(&named);
        Ok(())
    }

    /// A frame to everybody who is in the group now.
    pub(super) fn forward(&mut self, message: Message) {
        let Some(place) = self
            .server
            .places
            .iter()
            .find(|place| place.id == message.conversation)
        else {
            return;
        };
        if !self.is_link_up || !self.is_relay_up {
            return; // nobody carries it: it is lost, and the row is the truth
        }
        let frame = Rc::new((message, self.server.history.clone()));
        for (tab, device) in self.devices.iter().enumerate() {
            if !device.is_connected || !place.members.contains(&device.me.user_id) {
                continue;
            }
            let times = match self.chance.below(if self.has_faults { 12 } else { 1 }) {
                1 => 0,
                2 => 2,
                _ => 1,
            };
            for _ in 0..times {
                self.net
                    .push(Packet::Frame(tab, device.connection, Rc::clone(&frame)));
            }
        }
    }

    /// Something arrives: not always what was sent first.
    pub(super) fn deliver(&mut self) -> Checked {
        if self.net.is_empty() {
            return Ok(());
        }
        let near = if self.has_faults { 6 } else { 1 };
        let at = self.chance.below(self.net.len().min(near));
        let chance = self.chance.unit();
        match self.net.remove(at) {
            Packet::Ack(tab, connection, id, answer) => {
                let device = &mut self.devices[tab];
                if device.connection != connection {
                    return Ok(());
                }
                self.seen.refused += usize::from(matches!(answer, Answer::Refused(_)));
                if let Answer::Acked { seq, history, .. } = &answer {
                    promise(&mut self.ledger, device, id, *seq, history, &self.server.history)?;
                }
                device.answered(id, answer, self.now, chance, &mut self.disks[device.disk]);
            }
            Packet::Frame(tab, connection, frame) => {
                let device = &mut self.devices[tab];
                if device.connection == connection {
                    self.seen.frames += 1;
                    device.hear(&frame.0, &frame.1, self.now, &mut self.disks[device.disk]);
                }
            }
            Packet::Look(tab, connection) => {
                let device = &mut self.devices[tab];
                if device.connection == connection {
                    device.heads.apply(HeadsEvent::Look);
                }
            }
            Packet::Reply(tab, life, reply) => return self.reply(tab, life, reply, chance),
        }
        Ok(())
    }

    /// One step of connecting: first towards the relay, then into its groups.
    pub(super) fn connect(&mut self, tab: usize) {
        let device = &mut self.devices[tab];
        if device.is_connected || !self.is_relay_up {
            return;
        }
        if !device.is_connecting {
            device.is_connecting = true;
            return device.heads.apply(HeadsEvent::Connecting);
        }
        if !self.registered.contains(&device.relay_id) {
            if !self.is_server_up || !device.has_https {
                return;
            }
            self.registered.insert(device.relay_id.clone());
        }
        device.is_connecting = false;
        device.is_connected = true;
        device.connection += 1;
        let boot = self.boot.to_string();
        device.heads.apply(HeadsEvent::Connected { boot });
        device.outbox.apply(OutboxEvent::Hurry { now: self.now });
    }

    /// The relay forgets everything; sometimes it stays away for a while.
    pub(super) fn restart_relay(&mut self) {
        self.seen.relay_restarts += 1;
        self.boot += 1;
        self.registered.clear();
        self.link.clear();
        self.net.retain(|packet| matches!(packet, Packet::Reply(..)));
        self.devices.iter_mut().for_each(Device::cut);
        self.is_relay_up = self.chance.percent(30);
    }

    /// The logic server dies. What waited on the link is answered `busy`, or nothing.
    pub(super) fn crash(&mut self) {
        self.seen.crashes += 1;
        self.is_server_up = false;
        self.server_boot += 1;
        for one in std::mem::take(&mut self.link) {
            if self.chance.percent(50) {
                self.net
                    .push(Packet::Ack(one.tab, one.connection, one.id, Answer::Busy));
            }
        }
        for packet in &mut self.net {
            if let Packet::Reply(_, _, reply) = packet {
                *reply = match reply {
                    Reply::Page(run, id, _) | Reply::Changes(run, id, _) | Reply::NoPage(run, id) => {
                        Reply::NoPage(*run, *id)
                    }
                    Reply::Heads(_) | Reply::NoHeads => Reply::NoHeads,
                    Reply::Posted(id, _) => Reply::Posted(*id, Answer::Nothing),
                    Reply::Older(id, _) => Reply::NoPage(0, *id),
                };
            }
        }
    }

    /// Something that is away comes back.
    pub(super) fn come_back(&mut self) {
        match self.chance.below(4) {
            0 => self.is_relay_up = true,
            1 => self.is_server_up = true,
            2 => self.is_link_up = true,
            _ => {
                let tab = self.chance.below(self.devices.len());
                self.devices[tab].has_https = true;
                self.devices[tab].heads.apply(HeadsEvent::Online);
            }
        }
        if self.chance.percent(60) {
            (self.is_relay_up, self.is_server_up, self.is_link_up) = (true, true, true);
        }
    }

    /// The logic server asks everybody to compare heads.
    pub(super) fn look(&mut self) {
        if !self.is_server_up || !self.is_link_up {
            return;
        }
        for (tab, device) in self.devices.iter().enumerate() {
            if device.is_connected && self.chance.percent(80) {
                self.net.push(Packet::Look(tab, device.connection));
            }
        }
    }
}
