//! One schedule: devices, a relay that loses, repeats, delays, reorders and forgets, and the logic server, in one seeded order.

mod network;
mod people;
mod questions;

use super::chance::Chance;
use super::device::{Answer, Device, Disk, Reply};
use super::ledger::{Broken, Checked, Ledger};
use super::server::{Fault, Server, ServerRules, Truth};
use shared_protocol::api::Message;
use shared_protocol::internal::Submit;
use shared_protocol::{ConversationId, MessageId, RelayId};
use socket_client::Rules;
use socket_client::catch_up::Timeline;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How many steps a schedule has before the faults end.
const STEPS: usize = 140;
/// Whose each tab is, and on which disk: Ann has two tabs on one device and one on another.
const TABS: [(usize, usize); 6] = [(0, 0), (0, 0), (0, 1), (1, 2), (1, 3), (2, 4)];
/// How many submits of a tab are on their way at once.
const WINDOW: usize = 4;

/// What is switched off.
#[derive(Clone, Copy, Debug)]
pub struct Switches {
    pub device: Rules,
    pub server: ServerRules,
}

impl Switches {
    pub const NONE: Self = Self {
        device: Rules::ALL,
        server: ServerRules::ALL,
    };
}

/// What a schedule has seen, so that a run that saw nothing is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub acks: usize,
    pub stored: usize,
    pub refused: usize,
    pub frames: usize,
    pub crashes: usize,
    pub restores: usize,
    pub relay_restarts: usize,
    pub posts: usize,
    pub takeovers: usize,
    pub too_far: usize,
    pub older: usize,
    pub edits: usize,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.acks += other.acks;
        self.stored += other.stored;
        self.refused += other.refused;
        self.frames += other.frames;
        self.crashes += other.crashes;
        self.restores += other.restores;
        self.relay_restarts += other.relay_restarts;
        self.posts += other.posts;
        self.takeovers += other.takeovers;
        self.too_far += other.too_far;
        self.older += other.older;
        self.edits += other.edits;
    }
}

/// On its way to a device; which one, and for which connection or start.
enum Packet {
    Ack(usize, u32, MessageId, Answer),
    Frame(usize, u32, Rc<(Message, String)>),
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

/// On its way to the logic server: through which tab and which connection of it.
struct Submitted {
    tab: usize,
    connection: u32,
    id: MessageId,
    submit: Submit,
}

/// Everything of one schedule.
pub struct World<'s> {
    server: &'s mut Server,
    chance: Chance,
    now: i64,
    devices: Vec<Device>,
    disks: Vec<Disk>,
    ledger: Ledger,
    truths: BTreeMap<ConversationId, Truth>,
    seen: Seen,
    net: Vec<Packet>,
    link: Vec<Submitted>,
    registered: BTreeSet<RelayId>,
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
        let now = 0;
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
            truths: BTreeMap::new(),
            seen: Seen::default(),
            net: Vec::new(),
            link: Vec::new(),
            registered: BTreeSet::new(),
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
        for device in &self.devices {
            self.ledger.check_end(device, &self.truths, &history)?;
        }
        self.ledger.check_all_stored(&self.truths)
    }

    fn step(&mut self) -> Checked {
        self.pass_some(1200);
        let tab = self.chance.below(self.devices.len());
        match self.chance.below(100) {
            0..12 => self.write(tab),
            12..28 => self.pump_some()?,
            28..42 => self.commit()?,
            42..60 => self.deliver_some()?,
            60..70 => self.ask_for_some(),
            70..76 => self.connect(tab),
            76..78 => self.devices[tab].cut(),
            82 => self.restart_relay(),
            83 => self.crash(),
            84 => self.is_link_up = false,
            85 => self.devices[tab].has_https = false,
            86..89 => self.come_back(),
            89..92 => self.mark_read(tab),
            78..81 | 92..94 => self.edit(),
            94 => self.reload(tab),
            95 => self.trespass()?,
            81 | 96 => self.ask_older(tab),
            97 => self.pass_some(70_000),
            98 => self.look(),
            _ => self.back_up(),
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

    fn pump_some(&mut self) -> Checked {
        for tab in 0..self.devices.len() {
            if self.chance.percent(40) {
                self.pump(tab)?;
            }
        }
        Ok(())
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
        for device in &self.devices {
            self.ledger.check_device(device, &self.truths, &history)?;
        }
        Ok(())
    }

    /// No more faults: everything comes back, and two minutes pass.
    fn heal(&mut self) -> Checked {
        self.has_faults = false;
        (self.is_relay_up, self.is_server_up, self.is_link_up) = (true, true, true);
        self.devices.iter_mut().for_each(|device| device.has_https = true);
        (0..self.devices.len()).for_each(|tab| self.take_over(tab));
        for _ in 0..90 {
            self.pass(1400);
            for tab in 0..self.devices.len() {
                self.connect(tab);
                self.pump(tab)?;
                self.ask(tab);
                if self.chance.percent(20) {
                    self.ask_older(tab);
                }
            }
            while !self.link.is_empty() {
                self.commit()?;
            }
            while !self.net.is_empty() {
                self.deliver()?;
            }
            self.check()?;
            if self.is_quiet() {
                break;
            }
        }
        Ok(())
    }

    fn is_quiet(&self) -> bool {
        self.devices.iter().all(|device| {
            let at_end = |(id, timeline): (&ConversationId, &Timeline)| {
                timeline.cursor() == Some(self.truths[id].rev)
                    && timeline.history() == Some(&self.server.history)
                    && !timeline.catch_up().running
                    && !timeline.catch_up().want
            };
            device.is_connected
                && !device.heads.is_due()
                && device.outbox.unsent().next().is_none()
                && device.timelines.iter().all(at_end)
        })
    }
}

/// What a device was told of its own message holds for ever, in the history that it names.
fn promise(
    ledger: &mut Ledger,
    device: &Device,
    id: MessageId,
    seq: i64,
    history: &str,
    present: &str,
) -> Checked {
    let entry = device.outbox.entries().iter().find(|entry| entry.id == id);
    match entry {
        Some(entry) if history == present => ledger.acked((entry.conversation, entry.user, id), seq),
        _ => Ok(()),
    }
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
