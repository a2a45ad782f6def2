//! Two-step sign-in: what bounds it (tries, time, the password, the server's key), and its pages.

use crate::app::{PASSWORD, TestApp};
use crate::phone::{Phone, WRONG, first_step, second_step, set_up};
use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

#[actix_web::test]
async fn sec06_bad23_a_code_is_good_once_a_step_early_or_late_and_five_wrong_ones_are_enough() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (_, phone, _) = set_up(&app, &ann).await;
    app.wait(120);
    let visitor = app.visitor();
    let step = first_step(&app, &visitor).await;
    for steps in [-2, 2] {
        assert_eq!(
            second_step(&visitor, &step, &phone.shows(&app, steps))
                .await
                .refusal(),
            WRONG,
            "{steps}"
        );
    }
    assert_eq!(
        second_step(&visitor, &step, &phone.shows(&app, -1)).await.status,
        201
    );
    let step = first_step(&app, &visitor).await;
    assert_eq!(
        second_step(&visitor, &step, &phone.shows(&app, -1))
            .await
            .refusal(),
        WRONG,
        "used"
    );
    assert_eq!(
        second_step(&visitor, &step, &phone.shows(&app, 1)).await.status,
        201
    );
    let step = first_step(&app, &visitor).await;
    assert_eq!(
        second_step(&visitor, &step, &phone.shows(&app, 0))
            .await
            .refusal(),
        WRONG,
        "older than the last one used"
    );

    app.wait(120);
    let step = first_step(&app, &visitor).await;
    for _ in 0..4 {
        assert_eq!(second_step(&visitor, &step, "no code").await.refusal(), WRONG);
    }
    let sixth = second_step(&visitor, &step, &phone.shows(&app, 0)).await;
    assert_eq!(
        (sixth.status, sixth.header("retry-after")),
        (429, "61"),
        "even the right one"
    );
    let other = first_step(&app, &visitor).await;
    let elsewhere = visitor
        .request(Method::POST, "/api/v1/sessions/step")
        .peer_addr("203.0.113.9:1".parse().unwrap());
    let elsewhere = elsewhere.set_json(json!({ "step": other, "code": phone.shows(&app, 0) }));
    assert_eq!(
        visitor.send(elsewhere).await.status,
        429,
        "another step, another network: the same budget"
    );
    let known = first_step(&app, &ann).await;
    assert_eq!(
        second_step(&ann, &known, &phone.shows(&app, 0)).await.status,
        201,
        "a known device has its own"
    );
    app.wait(61);
    assert_eq!(
        second_step(&visitor, &step, &phone.shows(&app, 0)).await.status,
        201
    );
}

#[actix_web::test]
async fn a_second_step_does_not_outlive_its_time_or_the_password() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (ann, phone, _) = set_up(&app, &ann).await;
    let over = "400 invalid step: This sign-in took too long. Begin again with your password.";
    let visitor = app.visitor();
    let step = first_step(&app, &visitor).await;
    app.wait(601);
    assert_eq!(
        second_step(&visitor, &step, &phone.shows(&app, 0))
            .await
            .refusal(),
        over
    );
    let step = first_step(&app, &visitor).await;
    let form =
        json!({ "current": PASSWORD, "password": "battery staple", "password_again": "battery staple" });
    assert_eq!(ann.put("/api/v1/me/password", form).await.status, 204);
    assert_eq!(
        second_step(&visitor, &step, &phone.shows(&app, 0))
            .await
            .refusal(),
        over
    );
    assert_eq!(
        second_step(&visitor, &json!("x"), &phone.shows(&app, 0))
            .await
            .refusal(),
        over
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn a_set_up_that_took_too_long_begins_again() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let begun = ann
        .post("/api/v1/me/second-factor", json!({ "current": PASSWORD }))
        .await;
    let phone = Phone::new(begun.body["secret"].as_str().unwrap());
    app.wait(601);
    let late = ann
        .post(
            "/api/v1/me/second-factor/confirm",
            json!({ "code": phone.shows(&app, 0) }),
        )
        .await;
    assert_eq!(
        (late.status, late.body["title"].as_str()),
        (409, Some("Setting up took too long. Begin again."))
    );
    set_up(&app, &ann).await;
}

