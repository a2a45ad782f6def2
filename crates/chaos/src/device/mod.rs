//! A device: the cores of `socket-client`, a disk, and what connects them with both programs. Killed at any moment, it
//! goes on from its disk.

pub(crate) mod api;
mod block;
mod connect;
pub(crate) mod disk;
mod hear;
mod keep;
mod screen;
mod send;
mod sign;
mod work;

use crate::chance::Chance;
use crate::log::Log;
use crate::record::{self, What, Who};
use anyhow::Result;
use api::{Api, Fail};
use connect::Socket;
use disk::{Disk, Kept};
use screen::{Extent, Screens};
use shared_protocol::api::{
    Changes, Committed, Conversations, HandedIn, Heads as HeadsAnswer, MessagePage, Person, ReadMark,
    RelayTicket,
};
use shared_protocol::envelope::Delivery;
use shared_protocol::{Ack, ConversationId, Group, MessageId, UserId};
use sign::Sign;
use socket_client::catch_up::{PendingState, Timeline, TimelineEvent};
use socket_client::heads::{Heads, HeadsEvent};
use socket_client::outbox::{Due, Outbox, OutboxEvent};
use socket_client::{AckError, Client, ConnectError, Rules};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

/// The one tab of every device.
const TAB: &str = "tab";
/// How many rows the latest page has, and how many are kept on disk.
const PAGE: usize = 50;
/// How often a device looks what there is to do.
const BEAT: Duration = Duration::from_millis(50);

/// What a device is, over all of its lives.
pub(crate) struct Seat {
    pub(crate) who: Who,
    pub(crate) folder: PathBuf,
    pub(crate) api: Api,
    /// Its own ways to the relay and to `/live`.
    pub(crate) relay: String,
    pub(crate) live: String,
    /// With whom this person talks.
    pub(crate) friends: Vec<UserId>,
    pub(crate) seed: u64,
    /// How much slower than in a short run this person writes.
    pub(crate) pace: u64,
    pub(crate) log: Log,
    /// Whether to write.
    pub(crate) works: watch::Receiver<bool>,
    pub(crate) orders: Mutex<mpsc::UnboundedReceiver<Order>>,
}

/// What the run wants of a device.
pub(crate) enum Order {
    Report(oneshot::Sender<record::Device>),
    /// Sign out, whatever chance says.
    SignOut,
}

/// What came of something that was begun.
enum Happened {
    Ticket(Result<RelayTicket, Fail>),
    Connected(u32, Box<Result<Client, ConnectError>>),
    Closed(u32),
    LiveEnded,
    Acked(Box<Due>, Result<Ack, AckError>),
    Posted(MessageId, Box<Result<Committed, Fail>>),
    Page(u64, ConversationId, Result<MessagePage, Fail>),
    Changed(u64, ConversationId, Result<Changes, Fail>),
    Heads(Result<HeadsAnswer, Fail>),
    /// What was asked at this time.
    Listed(i64, Box<Result<Conversations, Fail>>),
    HandedIn(ConversationId, Vec<(UserId, MessageId)>, Result<HandedIn, Fail>),
    Read(ConversationId, i64, i64, Result<ReadMark, Fail>),
    Opened(Result<serde_json::Value, Fail>),
    Blocked(UserId, bool, u64, Result<u16, Fail>),
    SignedOut(Result<u16, Fail>),
    Probed(Result<u16, Fail>),
    SignedIn(Box<Result<(shared_protocol::api::Me, String), Fail>>),
    /// Of no interest.
    Nothing,
}

/// A conversation, as far as it must be known to write there.
#[derive(Clone)]
struct Place {
    group: Group,
    members: Vec<Person>,
}

/// What waits, in milliseconds since the start of the run.
#[derive(Default)]
struct Times {
    connect: i64,
    heads: i64,
    list: i64,
    ask: BTreeMap<ConversationId, i64>,
    hand_in: i64,
    block: i64,
    work: i64,
    cache: i64,
    keep: i64,
    look: Option<i64>,
    /// Since when there is no connection to the relay.
    away: i64,
}

/// On which connection, and what.
type Heard = (u32, Delivery);

