//! What devices ask the logic server over HTTPS, and what they hear.

use super::commits::Asker;
use super::{Packet, World, promise};
use crate::model::answers::{Answer, Reply};
use crate::model::ledger::Checked;
use socket_client::catch_up::{From, TimelineEvent};
use socket_client::heads::HeadsEvent;
use talkhub_client::messages::Edge;

impl World<'_> {
    /// The device asks what its cores want to know. The server answers now; the answer arrives later, or never.
    pub(super) fn ask(&mut self, tab: usize) {
        self.hand_in(tab);
        let device = &mut self.devices[tab];
        if device.is_gone {
            return;
        }
        let (user, life) = (device.me.user_id, device.life);
        let reaches = self.is_server_up && device.has_https;
        let mut replies = Vec::new();
        if device.heads.is_due() {
            device.heads.apply(HeadsEvent::Asked);
            replies.push(if reaches {
                Reply::Heads(self.server.heads(user))
            } else {
                Reply::NoHeads
            });
        }
        for (id, timeline) in &mut device.timelines {
            let id = *id;
            let before = timeline.catch_up();
            if before.want && !before.running {
                timeline.apply(TimelineEvent::Asked);
            }
            let catch_up = timeline.catch_up();
            let mut waiting = self.net.iter();
            let waits = waiting.any(|packet| packet.answers(tab, id, catch_up.run));
            if !catch_up.running || waits {
                continue;
            }
            let (run, after) = (catch_up.run, catch_up.page);
            let answer = match catch_up.from {
                From::Fresh => self
                    .server
                    .page(user, id, Edge::Newest)
                    .map(|page| Reply::Page(run, id, page)),
                From::Changes => self
                    .server
                    .changes(user, id, after)
                    .map(|changes| Reply::Changes(run, id, changes)),
            };
            let is_too_far = matches!(&answer, Some(Reply::Changes(_, _, changes)) if changes.too_far);
            self.seen.too_far += usize::from(is_too_far && reaches);
            replies.push(answer.filter(|_| reaches).unwrap_or(Reply::NoPage(run, id)));
        }
        for reply in replies {
            let is_lost = self.has_faults && self.chance.percent(5);
            let reply = match reply {
                Reply::Heads(_) if is_lost => Reply::NoHeads,
                Reply::Page(run, id, _) | Reply::Changes(run, id, _) if is_lost => Reply::NoPage(run, id),
                other => other,
            };
            self.net.push(Packet::Reply(tab, life, reply));
        }
    }

    /// What was passed on a minute ago and is not stored yet, for senders who may have gone.
    fn hand_in(&mut self, tab: usize) {
        let device = &mut self.devices[tab];
        if device.is_gone || !self.is_server_up || !device.has_https {
            return;
        }
        let mut handed = Vec::new();
        for (id, timeline) in &mut device.timelines {
            let lines = timeline.to_hand_in(self.now);
            let lines: Vec<_> = lines
                .iter()
                .map(|line| (*id, line.sender.user_id, line.to_hand_in()))
                .collect();
            if !lines.is_empty() {
                timeline.apply(TimelineEvent::HandedIn { now: self.now });
                handed.extend(lines);
            }
        }
        let life = device.life;
        for (id, sender, line) in handed {
            self.seen.handed_in += 1;
            let place = self.server.places.iter().find(|place| place.id == id);
            let group = &place.expect("a timeline is of one of them").group;
            match self.server.parse_passed_on(group, &line) {
                Ok(draft) => self.request(draft, id, sender, Asker::HandIn { tab, life }, None),
                Err(problem) => {
                    let reply = Reply::HandedIn(id, sender, line.id, Answer::Refused(*problem));
                    self.net.push(Packet::Reply(tab, life, reply));
                }
            }
        }
    }

    /// The page before the first held row.
    pub(super) fn ask_older(&mut self, tab: usize) {
        let device = &mut self.devices[tab];
        if device.is_gone || !self.is_server_up || !device.has_https {
            return;
        }
        for (id, timeline) in &mut device.timelines {
            let first = timeline.rows().next().map(|held| held.message.seq);
            let Some(first) = first.filter(|_| !timeline.is_complete() && timeline.cursor().is_some()) else {
                continue;
            };
            timeline.apply(TimelineEvent::OlderAsked);
            if let Some(page) = self.server.page(device.me.user_id, *id, Edge::Before(first)) {
                self.seen.older += 1;
                self.net
                    .push(Packet::Reply(tab, device.life, Reply::Older(*id, page)));
            }
        }
    }

    pub(super) fn reply(&mut self, tab: usize, life: u32, mut reply: Reply, chance: f64) -> Checked {
        let device = &mut self.devices[tab];
        if device.life != life {
            return Ok(());
        }
        if let Reply::Posted(id, answer) = &reply {
            promise(&mut self.ledger, device, *id, answer, &self.server.history)?;
        }
        if let Reply::Changes(_, id, changes) = &mut reply
            && !self.server.rules.one_snapshot
            && changes.upto.is_some()
        {
            changes.upto = Some(self.truths[id].rev); // the head, read in a second query
        }
        device.replied(reply, self.now, chance, &mut self.disks[device.disk]);
        if self.is_server_up {
            let boot = self.server_boot.to_string();
            device.heads.apply(HeadsEvent::Booted { boot });
        }
        Ok(())
    }
}
