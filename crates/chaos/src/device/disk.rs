//! What lies on a device's disk: who is signed in, the outbox, what was loaded of each conversation.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use shared_protocol::api::{MessagePage, Person};
use shared_protocol::{ConversationId, Group, UserId};
use socket_client::catch_up::Unsaved;
use socket_client::outbox::Entry;
use std::fs;
use std::path::{Path, PathBuf};

/// Written before anything leaves the device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) me: Person,
    pub(crate) username: String,
    /// `None`: signed out.
    pub(crate) cookie: Option<String>,
    /// Counts what was written here.
    pub(crate) number: u64,
    pub(crate) life: u32,
    pub(crate) entries: Vec<Entry>,
    /// Whom this person has blocked, or is about to.
    #[serde(default)]
    pub(crate) blocks: Vec<Block>,
}

/// Somebody to be blocked until then, in milliseconds since the start of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) other: UserId,
    pub(crate) until: i64,
    /// It stands.
    pub(crate) is_answered: bool,
}

/// A conversation as it was last kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cached {
    pub(crate) id: ConversationId,
    pub(crate) group: Group,
    pub(crate) members: Vec<Person>,
    /// The last rows and the cursor; `None`: nothing was loaded yet.
    pub(crate) page: Option<MessagePage>,
    pub(crate) is_complete: bool,
    pub(crate) unsaved: Vec<Unsaved>,
}

/// A folder of two files.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    kept: PathBuf,
    cached: PathBuf,
}

impl Disk {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            kept: folder.join("outbox.json"),
            cached: folder.join("cache.json"),
        })
    }

    pub(crate) fn load(&self) -> Result<(Kept, Vec<Cached>)> {
        let kept = serde_json::from_slice(&fs::read(&self.kept)?)?;
        let cached =
            fs::read(&self.cached).map_or_else(|_| Ok(Vec::new()), |bytes| serde_json::from_slice(&bytes));
        Ok((kept, cached?))
    }

    pub(crate) fn keep(&self, kept: &Kept) -> Result<()> {
        replace(&self.kept, &serde_json::to_vec(kept)?)
    }

    pub(crate) fn cache(&self, cached: &[Cached]) -> Result<()> {
        replace(&self.cached, &serde_json::to_vec(cached)?)
    }
}

/// Either the old file or the new one is there, whenever it is read.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, bytes)?;
    Ok(fs::rename(fresh, path)?)
}
