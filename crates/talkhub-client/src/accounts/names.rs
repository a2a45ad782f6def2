//! Names, addresses and passwords as types: made by parsing, refused in words.

use crate::platform::words::Said;
use unicode_normalization::UnicodeNormalization;

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
        let fits = |letter: char| {
            (letter.is_alphanumeric() && is_visible(letter)) || matches!(letter, '.' | '_' | '-')
        };
        if !shown.chars().all(fits) || !shown.chars().any(char::is_alphanumeric) {
            return Err(Said::new("username-letters"));
        }
        if shown.chars().all(char::is_numeric) {
            return Err(Said::new("username-only-digits"));
        }
        let key = username_key(&shown);
        // A few letters stand for whole sentences (U+FDFA): the key must fit its column.
        if 64 < key.chars().count() {
            return Err(Said::new("username-letters"));
        }
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

/// For searching: composed (NFC) and in lower case, the same on every database.
pub fn folded(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

/// Lower case, compatibility forms folded, look-alikes of other scripts mapped to one (Unicode UTS #39, `skeleton`).
pub fn username_key(name: &str) -> String {
    let folded: String = name.nfkc().collect::<String>().to_lowercase();
    unicode_security::skeleton(&folded)
        .collect::<String>()
        .to_lowercase()
}

/// Unicode has letters that nobody sees, such as the fillers of Hangul: nothing of them is left in a key.
fn is_visible(letter: char) -> bool {
    !letter.is_whitespace() && !username_key(letter.encode_utf8(&mut [0; 4])).is_empty()
}

/// Control and direction marks, and what has no width.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
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

/// A name to show: up to 64 characters, none of them control or direction marks, one at least to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    pub fn parse(raw: &str) -> Result<Self, Said> {
        let text: String = raw.trim().nfc().collect();
        if text.is_empty() || 64 < text.chars().count() {
            return Err(Said::new("display-name-length"));
        }
        if text.chars().any(is_hidden) || !text.chars().any(is_visible) {
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
        check_name(&"\u{fdfa}".repeat(11), "username-letters");
        check_name("\u{115f}\u{3164}", "username-letters");
        check_name("ann\u{ffa0}", "username-letters");
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        assert_eq!(username_key("Alice"), username_key("alice"));
        assert_eq!(username_key("alice"), username_key("аlice")); // a Cyrillic а
        assert_ne!(username_key("alice"), username_key("alicia"));
    }

    #[test]
    fn a_name_to_show_can_be_seen() {
        for blank in ["\u{3164}", "\u{115f} \u{1160}", "\u{ad}", "\u{200b}"] {
            let said = DisplayName::parse(blank).expect_err(blank);
            assert_eq!(said.key(), "display-name-letters", "{blank:?}");
        }
        assert!(DisplayName::parse("홍길동 👋").is_ok());
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
}
