//! What the programs do besides running: fill a fresh database, migrate, show their settings.

use diesel::prelude::*;
use end_to_end::{PASSWORD, Person, Process, SECRET, Site, Which};
use shared_protocol::UserId;
use shared_protocol::api::{Activity, Conversations};
use std::collections::BTreeMap;
use std::time::Duration;
use talkhub_client::platform::clock::Clock;
use talkhub_client::platform::config::Config;

const LIMIT: Duration = Duration::from_secs(60);

/// Runs the program with these words to its end; its exit code and what it said this time.
fn run(site: &Site, which: Which, words: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Process::start_with(which, words, &site.settings_of(which), folder.path()).unwrap();
    let status = program.wait(LIMIT).unwrap();
    (status.code(), program.said())
}

#[tokio::test]
async fn a14_demo_fills_a_fresh_database_and_no_other() {
    let mut site = Site::new().unwrap();
    let (code, said) = run(&site, Which::LogicServer, &["demo"]);
    assert_eq!(code, Some(0), "{said}");

    let (code, said) = run(&site, Which::LogicServer, &["demo"]);
    assert_eq!(code, Some(1), "a second time there are people: {said}");

    site.start().await.unwrap();
    for name in ["user1@test.com", "user2@test.com"] {
        let person = Person::sign_in(&site, name, "TestPass123!").await.unwrap();
        assert_eq!(person.me.email, name);
        let talks: Conversations = person.get("/conversations").await.unwrap();
        assert!(
            talks.conversations.iter().any(|talk| 0 < talk.seq),
            "{name} has something to read"
        );
    }
}

#[tokio::test]
async fn migrate_makes_the_tables_once() {
    let mut site = Site::new().unwrap();
    for _ in 0..2 {
        let (code, said) = run(&site, Which::LogicServer, &["migrate"]);
        assert_eq!(code, Some(0), "{said}");
    }
    site.start().await.unwrap();
    Person::sign_up(&site, "ann").await.unwrap();
}

