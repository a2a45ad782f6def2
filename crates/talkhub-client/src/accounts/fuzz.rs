//! Made-up names, addresses, passwords, sign-up forms, searches and paths: refused in words, or as good as promised.

use super::model::{PeopleQuery, Registration};
use super::names::{DisplayName, Email, Password, Username, folded, username_key};
use super::pages::own_path;
use super::time_codes::Code;
use super::{access, known_device};
use crate::fuzz::{check, named, text};
use crate::platform::keys::{Keys, Purpose};
use proptest::prelude::*;
use shared_protocol::api::RegisterForm;

fn addresslike() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        "[a-zA-Z0-9.+_-]{1,10}@[a-zA-Z0-9-]{1,10}(\\.[a-zA-Z0-9-]{0,10}){0,3}",
        "[a-z@. \"<>,]{0,20}",
        (50_usize..70, 180_usize..200)
            .prop_map(|(local, domain)| { format!("{}@{}.org", "a".repeat(local), "b".repeat(domain)) }),
    ]
}

fn namelike() -> impl Strategy<Value = String> {
    prop_oneof![text(), "[ ]?[\\p{L}\\p{N}._-]{1,34}[ ]?", "[0-9٠-٩]{1,12}"]
}

#[test]
fn usernames_keep_their_length_their_letters_and_their_key() {
    check(namelike(), |raw| match Username::parse(&raw) {
        Ok(name) => {
            assert!((2..=32).contains(&name.as_str().chars().count()), "{name:?}");
            assert!(
                !name
                    .as_str()
                    .chars()
                    .any(|letter| letter.is_whitespace() || letter.is_control())
            );
            assert!(!name.as_str().contains('@'), "it could be taken for an address");
            assert!((1..=64).contains(&name.key().chars().count()), "{name:?}");
            assert_eq!(username_key(name.as_str()), name.key());
            assert_eq!(Username::parse(name.as_str()).as_ref(), Ok(&name));
        }
        Err(said) => assert!(said.key().starts_with("username-")),
    });
}

#[test]
fn addresses_have_one_at_and_one_form() {
    check(addresslike(), |raw| match Email::parse(&raw) {
        Ok(email) => {
            assert!(email.as_str().len() <= 254);
            assert_eq!(email.as_str().matches('@').count(), 1);
            assert!(
                !email
                    .as_str()
                    .chars()
                    .any(|letter| letter.is_whitespace() || letter.is_control())
            );
            assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
        }
        Err(said) => assert_eq!(said.key(), "email-malformed"),
    });
}

#[test]
fn display_names_are_bounded_and_hide_no_direction_marks() {
    check(namelike(), |raw| match DisplayName::parse(&raw) {
        Ok(name) => {
            assert!((1..=64).contains(&name.as_str().chars().count()));
            assert!(
                !name
                    .as_str()
                    .chars()
                    .all(|letter| matches!(letter, '\u{115f}' | '\u{3164}' | ' '))
            );
            assert!(
                !name
                    .as_str()
                    .contains(['\u{202e}', '\u{200b}', '\u{2066}', '\n', '\0'])
            );
            assert_eq!(DisplayName::parse(name.as_str()).as_ref(), Ok(&name));
        }
        Err(said) => assert!(said.key().starts_with("display-name-")),
    });
}

#[test]
fn passwords_are_taken_exactly_as_typed() {
    let long = (1_020_usize..1_028).prop_map(|count| "é".repeat(count));
    check(
        (prop_oneof![9 => text(), 1 => long], namelike()),
        |(raw, own)| match Password::parse(&raw, &[&own]) {
            Ok(password) => {
                assert!(
                    (8..=1024).contains(&raw.chars().count()) && raw.to_lowercase() != own.to_lowercase()
                );
                assert_eq!(password.into_text(), raw);
            }
            Err(said) => assert!(said.key().starts_with("password-")),
        },
    );
}

#[test]
fn searches_are_bounded_or_refused_by_field() {
    let id = "[1-9][0-9]{2} ?[0-9]{3} ?[0-9]{3,5}";
    check(
        prop_oneof![namelike(), addresslike(), id],
        |raw| match PeopleQuery::parse(&raw) {
            Ok(PeopleQuery::Id(id)) => assert_eq!(raw.trim().parse(), Ok(id)),
            Ok(PeopleQuery::Email(email)) => {
                assert_eq!(PeopleQuery::parse(&email).ok(), Some(PeopleQuery::Email(email)));
            }
            Ok(PeopleQuery::Name(part)) => {
                assert!((2..=64).contains(&raw.trim().chars().count()));
                assert_eq!(part, folded(raw.trim()));
            }
            Err(problem) => assert_eq!(named(&problem), ["query"]),
        },
    );
}

