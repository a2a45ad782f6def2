//! Another e-mail address: the password again, a link to the new one, a word to the old one; and the account's activity.

use crate::app::{PASSWORD, TestApp};
use serde_json::json;

#[actix_web::test]
async fn sec05_a_new_address_counts_once_its_link_is_opened_and_the_old_one_is_told() {
    let (app, mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    let page = ann.get("/settings/account").await.text;
    assert!(
        page.contains("p1000000001@example.org")
            && page.contains("100 000 0001")
            && page.contains("2027-01-15")
    );
    let asked = ann
        .submit(
            "/settings/account",
            &[("email", "Ann@Example.net"), ("current", PASSWORD)],
        )
        .await;
    assert_eq!(
        (asked.status, asked.header("location")),
        (303, "/settings/account?asked=1")
    );
    assert!(
        ann.get("/settings/account?asked=1")
            .await
            .text
            .contains("We sent a link")
    );
    app.run_jobs().await;
    let mail = mailbox.take().remove(0);
    assert_eq!(
        (mail.to.as_str(), mail.subject()),
        ("ann@example.net", "Is this your address?")
    );
    let email = async || ann.get("/api/v1/me").await.body["email"].clone();
    assert_eq!(
        email().await,
        "p1000000001@example.org",
        "not before the link is opened"
    );

    let path = mail.path("/confirm/");
    let phone = app.visitor();
    let entered = phone.get(&path).await;
    assert_eq!((entered.status, entered.header("location")), (303, "/confirm"));
    let phone = phone.after(&entered);
    assert!(phone.get("/confirm").await.text.contains("ann@example.net"));
    assert_eq!(
        email().await,
        "p1000000001@example.org",
        "looking alone confirms nothing"
    );
    let done = phone.submit("/confirm", &[]).await;
    assert_eq!((done.status, done.header("location")), (303, "/confirm?done=1"));
    assert!(
        phone
            .after(&done)
            .get("/confirm?done=1")
            .await
            .text
            .contains("Your new address counts")
    );
    assert_eq!(email().await, "ann@example.net");
    assert_eq!(app.visitor().get(&path).await.status, 410);
    assert_eq!(phone.submit("/confirm", &[]).await.status, 410);

    app.run_jobs().await;
    let told = mailbox.take();
    assert_eq!((told.len(), told[0].to.as_str()), (1, "p1000000001@example.org"));
    assert!(told[0].whole.contains("is now ann@example.net"));
    for (name, want) in [("ann@example.net", 201), ("p1000000001@example.org", 401)] {
        let form = json!({ "name": name, "password": PASSWORD });
        assert_eq!(
            app.visitor().post("/api/v1/sessions", form).await.status,
            want,
            "{name}"
        );
    }
    app.run_jobs().await;
}

#[actix_web::test]
async fn a_new_address_needs_the_password_and_must_be_free_both_times() {
    let (app, mailbox) = TestApp::with_mail().await;
    let (ann, _bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let change = async |email: &str, current: &str| {
        ann.put("/api/v1/me/email", json!({ "email": email, "current": current }))
            .await
    };
    assert_eq!(
        change("new@example.org", "wrong").await.refusal(),
        "400 invalid current: This is not your present password."
    );
    assert_eq!(
        change("nobody", PASSWORD).await.refusal(),
        "400 invalid email: That does not look like an e-mail address."
    );
    assert_eq!(
        change("p1000000002@example.org", PASSWORD).await.refusal(),
        "400 invalid email: This address is already taken. Sign in, or use another one."
    );
    assert_eq!(
        change("p1000000001@example.org", PASSWORD).await.refusal(),
        "400 invalid email: This is your address already."
    );
    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0, "nothing was asked for");

    let asked = change("new@example.org", PASSWORD).await;
    assert_eq!(
        (asked.status, &asked.body),
        (202, &json!({ "email": "new@example.org", "confirmed": false }))
    );
    app.run_jobs().await;
    let path = mailbox.take().remove(0).path("/confirm/");
    let form = json!({ "username": "eve", "email": "new@example.org", "password": PASSWORD, "password_again": PASSWORD });
    assert_eq!(
        app.visitor().post("/api/v1/accounts", form).await.status,
        201,
        "somebody was faster"
    );
    let entered = app.visitor().get(&path).await;
    let late = app.visitor().after(&entered).submit("/confirm", &[]).await;
    assert!(
        late.status == 409 && late.text.contains("This address is already taken."),
        "{}",
        late.text
    );
    assert_eq!(
        ann.get("/api/v1/me").await.body["email"],
        "p1000000001@example.org"
    );

    let page = ann
        .submit(
            "/settings/account",
            &[("email", "other@example.org"), ("current", "wrong")],
        )
        .await;
    assert!(
        page.status == 422
            && page.text.contains("other@example.org")
            && page.text.contains("present password")
    );
}

#[actix_web::test]
async fn without_a_mail_server_a_new_address_counts_at_once() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    assert!(ann.get("/settings/account").await.text.contains("counts at once"));
    let form = json!({ "email": "new@example.org", "current": PASSWORD });
    let changed = ann.put("/api/v1/me/email", form).await;
    assert_eq!((changed.status, &changed.body["confirmed"]), (200, &json!(true)));
    assert_eq!(ann.get("/api/v1/me").await.body["email"], "new@example.org");
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec07_guessing_the_password_at_a_form_inside_slows_down_too() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let wrong = json!({ "email": "new@example.org", "current": "wrong" });
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(ann.put("/api/v1/me/email", wrong.clone()).await.status);
    }
    assert_eq!(statuses, [400, 400, 400, 400, 400, 400, 429]);
    let export = ann
        .post("/api/v1/me/export", json!({ "current": PASSWORD }))
        .await;
    assert_eq!(export.status, 429, "one budget for all such forms");
    app.wait(2);
    assert_eq!(
        ann.post("/api/v1/me/export", json!({ "current": PASSWORD }))
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn b04_the_activity_lists_sign_ins_with_time_device_and_address_to_their_person_alone() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    app.wait(60);
    let form = json!({ "name": "1000000001", "password": PASSWORD });
    let other = app.visitor();
    let request = other
        .request(actix_web::http::Method::POST, "/api/v1/sessions")
        .insert_header((
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ))
        .peer_addr("203.0.113.7:4000".parse().unwrap());
    assert_eq!(other.send(request.set_json(form)).await.status, 201);
    let page = ann.get("/settings/activity").await.text;
    for part in [
        "Signed in",
        "2027-01-15 08:01 UTC",
        "Firefox, Linux",
        "203.0.113.7",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let list = ann.get("/api/v1/me/activity").await.body;
    assert_eq!(list["activity"].as_array().unwrap().len(), 2, "{list}");
    assert_eq!(
        list["activity"][0],
        json!({ "event": "signed-in-new-device", "at": crate::app::START + 60_000, "device": "Firefox, Linux", "address": "203.0.113.7" })
    );
    let foreign = bob.get("/settings/activity").await.text;
    assert!(!foreign.contains("203.0.113.7"));

    for _ in 0..60 {
        app.wait(1);
        let form = json!({ "email": format!("a{}@example.org", app.app.clock.now()), "current": PASSWORD });
        assert_eq!(ann.put("/api/v1/me/email", form).await.status, 200);
    }
    let first = ann.get("/api/v1/me/activity").await.body;
    let next = first["next"].as_str().unwrap();
    let second = ann.get(&format!("/api/v1/me/activity?before={next}")).await.body;
    let count = |page: &serde_json::Value| page["activity"].as_array().unwrap().len();
    assert_eq!(
        (count(&first), count(&second), &second["next"]),
        (50, 12, &json!(null))
    );
    assert_eq!(
        ann.get("/api/v1/me/activity?before=x").await.refusal(),
        "400 invalid before: before is a whole number from 0."
    );
    app.run_jobs().await;
}
