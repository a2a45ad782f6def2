//! Who may see and do what with a person: their settings, and the rule that needs no more than these.

use super::model::Account;
use super::profile::begin;
use super::{get, privacy_store};
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::schema::privacy as table;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{Problem, Result};
use crate::platform::words::Said;
use diesel::prelude::*;
use shared_protocol::UserId;
use shared_protocol::api::{Audience, Privacy, PrivacyForm};
use std::collections::HashSet;

/// One row of `privacy`; whoever has none keeps nothing from anybody.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = table)]
pub struct PrivacyRow {
    last_seen: String,
    read_receipts: String,
    typing: String,
    avatar: String,
    find: String,
    add_to: String,
    call_to: String,
    write_to: String,
}

impl From<&PrivacyRow> for Privacy {
    fn from(row: &PrivacyRow) -> Self {
        Self {
            last_seen: audience_of(&row.last_seen),
            read_receipts: audience_of(&row.read_receipts),
            typing: audience_of(&row.typing),
            avatar: audience_of(&row.avatar),
            find: audience_of(&row.find),
            add: audience_of(&row.add_to),
            call: audience_of(&row.call_to),
            write: audience_of(&row.write_to),
        }
    }
}

impl From<&Privacy> for PrivacyRow {
    fn from(privacy: &Privacy) -> Self {
        let word = |audience| audience_word(audience).to_owned();
        Self {
            last_seen: word(privacy.last_seen),
            read_receipts: word(privacy.read_receipts),
            typing: word(privacy.typing),
            avatar: word(privacy.avatar),
            find: word(privacy.find),
            add_to: word(privacy.add),
            call_to: word(privacy.call),
            write_to: word(privacy.write),
        }
    }
}

impl Account {
    /// What they let others see and do.
    pub fn privacy(&self) -> Privacy {
        self.privacy_row.as_ref().map(Privacy::from).unwrap_or_default()
    }
}

/// What one person may see of another, or do with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    LastSeen,
    ReadReceipts,
    Typing,
    Avatar,
    /// By name or address.
    Find,
    Add,
    Call,
}

impl What {
    fn audience(self, privacy: &Privacy) -> Audience {
        match self {
            Self::LastSeen => privacy.last_seen,
            Self::ReadReceipts => privacy.read_receipts,
            Self::Typing => privacy.typing,
            Self::Avatar => privacy.avatar,
            Self::Find => privacy.find,
            Self::Add => privacy.add,
            Self::Call => privacy.call,
        }
    }
}

/// Whether the two of them share this: both let the other, for what somebody keeps to themselves they do not get either.
pub fn share(one: &Account, other: &Account, are_contacts: bool, what: What) -> bool {
    let lets = |account: &Account| match what.audience(&account.privacy()) {
        Audience::Everybody => true,
        Audience::Contacts => are_contacts,
        Audience::Nobody => false,
    };
    one.user_id == other.user_id || (lets(one) && lets(other))
}

/// Whether this person keeps `what` from somebody.
pub fn is_open(account: &Account, what: What) -> bool {
    what.audience(&account.privacy()) == Audience::Everybody
}

/// The settings of those of `people` who have changed any.
pub fn list_rows(conn: &mut DbConn, people: &[UserId]) -> Result<Vec<(UserId, Privacy)>> {
    let mut rows = Vec::new();
    for people in people.chunks(500) {
        let found = privacy_store::list(conn, people)?;
        rows.extend(found.iter().map(|(user, row)| (*user, Privacy::from(row))));
    }
    Ok(rows)
}

/// Who of `people` keeps `what` from anybody.
pub fn list_closed(conn: &mut DbConn, people: &[UserId], what: What) -> Result<HashSet<UserId>> {
    let rows = list_rows(conn, people)?.into_iter();
    let closed = rows.filter(|(_, privacy)| what.audience(privacy) != Audience::Everybody);
    Ok(closed.map(|(user, _)| user).collect())
}

/// Gives back the account as it is now. Those who saw more or see more now hear of it through a job.
pub fn update(conn: &mut DbConn, me: UserId, form: &PrivacyForm, clock: &Clock) -> Result<Account> {
    if form.write == Some(Audience::Nobody) {
        return Err(Problem::invalid("write", Said::new("privacy-write")));
    }
    begin(conn, me)?;
    let before = get(conn, me)?.privacy();
    let now = changed(before, form);
    if before != now {
        privacy_store::save(conn, me, &PrivacyRow::from(&now))?;
        jobs::enqueue(conn, &Job::PrivacyChanged { user: me }, clock)?;
    }
    get(conn, me)
}

/// Nothing of this person is seen or can be done any more: they have left. Nobody can choose `write` so themselves.
pub(super) fn close(conn: &mut DbConn, gone: UserId) -> Result<()> {
    let nobody = Audience::Nobody;
    let closed = Privacy {
        last_seen: nobody,
        read_receipts: nobody,
        typing: nobody,
        avatar: nobody,
        find: nobody,
        add: nobody,
        call: nobody,
        write: nobody,
    };
    Ok(privacy_store::save(conn, gone, &PrivacyRow::from(&closed))?)
}

fn changed(before: Privacy, form: &PrivacyForm) -> Privacy {
    Privacy {
        last_seen: form.last_seen.unwrap_or(before.last_seen),
        read_receipts: form.read_receipts.unwrap_or(before.read_receipts),
        typing: form.typing.unwrap_or(before.typing),
        avatar: form.avatar.unwrap_or(before.avatar),
        find: form.find.unwrap_or(before.find),
        add: form.add.unwrap_or(before.add),
        call: form.call.unwrap_or(before.call),
        write: form.write.unwrap_or(before.write),
    }
}

/// As it stands in the row, and in the form of the settings page.
pub fn audience_word(audience: Audience) -> &'static str {
    match audience {
        Audience::Everybody => "everybody",
        Audience::Contacts => "contacts",
        Audience::Nobody => "nobody",
    }
}

/// A word that nobody knows keeps the most.
pub fn audience_of(word: &str) -> Audience {
    match word {
        "everybody" => Audience::Everybody,
        "contacts" => Audience::Contacts,
        _ => Audience::Nobody,
    }
}
