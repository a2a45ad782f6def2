//! INV13 for people of whom one has blocked the other: nothing new of theirs is stored while a block stands, and none of them
//! hears what the other one has said since.

use super::ledger::{Checked, Key, ensure};
use super::server::Truth;
use shared_protocol::{ConversationId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// In which conversation, and who has blocked the other one there.
pub type Block = (ConversationId, UserId);

/// See the module.
#[derive(Default)]
pub struct Blocks {
    /// Asked for, and not known to be lifted.
    asked: BTreeSet<Block>,
    /// Answered; nobody has asked to lift them since.
    standing: BTreeSet<Block>,
    copied: (BTreeSet<Block>, BTreeSet<Block>),
    /// What was on disk when it was last looked at.
    stored: BTreeMap<ConversationId, BTreeSet<Key>>,
    /// Written while a block stood and the relay knew of it.
    kept_apart: BTreeSet<Key>,
}

impl Blocks {
    /// Somebody has asked for it.
    pub fn asked(&mut self, block: Block) {
        self.asked.insert(block);
    }

    /// The answer has come: from now on it holds.
    pub fn answered(&mut self, block: Block) {
        self.standing.insert(block);
    }

    /// Somebody asks to lift it: from now on nothing is promised.
    pub fn is_lifting(&mut self, block: Block) {
        self.standing.remove(&block);
        self.kept_apart.retain(|key| key.0 != block.0);
    }

    /// The answer to that has come.
    pub fn lifted(&mut self, block: Block) {
        self.asked.remove(&block);
    }

    /// Blocks that may be there.
    pub fn open(&self) -> Vec<Block> {
        self.asked.iter().copied().collect()
    }

    pub fn copied(&mut self) {
        self.copied = (self.asked.clone(), self.standing.clone());
    }

    /// Back to the copy. What was said while a later one stood may come now.
    pub fn restored(&mut self) {
        (self.asked, self.standing) = self.copied.clone();
        self.kept_apart.clear();
    }

    /// Somebody writes; `is_told`: the relay knows of every block that was answered.
    pub fn wrote(&mut self, key: Key, is_told: bool) {
        if is_told && self.stands_in(key.0) {
            self.kept_apart.insert(key);
        }
    }

    fn stands_in(&self, id: ConversationId) -> bool {
        self.standing.iter().any(|(of, _)| *of == id)
    }

    /// After every step: what is new on disk was stored in it.
    pub fn check_disk(&mut self, truths: &BTreeMap<ConversationId, Truth>) -> Checked {
        for (id, truth) in truths {
            let rows = truth.rows.iter();
            let keys: BTreeSet<Key> = rows.map(|row| (*id, row.sender.user_id, row.id)).collect();
            let before = self.stored.entry(*id).or_default();
            let new = keys.difference(before).next().copied();
            *before = keys;
            ensure(new.is_none() || !self.stands_in(*id), "inv13", || {
                format!("{new:?} was stored after the block had been answered")
            })?;
        }
        Ok(())
    }

    /// Somebody hears of a message.
    pub fn check_heard(&self, user: UserId, key: Key) -> Checked {
        ensure(user == key.1 || !self.kept_apart.contains(&key), "inv13", || {
            format!("{user} hears {key:?}, said after the block had been answered")
        })
    }
}
