//! Work that may happen later but must happen. Data only: the shell decides who does it.

use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::schema::jobs::dsl as j;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shared_protocol::{ConversationId, RelayId, UserId};

/// Written in the transaction that makes it necessary; safe to do twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Tell those who see this person about the new name.
    ProfileChanged { user: UserId },
    /// Tell those who saw more of this person, or see more now, what they see from now on.
    PrivacyChanged { user: UserId },
    /// Remove this picture if nobody shows it.
    PurgeAvatar { key: String },
    /// These two are contacts now: nothing that one of them began is a message request any longer, and what each keeps for
    /// contacts the other one sees.
    BecameContacts { one: UserId, other: UserId },
    /// These two are contacts no more: what each keeps for contacts the other one sees no longer.
    Parted { one: UserId, other: UserId },
    /// A block was made or lifted: put the group of this conversation at the relay right.
    SetGroup { conversation: ConversationId },
    /// Let the members of this conversation into its group at the relay, which did not answer before.
    LetIn { conversation: ConversationId },
    /// Somebody has left: what the other slices keep of them goes too.
    PersonLeft { user: UserId, messages_too: bool },
    /// Send a mail. Its own lane: a slow mail server holds up nothing else.
    Mail(Mail),
    /// Take these relay IDs back at the relay, which did not answer before.
    RevokeRelayIds { relay_ids: Vec<RelayId> },
}

/// What a mail is about. Its words, and where possible its address, are found when it goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Mail {
    /// Somebody typed this address into "Forgot password?": whether anybody has it is found out later, so that asking
    /// takes as long for everybody.
    PasswordForgotten {
        email: String,
        device: String,
        address: String,
    },
    /// To the new address: is it theirs?
    ConfirmEmail { link: i64 },
    /// To the old address: there is a new one.
    EmailChanged { link: i64 },
    /// The password was changed.
    PasswordChanged { user: UserId, at: i64 },
    /// Somebody signed in where nobody had before: what the line in the audit says.
    NewSignIn { user: UserId, line: i64 },
    /// The second factor was turned off.
    FactorOff { user: UserId, at: i64 },
}

/// Jobs of one lane wait for each other, those of different lanes do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Work,
    Mail,
}

/// A job that is due.
#[derive(Clone, Debug, Queryable)]
pub struct Due {
    pub id: i64,
    body: String,
    pub tries: i32,
}

impl Due {
    /// `None` for a kind that this version does not know.
    pub fn job(&self) -> Option<Job> {
        serde_json::from_str(&self.body).ok()
    }
}

/// The tag stands first.
const MAILS: &str = r#"{"kind":"mail",%"#;

/// How many jobs one round takes.
const ROUND: i64 = 100;
/// After so many tries a job is set aside with an error line.
pub const MOST_TRIES: i32 = 20;

/// Adds a job that is due at once.
pub fn enqueue(conn: &mut DbConn, job: &Job, clock: &Clock) -> QueryResult<()> {
    enqueue_for(conn, job, clock.now(), clock)
}

/// Adds a job that is due at `run_at`.
pub fn enqueue_for(conn: &mut DbConn, job: &Job, run_at: i64, clock: &Clock) -> QueryResult<()> {
    let body = serde_json::to_string(job)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let row = (
        j::id.eq(clock.row_id()),
        j::body.eq(body),
        j::run_at.eq(run_at),
        j::tries.eq(0),
    );
    diesel::insert_into(j::jobs).values(row).execute(conn).map(|_| ())
}

/// What is due at `now` in this lane, oldest first.
pub fn list_due(conn: &mut DbConn, lane: Lane, now: i64) -> QueryResult<Vec<Due>> {
    let due = j::jobs
        .filter(j::run_at.le(now))
        .filter(j::tries.lt(MOST_TRIES))
        .order(j::id)
        .limit(ROUND)
        .select((j::id, j::body, j::tries));
    match lane {
        Lane::Mail => due.filter(j::body.like(MAILS)).load(conn),
        Lane::Work => due.filter(j::body.not_like(MAILS)).load(conn),
    }
}

/// Drops mails that wait for somebody who typed this address.
pub fn forget_address(conn: &mut DbConn, email: &str) -> QueryResult<()> {
    let mail = Job::Mail(Mail::PasswordForgotten {
        email: email.to_owned(),
        device: String::new(),
        address: String::new(),
    });
    let body = serde_json::to_string(&mail)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let start = body.split(r#","device""#).next().unwrap_or(&body);
    let pattern = format!("{}%", like(start));
    diesel::delete(j::jobs.filter(j::body.like(pattern).escape('!')))
        .execute(conn)
        .map(|_| ())
}

/// Text as it must stand in a pattern to mean itself.
fn like(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern
}

/// It is done.
pub fn delete(conn: &mut DbConn, id: i64) -> QueryResult<()> {
    diesel::delete(j::jobs.find(id)).execute(conn).map(|_| ())
}

/// Drops what was set aside long enough ago for somebody to have looked at it: mails, which say who asked from where,
/// after a day, everything else after 30.
pub fn forget_set_aside(conn: &mut DbConn, now: i64) -> QueryResult<usize> {
    const DAY: i64 = 86_400_000;
    let aside = j::jobs.filter(j::tries.ge(MOST_TRIES));
    let mails = aside.filter(j::run_at.lt(now - DAY)).filter(j::body.like(MAILS));
    let others = aside.filter(j::run_at.lt(now - 30 * DAY));
    Ok(diesel::delete(mails).execute(conn)? + diesel::delete(others).execute(conn)?)
}

/// It failed: again after 1, 2, 4 … 600 seconds.
pub fn put_off(conn: &mut DbConn, due: &Due, now: i64) -> QueryResult<()> {
    let seconds = (1_i64 << due.tries.clamp(0, 10)).min(600);
    let later = (j::run_at.eq(now + seconds * 1000), j::tries.eq(due.tries + 1));
    diesel::update(j::jobs.find(due.id))
        .set(later)
        .execute(conn)
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_are_known_by_their_beginning() {
        let body = |job: &Job| serde_json::to_string(job).unwrap();
        let mail = Job::Mail(Mail::ConfirmEmail { link: 7 });
        assert!(
            body(&mail).starts_with(MAILS.trim_end_matches('%')),
            "{}",
            body(&mail)
        );
        assert_eq!(serde_json::from_str::<Job>(&body(&mail)).unwrap(), mail);
        let other = Job::RevokeRelayIds {
            relay_ids: Vec::new(),
        };
        assert!(!body(&other).starts_with(MAILS.trim_end_matches('%')));
    }
}
