//! What settings are refused, and in which words.

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Config, BadSetting> {
    Config::from_values(
        None,
        pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    )
}

fn check(pairs: &[(&str, &str)], want: &str) {
    let told = read(pairs).err().map(|error| error.0).unwrap_or_default();
    assert!(told.contains(want), "{told:?} does not say {want:?}");
}

#[test]
fn a_program_without_any_setting_starts() {
    let config = read(&[]).unwrap();
    assert_eq!(config.http.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(
        config.http.public_urls,
        ["http://127.0.0.1:8000", "http://localhost:8000"]
    );
    assert_eq!(config.relay.url, "http://127.0.0.1:5050");
    assert!(!config.production);
}

#[test]
fn bad33_a_bad_value_names_its_setting_the_value_and_what_is_allowed() {
    check(
        &[("TALKHUB_BIND", "nowhere")],
        "TALKHUB_BIND is \"nowhere\": expected an address such as 127.0.0.1:8000",
    );
    check(
        &[("TALKHUB_BIND", "127.0.0.1:99999")],
        "TALKHUB_BIND is \"127.0.0.1:99999\"",
    );
    check(
        &[("TALKHUB_BCRYPT_COST", "4")],
        "TALKHUB_BCRYPT_COST is \"4\": expected a whole number from 12 to 16",
    );
    check(
        &[("RELAY_SERVER_URL", "relay:5050")],
        "RELAY_SERVER_URL is \"relay:5050\": expected",
    );
    check(
        &[("TALKHUB_PUBLIC_URL", "https://a.example/chat")],
        "without a path",
    );
    check(
        &[("TALKHUB_PRODUCTION", "maybe")],
        "TALKHUB_PRODUCTION is \"maybe\": expected on or off",
    );
}

#[test]
fn sec31_a_database_password_is_never_shown() {
    let told = read(&[("DATABASE_URL", "mysql://ann:hush@db")]).unwrap_err().0;
    assert!(
        told.starts_with("DATABASE_URL") && !told.contains("hush"),
        "{told}"
    );
}

#[test]
fn sec22_bad33_the_built_in_secret_is_for_loopback_only() {
    check(
        &[("TALKHUB_BIND", "0.0.0.0:8000")],
        "TALKHUB_RELAY_SECRET is not set",
    );
    check(
        &[("TALKHUB_PUBLIC_URL", "https://chat.example.org")],
        "TALKHUB_RELAY_SECRET is not set",
    );
    check(
        &[("TALKHUB_RELAY_SECRET", "short")],
        "TALKHUB_RELAY_SECRET has 5 bytes",
    );
    assert!(
        read(&[
            ("TALKHUB_BIND", "0.0.0.0:8000"),
            ("TALKHUB_RELAY_SECRET", &"s".repeat(32))
        ])
        .is_ok()
    );
}

#[test]
fn sec22_a_far_relay_needs_tls() {
    let far = [
        ("RELAY_SERVER_URL", "http://relay.example.org"),
        ("TALKHUB_RELAY_SECRET", "0123456789012345678901234567890123"),
    ];
    check(&far, "must begin with https://");
}

#[test]
fn bad33_unknown_settings_are_warned_of() {
    let config = read(&[("TALKHUB_BIMD", "x")]).unwrap();
    assert_eq!(
        config.warnings,
        ["TALKHUB_BIMD is no setting; did you mean TALKHUB_BIND?"]
    );
}

#[test]
fn links_in_mails_that_lead_nowhere_are_warned_of() {
    let mail = [
        ("TALKHUB_SMTP_URL", "smtp://127.0.0.1:25"),
        ("TALKHUB_MAIL_FROM", "talkhub@example.org"),
        ("TALKHUB_PUBLIC_URL", "http://chat.example.org"),
    ];
    let warned = read(&mail[..2]).unwrap().warnings;
    assert!(
        warned.len() == 1 && warned[0].contains("links in mails lead to http://127.0.0.1:8000"),
        "{warned:?}"
    );
    assert_eq!(read(&mail).unwrap().warnings, Vec::<String>::new());
}
