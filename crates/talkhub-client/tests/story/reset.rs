//! Forgotten passwords: the link by mail, what it opens, and when it is dead.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use crate::mailbox::Mail;
use serde_json::json;
use talkhub_client::accounts;
use talkhub_client::platform::db::schema::{jobs, links};

const NEW: &str = "battery staple";

/// A new password in this browser, with the link in it.
async fn sets(browser: &Person, password: &str) -> (u16, String) {
    let fields = [("password", password), ("password_again", password)];
    let answer = browser.submit("/reset", &fields).await;
    (answer.status, answer.text)
}

async fn login(app: &TestApp, password: &str) -> u16 {
    let form = json!({ "name": "p1000000001", "password": password });
    app.visitor().post("/api/v1/sessions", form).await.status
}

#[actix_web::test]
async fn a09_a10_a_mailed_link_sets_a_new_password_once_and_ends_every_sign_in() {
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    let visitor = app.visitor();
    assert!(visitor.get("/login").await.text.contains("/forgot"));
    let asked = visitor
        .submit("/forgot", &[("email", " P1000000001@Example.org ")])
        .await;
    assert_eq!((asked.status, asked.header("location")), (303, "/forgot?sent=1"));
    let unknown = visitor
        .submit("/forgot", &[("email", "nobody@example.org")])
        .await;
    let sent = visitor.get("/forgot?sent=1").await.text;
    assert!(sent.contains("a mail with a link is on its way"));
    let seen = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.sort();
        (answer.status, headers, answer.text.clone())
    };
    assert_eq!(seen(&asked), seen(&unknown));

    app.run_jobs().await;
    let mails = mailbox.take();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = &mails[0];
    assert_eq!(
        (mail.to.as_str(), mail.subject()),
        ("p1000000001@example.org", "Set a new password")
    );
    for part in [
        "From: Talkhub <talkhub@example.org>",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain",
        "Content-Type: text/html",
        "Hello p1000000001,",
    ] {
        assert!(mail.whole.contains(part), "{part} in {}", mail.whole);
    }

    let path = mail.path("/reset/");
    let entered = visitor.get(&path).await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, "/reset"),
        "the token leaves the address"
    );
    assert!(entered.cookies[0].http_only().unwrap_or(false) && entered.cookies[0].path() == Some("/reset"));
    let browser = visitor.after(&entered);
    let page = browser.get("/reset").await;
    assert!(page.status == 200 && !page.text.contains(path.trim_start_matches("/reset/")));

    let (status, text) = sets(&browser, "short").await;
    assert!(status == 422 && text.contains("at least 8 characters"), "{text}");
    let (status, text) = sets(&browser, "p1000000001").await;
    assert!(status == 422 && text.contains("your name or address"), "{text}");
    let differ = [("password", NEW), ("password_again", "other staple")];
    assert_eq!(browser.submit("/reset", &differ).await.status, 422);
    assert_eq!(
        ann.get("/api/v1/me").await.status,
        200,
        "nothing has happened yet"
    );

    let fields = [("password", NEW), ("password_again", NEW)];
    let done = browser.submit("/reset", &fields).await;
    assert_eq!((done.status, done.header("location")), (303, "/reset?done=1"));
    let after = browser.after(&done);
    assert!(
        after
            .get("/reset?done=1")
            .await
            .text
            .contains("Sign in with the new one")
    );
    assert_eq!(ann.get("/api/v1/me").await.status, 401, "every sign-in has ended");
    assert_eq!((login(&app, PASSWORD).await, login(&app, NEW).await), (401, 201));

    let again = visitor.get(&path).await;
    assert_eq!(again.status, 410);
    assert!(again.text.contains("This link has been used") && again.text.contains("/forgot"));
    let (status, text) = sets(&browser, "other staple").await;
    assert!(
        status == 410 && text.contains("This link has been used"),
        "{text}"
    );
    assert_eq!(login(&app, NEW).await, 201);

    app.run_jobs().await;
    let told = mailbox.take();
    let mut told: Vec<&str> = told.iter().map(Mail::subject).collect();
    told.sort_unstable();
    let news = "A new sign-in to your account";
    assert_eq!(told, [news, "Your password was changed"]);
}

