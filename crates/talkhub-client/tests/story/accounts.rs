//! Registering, signing in and out, names, passwords, finding people.

use crate::app::{PASSWORD, TestApp, register_form};
use diesel::prelude::*;
use serde_json::json;
use talkhub_client::platform::db::schema::users;
use talkhub_client::shell;

#[actix_web::test]
async fn a_new_person_is_signed_in_and_has_a_ten_digit_id() {
    let app = TestApp::new().await;
    let answer = app.visitor().post("/api/v1/accounts", json!({ "username": "Ann", "email": "Ann@Example.org",
        "display_name": "Ann Lee", "password": PASSWORD, "password_again": PASSWORD, "role": "admin", "id": 7 })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.body["user_id"].as_str().unwrap();
    assert!(id.len() == 10 && !id.starts_with('0'), "{id}");
    assert_eq!(answer.body["display_name"], "Ann Lee");
    let me = app.visitor().with_cookies(&answer).get("/api/v1/me").await;
    assert_eq!((me.status, &me.body["email"]), (200, &json!("ann@example.org")));
}

#[actix_web::test]
async fn bad01_bad03_taken_names_are_told_beside_their_fields_all_at_once() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let again = app
        .visitor()
        .post("/api/v1/accounts", register_form("P1000000001", "1000000001"))
        .await;
    assert_eq!(
        again.refusal(),
        "400 invalid username: This name is already taken. | email: This address is already taken. Sign in, or use another one. \
         | user_id: This ID is already taken. Take another one."
    );
}

#[actix_web::test]
async fn bad01_bad03_bad04_bad_fields_are_told_all_at_once() {
    let app = TestApp::new().await;
    let form = json!({ "username": "a@b", "email": "nobody", "user_id": "0123", "password": "short", "password_again": "other" });
    let refused = app.visitor().post("/api/v1/accounts", form).await.refusal();
    for field in ["username:", "email:", "user_id:", "password:", "password_again:"] {
        assert!(refused.contains(field), "{field} in {refused}");
    }
}

#[actix_web::test]
async fn bad01_two_people_cannot_take_one_name_at_the_same_moment() {
    let app = TestApp::new().await;
    let (one, two) = (app.visitor(), app.visitor());
    let form = |id| register_form("ann", id);
    let both = futures_util::future::join(
        one.post("/api/v1/accounts", form("1000000001")),
        two.post("/api/v1/accounts", form("1000000002")),
    );
    let (first, second) = both.await;
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400], "{} {}", first.text, second.text);
}

#[actix_web::test]
async fn bad05_name_address_and_id_all_sign_in_and_wrong_ones_look_alike() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    for name in [
        "p1000000001",
        "P1000000001",
        "p1000000001@example.org",
        "100 000 0001",
    ] {
        let answer = app
            .visitor()
            .post("/api/v1/sessions", json!({ "name": name, "password": PASSWORD }))
            .await;
        assert_eq!(answer.status, 201, "{name}: {}", answer.text);
    }
    let wrong = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "p1000000001", "password": "wrong horse" }),
        )
        .await;
    let unknown = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "nobody", "password": "wrong horse" }),
        )
        .await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.body, unknown.body);
}

#[actix_web::test]
async fn bad05_guessing_slows_down_and_the_wait_is_told() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let guess = || async {
        app.visitor()
            .post(
                "/api/v1/sessions",
                json!({ "name": "p1000000001", "password": "guess" }),
            )
            .await
    };
    for _ in 0..6 {
        assert_eq!(guess().await.status, 401);
    }
    let slowed = guess().await;
    assert_eq!((slowed.status, slowed.header("retry-after")), (429, "2"));
    app.wait(2);
    let right = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "p1000000001", "password": PASSWORD }),
        )
        .await;
    assert_eq!(right.status, 201);
}

#[actix_web::test]
async fn signing_out_ends_this_sign_in_and_no_other() {
    let app = TestApp::new().await;
    let here = app.person("1000000001").await;
    let there = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "1000000001", "password": PASSWORD }),
        )
        .await;
    let there = app.visitor().with_cookies(&there);
    assert_eq!(
        here.get("/api/v1/sessions").await.body["sessions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(here.delete("/api/v1/sessions/current").await.status, 204);
    assert_eq!(here.get("/api/v1/me").await.status, 401);
    assert_eq!(there.get("/api/v1/me").await.status, 200);
}

#[actix_web::test]
async fn a_sign_in_ends_when_it_is_idle_for_too_long() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    app.wait(29 * 86_400);
    assert_eq!(ann.get("/api/v1/me").await.status, 200);
    app.wait(29 * 86_400); // the visit above began the time anew
    assert_eq!(ann.get("/api/v1/me").await.status, 200);
    app.wait(31 * 86_400);
    assert_eq!(ann.get("/api/v1/me").await.status, 401);
}

