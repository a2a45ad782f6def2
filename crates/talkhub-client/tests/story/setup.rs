//! The first visit to an empty server, and its first administrator. (A13)

use crate::app::{PASSWORD, TestApp};
use actix_web::http::Method;
use futures_util::future::join;
use serde_json::json;
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

/// The code makes one administrator, however many have read it; whoever was too late has no account either.
#[actix_web::test]
async fn a13_of_two_who_have_the_code_at_one_moment_one_administers_and_the_other_is_nobody() {
    let app = TestApp::new().await;
    let code = prepare(&app).await.unwrap();
    let visitor = app.visitor();
    let set_up = async |name: &str| {
        let email = format!("{name}@example.org");
        visitor.submit("/setup", &fields(&code, name, &email)).await
    };
    let (ann, eve) = join(set_up("ann"), set_up("eve")).await;
    let mut statuses = [ann.status, eve.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    let late = if ann.status == 404 { "ann" } else { "eve" };
    let form = json!({ "name": late, "password": PASSWORD });
    assert_eq!(visitor.post("/api/v1/sessions", form).await.status, 401);
    let people = app.app.db.read(|conn| {
        use diesel::prelude::*;
        use talkhub_client::platform::db::schema::{administrators, users};
        let people: i64 = users::table.count().get_result(conn)?;
        Ok((people, administrators::table.count().get_result::<i64>(conn)?))
    });
    assert_eq!(people.await.unwrap(), (1, 1));
}

#[actix_web::test]
async fn a13_strangers_who_guess_the_code_keep_its_owner_from_nothing() {
    let app = TestApp::new().await;
    let code = prepare(&app).await.unwrap();
    let visitor = app.visitor();
    let try_from = async |address: &str, code: &str| {
        let request = visitor
            .request(Method::POST, "/setup")
            .peer_addr(format!("{address}:1").parse().unwrap())
            .set_form([
                ("code", code),
                ("username", "ann"),
                ("email", "ann@example.org"),
                ("password", PASSWORD),
                ("password_again", PASSWORD),
            ]);
        visitor.send(request).await.status
    };
    for _ in 0..6 {
        assert_eq!(try_from("203.0.113.7", "AAAA").await, 422);
    }
    assert_eq!(try_from("203.0.113.7", "AAAA").await, 429);
    assert_eq!(try_from("203.0.113.8", &code).await, 303);
}
