//! The first visit to an empty server, and its first administrator. (A13)

use crate::app::{PASSWORD, TestApp};
use talkhub_client::accounts;

fn fields<'a>(code: &'a str, username: &'a str, email: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("code", code),
        ("username", username),
        ("email", email),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ]
}

/// As at the start of the program.
async fn prepare(app: &TestApp) -> Option<String> {
    let clock = app.app.clock.clone();
    let code = app
        .app
        .db
        .write(move |conn| accounts::setup::prepare(conn, &clock));
    code.await.unwrap()
}

#[actix_web::test]
async fn a13_the_printed_code_makes_the_first_administrator_once() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    assert_eq!(
        visitor.get("/setup").await.status,
        404,
        "not before a code was printed"
    );
    let old = prepare(&app).await.unwrap();
    let code = prepare(&app).await.unwrap();
    assert_eq!(
        visitor.get("/login").await.header("location"),
        "/setup",
        "the very first visit"
    );
    let page = visitor.get("/setup").await.text;
    assert!(page.contains("Make the first administrator") && !page.contains(&code));

    for wrong in ["", "AAAA-BBBB-CCCC-DDDD", &old] {
        let refused = visitor
            .submit("/setup", &fields(wrong, "ann", "ann@example.org"))
            .await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert!(refused.text.contains("This is not the code") && refused.text.contains("ann@example.org"));
    }
    let typed = code.to_lowercase().replace('-', " ");
    let bad = visitor
        .submit("/setup", &fields(&typed, "a", "ann@example.org"))
        .await;
    assert!(bad.status == 422 && bad.text.contains("A username has 2 to 32 characters."));
    assert!(!bad.text.contains("This is not the code"));
    assert_eq!(visitor.get("/login").await.status, 303, "nothing was made yet");

    let made = visitor
        .submit("/setup", &fields(&typed, "ann", "ann@example.org"))
        .await;
    assert_eq!(
        (made.status, made.header("location")),
        (303, "/"),
        "{}",
        made.text
    );
    let ann = visitor.with_cookies(&made);
    let id = ann.get("/api/v1/me").await.body["user_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let is_admin = app.app.db.read(move |conn| accounts::is_administrator(conn, id));
    assert!(is_admin.await.unwrap());
    assert!(
        ann.get("/settings/activity")
            .await
            .text
            .contains("Made administrator")
    );

    let again = visitor
        .submit("/setup", &fields(&code, "eve", "eve@example.org"))
        .await;
    assert_eq!(again.status, 404, "a code is good once");
    assert_eq!(visitor.get("/login").await.status, 200);
    assert_eq!(prepare(&app).await, None, "there is an administrator");
}

#[actix_web::test]
async fn a13_whoever_has_signed_up_without_the_code_administers_nothing_and_guessing_it_is_slow() {
    let app = TestApp::new().await;
    let code = prepare(&app).await.unwrap();
    let bob = app.person("1000000002").await.id;
    let is_admin = app.app.db.read(move |conn| accounts::is_administrator(conn, bob));
    assert!(!is_admin.await.unwrap());
    let visitor = app.visitor();
    assert_eq!(
        visitor.get("/login").await.status,
        200,
        "somebody is here who signs in"
    );
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(
            visitor
                .submit("/setup", &fields("AAAA", "eve", "eve@example.org"))
                .await
                .status,
        );
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 422, 429]);
    app.wait(2);
    let made = visitor
        .submit("/setup", &fields(&code, "ann", "ann@example.org"))
        .await;
    assert_eq!(made.status, 303, "the code still counts");
}
