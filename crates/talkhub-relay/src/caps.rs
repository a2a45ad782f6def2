//! How many connections there may be: in all, per address, and how many new ones per second.

use crate::address::{Network, counted, trusted};
use crate::config::Config;
use crate::limits::{Bucket, Rate};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Counts connections. Loopback and trusted proxies have no limit of their own.
#[derive(Debug)]
pub(crate) struct Caps {
    in_all: AtomicU64,
    most_in_all: u64,
    most_per_address: u64,
    new_ones: Rate,
    proxies: Vec<Network>,
    addresses: Mutex<HashMap<IpAddr, Seen>>,
}

#[derive(Debug)]
struct Seen {
    open: u64,
    new_ones: Bucket,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    caps: Arc<Caps>,
    /// `None`: a place in all only.
    address: Option<IpAddr>,
    real: IpAddr,
}

/// Why a connection may not stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    InAll,
    Address,
}

impl Caps {
    pub(crate) fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let most_in_all = match limits.max_connections {
            0 => file_handles() / 5 * 4,
            set => set,
        };
        Self {
            in_all: AtomicU64::new(0),
            most_in_all,
            most_per_address: limits.connections_per_address,
            new_ones: Rate::new(
                limits.new_connections_per_second,
                limits.new_connections_per_second,
            ),
            proxies: config.trusted_proxies.clone(),
            addresses: Mutex::new(HashMap::new()),
        }
    }

    /// A place for a new TCP connection from `peer`.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr) -> Result<Permit, Crowded> {
        let address = self.count(peer)?;
        if self.most_in_all <= self.in_all.fetch_add(1, Ordering::Relaxed) {
            self.in_all.fetch_sub(1, Ordering::Relaxed);
            self.leave(address);
            return Err(Crowded::InAll);
        }
        Ok(Permit {
            caps: Arc::clone(self),
            address,
            real: peer,
        })
    }

    /// A place for the address that a trusted proxy names. It counts in all already, as the proxy's connection.
    pub(crate) fn enter_behind_proxy(self: &Arc<Self>, real: IpAddr) -> Result<Permit, Crowded> {
        let address = self.count(real)?;
        self.in_all.fetch_add(1, Ordering::Relaxed);
        Ok(Permit {
            caps: Arc::clone(self),
            address,
            real,
        })
    }

    fn count(&self, address: IpAddr) -> Result<Option<IpAddr>, Crowded> {
        if address.is_loopback() || trusted(&self.proxies, address) {
            return Ok(None);
        }
        let address = counted(address);
        let now = Instant::now();
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Seen {
            open: 0,
            new_ones: Bucket::full(self.new_ones, now),
        };
        let seen = addresses.entry(address).or_insert_with(fresh);
        if self.most_per_address <= seen.open || seen.new_ones.take(self.new_ones, 1.0, now).is_err() {
            return Err(Crowded::Address);
        }
        seen.open += 1;
        Ok(Some(address))
    }

    fn leave(&self, address: Option<IpAddr>) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = address.and_then(|address| addresses.get_mut(&address)) {
            seen.open = seen.open.saturating_sub(1);
        }
    }

    /// Forgets addresses without a connection whose rate has recovered.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.retain(|_, seen| 0 < seen.open || !seen.new_ones.is_full(self.new_ones, now));
    }

    #[cfg(test)]
    fn known(&self) -> usize {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

impl Permit {
    /// Whom it was given to.
    pub(crate) fn address(&self) -> IpAddr {
        self.real
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.caps.in_all.fetch_sub(1, Ordering::Relaxed);
        self.caps.leave(self.address);
    }
}

/// How many files this process may open; 10,000 where the system does not say.
fn file_handles() -> u64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    soft.and_then(|soft| soft.parse().ok()).unwrap_or(10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(change: impl FnOnce(&mut Config)) -> Arc<Caps> {
        let trusted_proxies = crate::address::networks("10.0.0.0/8").expect("networks");
        let mut config = Config {
            trusted_proxies,
            ..Config::default()
        };
        change(&mut config);
        Arc::new(Caps::new(&config))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn sec27_connections_per_address_are_bounded_and_given_back() {
        let caps = caps(|config| config.limits.connections_per_address = 2);
        let first = caps.enter(ip("203.0.113.9")).expect("free");
        let _second = caps.enter(ip("203.0.113.9")).expect("free");
        assert_eq!(caps.enter(ip("203.0.113.9")).err(), Some(Crowded::Address));
        assert!(caps.enter(ip("203.0.113.10")).is_ok());
        drop(first);
        assert!(caps.enter(ip("203.0.113.9")).is_ok());
    }

    #[test]
    fn sec27_loopback_and_proxies_are_free() {
        let caps = caps(|config| config.limits.connections_per_address = 1);
        let kept: Vec<_> = (0..5)
            .flat_map(|_| [caps.enter(ip("127.0.0.1")), caps.enter(ip("10.1.1.1"))])
            .collect();
        assert!(kept.iter().all(Result::is_ok));
    }

    #[test]
    fn sec27_new_connections_per_second_are_bounded() {
        let caps = caps(|config| config.limits.new_connections_per_second = 3);
        for _ in 0..3 {
            assert!(caps.enter(ip("203.0.113.9")).is_ok());
        }
        assert_eq!(caps.enter(ip("203.0.113.9")).err(), Some(Crowded::Address));
    }

    #[test]
    fn sec27_all_together_are_bounded() {
        let caps = caps(|config| config.limits.max_connections = 1);
        let first = caps.enter(ip("127.0.0.1"));
        assert_eq!(caps.enter(ip("127.0.0.1")).err(), Some(Crowded::InAll));
        drop(first);
        assert!(caps.enter(ip("127.0.0.1")).is_ok());
    }

    #[test]
    fn addresses_are_forgotten() {
        let caps = caps(|config| config.limits.new_connections_per_second = 1_000_000);
        drop(caps.enter(ip("203.0.113.9")));
        std::thread::sleep(std::time::Duration::from_millis(1));
        caps.sweep();
        assert_eq!(caps.known(), 0);
    }
}