#[actix_web::test]
async fn passwords_are_salted_and_hashed_and_old_hashes_are_made_anew() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    app.person("1000000002").await;
    let hashes = || {
        app.app.db.read(|conn| {
            Ok(users::table
                .order(users::userid)
                .select(users::password_hash)
                .load::<String>(conn)?)
        })
    };
    let before = hashes().await.unwrap();
    assert!(
        before[0] != before[1] && before.iter().all(|hash| hash.starts_with("$2b$04$")),
        "{before:?}"
    );
    app.app
        .db
        .write(move |conn| {
            // As an older version would have left it: another scheme.
            diesel::update(users::table.filter(users::userid.eq(1_000_000_001_i64)))
                .set(users::password_scheme.eq(0))
                .execute(conn)?;
            Ok(())
        })
        .await
        .unwrap();
    let answer = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "1000000001", "password": PASSWORD }),
        )
        .await;
    assert_eq!(answer.status, 201);
    let after = hashes().await.unwrap();
    assert!(after[0] != before[0] && after[1] == before[1]);
}

#[actix_web::test]
async fn a_password_is_changed_with_the_present_one_only() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let other = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "1000000001", "password": PASSWORD }),
        )
        .await;
    let other = app.visitor().with_cookies(&other);
    let form = |current: &str| json!({ "current": current, "password": "battery staple", "password_again": "battery staple", "end_others": true });
    let wrong = ann.put("/api/v1/me/password", form("wrong")).await;
    assert_eq!(
        wrong.refusal(),
        "400 invalid current: This is not your present password."
    );
    let changed = ann.put("/api/v1/me/password", form(PASSWORD)).await;
    assert_eq!(changed.status, 204);
    assert_eq!(
        ann.get("/api/v1/me").await.status,
        401,
        "the old cookie is worth nothing"
    );
    let ann = ann.with_cookies(&changed);
    assert_eq!(
        (
            ann.get("/api/v1/me").await.status,
            other.get("/api/v1/me").await.status
        ),
        (200, 401)
    );
    let old = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "1000000001", "password": PASSWORD }),
        )
        .await;
    let new = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "1000000001", "password": "battery staple" }),
        )
        .await;
    assert_eq!((old.status, new.status), (401, 201));
    app.run_jobs().await;
}

#[actix_web::test]
async fn bad02_an_offered_id_is_free_and_a_taken_one_is_told() {
    let app = TestApp::with(|config| config.accounts.user_ids = 5_000_000_000..=5_000_000_009).await;
    app.person("5000000003").await;
    for _ in 0..20 {
        let offered = app.visitor().get("/api/v1/free-user-ids").await;
        assert!(
            offered.body["user_id"]
                .as_str()
                .is_some_and(|id| id.starts_with("500000000") && id != "5000000003"),
            "{}",
            offered.text
        );
    }
    assert_eq!(
        app.visitor().get("/api/v1/free-user-ids/5000000003").await.body["free"],
        false
    );
    assert_eq!(
        app.visitor().get("/api/v1/free-user-ids/5000000004").await.body["free"],
        true
    );
    assert_eq!(app.visitor().get("/api/v1/free-user-ids/0").await.status, 400);
}

#[actix_web::test]
async fn the_demo_fills_an_empty_database_and_refuses_another() {
    let app = TestApp::new().await;
    let config = (*app.app.config).clone();
    let fill = move || shell::demo::fill(&config);
    let again = fill.clone();
    tokio::task::spawn_blocking(fill).await.unwrap().unwrap();
    let refused = tokio::task::spawn_blocking(again).await.unwrap().unwrap_err();
    assert!(refused.said.contains("has people already"), "{}", refused.said);
    let answer = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "user1@test.com", "password": "TestPass123!" }),
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let ada = app.visitor().with_cookies(&answer);
    let list = ada.get("/api/v1/conversations").await;
    let states = list.body["conversations"].as_array().unwrap().iter();
    let states: Vec<_> = states.map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["open"; 4], "{}", list.text);
    let count = |answer: &crate::app::Answer, name: &str| answer.body[name].as_array().unwrap().len();
    assert_eq!(count(&ada.get("/api/v1/contacts").await, "contacts"), 2);
    assert_eq!(count(&ada.get("/api/v1/contact-requests").await, "incoming"), 1);
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec04_one_account_has_one_budget_however_it_is_written() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let spellings = [
        "p1000000001",
        "P1000000001",
        "p1000000001@example.org",
        "1000000001",
        "100 000 0001",
        "1 0 0 0 0 0 0 0 0 1",
    ];
    for name in spellings {
        let answer = app
            .visitor()
            .post("/api/v1/sessions", json!({ "name": name, "password": "guess" }))
            .await;
        assert_eq!(answer.status, 401, "{name}");
    }
    let seventh = app
        .visitor()
        .post(
            "/api/v1/sessions",
            json!({ "name": "10 0000 0001", "password": "guess" }),
        )
        .await;
    assert_eq!(seventh.status, 429);
}

#[actix_web::test]
async fn bad02_a_taken_id_is_replaced_by_another_offer_in_the_form() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let fields = [
        ("username", "ann"),
        ("email", "ann@example.org"),
        ("user_id", "100 000 0001"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    let refused = app.visitor().submit("/register", &fields).await;
    assert!(refused.status == 422 && refused.text.contains("This ID is already taken."));
    assert!(!refused.text.contains("value=\"100 000 0001\""));
}