#[test]
fn sec31_settings_are_shown_without_the_secret() {
    let site = Site::new().unwrap();
    for (which, known) in [(Which::LogicServer, site.url()), (Which::Relay, site.relay_url())] {
        let (code, said) = run(&site, which, &["config", "print"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(known.trim_start_matches("http://")), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}

#[test]
fn bad35_an_unknown_word_is_refused_with_what_is_known() {
    let site = Site::new().unwrap();
    for which in [Which::LogicServer, Which::Relay] {
        let (code, said) = run(&site, which, &["dance"]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("dance") && said.contains("config"), "{said}");
    }
}

#[tokio::test]
async fn a13_u05_the_operator_makes_an_administrator_and_a_link_to_a_new_password() {
    let mut site = Site::new().unwrap();
    let secret = site.folder().join("password");
    std::fs::write(&secret, "correct horse\n").unwrap();
    let secret = secret.to_string_lossy().into_owned();
    let ann = ["create-admin", "--username", "ann", "--email", "ann@example.org"];
    let make = |more: &[&str]| run(&site, Which::LogicServer, &[&ann[..], more].concat());

    let (code, said) = make(&[]);
    assert_eq!(code, Some(2), "nobody is there to ask: {said}");
    assert!(said.contains("--password-file"), "{said}");
    let (code, said) = make(&["--password-file", "/nowhere/password"]);
    assert!(code == Some(2) && said.contains("/nowhere/password"), "{said}");
    let (code, said) = make(&["--password-file", &secret]);
    assert!(
        code == Some(0) && said.contains("is an administrator now"),
        "{said}"
    );
    assert!(!said.contains("correct horse"), "{said}");
    let (code, said) = make(&[]);
    assert!(
        code == Some(0) && said.contains("was an administrator already"),
        "{said}"
    );
    let (code, said) = run(&site, Which::LogicServer, &["reset-link", "nobody"]);
    assert!(code == Some(1) && said.contains("\"nobody\""), "{said}");
    let (code, said) = run(&site, Which::LogicServer, &["reset-link", "ann@example.org"]);
    assert_eq!(code, Some(0), "{said}");
    let link = said
        .lines()
        .find(|line| line.starts_with("http"))
        .unwrap()
        .to_owned();
    assert!(link.starts_with(&format!("{}/reset/", site.url())), "{link}");

    site.start().await.unwrap();
    Person::sign_in(&site, "ann", "correct horse").await.unwrap();
    let token = link.rsplit('/').next().unwrap();
    let form = serde_json::json!({ "token": token, "password": "battery staple", "password_again": "battery staple" });
    let put = site.http().put(format!("{}/api/v1/password-resets", site.url()));
    assert_eq!(put.json(&form).send().await.unwrap().status().as_u16(), 204);
    Person::sign_in(&site, "ann", "battery staple").await.unwrap();
    assert!(Person::sign_in(&site, "ann", "correct horse").await.is_err());

    // Whoever was there first is promoted by nobody who meant another account.
    let eve = Person::sign_up(&site, "eve").await.unwrap();
    let mut words = vec!["create-admin", "--username", "Eve", "--email", "ops@example.org"];
    words.extend(["--password-file", &secret]);
    let (code, said) = run(&site, Which::LogicServer, &words);
    let id = eve.me.person.user_id.to_string();
    assert!(
        code == Some(2) && said.contains("taken by eve") && said.contains(&id),
        "{said}"
    );
    let (code, said) = run(&site, Which::LogicServer, &["create-admin", "--username", &id]);
    assert!(
        code == Some(0) && said.contains("is an administrator now"),
        "{said}"
    );
    let setup = site
        .http()
        .get(format!("{}/setup", site.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(setup.status().as_u16(), 404, "there is an administrator");
}

#[tokio::test]
async fn u01_the_operator_turns_a_lost_factor_off_beside_a_running_server() {
    let mut site = Site::new().unwrap();
    site.start().await.unwrap();
    let ann = Person::sign_up(&site, "ann").await.unwrap();
    let (code, said) = run(&site, Which::LogicServer, &["--help"]);
    assert!(code == Some(0) && said.contains("lost-factor NAME"), "{said}");
    let (code, said) = run(&site, Which::LogicServer, &["lost-factor"]);
    assert!(code == Some(2) && said.contains("needs a name"), "{said}");
    let (code, said) = run(&site, Which::LogicServer, &["lost-factor", "nobody"]);
    assert!(code == Some(1) && said.contains("\"nobody\""), "{said}");
    let (code, said) = run(&site, Which::LogicServer, &["lost-factor", "ann"]);
    assert!(code == Some(0) && said.contains("nothing was changed"), "{said}");

    let (settings, user) = (site.settings_of(Which::LogicServer), ann.me.person.user_id);
    tokio::task::spawn_blocking(move || turn_factor_on(settings, user))
        .await
        .unwrap();
    assert!(
        Person::sign_in(&site, "ann", PASSWORD).await.is_err(),
        "a code is asked for"
    );
    let (code, said) = run(&site, Which::LogicServer, &["lost-factor", "ann@example.org"]);
    assert!(
        code == Some(0) && said.contains("is off; one sign-in was ended"),
        "{said}"
    );
    let back = Person::sign_in(&site, "ann", PASSWORD).await.unwrap();
    assert!(
        ann.get::<Activity>("/me/activity").await.is_err(),
        "every sign-in has ended"
    );
    let activity: Activity = back.get("/me/activity").await.unwrap();
    assert!(activity.activity.iter().any(|act| act.event == "factor-lost"));
}

/// As if it had been set up: what stands in the database decides.
fn turn_factor_on(settings: BTreeMap<String, String>, user: UserId) {
    use talkhub_client::platform::db::schema::second_factors::dsl as f;
    let config = Config::from_values(None, settings.into_iter().collect()).unwrap();
    let (db, _) = talkhub_client::shell::open_database(&config, &Clock::system()).unwrap();
    let row = (
        f::user_id.eq(user),
        f::secret.eq("sealed"),
        f::begun_at.eq(1_i64),
        f::confirmed_at.eq(Some(1_i64)),
        f::last_step.eq(0_i64),
    );
    db.write_blocking(|conn| Ok(diesel::insert_into(f::second_factors).values(row).execute(conn)?))
        .unwrap();
}
