//! What somebody with bad intentions tries at the doors of accounts: two at once, foreign names, slow readers, many mails.

use crate::app::{Answer, PASSWORD, Person, START, TestApp};
use crate::phone::{first_step, second_step, set_up};
use actix_web::http::Method;
use futures_util::future::join;
use serde_json::json;
use talkhub_client::accounts;

fn sorted(one: &Answer, other: &Answer) -> [u16; 2] {
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    statuses
}

#[actix_web::test]
async fn sec06_one_recovery_code_at_two_places_at_one_moment_lets_one_in() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (ann, phone, codes) = set_up(&app, &ann).await;
    let visitor = app.visitor();
    let steps = [first_step(&app, &visitor).await, first_step(&app, &visitor).await];
    let (one, other) = join(
        second_step(&visitor, &steps[0], &codes[0]),
        second_step(&visitor, &steps[1], &codes[0]),
    )
    .await;
    assert_eq!(sorted(&one, &other), [201, 400]);
    let factor = ann.get("/api/v1/me/second-factor").await.body;
    assert_eq!(factor["recovery_codes"], 9);
    app.wait(60);
    let steps = [first_step(&app, &visitor).await, first_step(&app, &visitor).await];
    let code = phone.shows(&app, 0);
    let (one, other) = join(
        second_step(&visitor, &steps[0], &code),
        second_step(&visitor, &steps[1], &code),
    )
    .await;
    assert_eq!(sorted(&one, &other), [201, 400], "the same of a code of the app");
}

/// Links lead where the settings say, whatever a request says its host is.
#[actix_web::test]
async fn sec05_no_request_decides_where_a_mailed_link_leads() {
    let (app, mailbox) = TestApp::with_mail().await;
    app.person("1000000001").await;
    let visitor = app.visitor();
    let request = visitor
        .request(Method::POST, "/api/v1/password-resets")
        .insert_header(("host", "evil.example"))
        .insert_header(("x-forwarded-host", "evil.example"))
        .insert_header(("x-forwarded-proto", "https"))
        .set_json(json!({ "email": "p1000000001@example.org" }));
    assert_eq!(visitor.send(request).await.status, 202);
    app.run_jobs().await;
    let mail = mailbox.take().remove(0);
    assert!(!mail.whole.contains("evil.example"), "{}", mail.whole);
    assert_eq!(visitor.get(&mail.path("/reset/")).await.status, 303);
}

/// A foreign mailbox is not filled by whoever makes accounts for it, nor by whoever signed up with its address.
#[actix_web::test]
async fn nobody_fills_a_foreign_mailbox() {
    let (app, mailbox) = TestApp::with_mail().await;
    let mut statuses = Vec::new();
    for number in 1..=7 {
        let person = app.person(&format!("100000000{number}")).await;
        let form = json!({ "email": "victim@example.org", "current": PASSWORD });
        statuses.push(person.put("/api/v1/me/email", form).await.status);
    }
    assert_eq!(statuses, [202, 202, 202, 202, 202, 429, 429], "by address");
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 5);

    let mut person = app.person("1000000008").await;
    let words = ["correct horse", "battery staple"];
    for number in 0..8 {
        let (old, new) = (words[number % 2], words[(number + 1) % 2]);
        let form = json!({ "current": old, "password": new, "password_again": new });
        let changed = person.put("/api/v1/me/password", form).await;
        assert_eq!(changed.status, 204, "{}", changed.text);
        person = person.after(&changed);
    }
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 5, "by person");

    let mut person = app.person("1000000009").await;
    for _ in 0..8 {
        let (on, _, codes) = set_up(&app, &person).await;
        let proof = json!({ "current": PASSWORD, "code": codes[0] });
        let off = on.post("/api/v1/me/second-factor/end", proof).await;
        assert_eq!(off.status, 204, "{}", off.text);
        person = on;
    }
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 5, "by person and kind");
}

/// Whoever signs up with a foreign address sends its owner nothing of their own.
#[actix_web::test]
async fn no_name_brings_a_link_into_a_mail() {
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    let name = json!({ "display_name": "Win at http://evil.example" });
    assert_eq!(ann.patch("/api/v1/me", name).await.status, 200);
    let form = json!({ "name": "1000000001", "password": PASSWORD, "device": "evil.example" });
    assert_eq!(app.visitor().post("/api/v1/tokens", form).await.status, 201);
    let forgot = json!({ "email": "p1000000001@example.org" });
    app.visitor().post("/api/v1/password-resets", forgot).await;
    app.run_jobs().await;
    let mails = mailbox.take();
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert!(
            mail.whole.contains("Hello,") && !mail.whole.contains("evil"),
            "{}",
            mail.whole
        );
    }
}

