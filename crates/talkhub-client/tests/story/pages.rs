//! Pages without script: they redirect, keep what was typed, and say what was wrong.

use crate::app::{PASSWORD, TestApp};
use actix_web::http::Method;
use serde_json::json;

#[actix_web::test]
async fn whoever_is_not_signed_in_goes_to_sign_in_and_back() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let visitor = app.visitor();
    assert_eq!(
        (
            visitor.get("/").await.status,
            visitor.get("/").await.header("location")
        ),
        (303, "/login")
    );
    let sent = visitor.get("/chat/1000000001").await;
    assert_eq!(sent.header("location"), "/login?next=/chat/1000000001");
    let page = visitor.get("/login?next=/chat/1000000001").await;
    assert!(page.text.contains(r#"name="next" value="/chat/1000000001""#));
    let signed = visitor
        .submit(
            "/login",
            &[
                ("name", "1000000001"),
                ("password", PASSWORD),
                ("keep", "1"),
                ("next", "/chat/1000000001"),
            ],
        )
        .await;
    assert_eq!(
        (signed.status, signed.header("location")),
        (303, "/chat/1000000001")
    );
    assert!(
        signed.cookies[0].max_age().is_some(),
        "kept after the browser closes"
    );
    let inside = visitor.with_cookies(&signed).get("/chat/1000000001").await;
    assert_eq!(inside.status, 200);
    assert!(inside.text.contains(r#"id="app""#) && inside.text.contains(r#"id="island""#));
    let unkept = visitor
        .submit("/login", &[("name", "1000000001"), ("password", PASSWORD)])
        .await;
    assert!(
        unkept.cookies[0].max_age().is_none(),
        "gone when the browser closes"
    );
    assert!(unkept.cookies[0].http_only().unwrap_or(false));
}

#[actix_web::test]
async fn bad06_nobody_is_sent_elsewhere() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    for next in ["https://evil.example", "//evil.example", "javascript:alert(1)"] {
        let signed = app
            .visitor()
            .submit(
                "/login",
                &[("name", "1000000001"), ("password", PASSWORD), ("next", next)],
            )
            .await;
        assert_eq!(signed.header("location"), "/", "{next}");
    }
}

#[actix_web::test]
async fn bad04_a_refused_form_comes_back_filled_and_never_with_the_password() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let fields = [
        ("username", "p1000000001"),
        ("email", "new@example.org"),
        ("display_name", "<b>Neu</b>"),
        ("user_id", "100 000 0009"),
        ("password", "hush hush"),
        ("password_again", "hush hush"),
    ];
    let refused = app.visitor().submit("/register", &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("This name is already taken."));
    assert!(
        refused.text.contains(r#"value="new@example.org""#)
            && refused.text.contains(r#"value="100 000 0009""#)
    );
    assert!(!refused.text.contains("hush hush"));
    assert!(!refused.text.contains("<b>Neu</b>"), "text is shown as text");
    let login = app
        .visitor()
        .submit("/login", &[("name", "p1000000001"), ("password", "wrong wrong")])
        .await;
    assert_eq!(login.status, 401);
    assert!(login.text.contains("do not belong together") && login.text.contains(r#"value="p1000000001""#));
}

#[actix_web::test]
async fn a_form_registers_signs_out_and_in_again() {
    let app = TestApp::new().await;
    let fields = [
        ("username", "ann"),
        ("email", "ann@example.org"),
        ("display_name", ""),
        ("user_id", "100 000 0009"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    let made = app.visitor().submit("/register", &fields).await;
    assert_eq!((made.status, made.header("location")), (303, "/"));
    let ann = app.visitor().with_cookies(&made);
    assert_eq!(ann.get("/").await.status, 200);
    assert!(ann.get("/settings/profile").await.text.contains("100 000 0009"));
    assert!(ann.get("/logout").await.text.contains("/logout"));
    let out = ann.submit("/logout", &[]).await;
    assert_eq!((out.status, out.header("location")), (303, "/login"));
    assert_eq!(ann.get("/").await.header("location"), "/login");
}

#[actix_web::test]
async fn settings_work_without_script() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let saved = ann
        .submit(
            "/settings/profile",
            &[("display_name", "Annabel"), ("theme", "light")],
        )
        .await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, "/settings/profile?saved=1")
    );
    let page = ann.get("/settings/profile?saved=1").await.text;
    assert!(page.contains("Saved.") && page.contains(r#"data-theme="light""#) && page.contains("Annabel"));
    let refused = ann
        .submit("/settings/profile", &[("display_name", ""), ("theme", "light")])
        .await;
    assert_eq!(refused.status, 422);
    let wrong = ann
        .submit(
            "/settings/password",
            &[
                ("current", "x"),
                ("password", "battery staple"),
                ("password_again", "battery staple"),
            ],
        )
        .await;
    assert!(wrong.status == 422 && wrong.text.contains("This is not your present password."));
    let changed = ann
        .submit(
            "/settings/password",
            &[
                ("current", PASSWORD),
                ("password", "battery staple"),
                ("password_again", "battery staple"),
            ],
        )
        .await;
    assert_eq!(changed.header("location"), "/settings/password?saved=1");
    app.run_jobs().await;
}

#[actix_web::test]
async fn problems_are_pages_for_people_and_json_for_programs() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let page = ann.get("/no/such/page").await;
    assert!(
        page.status == 404 && page.header("content-type").starts_with("text/html"),
        "{}",
        page.text
    );
    let json = ann.get("/api/v1/nothing").await;
    assert_eq!(
        (json.status, json.header("content-type")),
        (404, "application/problem+json")
    );
    let long = ann.get(&format!("/chat/{}", "1".repeat(2100))).await;
    assert_eq!(long.status, 414);
    assert_eq!(ann.get("/chat/..%2f..%2fetc").await.status, 404);
}

#[actix_web::test]
async fn sec11_sec13_what_a_name_holds_never_ends_the_island() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    ann.submit(
        "/settings/profile",
        &[
            ("display_name", "</script><script>alert(1)</script>"),
            ("theme", "dark"),
        ],
    )
    .await;
    let page = ann.get("/").await.text;
    assert!(!page.contains("<script>alert"), "{page}");
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec11_sec12_every_answer_carries_its_headers() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let visitor = app.visitor();
    // Pages, redirects, JSON, refusals of every kind, what has no body, what is no address of ours.
    let answers = [
        (200, visitor.get("/login").await),
        (303, visitor.get("/").await),
        (200, ann.get("/").await),
        (303, ann.get("/settings").await),
        (200, ann.get("/api/v1/me").await),
        (401, visitor.get("/api/v1/me").await),
        (401, visitor.get("/live").await),
        (404, ann.get("/api/v1/conversations/7").await),
        (404, visitor.get("/api/v1/nothing").await),
        (404, visitor.get("/nothing").await),
        (404, visitor.get("/assets/nothing.js").await),
        (405, ann.put("/api/v1/me", json!({})).await),
        (400, ann.post("/api/v1/accounts", json!({})).await),
        (
            403,
            ann.send(
                ann.request(Method::POST, "/logout")
                    .insert_header(("sec-fetch-site", "cross-site")),
            )
            .await,
        ),
        (414, visitor.get(&format!("/{}", "x".repeat(3_000))).await),
        (200, visitor.send(visitor.request(Method::HEAD, "/login")).await),
        (200, visitor.get("/healthz").await),
        (200, visitor.get("/readyz").await),
    ];
    for (number, (status, answer)) in answers.iter().enumerate() {
        let which = format!(
            "answer {number}: {}",
            answer.text.chars().take(80).collect::<String>()
        );
        assert_eq!(answer.status, *status, "{which}");
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "connect-src 'self' http://127.0.0.1:5050 ws://127.0.0.1:5050",
        ] {
            assert!(policy.contains(part), "{which}: {policy:?} lacks {part}");
        }
        assert!(!policy.contains("unsafe-inline"), "{which}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{which}: {name}");
        }
        assert!(!answer.text.contains("style="), "{which}: inline style");
        assert_eq!(answer.header("server"), "", "{which}: SEC35");
    }
}

#[actix_web::test]
async fn bad17_addresses_that_lead_nowhere_are_pages_that_say_so() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let paths = [
        "/chat/1000000001/more",
        "/chat/../nothing",
        "/%00",
        "/%ff%fe",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "//evil.example/",
        "/conversations/1",
    ];
    for path in paths {
        let answer = ann.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        if !path.starts_with("/assets") {
            assert!(answer.text.contains("<html"), "{path}: {}", answer.text);
        }
    }
    for name in [
        "123",
        "99999999999",
        "0123456789",
        "abc",
        "%00",
        "%zz",
        "%2e%2e%2fsettings",
    ] {
        let answer = ann.get(&format!("/chat/{name}")).await;
        assert_eq!(answer.status, 404, "{name}: {}", answer.text);
        assert!(
            answer.text.contains("<html") && !answer.text.contains('\0') && !answer.text.contains("../"),
            "{name} is not in the page"
        );
    }
    // Whether somebody has it the browser's program finds out, and says so.
    for name in ["1000000009", "1000000009/", "100%20000%200009"] {
        assert_eq!(ann.get(&format!("/chat/{name}")).await.status, 200, "{name}");
    }
    for path in ["/chat/", "/api/v1/conversations/"] {
        let answer = ann.get(&format!("{path}{}", "9".repeat(2_500))).await;
        assert_eq!(answer.status, 414, "{path}: {}", answer.text);
    }
}
