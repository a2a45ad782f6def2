//! Accounts and sign-ins as rows, sign-up forms, and what somebody typed to find people.

pub mod links;

use super::names::{DisplayName, Email, Password, Username, folded};
use super::online::StatusRow;
use super::privacy::{PrivacyRow, What, is_open};
use super::profile::ProfileRow;
use crate::platform::clock::{Clock, millis};
use crate::platform::config;
use crate::platform::db::schema::users;
use crate::platform::hashing;
use crate::platform::problem::{FieldIssue, Problem};
use crate::platform::words::Said;
use diesel::prelude::*;
use shared_protocol::api::{Me, Person, RegisterForm, Theme};
use shared_protocol::{Group, UserId};

/// How many hues avatars have.
const AVATAR_COLORS: i64 = 12;

/// A sign-up whose every field can be taken as far as can be said without the database.
pub struct Registration {
    pub username: Username,
    pub email: Email,
    pub display_name: Option<DisplayName>,
    pub user_id: Option<UserId>,
}

impl Registration {
    /// All fields that are wrong are named at once.
    pub fn parse(form: &RegisterForm) -> Result<(Self, Password), Problem> {
        let mut issues = Vec::new();
        let mut keep = |field: &'static str, said: Said| issues.push(FieldIssue { field, said });
        let username = Username::parse(&form.username)
            .map_err(|said| keep("username", said))
            .ok();
        let email = Email::parse(&form.email).map_err(|said| keep("email", said)).ok();
        let display_name = match form.display_name.trim() {
            "" => None,
            name => DisplayName::parse(name)
                .map_err(|said| keep("display_name", said))
                .ok(),
        };
        let user_id = match form.user_id.trim() {
            "" => None,
            id => id
                .parse()
                .map_err(|_| keep("user_id", Said::new("user-id-malformed")))
                .ok(),
        };
        let own = [form.username.trim(), form.email.trim()];
        let password = Password::parse(&form.password, &own)
            .map_err(|said| keep("password", said))
            .ok();
        if form.password != form.password_again {
            keep("password_again", Said::new("passwords-differ"));
        }
        match (username, email, password) {
            (Some(username), Some(email), Some(password)) if issues.is_empty() => Ok((
                Self {
                    username,
                    email,
                    display_name,
                    user_id,
                },
                password,
            )),
            _ => Err(Problem::Invalid(issues)),
        }
    }
}

/// One row of `users`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Account {
    #[diesel(column_name = userid)]
    pub user_id: UserId,
    pub username: String,
    pub email: String,
    pub password_hash: String,
    pub password_scheme: i32,
    pub display_name: String,
    pub avatar_color: i32,
    pub theme: String,
    pub relay_group: Group,
    pub rev: i64,
    pub profile_rev: i64,
    pub is_online: bool,
    pub last_seen: Option<i64>,
    pub created_at: i64,
    /// None before the first change.
    #[diesel(embed)]
    pub profile: Option<ProfileRow>,
    /// None for somebody who is plainly online, or not there.
    #[diesel(embed)]
    pub status: Option<StatusRow>,
    /// None for somebody who keeps nothing from anybody.
    #[diesel(embed)]
    pub privacy_row: Option<PrivacyRow>,
}

impl Account {
    /// Whether its person has left: no password fits, and nobody finds it any more.
    pub fn is_deleted(&self) -> bool {
        self.password_hash.is_empty()
    }

    /// What anybody may know.
    pub fn person(&self) -> Person {
        Person {
            user_id: self.user_id,
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            avatar_color: u8::try_from(self.avatar_color).unwrap_or(0),
            subject: self.relay_group.clone(),
            avatar: self.avatar_path().filter(|_| is_open(self, What::Avatar)),
        }
    }

    /// What those may know who see the picture too.
    pub fn whole_person(&self) -> Person {
        Person {
            avatar: self.avatar_path(),
            ..self.person()
        }
    }

    /// What they show of themselves beside the name.
    pub fn shown(&self) -> ProfileRow {
        self.profile.clone().unwrap_or_default()
    }

    fn avatar_path(&self) -> Option<String> {
        let key = self.profile.as_ref()?.avatar.as_ref()?;
        Some(format!("/avatars/{key}"))
    }

    /// What the person themselves may know.
    pub fn me(&self, history_id: &str) -> Me {
        let shown = self.shown();
        Me {
            presence: self.presence_choice(),
            privacy: self.privacy(),
            status_line: shown.status_line,
            language: shown.language,
            person: self.whole_person(),
            email: self.email.clone(),
            theme: theme_of(&self.theme),
            created_at: self.created_at,
            rev: self.rev,
            history_id: history_id.to_owned(),
        }
    }
}

