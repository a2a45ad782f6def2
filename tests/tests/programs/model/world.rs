//! One schedule: devices, a relay that loses, repeats, delays, reorders and forgets, and the logic server, in one seeded order.

mod commits;
mod ending;
mod groups;
mod link;
mod network;
mod people;
mod questions;
pub mod windows;

use super::answers::{Answer, Reply};
use super::blocks::Blocks;
use super::chance::Chance;
use super::device::{Device, Disk};
use super::ledger::{Broken, Checked, Key, Ledger};
use super::passing::{Passing, Place};
use super::seen::{Seen, Switches};
use super::server::{Fault, Out, START, Server, ServerRules, Truth};
use commits::Waiting;
use link::Submitted;
use shared_protocol::api::Message;
use shared_protocol::{ConversationId, MessageId, RelayId};
use socket_client::catch_up::Unsaved;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use talkhub_client::messages::holding::Holding;
use windows::{PAUSE, Windows};

/// How many steps a schedule has before the faults end.
const STEPS: usize = 140;
/// Whose each tab is, and on which disk: Ann has two tabs on one device and one on another.
const TABS: [(usize, usize); 6] = [(0, 0), (0, 0), (0, 1), (1, 2), (1, 3), (2, 4)];
/// How many submits of a tab are on their way at once.
const WINDOW: usize = 4;

/// On its way to a device; which one, and for which connection or start.
enum Packet {
    Ack(usize, u32, MessageId, Answer),
    Frame(usize, u32, Rc<(Message, String)>),
    /// The relay has passed it on.
    Unsaved(usize, u32, Rc<(ConversationId, Unsaved)>),
    /// What had been passed on was refused.
    NotSaved(usize, u32, Key),
    Look(usize, u32),
    Reply(usize, u32, Reply),
}

impl Packet {
    /// Whether it answers this tab's catch-up.
    fn answers(&self, tab: usize, id: ConversationId, run: u64) -> bool {
        let Self::Reply(to, _, reply) = self else {
            return false;
        };
        let (Reply::Page(of, about, _) | Reply::Changes(of, about, _) | Reply::NoPage(of, about)) = reply
        else {
            return false;
        };
        (*to, *about, *of) == (tab, id, run)
    }
}

/// Everything of one schedule.
pub struct World<'s> {
    server: &'s mut Server,
    chance: Chance,
    now: i64,
    devices: Vec<Device>,
    disks: Vec<Disk>,
    ledger: Ledger,
    blocks: Blocks,
    truths: BTreeMap<ConversationId, Truth>,
    seen: Seen,
    net: Vec<Packet>,
    /// What the relay has submitted and was not settled yet; the logic server has read so many of them.
    link: Vec<Submitted>,
    read: usize,
    /// Counts the links.
    links: u32,
    /// The relay believes in a link.
    has_link: bool,
    /// The logic server has not asked everybody to come again yet.
    is_introducing: bool,
    passing: Passing,
    /// Requests on their way to the writer, and what it holds.
    requests: Vec<Waiting>,
    holding: Holding<Waiting>,
    windows: Windows,
    /// Of what a device knows that it was passed on, the place in which it was.
    known: BTreeMap<Key, Place>,
    /// The relay's number of the next submit.
    next_r: u64,
    registered: BTreeSet<RelayId>,
    /// Whom the relay keeps out of which group, and whether it has to hear of it anew.
    out: Out,
    groups_are_old: bool,
    boot: u32,
    server_boot: u32,
    is_relay_up: bool,
    is_link_up: bool,
    is_server_up: bool,
    has_copy: bool,
    has_faults: bool,
    written: u64,
}

