//! Every door of the API: who gets in, who does not.

use crate::app::{PASSWORD, TestApp, message_id};
use crate::router;
use actix_web::http::Method;
use serde_json::{Value, json};

/// Method, path with `{talk}` and `{bob}`, body, and the status for: signed out, stranger, member. `matrix.rs` asks more people.
pub fn table() -> Vec<(Method, &'static str, Value, [u16; 3])> {
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
        (Method::GET, "/me/privacy", json!(null), [401, 200, 200]),
        (
            Method::PATCH,
            "/me/privacy",
            json!({ "add": "contacts" }),
            [401, 200, 200],
        ),
        (Method::DELETE, "/me/avatar", json!(null), [401, 204, 204]),
        (Method::GET, "/me/changes", json!(null), [401, 200, 200]),
        (Method::GET, "/me/activity", json!(null), [401, 200, 200]),
        (
            Method::PUT,
            "/me/email",
            json!({ "email": "new@example.org", "current": "x" }),
            [401, 400, 400],
        ),
        (
            Method::POST,
            "/me/export",
            json!({ "current": "x" }),
            [401, 400, 400],
        ),
        (Method::DELETE, "/me", json!({ "current": "x" }), [401, 400, 400]),
        (
            Method::POST,
            "/password-resets",
            json!({ "email": "nobody@example.org" }),
            [422, 422, 422],
        ),
        (
            Method::PUT,
            "/password-resets",
            json!({ "token": "x", "password": "battery staple", "password_again": "battery staple" }),
            [404, 404, 404],
        ),
        (Method::GET, "/sessions", json!(null), [401, 200, 200]),
        (Method::GET, "/users?query=no", json!(null), [401, 200, 200]),
        (Method::GET, "/users/{bob}", json!(null), [401, 200, 200]),
        (Method::GET, "/contacts", json!(null), [401, 200, 200]),
        (Method::DELETE, "/contacts/{bob}", json!(null), [401, 404, 404]),
        (Method::GET, "/contact-requests", json!(null), [401, 200, 200]),
        (
            Method::POST,
            "/contact-requests",
            json!({ "user_id": "7777777777" }),
            [401, 404, 404],
        ),
        (
            Method::DELETE,
            "/contact-requests/7",
            json!(null),
            [401, 404, 404],
        ),
        (
            Method::POST,
            "/contact-requests/7/accept",
            json!({}),
            [401, 404, 404],
        ),
        (
            Method::POST,
            "/contact-requests/7/reject",
            json!({}),
            [401, 404, 404],
        ),
        (Method::GET, "/blocks", json!(null), [401, 200, 200]),
        (Method::PUT, "/blocks/7777777777", json!({}), [401, 404, 404]),
        (Method::DELETE, "/blocks/{bob}", json!(null), [401, 404, 404]),
        (
            Method::POST,
            "/conversations/{talk}/accept",
            json!({}),
            [401, 404, 200],
        ),
        (
            Method::POST,
            "/conversations/{talk}/dismiss",
            json!({}),
            [401, 404, 404],
        ),
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
fn sec14_every_route_of_the_api_has_its_line() {
    let table = table();
    let missing: Vec<String> = router::routes()
        .into_iter()
        .filter(|route| route.is_api)
        .filter(|route| {
            let fits = |path: &str| router::shape(path) == router::shape(&route.path);
            !table
                .iter()
                .any(|(method, path, ..)| *method == route.method && fits(path))
        })
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// Whether this door takes a password, so that a 401 there is one of whoever cannot sign in.
pub fn signs_in(door: &str) -> bool {
    matches!(door, "POST /sessions" | "POST /tokens" | "POST /tokens/refresh")
}
