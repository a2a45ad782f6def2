//! From an address to the clients behind it.

use super::{Entry, Registry};
use crate::client::{Client, Handed};
use serde_json::value::RawValue;
use shared_protocol::{Class, RelayId};
use std::sync::Arc;

/// What an address is to a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addressed {
    /// A group that the sender is in, with so many members.
    Group(usize),
    /// A relay ID that shares a group with the sender.
    Neighbour,
    /// Unknown or not the sender's to use: these two look alike.
    Nobody,
}

/// Whom a delivery did not reach.
#[derive(Default)]
pub(crate) struct Reached {
    /// Receivers that are too far behind, to be cut off.
    pub(crate) full: Vec<Arc<Client>>,
}

impl Registry {
    /// What `to` is to the relay ID that sends.
    pub(crate) fn address(&self, sender: &RelayId, to: &str) -> Addressed {
        let state = self.read();
        let Some(own) = state.ids.get(sender).filter(|entry| !entry.expired) else {
            return Addressed::Nobody;
        };
        if own.groups.contains(to) {
            return Addressed::Group(state.groups.get(to).map_or(0, |members| members.len()));
        }
        match state.ids.get(to) {
            Some(other) if share(own, other) => Addressed::Neighbour,
            _ => Addressed::Nobody,
        }
    }

    /// Hands a delivery to every connected member of a group, or to a relay ID.
    pub(crate) fn deliver(
        &self,
        to: &str,
        delivery: &RawValue,
        class: Class,
        except: Option<&RelayId>,
    ) -> Reached {
        let mut reached = Reached::default();
        let mut hand = |client: &Arc<Client>| {
            if except != Some(&client.identity.relay_id) && client.hand(delivery, class) == Handed::Full {
                reached.full.push(Arc::clone(client));
            }
        };
        let state = self.read();
        match state.groups.get(to) {
            Some(members) => members.values().flatten().for_each(&mut hand),
            None => state
                .ids
                .get(to)
                .and_then(|entry| entry.live.as_ref())
                .into_iter()
                .for_each(&mut hand),
        }
        drop(state);
        reached
    }
}

fn share(own: &Entry, other: &Entry) -> bool {
    let (fewer, more) = match own.groups.len() <= other.groups.len() {
        true => (&own.groups, &other.groups),
        false => (&other.groups, &own.groups),
    };
    fewer.iter().any(|group| more.contains(group))
}
