//! What every door gets: one value, made at the start.

use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::Db;
use crate::platform::hashing::Hasher;
use crate::platform::limits::{Guessing, PerMinute};
use crate::platform::page::Assets;
use crate::platform::relay::Relay;
use crate::platform::tasks::Tasks;
use shared_protocol::UserId;
use std::sync::Arc;

/// The parts that doors share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    pub hasher: Hasher,
    pub relay: Relay,
    pub tasks: Tasks,
    pub assets: Arc<Assets>,
    /// Random, kept in the database, renewed by a restore: rows of different histories never mix.
    pub history_id: Arc<str>,
    pub limits: Limits,
}

/// Who asks too often. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    /// Exact look-ups of user IDs.
    pub lookups: PerMinute<UserId>,
    pub searches: PerMinute<UserId>,
    pub relay_ids: PerMinute<UserId>,
    /// Offers and checks of free user IDs, and new accounts, by network.
    pub offers: PerMinute<String>,
    pub registrations: PerMinute<String>,
    /// Wrong passwords, by (name, network).
    pub guesses: Guessing<(String, String)>,
}

impl Limits {
    pub fn new(config: &Config) -> Self {
        Self {
            lookups: PerMinute::new(config.accounts.lookups_per_minute),
            relay_ids: PerMinute::new(config.accounts.relay_ids_per_minute),
            searches: PerMinute::new(config.accounts.searches_per_minute),
            offers: PerMinute::new(config.accounts.id_offers_per_minute),
            registrations: PerMinute::new(config.accounts.registrations_per_minute),
            guesses: Guessing::default(),
        }
    }
}
