//! The relay of the model: it loses, repeats, delays, reorders and forgets.

use super::commits::Asker;
use super::groups::hears;
use super::{Packet, Submitted, WINDOW, World, promise};
use crate::model::answers::Answer;
use crate::model::ledger::Checked;
use crate::model::passing::{self, Way};
use crate::model::server::draft;
use shared_protocol::api::Message;
use socket_client::heads::HeadsEvent;
use socket_client::outbox::{Due, OutboxEvent};
use std::rc::Rc;

impl World<'_> {
    /// Sends what may go: by the relay while it is there, else over HTTPS, one at a time.
    pub(super) fn pump(&mut self, tab: usize) {
        let device = &mut self.devices[tab];
        let disk = &mut self.disks[device.disk];
        if device.is_gone {
            return;
        }
        if device.is_connected {
            for due in device.pump(self.now, WINDOW, disk) {
                self.emit(tab, &due);
            }
            return;
        }
        if self.is_relay_up || !self.is_server_up || !device.has_https {
            return;
        }
        for due in device.pump(self.now, 1, disk) {
            self.post(tab, &due);
        }
    }

    /// One message to the relay, which may lose it, or get it twice.
    fn emit(&mut self, tab: usize, due: &Due) {
        let device = &self.devices[tab];
        let entry = &due.entry;
        let way = Way {
            relay_id: &device.relay_id,
            subject: &device.me.subject,
            group: &entry.group,
        };
        let mut submit = passing::submit(way, entry.id, due.prev, &entry.body);
        submit.receipt.clone_from(&due.receipt);
        let connection = device.connection;
        let place = self
            .known
            .get(&(entry.conversation, entry.user, entry.id))
            .copied();
        let times = match self.chance.below(if self.has_faults { 16 } else { 1 }) {
            1 => 0,
            2 => 2,
            _ => 1,
        };
        for _ in 0..times {
            let submit = submit.clone();
            self.take_event(Submitted {
                tab,
                connection,
                id: entry.id,
                submit,
                place,
                is_told: false,
            });
        }
    }

    /// One message over HTTPS.
    pub(super) fn post(&mut self, tab: usize, due: &Due) {
        let (entry, device) = (&due.entry, &self.devices[tab]);
        self.seen.posts += 1;
        let handed = due.receipt.as_ref().map(|receipt| {
            let frame = passing::frame(&entry.body);
            passing::hand_in(&device.me.subject, entry.id, due.prev, &frame, receipt)
        });
        let proved = handed.and_then(|handed| self.server.parse_passed_on(&entry.group, &handed).ok());
        let draft =
            proved.unwrap_or_else(|| draft(entry.user, &entry.group, entry.id, due.prev, &entry.body));
        let life = device.life;
        let place = self
            .known
            .get(&(entry.conversation, entry.user, entry.id))
            .copied();
        let asker = Asker::Post { tab, life };
        self.request(draft, entry.conversation, entry.user, asker, place);
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
        if !self.is_link_whole() {
            return; // nobody carries it: it is lost, and the row is the truth
        }
        let frame = Rc::new((message, self.server.history.clone()));
        for (tab, device) in self.devices.iter().enumerate() {
            if !hears(&self.out, place, device) {
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
                if let Answer::NotThere { prev } = answer {
                    self.seen.not_there += 1;
                    self.go_round(tab, id, prev, chance);
                    return Ok(());
                }
                self.seen.refused += usize::from(matches!(answer, Answer::Refused(_)));
                promise(&mut self.ledger, device, id, &answer, &self.server.history)?;
                device.answered(id, answer, self.now, chance, &mut self.disks[device.disk]);
                let entry = device.outbox.entries().iter().find(|entry| entry.id == id);
                let passed = entry.and_then(|entry| Some((entry, entry.passed.as_ref()?)));
                if let Some((entry, passed)) = passed
                    && let Ok(receipt) = passed.receipt.parse()
                {
                    let key = (entry.conversation, entry.user, id);
                    self.known.entry(key).or_insert(passing::place_of(&receipt));
                }
            }
            Packet::Frame(tab, connection, frame) => {
                let device = &mut self.devices[tab];
                if device.connection == connection {
                    self.seen.frames += 1;
                    let key = (frame.0.conversation, frame.0.sender.user_id, frame.0.id);
                    self.blocks.check_heard(device.me.user_id, key)?;
                    device.hear(&frame.0, &frame.1, self.now, &mut self.disks[device.disk]);
                }
            }
            Packet::Look(tab, connection) => {
                let device = &mut self.devices[tab];
                if device.connection == connection {
                    device.look(self.now);
                }
            }
            Packet::Unsaved(tab, connection, line) => {
                let device = &mut self.devices[tab];
                if device.connection == connection {
                    self.seen.unsaved += 1;
                    let key = (line.0, line.1.sender.user_id, line.1.id);
                    self.blocks.check_heard(device.me.user_id, key)?;
                    device.hear_unsaved(line.0, &line.1);
                }
            }
            Packet::NotSaved(tab, connection, (conversation, sender, id)) => {
                let device = &mut self.devices[tab];
                if device.connection == connection {
                    self.seen.not_saved += 1;
                    device.hear_not_saved(conversation, sender, id);
                }
            }
            Packet::Reply(tab, life, reply) => return self.reply(tab, life, reply, chance),
        }
        Ok(())
    }

    /// One step of connecting: first towards the relay, then into its groups.
    pub(super) fn connect(&mut self, tab: usize) {
        let device = &mut self.devices[tab];
        if device.is_gone || device.is_connected || !self.is_relay_up {
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
            self.set_groups();
        }
        let device = &mut self.devices[tab];
        device.is_connecting = false;
        device.is_connected = true;
        device.connection += 1;
        let boot = self.boot.to_string();
        device.heads.apply(HeadsEvent::Connected { boot });
        device.outbox.apply(OutboxEvent::Hurry { now: self.now });
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
        if !self.is_link_whole() {
            return;
        }
        for (tab, device) in self.devices.iter().enumerate() {
            if device.is_connected && self.chance.percent(80) {
                self.net.push(Packet::Look(tab, device.connection));
            }
        }
    }
}
