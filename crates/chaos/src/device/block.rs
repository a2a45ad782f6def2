//! Blocking people for a while, and letting them be again. Each is asked for until it is answered, as a person would.

use super::disk::Block;
use super::{Device, Fail, Happened};
use crate::record::What;
use anyhow::Result;
use reqwest::Method;
use shared_protocol::UserId;

/// How long a block lasts, in milliseconds.
const SHORTEST: u64 = 2_000;
const LONGEST: u64 = 30_000;

impl Device {
    /// Somebody of a private conversation. One device of each person does it, so that nobody takes back what they have just
    /// done elsewhere.
    pub(super) fn block(&mut self) -> Result<()> {
        if self.seat.who.device == 0 {
            return Ok(());
        }
        let me = self.kept.me.user_id;
        let places = self.places.values().filter(|place| place.members.len() == 2);
        let people = places.flat_map(|place| &place.members);
        let others: Vec<UserId> = people
            .map(|person| person.user_id)
            .filter(|other| *other != me && self.kept.blocks.iter().all(|block| block.other != *other))
            .collect();
        let Some(other) = self.chance.pick(&others).copied() else {
            return Ok(());
        };
        let until = self.real() + self.chance.between(SHORTEST, LONGEST) as i64;
        self.kept.blocks.push(Block {
            other,
            until,
            is_answered: false,
        });
        self.keep()
    }

    /// Before its time.
    pub(super) fn unblock(&mut self) {
        let (now, count) = (self.real(), self.kept.blocks.len());
        if count != 0 {
            let one = self.chance.below(count as u64) as usize;
            self.kept.blocks[one].until = now;
        }
    }

    /// Asks for what is not answered yet, one after the other. When nobody works any more all blocks are lifted.
    pub(super) fn see_to_blocks(&mut self) -> Result<()> {
        let (now, works) = (self.real(), *self.seat.works.borrow());
        if self.is_blocking || now < self.times.block {
            return Ok(());
        }
        let is_over = |block: &Block| !works || block.until <= now;
        let mut blocks = self.kept.blocks.iter();
        let Some(due) = blocks.find(|block| !block.is_answered || is_over(block)) else {
            return Ok(());
        };
        let (other, on) = (due.other, !is_over(due));
        self.kept.number += 1;
        let number = self.kept.number;
        self.keep()?;
        self.is_blocking = true;
        self.say(What::Blocking {
            who: self.seat.who,
            other,
            on,
            number,
        });
        let (api, cookie) = (self.seat.api.clone(), self.cookie());
        self.io.spawn(async move {
            let method = if on { Method::PUT } else { Method::DELETE };
            let answer = api.status(&cookie, method, &format!("/blocks/{other}")).await;
            Happened::Blocked(other, on, number, answer)
        });
        Ok(())
    }

    pub(super) fn blocked(&mut self, other: UserId, on: bool, number: u64, answer: &Result<u16, Fail>) {
        self.is_blocking = false;
        // Without a block to lift an earlier try has lifted it.
        let is_done = matches!((on, answer), (_, Ok(204)) | (false, Ok(404)));
        if !is_done {
            self.times.block = self.real() + self.chance.between(200, 1000) as i64;
            return;
        }
        self.say(What::Blocked {
            who: self.seat.who,
            other,
            on,
            number,
        });
        match on {
            true => {
                let of = self.kept.blocks.iter_mut().filter(|block| block.other == other);
                of.for_each(|block| block.is_answered = true);
            }
            false => self.kept.blocks.retain(|block| block.other != other),
        }
        self.kept_is_old = true;
    }
}
