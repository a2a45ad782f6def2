//! What a run leaves behind, and all that the checker sees: the log, the database, the devices' final state.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use shared_protocol::{ConversationId, MessageId, UserId};
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// One device of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Who {
    pub(crate) person: u8,
    pub(crate) device: u8,
}

/// As it stands in the text of every message: `person:device`.
impl fmt::Display for Who {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.person, self.device)
    }
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transport {
    Relay,
    Https,
}

/// How a line stands on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    /// As a message like any other; an own one with its tick.
    Stored,
    /// Marked as on its way, or as not yet saved.
    Waiting,
    /// Marked as failed: it was refused.
    Failed,
}

/// A line as a screen shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) sender: UserId,
    pub(crate) id: MessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<i64>,
    pub(crate) body: String,
    pub(crate) mark: Mark,
}

/// What runs, and what lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    Relay,
    LogicServer,
    Database,
    /// The way between the programs.
    Link,
    /// The way from the logic server to the database.
    DatabaseLine,
    /// The way from this person's devices to the relay; `None`: everybody's.
    BrowserRelay(Option<u8>),
    BrowserLogicServer(Option<u8>),
    Client(Who),
}

/// One line of the log. Times are milliseconds since the start of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) t: i64,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// What can be in the log. What later slices do (edit, delete, join, leave) are further operations here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum What {
    /// The log begins, at this time of the programs' clocks.
    Begin {
        epoch: i64,
    },
    /// A device was started with nothing in memory.
    Life {
        who: Who,
        life: u32,
    },
    /// A device was killed.
    Dead {
        who: Who,
    },
    /// Somebody writes a message. Everything that happens to it is named by its id.
    Invoke {
        who: Who,
        conversation: ConversationId,
        id: MessageId,
        number: u64,
        body: String,
    },
    /// It is stored.
    Ok {
        who: Who,
        id: MessageId,
        seq: i64,
        rev: i64,
        by: Transport,
    },
    /// A definite no.
    Refused {
        who: Who,
        id: MessageId,
        problem: String,
    },
    /// Its writer throws it away after a refusal.
    Withdrew {
        who: Who,
        id: MessageId,
    },
    /// Neither yes nor no.
    Unknown {
        who: Who,
        id: MessageId,
        why: String,
    },
    /// No logic server was there; the relay has handed it to the group. `relay`: the boot of the receipt, `number`: its place.
    PassedOn {
        who: Who,
        id: MessageId,
        boot: String,
        number: u64,
    },
    /// A screen shows this from now on.
    Shown {
        who: Who,
        conversation: ConversationId,
        line: Shown,
    },
    /// A screen no longer shows this line that was not stored.
    Gone {
        who: Who,
        conversation: ConversationId,
        sender: UserId,
        id: MessageId,
    },
    /// Somebody is said to type, and this is heard.
    Typed {
        who: Who,
        conversation: ConversationId,
        id: MessageId,
    },
    Typing {
        who: Who,
        id: MessageId,
        age_ms: i64,
    },
    /// A read mark was asked for at `asked`, and this is the answer.
    Read {
        who: Who,
        conversation: ConversationId,
        asked: i64,
        wanted: i64,
        read: i64,
    },
    /// Somebody asks to block somebody (`on`), or to let them be again. Each try has its number.
    Blocking {
        who: Who,
        other: UserId,
        on: bool,
        number: u64,
    },
    /// The answer to it: it is so.
    Blocked {
        who: Who,
        other: UserId,
        on: bool,
        number: u64,
    },
    /// A screen shows that somebody is there: by an answer to what was `asked` then, or by a frame.
    Saw {
        who: Who,
        other: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<i64>,
    },
    /// The connection to the relay. `by_us`: the device itself ended it.
    Socket {
        who: Who,
        open: bool,
        by_us: bool,
    },
    /// Somebody asks to be signed out.
    SigningOut {
        who: Who,
    },
    /// Signing out was answered, and what the next request with the old sign-in got.
    SignedOut {
        who: Who,
    },
    Probed {
        who: Who,
        status: u16,
    },
    SignedIn {
        who: Who,
    },
    /// Whether the logic server says that they are there.
    Presence {
        person: u8,
        online: bool,
    },
    /// How many tasks of this machine wanted a core during the last second, and how many cores there are.
    Load {
        tasks: f64,
        cores: usize,
    },
    /// A fault begins or ends.
    Fault {
        number: usize,
        kind: String,
        part: Part,
        on: bool,
    },
    /// A program was started, and answered so much later.
    Ready {
        part: Part,
        after_ms: i64,
    },
    /// A program runs, or does not: killed, stopped, dead.
    Up {
        part: Part,
        up: bool,
    },
    /// A program ended although nobody killed it.
    Died {
        part: Part,
        said: String,
    },
    /// From here on there are no faults, and nobody writes.
    Calm,
}

/// A row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: i64,
    pub(crate) rev: i64,
    pub(crate) id: MessageId,
    pub(crate) sender: UserId,
    pub(crate) body: String,
    pub(crate) at: i64,
}

/// A conversation as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) id: ConversationId,
    pub(crate) seq: i64,
    pub(crate) rev: i64,
    /// Its members and their read marks.
    pub(crate) members: Vec<(UserId, i64)>,
}

/// What is on disk at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Database {
    pub(crate) places: Vec<Place>,
    pub(crate) rows: Vec<Row>,
}

/// Where an entry of an outbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Waiting,
    Refused,
    Ticked,
}

/// A conversation on a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Screen {
    pub(crate) conversation: ConversationId,
    pub(crate) cursor: Option<i64>,
    /// In the order of the screen.
    pub(crate) lines: Vec<Shown>,
    pub(crate) marks: Vec<(UserId, i64)>,
}

/// What `GET /conversations/heads` says to this device at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Badge {
    pub(crate) conversation: ConversationId,
    pub(crate) read: i64,
    pub(crate) unread: i64,
}

/// A device at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) who: Who,
    pub(crate) connected: bool,
    pub(crate) outbox: Vec<(MessageId, Standing)>,
    pub(crate) screens: Vec<Screen>,
    pub(crate) badges: Vec<Badge>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    /// The user ID of each person.
    pub(crate) people: Vec<UserId>,
    pub(crate) lines: Vec<Line>,
    pub(crate) database: Database,
    pub(crate) devices: Vec<Device>,
}

pub(crate) const LOG: &str = "log.jsonl";

impl Record {
    /// Reads what a run has left in this folder.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let log =
            fs::File::open(folder.join(LOG)).with_context(|| format!("{} has no {LOG}", folder.display()))?;
        let mut lines = Vec::new();
        for line in BufReader::new(log).lines() {
            let line = line?;
            lines.push(serde_json::from_str(&line).with_context(|| format!("{LOG} says {line}"))?);
        }
        Ok(Self {
            people: read(folder, "people.json")?,
            lines,
            database: read(folder, "database.json")?,
            devices: read(folder, "devices.json")?,
        })
    }

    /// Writes all but the log, which is there.
    pub(crate) fn save(
        folder: &Path,
        people: &[UserId],
        database: &Database,
        devices: &[Device],
    ) -> Result<()> {
        write(folder, "people.json", &people)?;
        write(folder, "database.json", database)?;
        write(folder, "devices.json", &devices)
    }
}

fn read<T: serde::de::DeserializeOwned>(folder: &Path, name: &str) -> Result<T> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("could not read {}", path.display()))
}

fn write<T: Serialize>(folder: &Path, name: &str, content: &T) -> Result<()> {
    Ok(fs::write(
        folder.join(name),
        serde_json::to_string_pretty(content)?,
    )?)
}