#[actix_web::test]
async fn sec05_only_digests_are_kept_and_only_the_newest_link_counts() {
    use diesel::prelude::*;
    let (app, mailbox) = TestApp::with_mail().await;
    app.person("1000000001").await;
    let ask = async || {
        let form = json!({ "email": "p1000000001@example.org" });
        let answer = app.visitor().post("/api/v1/password-resets", form).await;
        assert_eq!((answer.status, answer.text.as_str()), (202, "{}"));
        app.run_jobs().await;
        let mails = mailbox.take();
        let mail = mails.iter().find(|mail| mail.whole.contains("/reset/"));
        mail.unwrap().path("/reset/")
    };
    let (first, second) = (ask().await, ask().await);
    let kept = app.app.db.read(|conn| {
        let digests: Vec<String> = links::table.select(links::token_sha256).load(conn)?;
        let waiting: Vec<String> = jobs::table.select(jobs::body).load(conn)?;
        Ok(format!("{digests:?} {waiting:?}"))
    });
    let kept = kept.await.unwrap();
    for path in [&first, &second] {
        assert!(!kept.contains(path.trim_start_matches("/reset/")), "{kept}");
    }
    let replaced = app.visitor().get(&first).await;
    assert!(replaced.status == 410 && replaced.text.contains("There is a newer link"));
    assert_eq!(app.visitor().get(&second).await.status, 303);

    let form = |path: &str| json!({ "token": path.trim_start_matches("/reset/"), "password": NEW, "password_again": NEW });
    let old = app.visitor().put("/api/v1/password-resets", form(&first)).await;
    assert_eq!(
        (old.status, old.body["type"].as_str()),
        (410, Some("/problems/gone"))
    );
    app.wait(3601);
    let late = app.visitor().put("/api/v1/password-resets", form(&second)).await;
    assert_eq!((late.status, login(&app, PASSWORD).await), (410, 201));
    assert!(app.visitor().get(&second).await.text.contains("over an hour old"));

    let third = ask().await;
    let visitor = app.visitor();
    let both = futures_util::future::join(
        visitor.put("/api/v1/password-resets", form(&third)),
        visitor.put("/api/v1/password-resets", form(&third)),
    );
    let (one, other) = both.await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 410], "used twice at the same moment");
    assert_eq!(login(&app, NEW).await, 201);
    app.run_jobs().await;
}

#[actix_web::test]
async fn bad08_links_that_are_none_say_so_and_name_nobody() {
    let (app, _mailbox) = TestApp::with_mail().await;
    app.person("1000000001").await;
    for path in ["/reset/cut", "/reset", "/confirm/cut", "/confirm"] {
        let answer = app.visitor().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text.contains("This link does not work") && answer.text.contains("not whole"));
        assert!(!answer.text.contains("p1000000001"));
    }
    let fields = [("password", NEW), ("password_again", NEW)];
    assert_eq!(app.visitor().submit("/reset", &fields).await.status, 404);
    assert_eq!(app.visitor().submit("/confirm", &[]).await.status, 404);
    let bad = app.visitor().submit("/forgot", &[("email", "ann")]).await;
    assert!(bad.status == 422 && bad.text.contains(r#"value="ann""#));
    assert!(bad.text.contains("does not look like an e-mail address"));
}

#[actix_web::test]
async fn a09_without_a_mail_server_the_page_says_what_to_do_instead() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let page = app.visitor().get("/forgot").await;
    assert!(
        page.text.contains("This server does not send mail.") && page.text.contains("Ask whoever runs it")
    );
    let form = json!({ "email": "p1000000001@example.org" });
    let refused = app.visitor().post("/api/v1/password-resets", form).await;
    assert_eq!(
        (refused.status, refused.body["title"].as_str()),
        (422, Some("This server does not send mail."))
    );
    let posted = app
        .visitor()
        .submit("/forgot", &[("email", "p1000000001@example.org")])
        .await;
    assert!(posted.status == 422 && posted.text.contains("Ask whoever runs it"));
}