/// One life of a device.
struct Device {
    seat: Arc<Seat>,
    disk: Disk,
    kept: Kept,
    places: BTreeMap<ConversationId, Place>,
    timelines: BTreeMap<ConversationId, Timeline>,
    outbox: Outbox,
    heads: Heads,
    screens: Screens,
    chance: Chance,
    io: JoinSet<Happened>,
    hears: mpsc::Sender<Heard>,
    heard: mpsc::Receiver<Heard>,
    socket: Socket,
    /// Counts connections: what belongs to an earlier one is not heard.
    connection: u32,
    live: Option<AbortHandle>,
    sign: Sign,
    times: Times,
    /// Which catch-ups are being asked.
    asking: BTreeMap<ConversationId, u64>,
    wants_list: bool,
    is_listing: bool,
    is_handing_in: bool,
    is_blocking: bool,
    /// The logic server did not answer when it was last asked.
    server_failed: bool,
    /// How often in a row the logic server did not answer, and the relay could not be reached.
    failures: u32,
    misses: u32,
    last_tick: i64,
    reloads: bool,
    cache_is_old: bool,
    /// What an answer changed in the outbox is written down soon; what leaves, before it leaves.
    kept_is_old: bool,
}

/// Lives until it is aborted; a reload is a new life.
pub(crate) async fn live(seat: Arc<Seat>) -> Result<()> {
    let mut orders = seat.orders.lock().await;
    loop {
        Device::start(&seat)?.run(&mut orders).await?;
    }
}

impl Device {
    /// From what lies on the disk.
    fn start(seat: &Arc<Seat>) -> Result<Self> {
        let disk = Disk::new(&seat.folder)?;
        let (mut kept, cached) = disk.load()?;
        kept.life += 1;
        disk.keep(&kept)?;
        let (who, log) = (seat.who, &seat.log);
        log.say(What::Life { who, life: kept.life });
        let (now, me) = (log.now(), kept.me.user_id);
        let seeds = [2, who.person.into(), who.device.into(), kept.life.into()];
        let (hears, heard) = mpsc::channel(1024);
        let mut device = Self {
            disk,
            places: BTreeMap::new(),
            timelines: BTreeMap::new(),
            outbox: Outbox::default(),
            heads: Heads::new(log.device_now(), Rules::ALL),
            screens: Screens::new(who, me, log),
            chance: Chance::new(seat.seed, &seeds),
            io: JoinSet::new(),
            hears,
            heard,
            socket: Socket::Away,
            connection: 0,
            live: None,
            sign: Sign::of(&kept, now),
            times: Times {
                away: now,
                ..Times::default()
            },
            asking: BTreeMap::new(),
            wants_list: true,
            is_listing: false,
            is_handing_in: false,
            is_blocking: false,
            server_failed: false,
            failures: 0,
            misses: 0,
            last_tick: log.device_now(),
            reloads: false,
            cache_is_old: false,
            kept_is_old: false,
            seat: Arc::clone(seat),
            kept,
        };
        let entries = device.kept.entries.clone();
        device.outbox.apply(OutboxEvent::Loaded { entries });
        for conversation in cached {
            device.restore(conversation);
        }
        device.show_unsent();
        device.times.work = now + device.chance.between(100, 1000) as i64;
        Ok(device)
    }

    /// Milliseconds since the start of the run.
    fn real(&self) -> i64 {
        self.seat.log.now()
    }

    /// As this device counts them.
    fn now(&self) -> i64 {
        self.seat.log.device_now()
    }

    fn say(&self, what: What) {
        self.seat.log.say(what);
    }

    fn cookie(&self) -> String {
        self.kept.cookie.clone().unwrap_or_default()
    }

    async fn run(mut self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Result<()> {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.reloads {
            tokio::select! {
                Some(happened) = self.io.join_next(), if !self.io.is_empty() => {
                    self.happened(happened.unwrap_or(Happened::Nothing));
                }
                Some((connection, delivery)) = self.heard.recv() => self.hear(connection, &delivery),
                Some(order) = orders.recv() => self.obey(order),
                _ = beat.tick() => self.tick(),
            }
            self.go_on()?;
        }
        self.leave_socket();
        self.cache()
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Report(answer) => drop(answer.send(self.report())),
            Order::SignOut => self.sign_out(),
        }
    }