/// The secret in the database is of no use without the server's own key.
#[actix_web::test]
async fn sec33_the_database_alone_makes_no_codes() {
    use diesel::prelude::*;
    use talkhub_client::platform::db::schema::{recovery_codes, second_factors};
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let begun = ann
        .post("/api/v1/me/second-factor", json!({ "current": PASSWORD }))
        .await;
    let phone = Phone::new(begun.body["secret"].as_str().unwrap());
    let code = phone.shows(&app, 0);
    let on = ann
        .post("/api/v1/me/second-factor/confirm", json!({ "code": code }))
        .await;
    let read = app.app.db.read(|conn| {
        let secret: String = second_factors::table.select(second_factors::secret).first(conn)?;
        let codes: Vec<String> = recovery_codes::table
            .select(recovery_codes::code_sha256)
            .load(conn)?;
        Ok(format!("{secret} {codes:?}"))
    });
    let kept = read.await.unwrap();
    // Neither as text nor as the bytes that some text stands for.
    let bytes = phone.secret();
    let plain = kept
        .split(' ')
        .filter_map(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .any(|decoded| decoded.windows(bytes.len()).any(|part| part == bytes));
    assert!(!plain, "{kept}");
    let recovery = on.body["recovery_codes"][0].as_str().unwrap().replace('-', "");
    assert!(
        !kept.contains(begun.body["secret"].as_str().unwrap()) && !kept.to_lowercase().contains(&recovery),
        "{kept}"
    );
}

#[actix_web::test]
async fn the_pages_set_it_up_ask_and_turn_it_off_without_script() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let refused = ann
        .submit(
            "/settings/security/factor",
            &[("what", "begin"), ("current", "x")],
        )
        .await;
    assert!(refused.status == 422 && refused.text.contains("This is not your present password."));
    let begun = ann
        .submit(
            "/settings/security/factor",
            &[("what", "begin"), ("current", PASSWORD)],
        )
        .await;
    assert!(
        begun.status == 200 && begun.text.contains("<svg") && !begun.text.contains("style="),
        "{}",
        begun.text
    );
    let secret = begun
        .text
        .split("factor-secret\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let phone = Phone::new(secret);
    let wrong = ann.submit("/settings/security/confirm", &[("code", "1")]).await;
    assert!(
        wrong.status == 422 && wrong.text.contains("This code is not right.") && wrong.text.contains(secret)
    );
    let on = ann
        .submit("/settings/security/confirm", &[("code", &phone.shows(&app, 0))])
        .await;
    assert_eq!(on.status, 200);
    let codes: Vec<&str> = on
        .text
        .split("<li><code>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(codes.len(), 10);
    let ann = ann.with_cookies(&on);
    let page = ann.get("/settings/security").await.text;
    assert!(
        page.contains("Two-step sign-in is on.") && page.contains("10 recovery codes are left."),
        "{page}"
    );

    app.wait(60);
    let fields = [
        ("name", "1000000001"),
        ("password", PASSWORD),
        ("keep", "1"),
        ("next", "/chat/1000000002"),
    ];
    let asked = app.visitor().submit("/login", &fields).await;
    assert_eq!((asked.status, asked.cookies.len()), (200, 0));
    let step = asked
        .text
        .split("name=\"step\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let code = async |code: &str| {
        app.visitor()
            .submit(
                "/login/code",
                &[("step", step), ("code", code), ("next", "/chat/1000000002")],
            )
            .await
    };
    let wrong = code("123").await;
    assert!(
        wrong.status == 422 && wrong.text.contains("This code is not right.") && wrong.text.contains(step)
    );
    let signed = code(codes[0]).await;
    assert_eq!(
        (signed.status, signed.header("location")),
        (303, "/chat/1000000002")
    );
    assert_eq!(
        app.visitor()
            .with_cookies(&signed)
            .get("/chat/1000000002")
            .await
            .status,
        200
    );
    let over = code(codes[1]).await;
    assert!(
        over.status == 422 && over.text.contains("took too long") && over.text.contains("name=\"password\"")
    );
    assert_eq!(
        app.visitor().get("/login/code").await.status,
        200,
        "an address that somebody reloads is the login page"
    );

    let fields = [("what", "codes"), ("current", PASSWORD), ("code", codes[1])];
    let renewed = ann.submit("/settings/security/factor", &fields).await;
    assert!(renewed.text.contains("<li><code>") && !renewed.text.contains(codes[2]));
    let wrong = ann
        .submit(
            "/settings/security/factor",
            &[("what", "end"), ("current", PASSWORD), ("code", "7")],
        )
        .await;
    assert!(wrong.status == 422 && wrong.text.contains("This code is not right."));
    let code = phone.shows(&app, 0);
    let off = ann
        .submit(
            "/settings/security/factor",
            &[("what", "end"), ("current", PASSWORD), ("code", &code)],
        )
        .await;
    assert_eq!(off.header("location"), "/settings/security?saved=1");
    assert!(
        !ann.get("/settings/security")
            .await
            .text
            .contains("Two-step sign-in is on.")
    );
    app.run_jobs().await;
}