#[actix_web::test]
async fn u05_the_operator_makes_a_link_without_learning_the_password() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let clock = app.app.clock.clone();
    let made = app
        .app
        .db
        .write(move |conn| accounts::make_reset_link(conn, "P1000000001", &clock));
    let token = made.await.unwrap().token;
    let entered = app.visitor().get(&format!("/reset/{token}")).await;
    assert_eq!(entered.status, 303);
    assert_eq!(sets(&app.visitor().after(&entered), NEW).await.0, 303);
    assert_eq!((login(&app, PASSWORD).await, login(&app, NEW).await), (401, 201));
    assert_eq!(ann.get("/api/v1/me").await.status, 401);
    let clock = app.app.clock.clone();
    let nobody = app
        .app
        .db
        .write(move |conn| accounts::make_reset_link(conn, "nobody", &clock).map(|_| ()));
    assert_eq!(nobody.await.unwrap_err().code(), "missing");
    app.run_jobs().await;
}

#[actix_web::test]
async fn asking_too_often_is_slowed_down_and_never_fills_a_mailbox() {
    let (app, mailbox) = TestApp::with_mail().await;
    app.person("1000000001").await;
    let form = json!({ "email": "p1000000001@example.org" });
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(
            app.visitor()
                .post("/api/v1/password-resets", form.clone())
                .await
                .status,
        );
    }
    assert_eq!((statuses[9], statuses[10]), (202, 429), "by network");
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 5, "by person: so many within an hour");
    app.wait(3601);
    app.visitor().post("/api/v1/password-resets", form).await;
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 1);
}

#[actix_web::test]
async fn a_mail_server_that_is_away_gets_the_mail_later_and_one_that_refuses_does_not() {
    use diesel::prelude::*;
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    let form = json!({ "email": "p1000000001@example.org" });
    mailbox.answers(450);
    app.visitor().post("/api/v1/password-resets", form.clone()).await;
    // More tries than one may ask within an hour: they are one.
    for pause in [1, 2, 4, 8, 16, 32, 64] {
        app.run_jobs().await;
        assert_eq!(mailbox.take().len(), 0);
        app.wait(pause);
    }
    // Our own password there is wrong: that says nothing about the mail.
    mailbox.answers(535);
    app.run_jobs().await;
    app.wait(128);
    mailbox.answers(250);
    app.run_jobs().await;
    let path = mailbox.take().remove(0).path("/reset/");
    assert_eq!(
        app.visitor().get(&path).await.status,
        303,
        "the link in the later mail counts"
    );
    let acts = ann.get("/api/v1/me/activity").await.body;
    assert_eq!(
        acts["activity"].as_array().unwrap().len(),
        2,
        "and was asked for once: {acts}"
    );

    mailbox.answers(550);
    app.visitor().post("/api/v1/password-resets", form).await;
    app.run_jobs().await;
    let left = app
        .app
        .db
        .read(|conn| Ok(jobs::table.count().get_result::<i64>(conn)?));
    assert_eq!(left.await.unwrap(), 0, "refused for good: nothing is tried again");
}

#[actix_web::test]
async fn a_password_that_was_changed_makes_older_links_worthless() {
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    let form = json!({ "email": "p1000000001@example.org" });
    app.visitor().post("/api/v1/password-resets", form).await;
    app.run_jobs().await;
    let path = mailbox.take().remove(0).path("/reset/");
    let change = json!({ "current": PASSWORD, "password": NEW, "password_again": NEW });
    let changed = ann.put("/api/v1/me/password", change).await;
    assert_eq!(changed.status, 204);
    assert_eq!(app.visitor().get(&path).await.status, 410);
    app.run_jobs().await;
    let told = mailbox.take();
    assert_eq!(told[0].subject(), "Your password was changed");
    assert!(told[0].whole.contains("2027-01-15 08:00 UTC"));
}
