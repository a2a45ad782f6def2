//! Signing out and in again, on purpose or because the logic server says so.

use super::connect::Socket;
use super::disk::Kept;
use super::{Device, Fail, Happened};
use crate::record::What;
use reqwest::Method;
use shared_protocol::MessageId;
use shared_protocol::api::Me;
use socket_client::heads::{Heads, HeadsEvent};
use socket_client::outbox::{Outbox, OutboxEvent};
use std::collections::BTreeMap;

/// So long the server may take to close the socket of somebody who has signed out; then the device closes it.
const SOCKET_ENDS: i64 = 6000;
const AGAIN: i64 = 300;

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    In,
    /// Asked to be signed out; no answer yet, or none came: then again at this time.
    Leaving(i64),
    /// Until then, and until the socket is closed, but no longer than the second.
    Out(i64, i64),
    /// Asked to be signed in.
    Entering,
}

impl Sign {
    pub(super) fn of(kept: &Kept, now: i64) -> Self {
        match kept.cookie {
            Some(_) => Self::In,
            None => Self::Out(now, now),
        }
    }
}

impl Device {
    /// The page asks before it throws anything away; here only what was refused is thrown away.
    pub(super) fn sign_out(&mut self) {
        if self.sign != Sign::In || self.outbox.unsent().next().is_some() {
            return;
        }
        let refused: Vec<MessageId> = self
            .outbox
            .entries()
            .iter()
            .filter(|entry| entry.refused.is_some())
            .map(|entry| entry.id)
            .collect();
        for id in refused {
            self.outbox.apply(OutboxEvent::Withdrew { id });
            self.say(What::Withdrew {
                who: self.seat.who,
                id,
            });
        }
        self.ask_to_leave();
    }

    fn ask_to_leave(&mut self) {
        self.sign = Sign::Leaving(i64::MAX);
        self.say(What::SigningOut { who: self.seat.who });
        let (api, cookie) = (self.seat.api.clone(), self.cookie());
        self.io.spawn(async move {
            let path = "/sessions/current";
            Happened::SignedOut(api.status(&cookie, Method::DELETE, path).await)
        });
    }

    pub(super) fn signed_out(&mut self, answer: &Result<u16, Fail>) {
        match answer {
            Ok(204 | 401) => {
                self.say(What::SignedOut { who: self.seat.who });
                let (api, cookie) = (self.seat.api.clone(), self.cookie());
                self.io
                    .spawn(async move { Happened::Probed(api.status(&cookie, Method::GET, "/me").await) });
                self.clear();
            }
            _ => self.sign = Sign::Leaving(self.real() + AGAIN),
        }
    }

    pub(super) fn probed(&mut self, answer: &Result<u16, Fail>) {
        if let Ok(status) = answer {
            self.say(What::Probed {
                who: self.seat.who,
                status: *status,
            });
        }
    }

    /// The sign-in is over, though nobody here asked for it, or nobody heard the answer.
    pub(super) fn is_thrown_out(&mut self) {
        if self.sign == Sign::In {
            self.kept.cookie = None;
            self.leave_socket();
            let now = self.real();
            self.sign = Sign::Out(now, now);
        }
    }

    /// The page clears its own stores.
    fn clear(&mut self) {
        self.kept.cookie = None;
        self.places.clear();
        self.timelines.clear();
        self.asking.clear();
        self.outbox = Outbox::default();
        self.heads = Heads::new(self.now(), socket_client::Rules::ALL);
        self.screens.clear();
        self.times.ask = BTreeMap::new();
        if let Some(live) = self.live.take() {
            live.abort();
        }
        let now = self.real();
        self.sign = Sign::Out(now + self.chance.between(500, 2000) as i64, now + SOCKET_ENDS);
        self.keep().and_then(|()| self.cache()).ok();
    }

    pub(super) fn sign_on(&mut self) {
        let now = self.real();
        match self.sign {
            Sign::Leaving(at) if at <= now => self.ask_to_leave(),
            Sign::Out(at, most) => {
                let is_open = matches!(self.socket, Socket::Open(..));
                if at <= now && (!is_open || most <= now) {
                    self.leave_socket();
                    self.enter();
                }
            }
            Sign::In | Sign::Leaving(_) | Sign::Entering => {}
        }
    }

    fn enter(&mut self) {
        self.sign = Sign::Entering;
        let (api, name) = (self.seat.api.clone(), self.kept.username.clone());
        self.io
            .spawn(async move { Happened::SignedIn(Box::new(api.sign_in(&name).await)) });
    }

    pub(super) fn signed_in(&mut self, answer: Result<(Me, String), Fail>) {
        let now = self.real();
        match answer {
            Ok((me, cookie)) => {
                self.say(What::SignedIn { who: self.seat.who });
                self.kept.me = me.person;
                self.kept.cookie = Some(cookie);
                self.keep().ok();
                self.sign = Sign::In;
                self.wants_list = true;
                self.is_listing = false;
                self.heads.apply(HeadsEvent::Online);
            }
            Err(_) => self.sign = Sign::Out(now + AGAIN, now),
        }
    }
}
