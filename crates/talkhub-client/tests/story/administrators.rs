//! Administrators where they need a second factor: nothing but the way to it is open to them. (U01)

use crate::app::{PASSWORD, Person, TestApp};
use crate::doors;
use crate::phone::{Phone, set_up};
use actix_web::http::Method;
use serde_json::json;
use shared_protocol::UserId;
use talkhub_client::accounts;
use talkhub_client::platform::audit::Source;

/// Makes this person an administrator, as the operator does.
pub async fn promote(app: &TestApp, who: UserId) {
    let clock = app.app.clock.clone();
    let made = app
        .app
        .db
        .write(move |conn| accounts::make_administrator(conn, who, &Source::operator(), &clock));
    assert!(made.await.unwrap());
}

async fn strict() -> TestApp {
    TestApp::with(|config| config.accounts.admin_second_factor = true).await
}

const MISSING: &str = "403 second-factor-missing";

#[actix_web::test]
async fn u01_an_administrator_without_a_second_factor_is_led_to_it_and_then_let_in() {
    let app = strict().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    promote(&app, ann.id).await;
    assert_eq!(bob.get("/api/v1/me").await.status, 200, "others are not asked");
    let refused = ann.get("/api/v1/me").await;
    assert_eq!(refused.refusal(), MISSING);
    assert_eq!(
        refused.body["title"],
        "Administrators sign in in two steps here. Set that up first."
    );
    for path in [
        "/",
        "/chat/1000000002",
        "/settings/profile",
        "/settings/data",
        "/login",
        "/register",
    ] {
        let led = ann.get(path).await;
        assert_eq!(
            (led.status, led.header("location")),
            (303, "/settings/security"),
            "{path}"
        );
    }
    let page = ann.get("/settings/security").await;
    assert!(
        page.status == 200
            && page
                .text
                .contains("Administrators of this server need two-step sign-in.")
    );
    let begun = ann
        .submit(
            "/settings/security/factor",
            &[("what", "begin"), ("current", PASSWORD)],
        )
        .await;
    let secret = begun.text.split("factor-secret\">").nth(1).unwrap();
    let phone = Phone::new(secret.split('<').next().unwrap());
    let wrong = ann.submit("/settings/security/confirm", &[("code", "1")]).await;
    assert_eq!((wrong.status, ann.get("/api/v1/me").await.status), (422, 403));
    let on = ann
        .submit("/settings/security/confirm", &[("code", &phone.shows(&app, 0))])
        .await;
    assert_eq!(on.status, 200, "{}", on.text);
    let ann = ann.after(&on);
    assert_eq!(
        (ann.get("/api/v1/me").await.status, ann.get("/").await.status),
        (200, 200)
    );

    app.wait(60);
    let proof = json!({ "current": PASSWORD, "code": phone.shows(&app, 0) });
    let off = ann.post("/api/v1/me/second-factor/end", proof).await;
    assert_eq!(
        (off.status, off.body["title"].as_str()),
        (409, Some("Administrators of this server need two-step sign-in."))
    );
    assert!(!ann.get("/settings/security").await.text.contains("value=\"end\""));
    assert_eq!(ann.get("/api/v1/me/second-factor").await.body["on"], true);
}

#[actix_web::test]
async fn u01_tokens_of_an_administrator_without_a_second_factor_open_nothing_either() {
    let app = strict().await;
    let ann = app.person("1000000001").await;
    promote(&app, ann.id).await;
    let form = json!({ "name": "1000000001", "password": PASSWORD });
    let tokens = app.visitor().post("/api/v1/tokens", form).await.body;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let program = app.visitor();
    let call = async |method: Method, path: &str, body: serde_json::Value| {
        let request = program.request(method, &format!("/api/v1{path}"));
        let request = request.insert_header(("authorization", bearer.clone()));
        program.send(request.set_json(body)).await
    };
    assert_eq!(call(Method::GET, "/me", json!({})).await.refusal(), MISSING);
    assert_eq!(
        call(Method::POST, "/relay-ids", json!({})).await.refusal(),
        MISSING
    );
    let begun = call(Method::POST, "/me/second-factor", json!({ "current": PASSWORD })).await;
    let phone = Phone::new(begun.body["secret"].as_str().unwrap());
    let code = json!({ "code": phone.shows(&app, 0) });
    assert_eq!(
        call(Method::POST, "/me/second-factor/confirm", code).await.status,
        200
    );
    assert_eq!(call(Method::GET, "/me", json!({})).await.status, 200);
    let live = ann.get("/live").await;
    assert_ne!(
        live.status, 403,
        "the person is let in everywhere now: {}",
        live.text
    );
}

