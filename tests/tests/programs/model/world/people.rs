//! What people and operators do in the model.

use super::{Packet, World, id};
use crate::model::answers::Answer;
use crate::model::ledger::{Broken, Checked, Key};
use crate::model::passing::{Way, submit};
use crate::model::server::{Fault, Place, Settled};
use shared_protocol::{MessageId, UserId};
use socket_client::outbox::Entry;
use std::collections::BTreeSet;
use talkhub_client::messages::Edge;

impl World<'_> {
    pub(super) fn write(&mut self, tab: usize) {
        let device = &mut self.devices[tab];
        let own: Vec<&Place> = self
            .server
            .places
            .iter()
            .filter(|place| place.members.contains(&device.me.user_id))
            .collect();
        let place = own[self.chance.below(own.len())];
        self.written += 1;
        let text = format!("{}:{}", device.tab, self.written);
        let (raw, body) = match self.chance.below(20) {
            0 => ("\n \n".to_owned(), None), // a definite no
            1 => (format!("\n\n  {text} \n"), Some(format!("  {text}"))),
            _ => (text.clone(), Some(text)),
        };
        let foreign = device.timelines[&place.id].rows().map(|held| &held.message);
        let foreign: Vec<MessageId> = foreign
            .filter(|row| row.sender.user_id != device.me.user_id)
            .map(|row| row.id)
            .collect();
        // Somebody else's id names another message.
        let is_stolen = self.chance.percent(5) && !foreign.is_empty() && body.is_some();
        let mut id = id(self.now, self.chance.next());
        if is_stolen {
            let stolen = foreign[self.chance.below(foreign.len())];
            // Two devices of one person that take the same one would be one message; browsers make their own.
            let is_used = self.ledger.knows((place.id, device.me.user_id, stolen));
            if !is_used {
                id = stolen;
            }
        }
        if let Some(body) = body {
            let key = (place.id, device.me.user_id, id);
            self.ledger.wrote(key, &device.tab, &body);
            self.blocks.wrote(key, !self.groups_are_old);
        }
        let entry = Entry {
            id,
            user: device.me.user_id,
            conversation: place.id,
            group: place.group.clone(),
            body: raw,
            at: self.now,
            order: self.written as i64,
            tab: device.tab.clone(),
            writer: None,
            emitted: false,
            refused: None,
            passed: None,
            ticked: None,
        };
        device.write(entry, &mut self.disks[device.disk]);
    }

    pub(super) fn mark_read(&mut self, tab: usize) {
        let device = &self.devices[tab];
        if !self.is_server_up || !device.has_https {
            return;
        }
        for (id, timeline) in &device.timelines {
            let last = timeline.rows().next_back().map_or(0, |held| held.message.seq);
            // Devices tell late and twice, and a stranger's program anything.
            let seq = self.chance.below(last as usize + 3) as i64;
            self.server.mark_read(device.me.user_id, *id, seq);
        }
        self.look_at_all();
    }

    /// Somebody's row changes; everybody in the group is told.
    pub(super) fn edit(&mut self) {
        if !self.is_server_up {
            return;
        }
        let place = self.server.places[self.chance.below(self.server.places.len())].clone();
        let rows = &self.truths[&place.id].rows;
        if rows.is_empty() {
            return;
        }
        // Mostly the newest ones: what was said of them may still be on its way.
        let newest = if self.chance.percent(75) { 2 } else { rows.len() };
        let row = rows[rows.len() - 1 - self.chance.below(newest.min(rows.len()))].clone();
        self.written += 1;
        let body = format!("edit {}", self.written);
        self.seen.edits += 1;
        self.ledger.edited(&row, &body);
        self.server.edit(place.id, row.seq, &body);
        self.look_at(&[place.id]);
        let changed = self.truths[&place.id]
            .rows
            .iter()
            .find(|other| other.seq == row.seq)
            .cloned();
        changed.into_iter().for_each(|message| self.forward(message));
    }

    /// A tab starts anew; it, or another one, takes over what it had.
    pub(super) fn reload(&mut self, tab: usize) {
        self.devices[tab].cut();
        self.devices[tab].start(&self.server.places, self.now);
        let heir = if self.chance.percent(50) {
            tab
        } else {
            self.chance.below(self.devices.len())
        };
        self.take_over(heir);
    }

    /// A tab adopts what those on its disk that are gone have left.
    pub(super) fn take_over(&mut self, tab: usize) {
        if self.devices[tab].is_gone {
            return;
        }
        let alive: BTreeSet<String> = self.devices.iter().map(|device| device.tab.clone()).collect();
        let device = &mut self.devices[tab];
        let taken = device.take_over(&mut self.disks[device.disk], &alive);
        self.seen.takeovers += usize::from(taken);
    }

    /// A submit in the name of somebody who is no member, and a look at what is not theirs.
    pub(super) fn trespass(&mut self) -> Checked {
        let stranger = self.server.people[2].user_id;
        let place = self.server.places[0].clone();
        self.written += 1;
        let id = id(self.now, self.chance.next());
        let way = Way {
            relay_id: &self.devices[5].relay_id,
            subject: &self.devices[5].me.subject,
            group: &place.group,
        };
        let draft = self.server.parse(&submit(way, id, None, "let me in"));
        let settled = self
            .server
            .commit(&[draft.expect("it can be read")], Fault::None, None);
        self.look_at(&[place.id]);
        let is_refused = matches!(settled.as_deref(), Some([Settled::Refused(_)]));
        let sees = self.server.page(stranger, place.id, Edge::Newest).is_some()
            || self.server.changes(stranger, place.id, 0).is_some()
            || self
                .server
                .heads(stranger)
                .heads
                .iter()
                .any(|head| head.0 == place.id);
        if is_refused && !sees {
            return self.forge();
        }
        Err(Broken {
            invariant: "inv13",
            said: "a stranger may write or read".to_owned(),
        })
    }

    /// What somebody received as unsaved, handed in with another text, as somebody else's or elsewhere.
    fn forge(&mut self) -> Checked {
        let lines = self.devices.iter().flat_map(|device| &device.timelines);
        let mut lines =
            lines.flat_map(|(id, timeline)| timeline.unsaved().iter().map(move |line| (*id, line)));
        let Some((id, line)) = lines.next() else {
            return Ok(());
        };
        let of = |id| self.server.places.iter().find(|place| place.id == id);
        let here = of(id).map(|place| place.group.clone());
        let elsewhere = self.server.places.iter().find(|place| place.id != id);
        let (mut group, mut forged) = (here.expect("a timeline is of one of them"), line.to_hand_in());
        match self.chance.below(3) {
            0 => forged.frame = forged.frame.replace("message", "message "),
            1 => forged.subject = self.devices[5].me.subject.clone(),
            _ => group = elsewhere.expect("there are two").group.clone(),
        }
        if forged.subject == line.sender.subject
            && forged.frame == line.frame
            && of(id).is_some_and(|place| place.group == group)
        {
            return Ok(()); // it was Eve's own
        }
        match self.server.parse_passed_on(&group, &forged) {
            Err(_) => Ok(()),
            Ok(_) => Err(Broken {
                invariant: "inv02",
                said: format!("{forged:?} is taken for what was passed on"),
            }),
        }
    }

    /// Somebody never comes back, nor what lay on the disk: what the others have of it, they hand in.
    pub(super) fn vanish(&mut self, tab: usize) {
        let is_first = self.devices.iter().all(|device| !device.is_gone);
        if !is_first || !self.chance.percent(50) {
            return;
        }
        self.seen.gone += 1;
        let device = &mut self.devices[tab];
        device.cut();
        device.is_gone = true;
        let (disk, tab) = (device.disk, device.tab.clone());
        self.ledger.lost(device.outbox.entries());
        self.disks[disk].remove(&tab);
        if self
            .devices
            .iter()
            .all(|device| device.is_gone || device.disk != disk)
        {
            let left = std::mem::take(&mut self.disks[disk]);
            left.values().for_each(|entries| self.ledger.lost(entries));
        }
    }

    /// Somebody blocks the other one of a conversation; the answer may get lost.
    pub(super) fn block(&mut self, tab: usize) {
        let device = &self.devices[tab];
        if device.is_gone || !self.is_server_up || !device.has_https {
            return;
        }
        let me = device.me.user_id;
        let places = self.server.places.iter();
        let own: Vec<&Place> = places.filter(|place| place.members.contains(&me)).collect();
        let place = own[self.chance.below(own.len())];
        let block = (place.id, me);
        self.seen.blocks += 1;
        self.server.block(me, other_of(place, me));
        self.blocks.asked(block);
        self.groups_are_old = true;
        self.set_groups();
        if !self.chance.percent(10) {
            self.blocks.answered(block);
        }
    }

    /// Whoever has blocked somebody lets them be again; the answer may get lost.
    pub(super) fn unblock_one(&mut self) {
        let open = self.blocks.open();
        if open.is_empty() || !self.is_server_up {
            return;
        }
        let block = open[self.chance.below(open.len())];
        self.blocks.is_lifting(block);
        let places = &self.server.places;
        let place = places.iter().find(|place| place.id == block.0);
        let place = place.expect("it is one of them");
        self.server.unblock(block.1, other_of(place, block.1));
        self.groups_are_old = true;
        self.set_groups();
        if !self.chance.percent(10) {
            self.blocks.lifted(block);
        }
    }

    /// At the end nobody has blocked anybody.
    pub(super) fn unblock_all(&mut self) {
        for place in &self.server.places {
            for me in place.members {
                self.blocks.is_lifting((place.id, me));
                self.server.unblock(me, other_of(place, me));
                self.blocks.lifted((place.id, me));
            }
        }
        self.groups_are_old = true;
    }

    /// A backup is made, or the logic server comes back with the last one.
    pub(super) fn back_up(&mut self) {
        if !self.has_copy {
            self.has_copy = true;
            self.server.copy();
            let history = self.server.history.clone();
            self.blocks.copied();
            return self.ledger.copied(&history);
        }
        if !self.chance.percent(60) {
            return;
        }
        self.crash();
        self.server.restore();
        self.seen.restores += 1;
        let history = self.server.history.clone();
        let refusals: Vec<Key> = self
            .net
            .iter()
            .filter_map(|packet| self.refuses(packet))
            .collect();
        self.ledger.restored(&history, &refusals);
        self.blocks.restored();
        self.groups_are_old = true;
        self.is_server_up = self.chance.percent(70);
        self.look_at_all();
    }

    /// Which message somebody is about to be told a definite no about.
    fn refuses(&self, packet: &Packet) -> Option<Key> {
        match packet {
            Packet::Ack(tab, _, id, Answer::Refused(_)) => {
                let mut entries = self.devices[*tab].outbox.entries().iter();
                let entry = entries.find(|entry| entry.id == *id)?;
                Some((entry.conversation, entry.user, *id))
            }
            Packet::NotSaved(_, _, key) => Some(*key),
            _ => None,
        }
    }
}

/// The other one of these two.
fn other_of(place: &Place, me: UserId) -> UserId {
    let [one, other] = place.members;
    if one == me { other } else { one }
}