    fn happened(&mut self, happened: Happened) {
        match happened {
            Happened::Ticket(answer) => self.got_ticket(answer),
            Happened::Connected(number, result) => self.connected(number, *result),
            Happened::Closed(number) => self.closed(number),
            Happened::LiveEnded => self.live = None,
            Happened::Acked(due, answer) => self.acked(&due, answer),
            Happened::Posted(id, answer) => self.posted(id, *answer),
            Happened::Page(run, id, answer) => self.got_page(run, id, answer),
            Happened::Changed(run, id, answer) => self.got_changes(run, id, answer),
            Happened::Heads(answer) => self.got_heads(answer),
            Happened::Listed(asked, answer) => self.got_list(asked, *answer),
            Happened::HandedIn(id, asked, answer) => self.handed_in(id, &asked, answer),
            Happened::Read(id, asked, wanted, answer) => self.got_mark(id, asked, wanted, answer),
            Happened::Opened(answer) => self.wants_list |= self.is_answer(&answer),
            Happened::Blocked(other, on, number, answer) => self.blocked(other, on, number, &answer),
            Happened::SignedOut(answer) => self.signed_out(&answer),
            Happened::Probed(answer) => self.probed(&answer),
            Happened::SignedIn(answer) => self.signed_in(*answer),
            Happened::Nothing => {}
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        let due = self.last_tick + 1000;
        if due <= now {
            self.heads.apply(HeadsEvent::Ticked { due, now });
            self.last_tick = now;
        }
        if self.times.look.is_some_and(|at| at <= self.real()) {
            self.times.look = None;
            self.heads.apply(HeadsEvent::Look);
        }
    }

    /// Whatever the cores want now.
    fn go_on(&mut self) -> Result<()> {
        self.sign_on();
        if self.sign == Sign::In {
            self.connect();
            self.pump()?;
            self.ask();
            self.hand_in();
            self.see_to_blocks()?;
            if *self.seat.works.borrow() {
                self.work()?;
            }
        }
        if self.kept_is_old && self.times.keep <= self.real() {
            self.times.keep = self.real() + 100;
            self.keep()?;
        }
        if self.cache_is_old && self.times.cache <= self.real() {
            self.times.cache = self.real() + 1000;
            self.cache()?;
        }
        Ok(())
    }

    /// Notes whether the logic server answers; the first answer after none hurries what waits.
    fn is_answer<T>(&mut self, answer: &Result<T, Fail>) -> bool {
        match answer {
            Ok(_) => {
                self.failures = 0;
                if std::mem::take(&mut self.server_failed) {
                    self.outbox.apply(OutboxEvent::Hurry { now: self.now() });
                }
                true
            }
            Err(fail) => {
                let is_away = matches!(fail, Fail::Nothing(_) | Fail::Status { status: 500.., .. });
                self.server_failed |= is_away;
                self.failures += u32::from(is_away);
                if fail.is_signed_out() {
                    self.is_thrown_out();
                }
                false
            }
        }
    }

    fn learn(&mut self, history: &str) {
        self.outbox.apply(OutboxEvent::History {
            history: history.to_owned(),
            now: self.now(),
        });
    }

    fn tell(&mut self, id: ConversationId, event: TimelineEvent, extent: Extent) {
        if let Some(timeline) = self.timelines.get_mut(&id) {
            timeline.apply(event);
            self.screens.compare(id, timeline, extent);
            self.cache_is_old = true;
        }
    }

    /// What is not stored is shown as an own line, marked.
    fn show_unsent(&mut self) {
        let mut shown = BTreeSet::new();
        for entry in self.outbox.entries() {
            let state = match (&entry.refused, self.outbox.is_settled(entry)) {
                (Some(_), _) => PendingState::Failed,
                (None, true) => continue,
                (None, false) if entry.passed.is_some() => PendingState::PassedOn,
                (None, false) => PendingState::Sending,
            };
            if let Some(timeline) = self.timelines.get_mut(&entry.conversation) {
                shown.insert(entry.conversation);
                timeline.apply(TimelineEvent::Wrote {
                    id: entry.id,
                    body: entry.body.clone(),
                    at: entry.at,
                    state,
                    problem: entry.refused.clone(),
                });
            }
        }
        for id in shown {
            self.screens.compare(id, &self.timelines[&id], Extent::Last);
        }
    }
}
