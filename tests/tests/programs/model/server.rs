//! The logic server of the model: the real commit and the real answers, on a real SQLite file, with crashes at each point.

mod blocks;
mod disk;

pub use blocks::Out;
pub use disk::Truth;

use anyhow::Result;
use diesel::connection::SimpleConnection;
use serde_json::json;
use shared_protocol::api::{Changes, Heads, Message, MessagePage, PassedOn, Person, RegisterForm};
use shared_protocol::internal::Submit;
use shared_protocol::receipt::Key;
use shared_protocol::{ConversationId, Group, MessageId, Problem, RelayId, UserId};
use std::cell::RefCell;
use std::time::Duration;
use talkhub_client::messages::{Author, Body, Draft, Edge, Outcome, Stored, Window, relay, send_all};
use talkhub_client::platform::clock::Clock;
use talkhub_client::platform::config::Config;
use talkhub_client::platform::db::{Db, DbConn};
use talkhub_client::platform::problem::Problem as Refusal;
use talkhub_client::{accounts, conversations, messages, shell};

/// Ann, Bob and Eve; Ann talks with each of the others.
pub const PEOPLE: [&str; 3] = ["1000000001", "1000000002", "1000000003"];
/// What both programs of the model know.
pub const SECRET: &str = "the secret of the model's two programs";
/// When every schedule begins.
pub const START: i64 = 1_800_000_000_000;
/// How many rows of changes a page has, and from how many on a device loads afresh.
const PAGE: i64 = 3;
const MOST: i64 = 8;
/// How many rows the latest page has.
pub const LATEST: usize = 3;

/// Where the logic server dies, or what its database says. (RU3)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    DiesBeforeCommit,
    DiesBeforeSettling,
    DiesBeforeForwarding,
    /// COMMIT ended without an answer; it was done.
    UnsureDone,
    /// COMMIT ended without an answer; it was not done.
    UnsureUndone,
}

/// The rules that live in the logic server.
#[derive(Clone, Copy, Debug)]
pub struct ServerRules {
    /// RU3: only after COMMIT an ack.
    pub ack_after_commit: bool,
    /// RU3: what COMMIT left open is looked up by its id.
    pub unsure_is_looked_up: bool,
    /// RU3: an id that is known gives the first result.
    pub first_result: bool,
    /// RU5: what was passed on is put in order before anything else is stored.
    pub receipts_first: bool,
    /// RU5: a refusal of what was passed on stands.
    pub refusals_stand: bool,
    /// INV13: the commit knows who has blocked whom.
    pub barriers: bool,
    /// RU17: whoever is blocked is taken out of the group.
    pub shut_out: bool,
    /// RU9: `upto` is of the same snapshot as the rows.
    pub one_snapshot: bool,
    /// RU12: a restore makes a new history.
    pub new_history: bool,
}

impl ServerRules {
    pub const ALL: Self = Self {
        ack_after_commit: true,
        unsure_is_looked_up: true,
        first_result: true,
        receipts_first: true,
        refusals_stand: true,
        barriers: true,
        shut_out: true,
        one_snapshot: true,
        new_history: true,
    };
}

/// How a submit ended.
#[derive(Clone, Debug)]
pub enum Settled {
    Stored(Message),
    Refused(Problem),
    Busy,
}

/// A draft, or why it is none.
pub type Parsed = std::result::Result<Draft, Box<Problem>>;

/// One conversation and who is in it.
#[derive(Clone, Debug)]
pub struct Place {
    pub id: ConversationId,
    pub group: Group,
    pub members: [UserId; 2],
}

/// The database with its people; it outlives many schedules.
pub struct Server {
    db: Db,
    clock: Clock,
    pub people: Vec<Person>,
    pub places: Vec<Place>,
    pub history: String,
    pub rules: ServerRules,
    restores: u32,
    _folder: tempfile::TempDir,
}

