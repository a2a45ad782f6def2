//! Names, addresses and passwords as types, the account's row, and the rules that need neither clock nor database.

use crate::platform::clock::{Clock, millis};
use crate::platform::config;
use crate::platform::db::schema::users;
use crate::platform::hashing;
use crate::platform::problem::{FieldIssue, Problem};
use crate::platform::words::Said;
use diesel::prelude::*;
use shared_protocol::api::{Me, Person, RegisterForm, Theme};
use shared_protocol::{Group, UserId};
use unicode_normalization::UnicodeNormalization;

/// How many hues avatars have.
const AVATAR_COLORS: i64 = 12;

/// A name for signing in: 2 to 32 letters, digits and `. _ -`; not only digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    shown: String,
    key: String,
}

impl Username {
    pub fn parse(raw: &str) -> Result<Self, Said> {
        let shown: String = raw.trim().nfc().collect();
        let count = shown.chars().count();
        if !(2..=32).contains(&count) {
            return Err(Said::new("username-length"));
        }
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-');
        if !shown.chars().all(fits) || !shown.chars().any(char::is_alphanumeric) {
            return Err(Said::new("username-letters"));
        }
        if shown.chars().all(char::is_numeric) {
            return Err(Said::new("username-only-digits"));
        }
        let key = username_key(&shown);
        Ok(Self { shown, key })
    }

    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// Equal for names that look alike.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Lower case, compatibility forms folded, look-alikes of other scripts mapped to one (Unicode UTS #39, `skeleton`).
pub fn username_key(name: &str) -> String {
    let folded: String = name.nfkc().collect::<String>().to_lowercase();
    unicode_security::skeleton(&folded)
        .collect::<String>()
        .to_lowercase()
}

/// An e-mail address, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub fn parse(raw: &str) -> Result<Self, Said> {
        let text = raw.trim().to_lowercase();
        let good = text.len() <= 254
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && local.len() <= 64
                    && domain.contains('.')
                    && !domain.contains('@')
                    && domain.split('.').all(|label| {
                        let inner = label
                            .chars()
                            .all(|letter| letter.is_alphanumeric() || letter == '-');
                        !label.is_empty() && inner && !label.starts_with('-') && !label.ends_with('-')
                    })
                    && !local.chars().any(|letter| {
                        letter.is_whitespace() || letter.is_control() || "()<>,;:\\\"[]".contains(letter)
                    })
            });
        good.then_some(Self(text))
            .ok_or_else(|| Said::new("email-malformed"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name to show: up to 64 characters, none of them control or direction marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    pub fn parse(raw: &str) -> Result<Self, Said> {
        let text: String = raw.trim().nfc().collect();
        if text.is_empty() || 64 < text.chars().count() {
            return Err(Said::new("display-name-length"));
        }
        let hidden = |letter: char| {
            letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        if text.chars().any(hidden) {
            return Err(Said::new("display-name-letters"));
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that may be taken: exactly as typed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// `own` are the person's names: none of them may be the password.
    pub fn parse(raw: &str, own: &[&str]) -> Result<Self, Said> {
        let count = raw.chars().count();
        if count < 8 {
            return Err(Said::new("password-short"));
        }
        if 1024 < count {
            return Err(Said::new("password-long"));
        }
        let lower = raw.to_lowercase();
        if own
            .iter()
            .any(|name| !name.is_empty() && lower == name.to_lowercase())
        {
            return Err(Said::new("password-is-name"));
        }
        if include_str!("common_passwords.txt")
            .lines()
            .any(|common| common == lower)
        {
            return Err(Said::new("password-common"));
        }
        Ok(Self(raw.to_owned()))
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

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
}

impl Account {
    /// What anybody may know.
    pub fn person(&self) -> Person {
        Person {
            user_id: self.user_id,
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            avatar_color: u8::try_from(self.avatar_color).unwrap_or(0),
            subject: self.relay_group.clone(),
        }
    }

    /// What the person themselves may know.
    pub fn me(&self, history_id: &str) -> Me {
        Me {
            person: self.person(),
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
        }
    }
}

/// What is kept of a sign-in.
#[derive(Clone, Debug)]
pub struct Sign {
    pub token_sha256: String,
    pub device: String,
    pub address: String,
    pub keep: bool,
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
            return Ok(Self::Email(email.0));
        }
        match text.chars().count() {
            0 | 1 => Err(Problem::invalid("query", Said::new("people-query-short"))),
            2..=64 => Ok(Self::Name(text.to_lowercase())),
            _ => Err(Problem::invalid("query", Said::new("people-query-long"))),
        }
    }
}

/// Smaller is better: the whole name, then its beginning, then a part.
pub fn rank(person: &Person, part: &str) -> (u8, String) {
    let names = [person.username.to_lowercase(), person.display_name.to_lowercase()];
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

    fn check_name(raw: &str, want: &str) {
        let got =
            Username::parse(raw).map_or_else(|said| said.key().to_owned(), |name| name.as_str().to_owned());
        assert_eq!(got, want, "{raw:?}");
    }

    #[test]
    fn usernames_have_their_letters_and_their_length() {
        check_name(" ann.b ", "ann.b");
        check_name("Éva", "Éva");
        check_name("", "username-length");
        check_name("a", "username-length");
        check_name(&"a".repeat(33), "username-length");
        check_name("ann@home", "username-letters");
        check_name("a\u{202e}nn", "username-letters");
        check_name("a b", "username-letters");
        check_name("...", "username-letters");
        check_name("12345", "username-only-digits");
        check_name("' OR 1=1 --", "username-letters");
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        assert_eq!(username_key("Alice"), username_key("alice"));
        assert_eq!(username_key("alice"), username_key("аlice")); // a Cyrillic а
        assert_ne!(username_key("alice"), username_key("alicia"));
    }

    fn check_email(raw: &str, good: bool) {
        assert_eq!(Email::parse(raw).is_ok(), good, "{raw:?}");
    }

    #[test]
    fn addresses_have_one_at_and_a_domain() {
        check_email(" Ann@Example.org ", true);
        check_email("a+b@sub.example.org", true);
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@host",
            "a b@example.org",
            "a@b@example.org",
            "a@-x.org",
            "a@x..org",
        ] {
            check_email(bad, false);
        }
        check_email(&format!("a@{}.org", "x".repeat(254)), false);
    }

    fn check_password(raw: &str, want: Option<&str>) {
        let got = Password::parse(raw, &["annabelle", "ann@example.org"]).err();
        assert_eq!(got.map(|said| said.key()), want, "{raw:?}");
    }

    #[test]
    fn passwords_are_long_enough_and_not_the_name() {
        check_password("seven77", Some("password-short"));
        check_password("Annabelle", Some("password-is-name"));
        check_password("ann@example.org", Some("password-is-name"));
        check_password("password", Some("password-common"));
        check_password(&"x".repeat(1025), Some("password-long"));
        check_password("        ", None); // any composition, exactly as typed
        check_password("correct horse", None);
    }

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