/// The doors that are open to an administrator who lacks the second factor; all others are closed.
#[actix_web::test]
async fn sec14_every_other_door_is_closed_to_an_administrator_without_a_second_factor() {
    const OPEN: [&str; 5] = [
        "GET /me/second-factor",
        "POST /me/second-factor",
        "POST /me/second-factor/confirm",
        "DELETE /tokens/current",
        "DELETE /sessions/current",
    ];
    let app = strict().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    promote(&app, ann.id).await;
    for (method, path, body, [signed_out, ..]) in doors::table() {
        let door = format!("{method} {path}");
        let path = format!("/api/v1{path}")
            .replace("{talk}", &talk.to_string())
            .replace("{bob}", &bob.id.to_string());
        let request = ann.request(method, &path);
        let request = match body.is_null() {
            true => request,
            false => request.set_json(&body),
        };
        app.wait(61);
        let answer = ann.send(request).await;
        let is_closed = answer.refusal() == MISSING;
        // Who need not be signed in is asked for nothing.
        let want = signed_out == 401 && !OPEN.contains(&door.as_str()) && !doors::signs_in(&door);
        assert_eq!(is_closed, want, "{door}: {}", answer.text);
    }
    assert_eq!(
        ann.get("/live").await.refusal(),
        "401 signed-out",
        "she has signed out at last"
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn u01_a_lost_factor_is_turned_off_by_the_operator_and_every_sign_in_ends() {
    let (app, mailbox) = TestApp::with_mail().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let (ann, _, codes) = set_up(&app, &ann).await;
    let lose = async |name: &'static str| {
        let clock = app.app.clock.clone();
        app.app
            .db
            .write(move |conn| accounts::lose_factor(conn, name, &clock))
            .await
    };
    assert_eq!(lose("nobody").await.err().unwrap().code(), "missing");
    assert!(!lose("p1000000002").await.unwrap().was_on);
    assert_eq!(bob.get("/api/v1/me").await.status, 200, "nothing was changed");
    let step = crate::phone::first_step(&app, &app.visitor()).await;
    app.wait(1);
    let lost = lose("P1000000001@example.org").await.unwrap();
    assert_eq!(
        (lost.was_on, lost.user, lost.ended.sessions.len()),
        (true, ann.id, 1)
    );
    assert_eq!(ann.get("/api/v1/me").await.status, 401);
    let late = crate::phone::second_step(&app.visitor(), &step, &codes[0]).await;
    assert_eq!(late.status, 400, "a sign-in that was on its way begins again");
    app.wait(1);
    let login = json!({ "name": "1000000001", "password": PASSWORD });
    let back = app.visitor().post("/api/v1/sessions", login).await;
    assert_eq!(back.status, 201, "the password is enough");
    let back = app.visitor().with_cookies(&back);
    let acts = back.get("/api/v1/me/activity").await.body;
    assert_eq!(acts["activity"][1]["event"], "factor-lost");
    assert!(
        back.get("/settings/activity")
            .await
            .text
            .contains("the operator of this server")
    );
    app.run_jobs().await;
    let mails = mailbox.take();
    let subjects: Vec<&str> = mails.iter().map(crate::mailbox::Mail::subject).collect();
    assert!(
        subjects.contains(&"Two-step sign-in was turned off"),
        "{subjects:?}"
    );
}

/// Of two who administer and leave at the same moment one is the last.
#[actix_web::test]
async fn the_last_two_administrators_cannot_both_leave_at_one_moment() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    app.person("1000000003").await;
    promote(&app, ann.id).await;
    promote(&app, bob.id).await;
    let leave = async |who: &Person| {
        let request = who.request(Method::DELETE, "/api/v1/me");
        who.send(request.set_json(json!({ "current": PASSWORD })))
            .await
            .status
    };
    let (one, other) = futures_util::future::join(leave(&ann), leave(&bob)).await;
    let mut statuses = [one, other];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    app.run_jobs().await;
}
