//! Bad settings: one line that names the setting and its value, never a password; wrong secrets are named on both sides.

use end_to_end::{Process, Site, Which, wait_for};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// Starts the program with these settings and gives back its exit code and the last line it said.
fn refused(which: Which, changed: &[(&str, &str)]) -> (Option<i32>, String) {
    let site = Site::new().unwrap();
    let mut settings = site.settings_of(which);
    settings.extend(
        changed
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    start(&site, which, &settings)
}

fn start(site: &Site, which: Which, settings: &BTreeMap<String, String>) -> (Option<i32>, String) {
    let mut program = Process::start(which, settings, site.folder()).unwrap();
    let status = program.wait(LIMIT).unwrap();
    let said = program.said();
    let last = said
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .to_owned();
    assert!(!said.contains("panicked"), "{said}");
    (status.code(), last)
}

/// Exit code and everything that the one line must say.
fn check(which: Which, changed: &[(&str, &str)], code: i32, says: &[&str]) {
    let (status, line) = refused(which, changed);
    assert_eq!(status, Some(code), "{changed:?}: {line}");
    for word in says {
        assert!(line.contains(word), "{changed:?}: {line:?} does not say {word:?}");
    }
}

#[test]
fn bad33_a_bad_value_names_its_setting_and_the_value() {
    check(
        Which::LogicServer,
        &[("TALKHUB_BIND", "nowhere")],
        2,
        &["TALKHUB_BIND", "\"nowhere\"", "127.0.0.1:8000"],
    );
    check(
        Which::Relay,
        &[("TALKHUB_RELAY_BIND", "nowhere")],
        2,
        &["TALKHUB_RELAY_BIND", "\"nowhere\"", "127.0.0.1:5050"],
    );
    check(
        Which::LogicServer,
        &[("RELAY_SERVER_URL", "relay:5050")],
        2,
        &["RELAY_SERVER_URL", "\"relay:5050\""],
    );
    check(
        Which::LogicServer,
        &[("TALKHUB_RELAY_SECRET", "short")],
        2,
        &["TALKHUB_RELAY_SECRET", "32"],
    );
    check(
        Which::Relay,
        &[("TALKHUB_RELAY_SECRET", "short")],
        2,
        &["TALKHUB_RELAY_SECRET", "32"],
    );
}

#[test]
fn bad34_a_port_in_use_names_the_setting_and_the_address() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    check(
        Which::LogicServer,
        &[("TALKHUB_BIND", &taken)],
        1,
        &["TALKHUB_BIND", &taken, "in use"],
    );
    check(
        Which::Relay,
        &[("TALKHUB_RELAY_BIND", &taken)],
        1,
        &["TALKHUB_RELAY_BIND", &taken, "in use"],
    );
}

/// An older program on a newer database would write what the newer one cannot read: it ends with 3.
#[tokio::test]
async fn bad34_a_newer_database_is_left_to_the_newer_program() {
    use diesel::connection::SimpleConnection;
    let mut site = Site::new().unwrap();
    site.start_logic_server().unwrap();
    site.degraded().await.unwrap();
    site.kill_logic_server();
    let newer = "INSERT INTO schema_versions VALUES (999, 'future', 'done', 1)";
    match site.database().url() {
        Some(url) => {
            let name = url.rsplit('/').next().unwrap_or_default();
            site.database()
                .run(&format!("USE `{name}`; {newer}"))
                .map(drop)
                .unwrap();
        }
        None => {
            let file = site.folder().join("data/talkhub.db");
            let mut other: diesel::SqliteConnection =
                diesel::Connection::establish(file.to_str().unwrap()).unwrap();
            other.batch_execute(newer).unwrap();
        }
    }
    let (code, line) = start(&site, Which::LogicServer, &site.settings_of(Which::LogicServer));
    assert_eq!(code, Some(3), "{line}");
    assert!(
        line.contains("is of version 999") && line.contains("start the newer program"),
        "{line}"
    );
}

/// A folder below a file cannot be made by anybody, not even by root.
#[test]
fn bad34_a_folder_that_cannot_be_written_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = file.path().join("data").to_string_lossy().into_owned();
    let changed = [("TALKHUB_DATA_DIR", folder.as_str()), ("DATABASE_URL", "")];
    check(Which::LogicServer, &changed, 1, &["TALKHUB_DATA_DIR", &folder]);
}

#[test]
fn bad34_a_wrong_database_url_is_named_without_its_password() {
    let nobody = end_to_end::free_port().unwrap();
    for url in [
        format!("mysql://ann:hush-hush@127.0.0.1:{nobody}/talk"),
        "oracle://ann:hush-hush@db/talk".to_owned(),
    ] {
        let (status, line) = refused(Which::LogicServer, &[("DATABASE_URL", &url)]);
        assert!(
            status.is_some_and(|code| code == 1 || code == 2),
            "{status:?}: {line}"
        );
        assert!(
            line.contains("DATABASE_URL"),
            "{line:?} does not name the setting"
        );
        assert!(!line.contains("hush-hush"), "the password is in {line:?}");
    }
    let (_, line) = refused(
        Which::LogicServer,
        &[(
            "DATABASE_URL",
            &format!("mysql://ann:hush-hush@127.0.0.1:{nobody}/talk"),
        )],
    );
    assert!(
        line.contains(&format!("127.0.0.1:{nobody}")),
        "{line:?} does not say where it looked"
    );
}

#[test]
fn sec22_without_a_secret_neither_program_listens_beyond_this_machine() {
    let open = [
        ("TALKHUB_RELAY_SECRET", ""),
        ("TALKHUB_BIND", "0.0.0.0:0"),
        ("TALKHUB_RELAY_BIND", "0.0.0.0:0"),
    ];
    for which in [Which::LogicServer, Which::Relay] {
        let site = Site::new().unwrap();
        let mut settings = site.settings_of(which);
        settings.extend(
            open.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        settings.remove("TALKHUB_RELAY_SECRET");
        let (status, line) = start(&site, which, &settings);
        assert_eq!(status, Some(2), "{line}");
        assert!(line.contains("TALKHUB_RELAY_SECRET"), "{line}");
    }
}

#[tokio::test]
async fn sec23_different_secrets_are_named_on_both_sides() {
    let mut site = Site::new().unwrap();
    site.start_relay().unwrap();
    site.relay_is_up().await.unwrap();
    site.settings.insert(
        "TALKHUB_RELAY_SECRET".into(),
        "another-secret-than-the-one-of-the-relay".into(),
    );
    site.start_logic_server().unwrap();
    site.degraded().await.unwrap();

    for which in [Which::LogicServer, Which::Relay] {
        let said = async || {
            let program = if which == Which::Relay {
                &site.relay
            } else {
                &site.logic_server
            };
            let said = program.as_ref().map(Process::said).unwrap_or_default();
            said.contains("TALKHUB_RELAY_SECRET").then_some(said)
        };
        let said = wait_for(&format!("{which:?} names the setting"), LIMIT, said)
            .await
            .unwrap();
        assert!(
            !said.contains(end_to_end::SECRET) && !said.contains("another-secret"),
            "a secret is in the log:\n{said}"
        );
    }
    assert_eq!(site.readyz().await.unwrap().1["status"], "degraded");
}
