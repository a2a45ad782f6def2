//! Every door of the API: who gets in, who does not, and what bad input is told.

use crate::app::{PASSWORD, TestApp, message_id, register_form};
use actix_web::http::Method;
use serde_json::{Value, json};

/// Method, path with `{talk}` and `{bob}`, body, and the status for: signed out, stranger, member.
fn table() -> Vec<(Method, &'static str, Value, [u16; 3])> {
    let say = json!({ "id": message_id(7), "body": "hi" });
    let password =
        json!({ "current": "x", "password": "battery staple", "password_again": "battery staple" });
    let passed_on =
        json!({ "subject": "k7Fh0c1qS9mUe2aVnYw3Rg", "id": message_id(8), "frame": "{}", "receipt": "none" });
    vec![
        (Method::GET, "/me", json!(null), [401, 200, 200]),
        (Method::PATCH, "/me", json!({}), [401, 200, 200]),
        (Method::PUT, "/me/password", password, [401, 400, 400]),
        (Method::PUT, "/me/avatar", json!("no picture"), [401, 400, 400]),
        (Method::DELETE, "/me/avatar", json!(null), [401, 204, 204]),
        (Method::GET, "/me/changes", json!(null), [401, 200, 200]),
        (Method::GET, "/sessions", json!(null), [401, 200, 200]),
        (Method::GET, "/users?query=no", json!(null), [401, 200, 200]),
        (Method::GET, "/users/{bob}", json!(null), [401, 200, 200]),
        (Method::POST, "/relay-ids", json!({}), [401, 201, 201]),
        (
            Method::PUT,
            "/relay-ids/AAAAAAAAAAAAAAAAAAAAAA/idle",
            json!({ "idle": true }),
            [401, 404, 404],
        ),
        (
            Method::PUT,
            "/me/presence",
            json!({ "presence": "away" }),
            [401, 200, 200],
        ),
        (Method::GET, "/rooms/{talk}/online", json!(null), [401, 404, 200]),
        (Method::GET, "/conversations", json!(null), [401, 200, 200]),
        (Method::GET, "/conversations/heads", json!(null), [401, 200, 200]),
        (
            Method::PUT,
            "/conversations/private/{bob}",
            json!({}),
            [401, 200, 200],
        ),
        (Method::GET, "/conversations/{talk}", json!(null), [401, 404, 200]),
        (
            Method::GET,
            "/conversations/{talk}/messages",
            json!(null),
            [401, 404, 200],
        ),
        (
            Method::POST,
            "/conversations/{talk}/messages",
            say,
            [401, 404, 201],
        ),
        (
            Method::POST,
            "/conversations/{talk}/passed-on",
            json!({ "messages": [passed_on] }),
            [401, 404, 200],
        ),
        (
            Method::GET,
            "/conversations/{talk}/changes",
            json!(null),
            [401, 404, 200],
        ),
        (
            Method::PUT,
            "/conversations/{talk}/read",
            json!({ "read": 0 }),
            [401, 404, 200],
        ),
        (Method::GET, "/free-user-ids", json!(null), [200, 200, 200]),
        (
            Method::GET,
            "/free-user-ids/7777777777",
            json!(null),
            [200, 200, 200],
        ),
        (
            Method::POST,
            "/sessions",
            json!({ "name": "nobody", "password": "x" }),
            [401, 401, 401],
        ),
        (
            Method::POST,
            "/accounts",
            json!({ "username": "", "email": "", "password": "", "password_again": "" }),
            [400, 400, 400],
        ),
        (
            Method::POST,
            "/sessions/step",
            json!({ "step": "x", "code": "123456" }),
            [400, 400, 400],
        ),
        (
            Method::POST,
            "/tokens",
            json!({ "name": "nobody", "password": "x" }),
            [401, 401, 401],
        ),
        (
            Method::POST,
            "/tokens/step",
            json!({ "step": "x", "code": "123456" }),
            [400, 400, 400],
        ),
        (
            Method::POST,
            "/tokens/refresh",
            json!({ "refresh_token": "x" }),
            [401, 401, 401],
        ),
        (Method::DELETE, "/tokens/current", json!(null), [401, 404, 404]),
        (Method::GET, "/me/second-factor", json!(null), [401, 200, 200]),
        (
            Method::POST,
            "/me/second-factor",
            json!({ "current": "x" }),
            [401, 400, 400],
        ),
        (
            Method::POST,
            "/me/second-factor/confirm",
            json!({ "code": "123456" }),
            [401, 409, 409],
        ),
        (
            Method::POST,
            "/me/second-factor/recovery-codes",
            json!({ "current": PASSWORD, "code": "123456" }),
            [401, 409, 409],
        ),
        (
            Method::POST,
            "/me/second-factor/end",
            json!({ "current": PASSWORD, "code": "123456" }),
            [401, 409, 409],
        ),
        (
            Method::DELETE,
            "/sessions/7777777777",
            json!(null),
            [401, 404, 404],
        ),
        (Method::DELETE, "/sessions", json!(null), [401, 204, 204]),
        (Method::DELETE, "/sessions/current", json!(null), [401, 204, 204]),
    ]
}

#[actix_web::test]
async fn sec14_every_door_lets_in_whom_it_should() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let talk = app.talk([&ann, &bob]).await;
    for (method, path, body, want) in table() {
        let path = format!("/api/v1{path}")
            .replace("{talk}", &talk.to_string())
            .replace("{bob}", &bob.id.to_string());
        for (who, want) in [app.visitor(), eve.clone(), ann.clone()].iter().zip(want) {
            let request = who.request(method.clone(), &path);
            let request = if body.is_null() {
                request
            } else {
                request.set_json(&body)
            };
            let answer = who.send(request).await;
            assert_eq!(answer.status, want, "{method} {path}: {}", answer.text);
            assert!(
                answer.status < 400 || answer.header("content-type") == "application/problem+json",
                "{path}"
            );
        }
    }
    app.run_jobs().await;
}

/// A route that is added without a line above is noticed here.
#[test]
fn every_route_has_its_line() {
    let sources = [
        include_str!("../../src/accounts/devices.rs"),
        include_str!("../../src/accounts/factor_http.rs"),
        include_str!("../../src/accounts/http.rs"),
        include_str!("../../src/accounts/tokens.rs"),
        include_str!("../../src/accounts/avatar.rs"),
        include_str!("../../src/messages/http.rs"),
        include_str!("../../src/presence/http.rs"),
        include_str!("../../src/presence/choice.rs"),
    ];
    let table = table();
    let mut missing = Vec::new();
    for source in sources {
        let flat: String = source.split_whitespace().collect::<Vec<_>>().join(" ");
        for service in flat.split("resource(").skip(1) {
            let Some(path) = service.split('"').nth(1) else {
                continue;
            };
            // Pages, and what they show: each has a story of its own.
            if path.starts_with("/settings/") || path.starts_with("/avatars/") {
                continue;
            }
            let routes = service.split(']').next().unwrap_or("");
            for method in [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ] {
                let routed = routes.contains(&format!("\"{method}\""));
                let shape = |path: &str| {
                    path.split('?')
                        .next()
                        .unwrap_or("")
                        .split('/')
                        .map(|part| {
                            if part.starts_with('{') || part.starts_with('7') || part.starts_with("AAAA") {
                                "*"
                            } else {
                                part
                            }
                            .to_owned()
                        })
                        .collect::<Vec<_>>()
                };
                let listed = table
                    .iter()
                    .any(|(known, line, ..)| *known == method && shape(line) == shape(path));
                if routed && !listed {
                    missing.push(format!("{method} {path}"));
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

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
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, PATCH"));
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
