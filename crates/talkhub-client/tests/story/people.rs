//! Finding people, and what others see of them.

use crate::app::TestApp;
use serde_json::json;
use shared_protocol::ServerFrame;

#[actix_web::test]
async fn bad16_people_are_found_by_id_with_spaces_by_part_of_a_name_and_by_whole_address_only() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("2000000002").await);
    bob.patch("/api/v1/me", json!({ "display_name": "Robert 100% Ünlü" }))
        .await;
    let found = |query: &'static str| {
        let ann = ann.clone();
        async move {
            let answer = ann.get(&format!("/api/v1/users?query={query}")).await;
            answer.body["users"].as_array().map(|users| {
                users
                    .iter()
                    .map(|user| user["user_id"].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            })
        }
    };
    let bob_alone = Some(vec!["2000000002".to_owned()]);
    assert_eq!(found("200%20000%200002").await, bob_alone);
    assert_eq!(found("2000000002").await, bob_alone);
    assert_eq!(found("robe").await, bob_alone);
    assert_eq!(found("p2000000002@example.org").await, bob_alone);
    assert_eq!(found("100%25").await, bob_alone);
    assert_eq!(found("p2000000002@example").await, Some(vec![]));
    assert_eq!(found("%25%25").await, Some(vec![]));
    assert_eq!(found("'%20OR%201=1%20--").await, Some(vec![]));
    assert_eq!(found("1000000001").await, Some(vec![]), "nobody finds themselves");
    assert_eq!(
        ann.get("/api/v1/users?query=x").await.refusal(),
        "400 invalid query: Two letters are enough to start."
    );
    let card = ann.get("/api/v1/users/2000000002").await;
    assert_eq!((card.status, &card.body["email"]), (200, &json!(null)));
    assert_eq!(ann.get("/api/v1/users/3000000003").await.refusal(), "404 missing");
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec17_looking_ids_up_one_by_one_is_slowed_down() {
    let app = TestApp::with(|config| config.accounts.lookups_per_minute = 3).await;
    let ann = app.person("1000000001").await;
    for _ in 0..3 {
        assert_eq!(ann.get("/api/v1/users/3000000003").await.status, 404);
    }
    assert_eq!(ann.get("/api/v1/users/3000000003").await.status, 429);
    app.wait(20);
    assert_eq!(ann.get("/api/v1/users?query=3000000003").await.status, 200);
}

#[actix_web::test]
async fn a_new_name_is_told_to_those_who_see_it() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "hi", 1).await;
    app.frames();
    assert_eq!(
        ann.patch("/api/v1/me", json!({ "display_name": "Annabel" }))
            .await
            .body["display_name"],
        "Annabel"
    );
    app.run_jobs().await;
    let told: Vec<ServerFrame> = app.frames().into_iter().map(|(_, frame)| frame).collect();
    assert!(
        told.iter()
            .any(|frame| matches!(frame, ServerFrame::Profile { user } if user.display_name == "Annabel")),
        "{told:?}"
    );
    let page = bob.get(&format!("/api/v1/conversations/{talk}/messages")).await;
    assert_eq!(page.body["messages"][0]["sender"]["display_name"], "Annabel");
    let refused = ann
        .patch("/api/v1/me", json!({ "display_name": "a\u{202e}b" }))
        .await
        .refusal();
    assert_eq!(
        refused,
        "400 invalid display_name: A name has no invisible characters."
    );
}

#[actix_web::test]
async fn names_in_any_script_are_found_on_either_database() {
    let app = TestApp::new().await;
    let (ann, eva) = (app.person("1000000001").await, app.person("2000000002").await);
    let found = async |query: &str| {
        let request = ann.get(&format!("/api/v1/users?query={query}")).await;
        request.body["users"].as_array().map_or(0, Vec::len)
    };
    for (name, queries) in [
        (
            "Éva Ünlü",
            ["%C3%A9va", "%C3%89VA", "e%CC%81va", "%C3%BCnl%C3%BC"],
        ), // é, É, e with an accent, ünlü
        (
            "Юлия",
            [
                "%D1%8E%D0%BB",
                "%D0%AE%D0%9B",
                "%D0%BB%D0%B8%D1%8F",
                "%D0%AE%D0%BB%D0%B8%D1%8F",
            ],
        ),
    ] {
        eva.patch("/api/v1/me", json!({ "display_name": name })).await;
        for query in queries {
            assert_eq!(found(query).await, 1, "{name} by {query}");
        }
    }
    app.run_jobs().await;
}