/// A row to be inserted.
#[derive(Insertable)]
#[diesel(table_name = users)]
pub struct NewAccount {
    id: i64,
    userid: UserId,
    username: String,
    username_key: String,
    email: String,
    password_hash: String,
    password_scheme: i32,
    display_name: String,
    search_text: String,
    avatar_color: i32,
    theme: String,
    relay_group: Group,
    rev: i64,
    profile_rev: i64,
    is_online: bool,
    created_at: i64,
}

impl NewAccount {
    pub fn from_parts(wanted: &Registration, user_id: UserId, password_hash: &str, clock: &Clock) -> Self {
        let name = wanted
            .display_name
            .as_ref()
            .map_or(wanted.username.as_str(), DisplayName::as_str);
        Self {
            id: clock.row_id(),
            userid: user_id,
            username: wanted.username.as_str().to_owned(),
            username_key: wanted.username.key().to_owned(),
            email: wanted.email.as_str().to_owned(),
            password_hash: password_hash.to_owned(),
            password_scheme: hashing::SCHEME,
            display_name: name.to_owned(),
            search_text: search_text(wanted.username.as_str(), name),
            avatar_color: (user_id.number() % AVATAR_COLORS) as i32,
            theme: theme_word(Theme::default()).to_owned(),
            relay_group: clock.group(),
            rev: 0,
            profile_rev: 0,
            is_online: false,
            created_at: clock.now(),
        }
    }
}

impl From<NewAccount> for Account {
    fn from(new: NewAccount) -> Self {
        Self {
            user_id: new.userid,
            username: new.username,
            email: new.email,
            password_hash: new.password_hash,
            password_scheme: new.password_scheme,
            display_name: new.display_name,
            avatar_color: new.avatar_color,
            theme: new.theme,
            relay_group: new.relay_group,
            rev: new.rev,
            profile_rev: new.profile_rev,
            is_online: new.is_online,
            last_seen: None,
            created_at: new.created_at,
            profile: None,
            status: None,
            privacy_row: None,
        }
    }
}

/// How a sign-in came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The account was made just now.
    First,
    /// A browser in which the person has signed in before.
    Known,
    /// Another browser.
    New,
    /// A program, which gets tokens.
    Program,
}

/// What is kept of a sign-in.
#[derive(Clone, Debug)]
pub struct Sign {
    pub token_sha256: String,
    pub device: String,
    pub address: String,
    pub keep: bool,
    pub way: Way,
    /// Whether anything can be mailed.
    pub mails: bool,
}

/// A sign-in as its owner sees it.
#[derive(Clone, Debug, Queryable)]
pub struct Session {
    pub id: i64,
    pub device: String,
    pub address: String,
    pub created_at: i64,
    pub last_used_at: i64,
}

/// Milliseconds from the start to the end of a sign-in in any case.
pub fn end_of(limits: &config::Accounts) -> i64 {
    millis(limits.session_end)
}

/// What somebody typed to find people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeopleQuery {
    Id(UserId),
    Email(String),
    /// Part of a name, folded.
    Name(String),
}

impl PeopleQuery {
    pub fn parse(raw: &str) -> Result<Self, Problem> {
        let text = raw.trim();
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        if let Ok(email) = Email::parse(text) {
            return Ok(Self::Email(email.as_str().to_owned()));
        }
        match text.chars().count() {
            0 | 1 => Err(Problem::invalid("query", Said::new("people-query-short"))),
            2..=64 => Ok(Self::Name(folded(text))),
            _ => Err(Problem::invalid("query", Said::new("people-query-long"))),
        }
    }
}

/// What a search looks through.
pub fn search_text(username: &str, display_name: &str) -> String {
    format!("{}\n{}", folded(username), folded(display_name))
}

/// Smaller is better: the whole name, then its beginning, then a part.
pub fn rank(person: &Person, part: &str) -> (u8, String) {
    let names = [folded(&person.username), folded(&person.display_name)];
    let class = if names.iter().any(|name| name == part) {
        0
    } else if names.iter().any(|name| name.starts_with(part)) {
        1
    } else {
        2
    };
    (class, names[1].clone())
}

pub fn theme_word(theme: Theme) -> &'static str {
    match theme {
        Theme::Dark => "dark",
        Theme::Light => "light",
        Theme::System => "system",
    }
}

pub fn theme_of(word: &str) -> Theme {
    match word {
        "light" => Theme::Light,
        "system" => Theme::System,
        _ => Theme::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_decides_how_people_are_looked_for() {
        let check = |raw: &str, want: PeopleQuery| assert_eq!(PeopleQuery::parse(raw).unwrap(), want);
        check(
            "123 456 7890",
            PeopleQuery::Id(UserId::new(1_234_567_890).unwrap()),
        );
        check("Ann@example.org", PeopleQuery::Email("ann@example.org".into()));
        check("Ann", PeopleQuery::Name("ann".into()));
        assert!(PeopleQuery::parse("a").is_err() && PeopleQuery::parse(&"a".repeat(65)).is_err());
    }
}
