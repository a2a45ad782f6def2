//! The relay's end of the link: what waits there to be settled, and what is passed on while nobody stores it.

use super::groups::hears;
use super::{Packet, World};
use crate::model::answers::Answer;
use crate::model::device::Device;
use crate::model::passing::Place;
use shared_protocol::envelope::{Delivery, From};
use shared_protocol::internal::Submit;
use shared_protocol::{Class, MessageId};
use socket_client::catch_up::Unsaved;
use std::rc::Rc;

/// On its way to the logic server: through which tab and which connection of it.
pub struct Submitted {
    pub tab: usize,
    pub connection: u32,
    pub id: MessageId,
    pub submit: Submit,
    /// Where its device knew, when it sent this, that it had been passed on.
    pub place: Option<Place>,
    /// The relay has answered `busy` for it: its sender comes again by itself.
    pub is_told: bool,
}

impl World<'_> {
    /// An event arrives at the relay: for the link while there is one, else for the group.
    pub(super) fn take_event(&mut self, submitted: Submitted) {
        if self.is_shut_out(submitted.tab, &submitted.submit.to) {
            let prev = submitted.submit.prev.as_deref();
            let prev = prev.and_then(|prev| prev.parse().ok());
            return self.acknowledge(&submitted, Answer::NotThere { prev });
        }
        if !self.has_link {
            return self.pass_on(&submitted);
        }
        let is_late = self.has_faults && self.chance.percent(10);
        let late = usize::from(is_late && self.read < self.link.len());
        let mut submitted = submitted;
        submitted.submit.r = self.next_r;
        self.next_r += 1;
        self.link.insert(self.link.len() - late, submitted);
    }

    /// Everybody else in the group gets it, marked; its sender gets the receipt.
    fn pass_on(&mut self, submitted: &Submitted) {
        let submit = &submitted.submit;
        let receipt = self.passing.receipt(submit, self.boot, self.now);
        self.seen.passed_on += 1;
        let (at, text) = (receipt.at, receipt.to_string());
        let delivery = Delivery {
            from: From::Client(submit.from.clone()),
            to: submit.to.clone(),
            class: Class::Durable,
            frame: submit.frame.clone(),
            id: Some(submit.id.clone()),
            at: Some(at),
            unsaved: true,
            receipt: Some(text.clone()),
            prev: submit.prev.clone(),
        };
        let answer = Answer::PassedOn { at, receipt: text };
        self.acknowledge(submitted, answer);
        let places = &self.server.places;
        let Some(place) = places.iter().find(|place| place.group.as_str() == submit.to) else {
            return;
        };
        let Some(line) = Unsaved::read(&delivery, &self.devices[submitted.tab].me) else {
            return;
        };
        let line = Rc::new((place.id, line));
        for (tab, device) in self.devices.iter().enumerate() {
            if tab == submitted.tab || !hears(&self.out, place, device) {
                continue;
            }
            let times = match self.chance.below(if self.has_faults { 12 } else { 1 }) {
                1 => 0,
                2 => 2,
                _ => 1,
            };
            for _ in 0..times {
                let line = Rc::clone(&line);
                self.net.push(Packet::Unsaved(tab, device.connection, line));
            }
        }
    }

    /// The relay answers a sender; some answers get lost.
    pub(super) fn acknowledge(&mut self, one: &Submitted, answer: Answer) {
        if !(self.has_faults && self.chance.percent(8)) {
            self.net
                .push(Packet::Ack(one.tab, one.connection, one.id, answer));
        }
    }

    /// Whether both ends hear each other.
    pub(super) fn is_link_whole(&self) -> bool {
        self.has_link && self.is_link_up && self.is_relay_up && self.is_server_up
    }

    /// The logic server dials. What was passed on meanwhile is to be stored before anything else.
    pub(super) fn open_link(&mut self) {
        let is_possible = self.is_link_up && self.is_relay_up && self.is_server_up;
        if self.has_link || !is_possible {
            return;
        }
        self.has_link = true;
        self.links += 1;
        self.is_introducing = true;
        self.holding.linked(&self.boot.to_string());
        self.windows.linked(self.boot);
        if 0 < std::mem::take(&mut self.passing.since_link) {
            self.holding.close();
            let ids: Vec<_> = self.server.places.iter().map(|place| place.id).collect();
            self.windows.close(&ids, self.now);
        }
    }

    /// The logic server has sent its set, and asks everybody to come again.
    pub(super) fn introduce(&mut self) {
        if self.is_introducing && self.is_link_whole() {
            self.set_groups();
            self.look();
            self.release();
        }
    }

    fn release(&mut self) {
        self.is_introducing = false;
        self.holding
            .open(std::time::Duration::from_millis(self.now.unsigned_abs()));
        self.windows.release(self.now);
    }

    /// The link breaks; the relay learns it now or later.
    pub(super) fn cut_link(&mut self) {
        self.is_link_up = false;
        if self.chance.percent(50) {
            self.close_link();
        }
    }

    /// The relay learns that the link is no more. What waited there counts as passed on, in its order.
    pub(super) fn close_link(&mut self) {
        if !self.has_link || self.is_link_whole() {
            return;
        }
        self.has_link = false;
        self.read = 0;
        if self.is_server_up {
            self.release();
        }
        for one in std::mem::take(&mut self.link) {
            let is_member = self.registered.contains(&self.devices[one.tab].relay_id);
            if !one.is_told && is_member && !self.is_shut_out(one.tab, &one.submit.to) {
                self.pass_on(&one);
            }
        }
    }

    /// The relay has waited too long for some of what it submitted.
    pub(super) fn lose_patience(&mut self) {
        let Some(at) = self.link.iter().position(|one| !one.is_told) else {
            return;
        };
        self.link[at].is_told = true;
        let (tab, connection, id) = (self.link[at].tab, self.link[at].connection, self.link[at].id);
        self.net.push(Packet::Ack(tab, connection, id, Answer::Busy));
    }

    /// The relay forgets everything; sometimes it stays away for a while.
    pub(super) fn restart_relay(&mut self) {
        self.seen.relay_restarts += 1;
        self.boot += 1;
        self.registered.clear();
        self.link.clear();
        self.read = 0;
        self.has_link = false;
        self.passing = crate::model::passing::Passing::default();
        if self.is_server_up {
            self.release();
        }
        self.net.retain(|packet| matches!(packet, Packet::Reply(..)));
        self.devices.iter_mut().for_each(Device::cut);
        self.is_relay_up = self.chance.percent(30);
    }
}