impl<'s> World<'s> {
    pub fn new(server: &'s mut Server, seed: u64, switches: Switches) -> Self {
        let relay_ids: Vec<RelayId> = (0..TABS.len()).map(|tab| RelayId::new([tab as u8; 16])).collect();
        let owners: Vec<_> = relay_ids
            .iter()
            .zip(TABS)
            .map(|(relay_id, (person, _))| (relay_id.clone(), server.people[person].user_id))
            .collect();
        server.begin(&owners, switches.server);
        let now = START;
        let devices = relay_ids.into_iter().zip(TABS).map(|(relay_id, (person, disk))| {
            Device::new(
                &server.people[person],
                relay_id,
                disk,
                &server.places,
                now,
                switches.device,
            )
        });
        let devices: Vec<Device> = devices.collect();
        let mut world = Self {
            devices,
            disks: vec![Disk::new(); TABS.len()],
            chance: Chance::new(seed),
            server,
            now,
            ledger: Ledger::default(),
            blocks: Blocks::default(),
            truths: BTreeMap::new(),
            seen: Seen::default(),
            net: Vec::new(),
            link: Vec::new(),
            read: 0,
            links: 1,
            has_link: true,
            is_introducing: false,
            passing: Passing::default(),
            requests: Vec::new(),
            holding: new_holding(switches.server),
            windows: Windows::default(),
            known: BTreeMap::new(),
            next_r: 1,
            registered: BTreeSet::new(),
            out: Out::new(),
            groups_are_old: false,
            boot: 1,
            server_boot: 1,
            is_relay_up: true,
            is_link_up: true,
            is_server_up: true,
            has_copy: false,
            has_faults: true,
            written: 0,
        };
        world.look_at_all();
        for tab in 0..world.devices.len() {
            world.connect(tab);
            world.connect(tab);
            world.ask(tab);
        }
        world
    }

    /// The whole schedule.
    pub fn run(mut self) -> (Seen, Checked) {
        let checked = self.play();
        self.seen.acks = self.ledger.acks;
        self.seen.stored = self.truths.values().map(|truth| truth.rows.len()).sum();
        (self.seen, checked)
    }

    fn play(&mut self) -> Checked {
        for step in 0..STEPS {
            self.step().and_then(|()| self.check()).map_err(|broken| Broken {
                said: format!("step {step}: {}", broken.said),
                ..broken
            })?;
        }
        self.heal()?;
        self.look_at_all();
        self.check()?;
        let history = self.server.history.clone();
        for device in self.devices.iter().filter(|device| !device.is_gone) {
            self.ledger.check_end(device, &self.truths, &history)?;
        }
        self.ledger.check_all_stored(&self.truths)
    }

    fn step(&mut self) -> Checked {
        self.pass_some(1200);
        let tab = self.chance.below(self.devices.len());
        if self.devices[tab].is_gone {
            return Ok(());
        }
        match self.chance.below(116) {
            0..12 => self.write(tab),
            12..28 => self.pump_some(),
            28..42 => self.commit(),
            42..60 => self.deliver_some()?,
            60..70 => self.ask_for_some(),
            70..76 => self.connect(tab),
            76..78 => self.devices[tab].cut(),
            78..81 | 92..94 => self.edit(),
            81 | 96 => self.ask_older(tab),
            82 => self.restart_relay(),
            83 => self.crash(),
            84 => self.cut_link(),
            85 => self.devices[tab].has_https = false,
            86..89 => self.come_back(),
            89..92 => self.mark_read(tab),
            94 => self.reload(tab),
            95 => self.trespass()?,
            97 => self.pass_some(70_000),
            98 => self.look(),
            99 => self.back_up(),
            100..104 => self.open_link(),
            104..107 => self.introduce(),
            107 => self.close_link(),
            108 => self.lose_patience(),
            109 => self.vanish(tab),
            110 | 111 => self.stay_away(),
            112 | 113 => self.block(tab),
            _ => self.unblock_one(),
        }
        Ok(())
    }

    fn deliver_some(&mut self) -> Checked {
        (0..1 + self.chance.below(8)).try_for_each(|_| self.deliver())
    }

    fn ask_for_some(&mut self) {
        for tab in 0..self.devices.len() {
            if self.chance.percent(50) {
                self.ask(tab);
            }
            if self.chance.percent(30) {
                self.ask_older(tab);
            }
        }
    }