impl Server {
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("model.db").display().to_string();
        let config = Config::from_values(None, vec![("DATABASE_URL".into(), path)])?;
        let clock = Clock::frozen(START);
        let (db, _) = shell::open_database(&config, &clock)?;
        let mut server = Self {
            db,
            clock,
            people: Vec::new(),
            places: Vec::new(),
            history: String::new(),
            rules: ServerRules::ALL,
            restores: 0,
            _folder: folder,
        };
        // Nobody pulls the plug here: crashes are the model's own.
        server.write(|conn| Ok(conn.batch_execute("COMMIT; PRAGMA synchronous = OFF; BEGIN IMMEDIATE")?));
        server.write(|conn| {
            Ok(conn.batch_execute(
                "CREATE TABLE copy_messages AS SELECT * FROM messages; \
                 CREATE TABLE copy_conversations AS SELECT * FROM conversations; \
                 CREATE TABLE copy_members AS SELECT * FROM members; \
                 CREATE TABLE copy_refusals AS SELECT * FROM refusals; \
                 CREATE TABLE copy_blocks AS SELECT * FROM blocks; \
                 CREATE TABLE hidden_blocks AS SELECT * FROM blocks; \
                 CREATE TABLE expelled AS SELECT * FROM members",
            )?)
        });
        let clock = server.clock.clone();
        let ids: Vec<UserId> = PEOPLE.iter().map(|id| id.parse().unwrap()).collect();
        server.write(|conn| {
            for id in PEOPLE {
                let form: RegisterForm = serde_json::from_value(json!({
                    "username": format!("p{id}"), "email": format!("p{id}@example.org"), "user_id": id,
                    "password": "correct horse", "password_again": "correct horse",
                }))
                .unwrap();
                let wanted = accounts::parse_registration(&form)?;
                accounts::register(conn, &wanted, "no hash", &(1..=2), &clock)?;
            }
            Ok(())
        });
        server.people = ids
            .iter()
            .map(|id| server.read(|conn| Ok(accounts::get(conn, *id)?.person())))
            .collect();
        for other in [ids[1], ids[2]] {
            server.pass(1); // so that their ids are in this order, whatever chance says
            let made = server.write(|conn| conversations::find_or_make_private(conn, ids[0], other, &clock));
            server.places.push(Place {
                id: made.conversation,
                group: made.group,
                members: [ids[0], other],
            });
        }
        Ok(server)
    }

    /// Lets the relay know these connections, and empties the history.
    pub fn begin(&mut self, relay_ids: &[(RelayId, UserId)], rules: ServerRules) {
        self.rules = rules;
        self.clock = Clock::frozen(START);
        self.restores = 0;
        self.history = "history 0".to_owned();
        let mut script =
            "DELETE FROM messages; DELETE FROM refusals; DELETE FROM expelled; DELETE FROM blocks; \
             DELETE FROM relations; DELETE FROM online; DELETE FROM sessions; \
             UPDATE conversations SET seq = 0, rev = 0, last_at = 0; UPDATE members SET read_seq = 0;"
                .to_owned();
        for (number, (relay_id, user)) in relay_ids.iter().enumerate() {
            script += &format!(
                "INSERT INTO sessions VALUES ({number}, 't{number}', {user}, '', '', 1, 0, 0, 0); \
                 INSERT INTO online VALUES ('{relay_id}', {user}, {number}, '', '', '', '', 0, 0, 0, 0);"
            );
        }
        self.write(move |conn| Ok(conn.batch_execute(&script)?));
    }

    fn read<T>(&self, work: impl Fn(&mut DbConn) -> std::result::Result<T, Refusal>) -> T {
        self.db.read_blocking(work).unwrap()
    }

    fn write<T>(&self, work: impl Fn(&mut DbConn) -> std::result::Result<T, Refusal>) -> T {
        self.db.write_blocking(work).unwrap()
    }

    pub fn pass(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    /// What the relay submits.
    pub fn parse(&self, submit: &Submit) -> Parsed {
        let parsed = relay::parse(submit, &[Key::of(SECRET)], self.clock.now());
        parsed.map_err(|problem| Box::new(problem.to_wire()))
    }

    /// What somebody hands in as passed on.
    pub fn parse_passed_on(&self, group: &Group, handed: &PassedOn) -> Parsed {
        let parsed = relay::parse_passed_on(group, handed, &[Key::of(SECRET)], self.clock.now());
        parsed.map_err(|problem| Box::new(problem.to_wire()))
    }

    /// Whether it is stored or refused already.
    pub fn is_decided(&self, draft: &Draft) -> bool {
        let decided = self.read(|conn| messages::list_decided(conn, &[draft.id]));
        decided.contains(&(draft.group.clone(), draft.id))
    }

    /// A batch as one transaction. `None`: it died, nobody hears anything. Whoever is `expelled` may not write in that
    /// conversation just now.
    pub fn commit(
        &mut self,
        drafts: &[Draft],
        fault: Fault,
        expelled: Option<(ConversationId, UserId)>,
    ) -> Option<Vec<Settled>> {
        if let Some((id, user)) = expelled {
            let row = format!(
                "FROM members WHERE conversation_id = {} AND user_id = {}",
                id.number(),
                user.number()
            );
            let script = format!("INSERT INTO expelled SELECT * {row}; DELETE {row}");
            self.write(move |conn| Ok(conn.batch_execute(&script)?));
        }
        self.hide_blocks();
        let settled = self.transact(drafts, fault);
        self.show_blocks();
        self.write(|conn| {
            Ok(conn.batch_execute("INSERT INTO members SELECT * FROM expelled; DELETE FROM expelled")?)
        });
        if !self.rules.refusals_stand {
            self.write(|conn| Ok(conn.batch_execute("DELETE FROM refusals")?));
        }
        settled
    }

    fn transact(&mut self, drafts: &[Draft], fault: Fault) -> Option<Vec<Settled>> {
        let renamed: Vec<Draft>;
        let mut drafts = drafts;
        if drafts.is_empty() {
            return Some(Vec::new());
        }
        if !self.rules.first_result {
            renamed = drafts.iter().map(|draft| self.forget(draft)).collect();
            drafts = &renamed;
        }
        let all = |outcomes: Vec<Outcome>| outcomes.into_iter().map(settled).collect::<Vec<_>>();
        let commit = || self.write(|conn| send_all(conn, drafts, &self.clock));
        let roll_back = || {
            let seen = RefCell::new(Vec::new());
            let done: std::result::Result<(), Refusal> = self.db.write_blocking(|conn| {
                *seen.borrow_mut() = send_all(conn, drafts, &self.clock)?;
                Err(Refusal::Busy(0)) // dies here: the database rolls back
            });
            assert!(done.is_err());
            seen.into_inner()
        };
        match fault {
            Fault::None | Fault::DiesBeforeForwarding => Some(all(commit())),
            Fault::DiesBeforeCommit => {
                let seen = roll_back();
                (!self.rules.ack_after_commit).then(|| all(seen))
            }
            Fault::DiesBeforeSettling => {
                commit();
                None
            }
            Fault::UnsureDone | Fault::UnsureUndone => {
                if fault == Fault::UnsureDone {
                    drop(commit());
                } else {
                    drop(roll_back());
                }
                if self.rules.unsure_is_looked_up {
                    return Some(all(commit()));
                }
                let no = || Settled::Refused(Problem::new("storage", 503, "COMMIT gave an error"));
                Some(drafts.iter().map(|_| no()).collect())
            }
        }
    }

    /// The same draft as if its id were not known.
    fn forget(&self, draft: &Draft) -> Draft {
        Draft {
            id: self.clock.message_id(),
            prev: None,
            ..draft.clone()
        }
    }

    /// The latest rows, or `None` for whoever may not see them.
    pub fn page(&self, user: UserId, id: ConversationId, edge: Edge) -> Option<MessagePage> {
        let limit = LATEST as i64;
        let page = self.db.read_blocking(|conn| {
            let mine = conversations::get_mine(conn, id, user)?;
            messages::page(conn, &mine, &Window { edge, limit }, &self.history)
        });
        page.ok()
    }

    pub fn changes(&self, user: UserId, id: ConversationId, after: i64) -> Option<Changes> {
        let changes = self.db.read_blocking(|conn| {
            let mine = conversations::get_mine(conn, id, user)?;
            messages::changes(conn, &mine, after, PAGE, MOST, &self.history)
        });
        changes.ok()
    }

    pub fn heads(&self, user: UserId) -> Heads {
        self.read(|conn| messages::heads(conn, user, &self.history))
    }

    /// Moves somebody's read mark; gives back the mark that holds now.
    pub fn mark_read(&self, user: UserId, id: ConversationId, seq: i64) -> i64 {
        self.write(|conn| {
            let mine = conversations::get_mine(conn, id, user)?;
            conversations::mark_read(conn, &mine, seq)
        })
    }
}

fn settled(outcome: Outcome) -> Settled {
    match outcome {
        Ok(Stored { message, .. }) => Settled::Stored(message),
        Err(problem) if problem.is_passing() => Settled::Busy,
        Err(problem) => Settled::Refused(problem.to_wire()),
    }
}

/// What somebody sends over HTTPS.
pub fn draft(author: UserId, group: &Group, id: MessageId, prev: Option<MessageId>, body: &str) -> Draft {
    Draft {
        group: group.clone(),
        author: Author::User(author),
        id,
        prev,
        passed: None,
        body: Body::parse(body),
    }
}