/// Trying addresses at one's own settings is looking people up, and as slow. (SEC17)
#[actix_web::test]
async fn sec17_who_has_which_address_cannot_be_tried_out_fast() {
    let app = TestApp::with(|config| config.accounts.lookups_per_minute = 3).await;
    let (ann, _bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let form = json!({ "email": "p1000000002@example.org", "current": PASSWORD });
        statuses.push(ann.put("/api/v1/me/email", form).await.status);
    }
    assert_eq!(statuses, [400, 400, 400, 429]);
}

/// A reader who takes nothing holds one thread, not all of them.
#[actix_web::test]
async fn u06_one_person_has_one_export_at_a_time() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let turn = app.app.limits.exporting.take(ann.id).ok().unwrap();
    let export = async |who: &Person| {
        who.post("/api/v1/me/export", json!({ "current": PASSWORD }))
            .await
    };
    let refused = export(&ann).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "10"));
    assert_eq!(export(&bob).await.status, 200);
    drop(turn);
    assert_eq!(export(&ann).await.status, 200);
    app.wait(60);
    assert_eq!(
        export(&ann).await.status,
        200,
        "whoever has read it to its end may again"
    );
}

/// A link to another address and a link to a new password open nothing of each other's.
#[actix_web::test]
async fn sec05_a_link_is_good_for_what_it_was_made_for_alone() {
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    let form = json!({ "email": "ann@example.net", "current": PASSWORD });
    assert_eq!(ann.put("/api/v1/me/email", form).await.status, 202);
    let forgot = json!({ "email": "p1000000001@example.org" });
    app.visitor().post("/api/v1/password-resets", forgot).await;
    app.run_jobs().await;
    let mails = mailbox.take();
    let path = |start: &str| {
        let mail = mails.iter().find(|mail| mail.whole.contains(start)).unwrap();
        mail.path(start)
    };
    let (confirm, reset) = (path("/confirm/"), path("/reset/"));
    let swapped = [
        confirm.replace("/confirm/", "/reset/"),
        reset.replace("/reset/", "/confirm/"),
    ];
    for path in &swapped {
        assert_eq!(app.visitor().get(path).await.status, 404, "{path}");
    }
    let form = json!({ "token": confirm.trim_start_matches("/confirm/"), "password": "battery staple", "password_again": "battery staple" });
    assert_eq!(
        app.visitor().put("/api/v1/password-resets", form).await.status,
        404
    );
    let entered = app.visitor().get(&reset).await;
    let thief = app
        .visitor()
        .after(&entered)
        .with_cookie("talkhub_reset", |value| value.to_owned());
    assert_eq!(thief.submit("/confirm", &[]).await.status, 404);
}

/// Two confirmations of one address at one moment, by two people: one has it.
#[actix_web::test]
async fn sec05_one_address_is_confirmed_by_one_person() {
    let (app, mailbox) = TestApp::with_mail().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    for who in [&ann, &bob] {
        let form = json!({ "email": "both@example.org", "current": PASSWORD });
        assert_eq!(who.put("/api/v1/me/email", form).await.status, 202);
    }
    app.run_jobs().await;
    let mails = mailbox.take();
    let confirm = async |path: String| {
        let entered = app.visitor().get(&path).await;
        app.visitor().after(&entered).submit("/confirm", &[]).await
    };
    let (one, other) = join(
        confirm(mails[0].path("/confirm/")),
        confirm(mails[1].path("/confirm/")),
    )
    .await;
    assert_eq!(sorted(&one, &other), [303, 409], "{} {}", one.text, other.text);
    let mut emails = Vec::new();
    for who in [&ann, &bob] {
        emails.push(
            who.get("/api/v1/me").await.body["email"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(
        emails.iter().filter(|email| *email == "both@example.org").count(),
        1
    );
    app.run_jobs().await;
}

/// A sign-in that was proved before the password was reset does not get in afterwards.
#[actix_web::test]
async fn sec05_a_reset_and_a_sign_in_at_one_moment_leave_no_session_of_the_old_password() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let clock = app.app.clock.clone();
    let made = app
        .app
        .db
        .write(move |conn| accounts::make_reset_link(conn, "1000000001", &clock));
    let token = made.await.unwrap().token;
    let visitor = app.visitor();
    let reset = json!({ "token": token, "password": "battery staple", "password_again": "battery staple" });
    let old = json!({ "name": "1000000001", "password": PASSWORD });
    let (reset, signed) = join(
        visitor.put("/api/v1/password-resets", reset),
        visitor.post("/api/v1/sessions", old),
    )
    .await;
    assert_eq!(reset.status, 204, "{}", reset.text);
    let inside = visitor.with_cookies(&signed).get("/api/v1/me").await;
    assert_eq!(inside.status, 401, "{}", signed.status);
    assert!(app.app.clock.now() == START);
    app.run_jobs().await;
}