    fn pump_some(&mut self) {
        for tab in 0..self.devices.len() {
            if self.chance.percent(40) {
                self.pump(tab);
            }
        }
    }

    /// The logic server or the link stays away while people go on chatting.
    fn stay_away(&mut self) {
        if self.chance.percent(50) {
            self.crash();
        } else {
            self.cut_link();
        }
        self.close_link();
        for _ in 0..4 + self.chance.below(8) {
            let tab = self.chance.below(self.devices.len());
            if !self.devices[tab].is_gone {
                self.write(tab);
            }
            self.pump_some();
        }
    }

    /// Less than so many milliseconds pass.
    fn pass_some(&mut self, limit: usize) {
        let millis = self.chance.below(limit) as i64;
        self.pass(millis);
    }

    fn pass(&mut self, millis: i64) {
        self.now += millis;
        self.server.pass(millis.unsigned_abs());
        for device in &mut self.devices {
            let chance = self.chance.unit();
            device.tick(self.now, chance, &mut self.disks[device.disk]);
        }
    }

    /// These have changed on disk.
    fn look_at(&mut self, changed: &[ConversationId]) {
        let places = &self.server.places;
        for place in places.iter().filter(|place| changed.contains(&place.id)) {
            self.truths.insert(place.id, self.server.look(place, &[]));
        }
    }

    /// Everything, with marks and badges.
    fn look_at_all(&mut self) {
        for place in &self.server.places {
            self.truths
                .insert(place.id, self.server.look(place, &place.members));
        }
    }

    fn check(&mut self) -> Checked {
        let history = self.server.history.clone();
        for place in &self.server.places {
            self.ledger.check_disk(place, &self.truths[&place.id], &history)?;
        }
        self.windows.check(&self.truths)?;
        self.blocks.check_disk(&self.truths)?;
        self.ledger.check_texts(&self.disks)?;
        for device in self.devices.iter().filter(|device| !device.is_gone) {
            self.ledger.check_device(device, &self.truths, &history)?;
        }
        Ok(())
    }
}

/// What a device is told of its own message: a place holds for ever, in the history that it names, and so does a no.
fn promise(ledger: &mut Ledger, device: &Device, id: MessageId, answer: &Answer, present: &str) -> Checked {
    let Some(entry) = device.outbox.entries().iter().find(|entry| entry.id == id) else {
        return Ok(());
    };
    let (seq, history) = match answer {
        Answer::Acked { seq, history, .. } => (*seq, history),
        Answer::Row { message, history } => (message.seq, history),
        Answer::Refused(_) => {
            ledger.told_no(entry);
            return Ok(());
        }
        _ => return Ok(()),
    };
    if history != present {
        return Ok(());
    }
    ledger.acked((entry.conversation, entry.user, id), seq)
}

fn new_holding(rules: ServerRules) -> Holding<Waiting> {
    let pause = if rules.receipts_first { PAUSE } else { 0 };
    Holding::new(Duration::from_millis(pause.unsigned_abs()), 1000)
}

fn pick_fault(chance: &mut Chance, has_faults: bool) -> Fault {
    if !has_faults {
        return Fault::None;
    }
    match chance.below(40) {
        0 => Fault::DiesBeforeCommit,
        1 => Fault::DiesBeforeSettling,
        2 => Fault::DiesBeforeForwarding,
        3 => Fault::UnsureDone,
        4 => Fault::UnsureUndone,
        _ => Fault::None,
    }
}

/// A UUIDv7 of this moment and this chance.
fn id(now: i64, chance: u64) -> MessageId {
    let text = format!(
        "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
        (now >> 16) & 0xffff_ffff,
        now & 0xffff,
        chance & 0xfff,
        (chance >> 12) & 0xfff,
        chance >> 16
    );
    text.parse().expect("it is spelled as a UUIDv7")
}
