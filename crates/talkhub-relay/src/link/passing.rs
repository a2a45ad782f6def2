//! Passing on: what becomes of durable events while no logic server is there.

use super::queue::{Acknowledge, Kept, Pending};
use super::{Links, NotTaken};
use crate::client::Identity;
use crate::event::Incoming;
use crate::forward::{AWAY_RETRY_MS, Stamped};
use crate::registry::Addressed;
use crate::relay::{Relay, count, wall_clock};
use serde::Serialize;
use serde_json::value::RawValue;
use shared_protocol::receipt::{Key, Passed, Receipt};
use shared_protocol::{Ack, Class};
use socketioxide::extract::AckSender;
use std::borrow::Cow;
use std::sync::{Arc, MutexGuard, PoisonError};

/// So many are passed on when a link ends: more at once would fill the receivers' buffers, and cut them off for it. The
/// rest is told to come again, and finds no link.
const AT_ONCE: usize = 512;

/// How much has been passed on. Locked before the registry and the links, never after them.
#[derive(Default)]
pub(super) struct Passing {
    /// The number of the last receipt: the order of passing on.
    number: u64,
    /// Since the last link ended.
    since_link: u64,
}

impl Passing {
    /// How many were passed on since the last link ended; asked once, by the next link.
    pub(super) fn take(&mut self) -> u64 {
        std::mem::take(&mut self.since_link)
    }
}

/// A durable event that nobody has stored, borrowed: serialised once, however many receive it.
#[derive(Serialize)]
struct Unsaved<'a> {
    from: Stamped<'a>,
    to: &'a str,
    class: Class,
    frame: &'a RawValue,
    id: &'a str,
    at: i64,
    unsaved: bool,
    receipt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<&'a str>,
}

/// What is needed of an event to pass it on.
struct Event<'a> {
    to: &'a str,
    id: &'a str,
    prev: Option<&'a str>,
    receipt: Option<&'a str>,
    frame: &'a RawValue,
}

impl Links {
    pub(super) fn passing(&self) -> MutexGuard<'_, Passing> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Relay {
    /// Hands a durable event to a logic server or, while there is none, to its group. Gives the ack back if neither can
    /// take it now.
    pub(crate) fn submit_or_pass_on(
        &self,
        event: &Incoming<'_>,
        from: &Arc<Identity>,
        ack: Option<AckSender>,
    ) -> Result<(), Option<AckSender>> {
        let ack = match self.links.submit(event, from, ack) {
            Ok(()) => return Ok(()),
            Err(NotTaken::Full(ack)) => return Err(ack),
            Err(NotTaken::NoLink(ack)) => ack,
        };
        let mut passing = self.links.passing();
        // A link that ends holds this lock until what waited on it is passed on, and one that comes has opened by now.
        let ack = match self.links.submit(event, from, ack) {
            Ok(()) => return Ok(()),
            Err(NotTaken::Full(ack)) => return Err(ack),
            Err(NotTaken::NoLink(ack)) => ack,
        };
        let event = Event {
            to: &event.to,
            id: &event.id,
            prev: event.prev.as_deref(),
            receipt: event.receipt.as_deref(),
            frame: event.frame,
        };
        ack.answer(&self.pass_on(&mut passing, &event, from));
        Ok(())
    }

    /// Ends a link. What waited on it counts as passed on, in the order in which it was submitted; if another link is
    /// there, its senders are told to come again.
    pub(super) fn end_link(&self, link: &Arc<super::queue::Link>) {
        // Invariant: nothing that comes later is passed on before what waited here.
        let mut passing = self.links.passing();
        let is_last = self.links.remove(link);
        for (place, pending) in link.close().enumerate() {
            let Pending {
                ack, to, event, from, ..
            } = pending;
            let again = || Ack::Busy {
                retry_after_ms: AWAY_RETRY_MS,
            };
            ack.answer(&match event {
                Some(Kept { id, prev, receipt, frame })
                    // Who was told `busy`, has left the group or is no longer registered is not spoken for.
                    if is_last && place < AT_ONCE && matches!(self.registry.address(&from.relay_id, &to), Addressed::Group(_)) =>
                {
                    let event = Event {
                        to: &to,
                        id: &id,
                        prev: prev.as_deref(),
                        receipt: receipt.as_deref(),
                        frame: &frame,
                    };
                    self.pass_on(&mut passing, &event, &from)
                }
                _ => again(),
            });
        }
    }

    fn pass_on(&self, passing: &mut Passing, event: &Event<'_>, from: &Identity) -> Ack {
        let Ok(text) = serde_json::from_str::<Cow<'_, str>>(event.frame.get()) else {
            // Looked at when it came: cannot be.
            return Ack::Busy {
                retry_after_ms: AWAY_RETRY_MS,
            };
        };
        let passed = Passed {
            subject: &from.subject,
            group: event.to,
            id: event.id,
            frame: &text,
            prev: event.prev,
        };
        // Said again, it keeps its place.
        let receipt = self.own_receipt(event.receipt, &passed).unwrap_or_else(|| {
            passing.number += 1;
            // The older one: a logic server that does not know the new one yet believes it too.
            let key = self.secrets[self.secrets.len() - 1].receipt_key();
            Receipt::sign(&key, &passed, wall_clock(), &self.boot_id, passing.number)
        });
        passing.since_link += 1;
        count(&self.counters.passed_on);
        let (at, receipt) = (receipt.at, receipt.to_string());
        let delivery = Unsaved {
            from: Stamped {
                relay_id: from.relay_id.as_str(),
                subject: &from.subject,
            },
            to: event.to,
            class: Class::Durable,
            frame: event.frame,
            id: event.id,
            at,
            unsaved: true,
            receipt: &receipt,
            prev: event.prev,
        };
        let delivery = serde_json::value::to_raw_value(&delivery).expect("a delivery is plain JSON");
        self.deliver(event.to, &delivery, Class::Durable, Some(&from.relay_id));
        Ack::PassedOn { at, receipt }
    }

    /// The receipt that the event carries, if a relay with one of our secrets gave it for exactly this event.
    fn own_receipt(&self, receipt: Option<&str>, passed: &Passed<'_>) -> Option<Receipt> {
        let receipt: Receipt = receipt?.parse().ok()?;
        let mut keys = self.secrets.iter().map(crate::secret::Secret::receipt_key);
        keys.any(|key: Key| receipt.proves(&key, passed))
            .then_some(receipt)
    }
}
