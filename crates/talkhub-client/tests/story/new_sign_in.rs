//! A mail about a sign-in where nobody had signed in before; never in the way of the sign-in itself. (U03)

use crate::app::{Answer, PASSWORD, Person, TestApp};
use crate::mailbox::Mail;
use actix_web::http::Method;
use serde_json::json;
use talkhub_client::platform::db::schema::jobs;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SUBJECT: &str = "A new sign-in to your account";

async fn login(who: &Person) -> Answer {
    let request = who
        .request(Method::POST, "/api/v1/sessions")
        .peer_addr("203.0.113.7:1".parse().unwrap())
        .insert_header(("user-agent", FIREFOX))
        .set_json(json!({ "name": "1000000001", "password": PASSWORD }));
    let answer = who.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

async fn program(who: &Person, device: &str, address: &str) {
    let request = who
        .request(Method::POST, "/api/v1/tokens")
        .peer_addr(format!("{address}:1").parse().unwrap())
        .set_json(json!({ "name": "1000000001", "password": PASSWORD, "device": device }));
    let answer = who.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

fn subjects(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(Mail::subject).collect()
}

#[actix_web::test]
async fn u03_a_sign_in_on_a_strange_device_is_told_by_mail_with_what_to_do() {
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0, "whoever made the account knows");
    login(&ann).await;
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0, "a device that is known");
    app.wait(60);
    let wrong = json!({ "name": "1000000001", "password": "guess" });
    assert_eq!(app.visitor().post("/api/v1/sessions", wrong).await.status, 401);
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0, "nobody came in");

    let there = app.visitor().with_cookies(&login(&app.visitor()).await);
    app.run_jobs().await;
    let mails = mailbox.take();
    assert_eq!(subjects(&mails), [SUBJECT]);
    assert_eq!(mails[0].to, "p1000000001@example.org");
    for part in [
        "Hello p1000000001,",
        "2027-01-15 08:01 UTC",
        "Firefox, Linux",
        "203.0.113.7",
        "If it was not you",
        "http://127.0.0.1:8000/forgot",
    ] {
        assert!(mails[0].whole.contains(part), "{part} in {}", mails[0].whole);
    }
    login(&there).await;
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0, "by now it is known");
}

#[actix_web::test]
async fn a_program_is_told_once_for_its_name_and_address_and_nothing_it_says_is_a_header() {
    let (app, mailbox) = TestApp::with_mail().await;
    app.person("1000000001").await;
    let visitor = app.visitor();
    let mails = async |device: &str, address: &str| {
        program(&visitor, device, address).await;
        app.run_jobs().await;
        mailbox.take()
    };
    let first = mails("Backup\r\nBcc: eve@example.org\r\n\r\n<b>x</b>", "203.0.113.7").await;
    assert_eq!(subjects(&first), [SUBJECT]);
    assert!(!first[0].whole.contains("eve@example.org"), "{}", first[0].whole);
    let (_, html) = first[0].whole.split_once("Content-Type: text/html").unwrap();
    let is_head = |line: &str| line.starts_with("Bcc:");
    assert!(
        !first[0].whole.lines().any(is_head) && html.contains("unknown device"),
        "{}",
        first[0].whole
    );
    assert_eq!(mails("Backup", "203.0.113.7").await.len(), 1);
    assert_eq!(
        mails("Backup", "203.0.113.7").await.len(),
        0,
        "the same once more"
    );
    assert_eq!(mails("Backup", "203.0.113.8").await.len(), 1);
    assert_eq!(mails("Other", "203.0.113.9").await.len(), 1);
    assert_eq!(mails("Other", "203.0.113.10").await.len(), 1);
    assert_eq!(
        mails("Other", "203.0.113.11").await.len(),
        0,
        "five an hour are enough"
    );
    app.wait(3601);
    assert_eq!(mails("Other", "203.0.113.12").await.len(), 1);
}

/// A script that signs in all the time, and a browser that keeps no cookies, hide nobody who comes from elsewhere.
#[actix_web::test]
async fn whoever_signs_in_all_the_time_is_told_of_it_once_an_hour_and_of_others_nevertheless() {
    let (app, mailbox) = TestApp::with_mail().await;
    app.person("1000000001").await;
    let visitor = app.visitor();
    for _ in 0..8 {
        login(&visitor).await;
        program(&visitor, "Backup", "203.0.113.8").await;
        app.wait(60);
    }
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 2, "one for each");
    program(&visitor, "Backup", "198.51.100.9").await;
    app.run_jobs().await;
    let mails = mailbox.take();
    assert!(
        mails.len() == 1 && mails[0].whole.contains("198.51.100.9"),
        "{mails:?}"
    );
    app.wait(3601);
    login(&visitor).await;
    program(&visitor, "Backup", "203.0.113.8").await;
    app.run_jobs().await;
    let mails = mailbox.take();
    assert!(
        mails.len() == 1 && mails[0].whole.contains("Firefox"),
        "{mails:?}"
    );
}

#[actix_web::test]
async fn a_mail_server_that_is_away_or_none_at_all_is_in_nobodys_way() {
    use diesel::prelude::*;
    let (app, mailbox) = TestApp::with_mail().await;
    app.person("1000000001").await;
    mailbox.answers(450);
    login(&app.visitor()).await;
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0);
    mailbox.answers(250);
    app.wait(2);
    app.run_jobs().await;
    assert_eq!(subjects(&mailbox.take()), [SUBJECT]);

    let app = TestApp::new().await;
    app.person("1000000001").await;
    login(&app.visitor()).await;
    let left = app
        .app
        .db
        .read(|conn| Ok(jobs::table.count().get_result::<i64>(conn)?));
    assert_eq!(
        left.await.unwrap(),
        0,
        "nothing waits for a mail server that there is not"
    );
}

#[actix_web::test]
async fn what_waits_to_be_mailed_names_nobody_and_ends_with_the_account() {
    use diesel::prelude::*;
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    login(&app.visitor()).await;
    let waiting = app
        .app
        .db
        .read(|conn| Ok(jobs::table.select(jobs::body).load::<String>(conn)?));
    let waiting = waiting.await.unwrap();
    assert!(
        waiting.len() == 1 && !waiting[0].contains("203.0.113.7") && !waiting[0].contains('@'),
        "{waiting:?}"
    );
    let left = ann.submit("/settings/data/leave", &[("current", PASSWORD)]).await;
    assert_eq!(left.status, 200, "{}", left.text);
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0);
}
