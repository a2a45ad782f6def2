//! What people show of themselves beside their name: picture, status line, language.

use super::model::{Account, theme_word};
use super::names::{DisplayName, is_hidden};
use super::{get, next_rev, profile_store, store};
use crate::platform::blobs::BlobKey;
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::schema::profiles;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::words::{LANGUAGES, Said};
use diesel::prelude::*;
use shared_protocol::UserId;
use shared_protocol::api::{ProfileForm, Theme};
use unicode_normalization::UnicodeNormalization;

/// The most characters of a status line.
const LONGEST_STATUS: usize = 100;

/// One row of `profiles`; whoever has none has the default.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = profiles, treat_none_as_null = true)]
pub struct ProfileRow {
    pub status_line: String,
    pub language: String,
    /// The key of the picture.
    pub avatar: Option<String>,
    pub presence: String,
}

impl Default for ProfileRow {
    fn default() -> Self {
        Self {
            status_line: String::new(),
            language: "en".to_owned(),
            avatar: None,
            presence: "online".to_owned(),
        }
    }
}

/// A line about oneself: may be empty, has no control or direction marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine(String);

impl StatusLine {
    pub fn parse(raw: &str) -> std::result::Result<Self, Said> {
        let text: String = raw.trim().nfc().collect();
        if LONGEST_STATUS < text.chars().count() {
            return Err(Said::new("status-line-long").number("most", LONGEST_STATUS as i64));
        }
        // Families of emoji are joined by one of the hidden ones.
        if text
            .chars()
            .any(|letter| is_hidden(letter) && letter != '\u{200d}')
        {
            return Err(Said::new("status-line-letters"));
        }
        Ok(Self(text))
    }
}

/// What is to be changed; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    name: Option<DisplayName>,
    theme: Option<Theme>,
    status_line: Option<StatusLine>,
    language: Option<String>,
}

impl Change {
    /// All fields that are wrong are named at once.
    pub fn parse(form: &ProfileForm) -> Result<Self> {
        let mut issues = Vec::new();
        let mut keep = |field: &'static str, said: Said| issues.push(FieldIssue { field, said });
        let name = form.display_name.as_deref().map(DisplayName::parse).transpose();
        let name = name
            .map_err(|said| keep("display_name", said))
            .unwrap_or_default();
        let status_line = form.status_line.as_deref().map(StatusLine::parse).transpose();
        let status_line = status_line
            .map_err(|said| keep("status_line", said))
            .unwrap_or_default();
        let language = form.language.clone();
        if language
            .as_ref()
            .is_some_and(|wanted| !LANGUAGES.iter().any(|(tag, _)| tag == wanted))
        {
            keep("language", Said::new("language-unknown"));
        }
        if !issues.is_empty() {
            return Err(Problem::Invalid(issues));
        }
        Ok(Self {
            name,
            theme: form.theme,
            status_line,
            language,
        })
    }

    /// Whether others see any of it.
    fn is_seen(&self) -> bool {
        self.name.is_some() || self.status_line.is_some()
    }
}

/// Gives back the account as it is now. Others hear of what they see through a job.
pub fn update(conn: &mut DbConn, me: UserId, change: &Change, clock: &Clock) -> Result<Account> {
    begin(conn, me)?;
    let name = change.name.as_ref().map(DisplayName::as_str);
    store::update_profile(conn, me, name, change.theme.map(theme_word))?;
    if change.status_line.is_some() || change.language.is_some() {
        let mut row = get(conn, me)?.shown();
        if let Some(StatusLine(line)) = &change.status_line {
            row.status_line.clone_from(line);
        }
        if let Some(language) = &change.language {
            row.language.clone_from(language);
        }
        profile_store::save(conn, me, &row)?;
    }
    if change.is_seen() {
        jobs::enqueue(conn, &Job::ProfileChanged { user: me }, clock)?;
    }
    get(conn, me)
}

/// Another picture, or none. The file of the one before goes with a job.
pub fn set_avatar(conn: &mut DbConn, me: UserId, new: Option<&BlobKey>, clock: &Clock) -> Result<Account> {
    begin(conn, me)?;
    let mut row = get(conn, me)?.shown();
    let before = std::mem::replace(&mut row.avatar, new.map(|key| key.as_str().to_owned()));
    if before == row.avatar {
        return get(conn, me);
    }
    profile_store::save(conn, me, &row)?;
    if let Some(key) = before {
        jobs::enqueue(conn, &Job::PurgeAvatar { key }, clock)?;
    }
    jobs::enqueue(conn, &Job::ProfileChanged { user: me }, clock)?;
    get(conn, me)
}

/// Whose picture this is.
pub fn find_by_avatar(conn: &mut DbConn, key: &BlobKey) -> Result<Option<UserId>> {
    Ok(profile_store::find_by_avatar(conn, key.as_str())?)
}

/// Holds the person's row until the transaction ends; their devices ask for what is new. Whoever has left at this moment
/// shows nothing again.
pub(super) fn begin(conn: &mut DbConn, me: UserId) -> Result<()> {
    super::lock_living(conn, me)?;
    let rev = next_rev(conn, me)?;
    Ok(profile_store::update_profile_rev(conn, me, rev)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_may_be_empty_and_joins_emoji() {
        let check = |raw: &str, want: std::result::Result<&str, &str>| {
            let got = StatusLine::parse(raw);
            let got = got.as_ref().map(|line| line.0.as_str()).map_err(Said::key);
            assert_eq!(got, want, "{raw:?}");
        };
        check("  ", Ok(""));
        check(" Out sailing ", Ok("Out sailing"));
        check("👨\u{200d}👩\u{200d}👧", Ok("👨\u{200d}👩\u{200d}👧"));
        check("a\u{202e}b", Err("status-line-letters"));
        check("two\nlines", Err("status-line-letters"));
        check(&"é".repeat(100), Ok(&"é".repeat(100)));
        check(&"x".repeat(101), Err("status-line-long"));
    }

    #[test]
    fn everything_wrong_in_a_form_is_named_at_once() {
        let form = ProfileForm {
            display_name: Some(" ".into()),
            status_line: Some("x".repeat(101)),
            language: Some("xx".into()),
            theme: None,
        };
        let Err(Problem::Invalid(issues)) = Change::parse(&form) else {
            panic!("it was taken")
        };
        let fields: Vec<&str> = issues.iter().map(|issue| issue.field).collect();
        assert_eq!(fields, ["display_name", "status_line", "language"]);
    }
}
