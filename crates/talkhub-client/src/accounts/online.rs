//! Who is shown as there, and how, as the rows of people say it; what they chose to be shown as.

use super::model::Account;
use super::profile::begin;
use super::{get, profile_store, store};
use crate::platform::db::DbConn;
use crate::platform::db::schema::statuses;
use crate::platform::problem::Result;
use diesel::prelude::*;
use shared_protocol::UserId;
use shared_protocol::api::{Presence, PresenceChoice, Status};
use std::collections::HashMap;

/// How many people one statement names.
const CHUNK: usize = 500;

/// One row of `statuses`: only for those who are shown as there and not plainly online.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = statuses)]
pub struct StatusRow {
    status: String,
}

impl StatusRow {
    fn status(&self) -> Status {
        match self.status.as_str() {
            "away" => Status::Away,
            "busy" => Status::Busy,
            _ => Status::Online,
        }
    }
}

impl Account {
    /// How they are shown, if they are there.
    pub fn status(&self) -> Option<Status> {
        let status = self.status.as_ref().map(StatusRow::status);
        self.is_online.then(|| status.unwrap_or_default())
    }

    /// As those see it who may.
    pub fn presence(&self) -> Presence {
        Presence {
            user_id: self.user_id,
            online: self.is_online,
            status: self.status().filter(|status| *status != Status::Online),
            last_seen: self.last_seen.filter(|_| !self.is_online),
        }
    }

    /// What they want to be shown as.
    pub fn presence_choice(&self) -> PresenceChoice {
        choice_of(&self.shown().presence)
    }
}

/// Writes down who is shown as there, and as what, from now on; and who no longer is.
pub fn set_shown(
    conn: &mut DbConn,
    came: &[(UserId, Status)],
    went: &[UserId],
    lost: &[UserId],
    now: i64,
) -> Result<()> {
    let here: Vec<UserId> = came.iter().map(|(user, _)| *user).collect();
    for people in here.chunks(CHUNK) {
        store::update_online(conn, people, true)?;
        store::update_last_seen(conn, people, now)?;
    }
    for people in went.chunks(CHUNK) {
        store::update_online(conn, people, false)?;
        store::update_last_seen(conn, people, now)?;
    }
    // When these were last seen stands there already.
    for people in lost.chunks(CHUNK) {
        store::update_online(conn, people, false)?;
    }
    let changed: Vec<UserId> = here.iter().chain(went).chain(lost).copied().collect();
    for people in changed.chunks(CHUNK) {
        store::delete_statuses(conn, people)?;
    }
    for (user, status) in came {
        match status {
            Status::Online => (),
            Status::Away => store::insert_status(conn, *user, "away")?,
            Status::Busy => store::insert_status(conn, *user, "busy")?,
        }
    }
    Ok(())
}

/// These were seen at this moment; of those who are not shown as there nothing is written.
pub fn touch_shown(conn: &mut DbConn, people: &[UserId], now: i64) -> Result<()> {
    for people in people.chunks(CHUNK) {
        store::touch_online(conn, people, now)?;
    }
    Ok(())
}

/// Who counts as there, and as what.
pub fn list_shown(conn: &mut DbConn) -> Result<Vec<(UserId, Status)>> {
    let rows = store::list_online(conn)?;
    let shown =
        |(user, row): (UserId, Option<StatusRow>)| (user, row.map_or(Status::Online, |row| row.status()));
    Ok(rows.into_iter().map(shown).collect())
}

/// What these people chose; who is not named chose nothing.
pub fn list_choices(conn: &mut DbConn, people: &[UserId]) -> Result<HashMap<UserId, PresenceChoice>> {
    let mut choices = HashMap::new();
    for people in people.chunks(CHUNK) {
        let rows = profile_store::list_choices(conn, people)?;
        choices.extend(rows.into_iter().map(|(user, word)| (user, choice_of(&word))));
    }
    Ok(choices)
}

/// What somebody wants to be shown as from now on.
pub fn choose(conn: &mut DbConn, me: UserId, choice: PresenceChoice) -> Result<Account> {
    begin(conn, me)?;
    let mut row = get(conn, me)?.shown();
    choice_word(choice).clone_into(&mut row.presence);
    profile_store::save(conn, me, &row)?;
    get(conn, me)
}

/// As it stands in the row, and in the form of the settings page.
pub fn choice_word(choice: PresenceChoice) -> &'static str {
    match choice {
        PresenceChoice::Online => "online",
        PresenceChoice::Away => "away",
        PresenceChoice::Busy => "busy",
        PresenceChoice::Invisible => "invisible",
    }
}

fn choice_of(word: &str) -> PresenceChoice {
    match word {
        "away" => PresenceChoice::Away,
        "busy" => PresenceChoice::Busy,
        "invisible" => PresenceChoice::Invisible,
        _ => PresenceChoice::Online,
    }
}