#[test]
fn a_sign_up_form_is_taken_whole_or_every_wrong_field_is_named() {
    let id = prop_oneof![Just(String::new()), "[1-9][0-9]{9}".boxed(), text().boxed()];
    let passwords = prop_oneof![
        3 => "[ -~]{8,12}".prop_map(|password| (password.clone(), password)),
        1 => (text(), text()),
    ];
    let form = ("[a-z]{2,9}|.{0,3}", addresslike(), namelike(), id, passwords);
    let form = form.prop_map(
        |(username, email, display_name, user_id, (password, password_again))| RegisterForm {
            username,
            email,
            display_name,
            user_id,
            password,
            password_again,
        },
    );
    check(form, |form| match Registration::parse(&form) {
        Ok((wanted, password)) => {
            assert_eq!(Username::parse(&form.username), Ok(wanted.username));
            assert_eq!(Email::parse(&form.email), Ok(wanted.email));
            assert_eq!(wanted.display_name.is_none(), form.display_name.trim().is_empty());
            assert_eq!(wanted.user_id.is_none(), form.user_id.trim().is_empty());
            assert_eq!(
                (password.into_text(), form.password),
                (form.password_again.clone(), form.password_again)
            );
        }
        Err(problem) => {
            let fields = named(&problem);
            let known = [
                "username",
                "email",
                "display_name",
                "user_id",
                "password",
                "password_again",
            ];
            assert!(
                !fields.is_empty() && fields.iter().all(|field| known.contains(field)),
                "{fields:?}"
            );
            let is_named = |field| fields.contains(&field);
            assert_eq!(is_named("username"), Username::parse(&form.username).is_err());
            assert_eq!(is_named("email"), Email::parse(&form.email).is_err());
            assert_eq!(is_named("password_again"), form.password != form.password_again);
        }
    });
}

#[test]
fn nobody_is_sent_elsewhere_after_signing_in() {
    let here = reqwest::Url::parse("https://chat.example.org/login").expect("a URL");
    let path = prop_oneof![
        text(),
        "[/\\\\.:@a-z\t\r\n?#%-]{0,12}",
        "/{0,3}\\\\?/?[a-z]{1,5}\\.(com|org)"
    ];
    check(path, |next| {
        let path = own_path(&next);
        assert!(path == next || path == "/");
        let there = here.join(path).expect("a path");
        assert_eq!(there.origin(), here.origin(), "{next:?}");
        assert!(header_is_one_line(path));
    });
}

fn header_is_one_line(path: &str) -> bool {
    actix_web::http::header::HeaderValue::from_str(path).is_ok()
}

#[test]
fn codes_are_six_digits_or_sixteen_letters() {
    let codelike = prop_oneof![text(), "[0-9 -]{4,9}", "[a-zA-Z2-7 -]{10,25}"];
    check(codelike, |raw| match Code::parse(&raw) {
        Some(Code::Time(code)) => assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())),
        Some(Code::Recovery(code)) => assert!(code.len() == 16 && code.is_ascii()),
        None => (),
    });
}

/// Even what we have signed ourselves is read with care; what we have not is nobody's.
#[test]
fn tokens_and_cookies_of_others_are_nobodys() {
    let (keys, foreign) = (Keys::new(b"ours"), Keys::new(b"theirs"));
    let parts = prop_oneof![
        text(),
        "[A-Za-z0-9_-]{0,40}\\.[0-9-]{0,30}\\.[0-9]{0,20}",
        "[A-Za-z0-9_.-]{0,300}"
    ];
    check(parts, |raw| {
        for purpose in [Purpose::Access, Purpose::Device] {
            let (ours, theirs) = (keys.sign(purpose, &raw), foreign.sign(purpose, &raw));
            assert_eq!(access::read(&keys, &format!("{raw}.{ours}"), 1), None);
            assert_eq!(known_device::read(&keys, &format!("{raw}.{theirs}"), 1), None);
            known_device::read(&keys, &format!("{raw}.{ours}"), 1);
        }
        assert_eq!(
            (access::read(&keys, &raw, 1), known_device::read(&keys, &raw, 1)),
            (None, None)
        );
    });
}
