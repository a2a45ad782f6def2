//! What a schedule has switched off, and what it has seen.

use super::server::ServerRules;
use socket_client::Rules;

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
    pub passed_on: usize,
    pub unsaved: usize,
    pub held: usize,
    pub handed_in: usize,
    pub not_saved: usize,
    pub gone: usize,
    pub blocks: usize,
    pub not_there: usize,
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
        self.passed_on += other.passed_on;
        self.unsaved += other.unsaved;
        self.held += other.held;
        self.handed_in += other.handed_in;
        self.not_saved += other.not_saved;
        self.gone += other.gone;
        self.blocks += other.blocks;
        self.not_there += other.not_there;
    }
}
