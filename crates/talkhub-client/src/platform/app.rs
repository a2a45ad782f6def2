//! What every door gets: one value, made at the start.

use crate::platform::audit::Refusals;
use crate::platform::blobs::Blobs;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::Db;
use crate::platform::hashing::Hasher;
use crate::platform::images::Images;
use crate::platform::keys::Keys;
use crate::platform::limits::{Guessing, OneEach, PerMinute};
use crate::platform::mail::Mailer;
use crate::platform::page::Assets;
use crate::platform::relay::Relay;
use crate::platform::tasks::Tasks;
use shared_protocol::UserId;
use std::sync::Arc;
use std::time::Duration;

/// The parts that doors share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    pub hasher: Hasher,
    /// Signs and seals.
    pub keys: Keys,
    pub images: Images,
    pub blobs: Blobs,
    pub relay: Relay,
    pub mailer: Mailer,
    pub tasks: Tasks,
    pub assets: Arc<Assets>,
    /// Random, kept in the database, renewed by a restore: rows of different histories never mix.
    pub history_id: Arc<str>,
    pub limits: Limits,
    /// Held while the whole set of registrations is on its way to the relay.
    pub setting: Arc<tokio::sync::Mutex<()>>,
    /// When the disk was last tried, and whether it took more.
    pub disk: Arc<tokio::sync::Mutex<Option<(Duration, bool)>>>,
}

/// One is much work, and nobody needs many.
const EXPORTS_PER_MINUTE: u32 = 6;
/// Each holds a thread for as long as its reader takes.
const EXPORTS_AT_ONCE: usize = 16;
/// Whoever has many accounts fills nobody's mailbox.
const MAILINGS_PER_HOUR: u32 = 5;

/// Who asks too often. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    /// Exact look-ups of user IDs.
    pub lookups: PerMinute<UserId>,
    pub searches: PerMinute<UserId>,
    /// Contact requests.
    pub requests: PerMinute<UserId>,
    pub relay_ids: PerMinute<UserId>,
    /// Private conversations found or made.
    pub conversations: PerMinute<UserId>,
    /// Messages sent over HTTPS.
    pub messages: PerMinute<UserId>,
    /// Offers and checks of free user IDs, and new accounts, by network.
    pub offers: PerMinute<String>,
    pub registrations: PerMinute<String>,
    /// Changes of what one is shown as, tabs that fall idle and wake up.
    pub presence: PerMinute<UserId>,
    /// New pictures of oneself.
    pub avatars: PerMinute<UserId>,
    /// Tries to sign in, by network or known device.
    pub sign_ins: PerMinute<String>,
    /// Links for new passwords asked for, by network.
    pub resets: PerMinute<String>,
    /// Exports of one's own data.
    pub exports: PerMinute<UserId>,
    /// Wrong passwords, by (person, network or known device); for unknown names by what was typed, folded.
    pub guesses: Guessing<(String, String)>,
    /// Wrong codes of second factors, by (person, known device): all devices that are not known share one budget.
    pub codes: Guessing<(String, String)>,
    /// Mails to an address that somebody says is theirs, by address.
    pub mailings: PerMinute<String>,
    /// Who is exporting just now.
    pub exporting: OneEach<UserId>,
    /// What was refused and is not in the audit yet.
    pub refusals: Refusals,
}

impl Limits {
    pub fn new(config: &Config) -> Self {
        Self {
            lookups: PerMinute::new(config.accounts.lookups_per_minute),
            requests: PerMinute::new(config.accounts.requests_per_minute),
            conversations: PerMinute::new(config.messages.conversations_per_minute),
            messages: PerMinute::new(config.messages.per_minute),
            sign_ins: PerMinute::new(config.accounts.sign_ins_per_minute),
            exports: PerMinute::new(EXPORTS_PER_MINUTE),
            resets: PerMinute::new(config.accounts.resets_per_minute),
            relay_ids: PerMinute::new(config.accounts.relay_ids_per_minute),
            presence: PerMinute::new(config.presence.changes_per_minute),
            avatars: PerMinute::new(config.accounts.avatars_per_minute),
            searches: PerMinute::new(config.accounts.searches_per_minute),
            offers: PerMinute::new(config.accounts.id_offers_per_minute),
            registrations: PerMinute::new(config.accounts.registrations_per_minute),
            guesses: Guessing::default(),
            codes: Guessing::strict(),
            mailings: PerMinute::per_hour(MAILINGS_PER_HOUR),
            exporting: OneEach::new(EXPORTS_AT_ONCE),
            refusals: Refusals::default(),
        }
    }
}
