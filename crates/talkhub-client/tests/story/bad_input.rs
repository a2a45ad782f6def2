//! What every door tells of bad input and of foreign pages, and health.

use crate::app::{PASSWORD, TestApp, message_id, register_form};
use actix_web::http::Method;
use serde_json::json;

#[actix_web::test]
async fn sec09_bad07_other_sites_cannot_use_the_cookie() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let table: [(&[(&str, &str)], u16); 8] = [
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("origin", "http://127.0.0.1:8000")], 200),
        (&[("origin", "http://localhost:8000")], 200),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
    ];
    for (headers, want) in table {
        let mut request = ann.request(Method::PATCH, "/api/v1/me").set_json(json!({}));
        for header in headers {
            request = request.insert_header(*header);
        }
        assert_eq!(ann.send(request).await.status, want, "{headers:?}");
    }
    let program = ann
        .request(Method::PATCH, "/api/v1/me")
        .insert_header(("authorization", "Bearer x"))
        .insert_header(("origin", "https://evil.example"));
    assert_eq!(
        ann.send(program.set_json(json!({}))).await.status,
        401,
        "with Authorization the cookie is not read"
    );
    let login = app
        .visitor()
        .request(Method::POST, "/login")
        .insert_header(("sec-fetch-site", "cross-site"));
    assert_eq!(
        ann.send(login.set_form([("name", "1000000001"), ("password", PASSWORD)]))
            .await
            .status,
        403
    );
}

#[actix_web::test]
async fn bad18_json_that_cannot_be_read_is_told_where() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let send = async |kind: &'static str, body: String| {
        let request = ann
            .request(Method::POST, "/api/v1/accounts")
            .insert_header(("content-type", kind))
            .set_payload(body);
        ann.send(request).await
    };
    let json = "application/json";
    let table = [
        (
            json,
            "{\"username\": }".to_owned(),
            "400 invalid body: Line 1, column 14: this is not JSON.",
        ),
        (
            json,
            "{\"username\": 7}".to_owned(),
            "400 invalid body: Line 1, column 14: another kind of value is expected here.",
        ),
        (
            json,
            "{\"username\": \"a\"}".to_owned(),
            "400 invalid body: email is missing.",
        ),
        (
            json,
            "{\"username\": \"a\", \"username\": \"b\"}".to_owned(),
            "400 invalid body: username stands there twice.",
        ),
        (
            json,
            "[".repeat(4000),
            "400 invalid body: Line 1, column 1: another kind of value is expected here.",
        ),
        ("text/plain", "{}".to_owned(), "415 wrong-type"),
        (json, format!("\"{}\"", "x".repeat(1_000_000)), "413 too-large"),
    ];
    for (kind, body, want) in table {
        assert_eq!(
            send(kind, body.clone()).await.refusal(),
            want,
            "{}",
            body.chars().take(60).collect::<String>()
        );
    }
}

#[actix_web::test]
async fn bad19_fields_that_are_not_the_callers_are_ignored() {
    let app = TestApp::new().await;
    let mut form = register_form("ann", "1000000001");
    form["is_online"] = json!(true);
    form["relay_group"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    let made = app.visitor().post("/api/v1/accounts", form).await;
    assert_eq!(made.status, 201);
    assert_ne!(made.body["subject"], "AAAAAAAAAAAAAAAAAAAAAA");
    let ann = app.visitor().with_cookies(&made);
    let talk = ann
        .put("/api/v1/conversations/private/1000000001", json!({}))
        .await
        .body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let say = json!({ "id": message_id(1), "body": "x", "seq": 99, "sender": "2000000002", "at": 1 });
    let said = ann
        .post(&format!("/api/v1/conversations/{talk}/messages"), say)
        .await;
    assert_eq!(
        (
            &said.body["message"]["seq"],
            &said.body["message"]["sender"]["user_id"]
        ),
        (&json!(1), &json!("1000000001"))
    );
}

#[actix_web::test]
async fn bad20_another_method_is_told_which_are_allowed() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let answer = ann.put("/api/v1/me", json!({})).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "GET, HEAD, PATCH, DELETE")
    );
    let traced = ann.send(ann.request(Method::TRACE, "/login")).await;
    assert_eq!((traced.status, traced.header("allow")), (405, "GET, HEAD, POST"));
}

#[actix_web::test]
async fn health_needs_no_sign_in_and_says_what_is_away() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    assert_eq!(visitor.get("/healthz").await.body, json!({ "status": "ok" }));
    let ready = visitor.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.body),
        (
            200,
            json!({ "status": "degraded", "database": "ok", "disk": "ok", "relay": "away" })
        )
    );
    assert_eq!(app.is_mysql(), std::env::var("TALKHUB_TEST_DATABASE_URL").is_ok());
}
