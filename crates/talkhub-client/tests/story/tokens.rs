//! Programs: access tokens, refresh tokens that are good for one use, and everything that ends them.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use actix_web::http::Method;
use serde_json::{Value, json};
use shared_protocol::RelayId;
use talkhub_client::platform::relay::Said;

async fn sign_in(app: &TestApp, name: &str) -> Value {
    let form = json!({ "name": name, "password": PASSWORD, "device": "Backup script" });
    let answer = app.visitor().post("/api/v1/tokens", form).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(answer.cookies.is_empty(), "a program has no cookie");
    answer.body
}

async fn call(who: &Person, method: Method, path: &str, tokens: &Value, body: Value) -> Answer {
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let request = who
        .request(method, &format!("/api/v1{path}"))
        .insert_header(("authorization", bearer));
    who.send(if body.is_null() {
        request
    } else {
        request.set_json(body)
    })
    .await
}

async fn get(app: &TestApp, path: &str, tokens: &Value) -> u16 {
    call(&app.visitor(), Method::GET, path, tokens, json!(null))
        .await
        .status
}

async fn refresh(app: &TestApp, tokens: &Value) -> Answer {
    let form = json!({ "refresh_token": tokens["refresh_token"] });
    app.visitor().post("/api/v1/tokens/refresh", form).await
}

#[actix_web::test]
async fn a12_a_program_signs_in_calls_and_signs_out() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let tokens = sign_in(&app, "p1000000001").await;
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"], &tokens["user_id"]),
        (&json!("Bearer"), &json!(600), &json!("1000000001"))
    );
    for path in [
        "/me",
        "/conversations",
        "/conversations/heads",
        "/sessions",
        "/users?query=p10",
        "/me/changes",
    ] {
        assert_eq!(get(&app, path, &tokens).await, 200, "{path}");
    }
    let path = format!("/conversations/private/{}", bob.id);
    let talk = call(&app.visitor(), Method::PUT, &path, &tokens, json!({})).await;
    let path = format!("/conversations/{}/messages", talk.body["id"].as_str().unwrap());
    let say = json!({ "id": crate::app::message_id(1), "body": "from a program" });
    assert_eq!(
        call(&app.visitor(), Method::POST, &path, &tokens, say)
            .await
            .status,
        201
    );
    // From another site too: who sends `Authorization` is no browser that was tricked. (SEC09)
    let foreign = app
        .visitor()
        .request(Method::PATCH, "/api/v1/me")
        .insert_header(("origin", "https://evil.example"));
    let foreign = foreign.insert_header((
        "authorization",
        format!("bearer {}", tokens["access_token"].as_str().unwrap()),
    ));
    assert_eq!(app.visitor().send(foreign.set_json(json!({}))).await.status, 200);

    let listed = ann.get("/api/v1/sessions").await.body;
    let program = listed["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["program"] == true)
        .unwrap()
        .clone();
    assert_eq!(
        (&program["device"], &program["current"]),
        (&json!("Backup script"), &json!(false))
    );
    assert_eq!(
        ann.delete("/api/v1/tokens/current").await.status,
        404,
        "a browser holds no tokens"
    );
    let relay_id = call(&app.visitor(), Method::POST, "/relay-ids", &tokens, json!({})).await;
    let relay_id: RelayId = relay_id.body["relay_id"].as_str().unwrap().parse().unwrap();
    app.app.relay.take_recorded();
    assert_eq!(
        call(
            &app.visitor(),
            Method::DELETE,
            "/tokens/current",
            &tokens,
            json!(null)
        )
        .await
        .status,
        204
    );
    assert_eq!(app.app.relay.take_recorded(), [Said::Revoked(relay_id)]);
    assert_eq!(get(&app, "/me", &tokens).await, 401);
    assert_eq!(refresh(&app, &tokens).await.status, 401);
    assert_eq!(ann.get("/api/v1/me").await.status, 200);
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec08_a_wrong_password_or_a_wrong_token_gets_nothing() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let wrong = json!({ "name": "1000000001", "password": "wrong horse" });
    assert_eq!(
        app.visitor().post("/api/v1/tokens", wrong).await.refusal(),
        "401 wrong-login"
    );
    let tokens = sign_in(&app, "1000000001").await;
    let access = tokens["access_token"].as_str().unwrap();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let (head, rest) = access.split_once('.').unwrap();
    let none = format!("eyJhbGciOiJub25lIn0.{}.", rest.split('.').next().unwrap());
    let cookie = ann.cookie("talkhub_session");
    for said in [
        "".to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {access}"),
        format!("Bearer {}", &access[..access.len() - 2]),
        format!("Bearer {head}"),
        format!("Bearer {none}"),
        format!("Bearer {refresh_token}"),
        format!("Bearer {cookie}"),
    ] {
        // With Authorization the cookie is not read.
        let request = ann
            .request(Method::GET, "/api/v1/me")
            .insert_header(("authorization", said.clone()));
        assert_eq!(ann.send(request).await.refusal(), "401 signed-out", "{said}");
    }
    for token in [refresh_token, access] {
        let thief = ann.with_cookie("talkhub_session", |_| token.to_owned());
        assert_eq!(thief.get("/api/v1/me").await.status, 401, "a token is no cookie");
    }
    for form in [
        json!({ "refresh_token": access }),
        json!({ "refresh_token": cookie }),
        json!({ "refresh_token": "" }),
    ] {
        assert_eq!(
            app.visitor().post("/api/v1/tokens/refresh", form).await.status,
            401
        );
    }
    assert_eq!(
        app.visitor()
            .post("/api/v1/tokens/refresh", json!({}))
            .await
            .refusal(),
        "400 invalid body: refresh_token is missing."
    );
}

#[actix_web::test]
async fn sec08_an_access_token_ends_after_ten_minutes_and_a_refresh_brings_the_next() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let first = sign_in(&app, "1000000001").await;
    app.wait(599);
    assert_eq!(get(&app, "/me", &first).await, 200);
    app.wait(1);
    assert_eq!(get(&app, "/me", &first).await, 401);
    let second = refresh(&app, &first).await;
    assert_eq!(second.status, 200, "{}", second.text);
    assert_ne!(second.body["refresh_token"], first["refresh_token"]);
    assert_eq!(get(&app, "/me", &second.body).await, 200);
    // The sign-in stays alive by it, and ends when it rests for too long.
    app.wait(29 * 86_400);
    let third = refresh(&app, &second.body).await;
    assert_eq!(third.status, 200);
    app.wait(31 * 86_400);
    assert_eq!(refresh(&app, &third.body).await.status, 401);
}

#[actix_web::test]
async fn sec08_a_refresh_token_used_twice_ends_the_whole_family() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (first, other) = (
        sign_in(&app, "1000000001").await,
        sign_in(&app, "1000000001").await,
    );
    let second = refresh(&app, &first).await.body;
    let third = refresh(&app, &second).await.body;
    assert_eq!(get(&app, "/me", &third).await, 200);
    let relay_id = call(&app.visitor(), Method::POST, "/relay-ids", &third, json!({})).await;
    let relay_id: RelayId = relay_id.body["relay_id"].as_str().unwrap().parse().unwrap();
    app.app.relay.take_recorded();

    assert_eq!(
        refresh(&app, &first).await.refusal(),
        "401 signed-out",
        "somebody else has it too"
    );
    assert_eq!(app.app.relay.take_recorded(), [Said::Revoked(relay_id)]);
    assert_eq!(
        (get(&app, "/me", &third).await, refresh(&app, &third).await.status),
        (401, 401)
    );
    assert_eq!(
        (get(&app, "/me", &other).await, ann.get("/api/v1/me").await.status),
        (200, 200),
        "no other sign-in ends"
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn sec08_of_two_refreshes_at_one_moment_at_most_one_goes_on() {
    let app = TestApp::new().await;
    app.person("1000000001").await;
    let first = sign_in(&app, "1000000001").await;
    let (one, two) = futures_util::future::join(refresh(&app, &first), refresh(&app, &first)).await;
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    let winner = if one.status == 200 { one } else { two };
    assert_eq!(
        get(&app, "/me", &winner.body).await,
        401,
        "used twice is used twice"
    );
}

#[actix_web::test]
async fn a12_a_new_password_and_the_list_of_devices_end_tokens() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (bobs, tokens) = {
        app.person("1000000002").await;
        (
            sign_in(&app, "1000000002").await,
            sign_in(&app, "1000000001").await,
        )
    };
    let form =
        |current: &str, new: &str| json!({ "current": current, "password": new, "password_again": new });
    assert_eq!(
        ann.put("/api/v1/me/password", form("wrong", "battery staple"))
            .await
            .status,
        400
    );
    assert_eq!(get(&app, "/me", &tokens).await, 200, "nothing was changed");
    let changed = ann
        .put("/api/v1/me/password", form(PASSWORD, "battery staple"))
        .await;
    assert_eq!(changed.status, 204);
    assert_eq!(
        (
            get(&app, "/me", &tokens).await,
            refresh(&app, &tokens).await.status
        ),
        (401, 401)
    );
    assert_eq!(get(&app, "/me", &bobs).await, 200);
    assert_eq!(ann.with_cookies(&changed).get("/api/v1/me").await.status, 200);

    // A program that changes the password ends with it, and gets no cookie for it.
    let by_program = call(
        &app.visitor(),
        Method::PUT,
        "/me/password",
        &bobs,
        form(PASSWORD, "battery staple"),
    )
    .await;
    assert_eq!((by_program.status, by_program.cookies.len()), (204, 0));
    assert_eq!(get(&app, "/me", &bobs).await, 401);

    let ann = ann.with_cookies(&changed);
    let form = json!({ "name": "1000000001", "password": "battery staple" });
    let tokens = app.visitor().post("/api/v1/tokens", form).await.body;
    let listed = ann.get("/api/v1/sessions").await.body;
    let program = listed["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["program"] == true)
        .unwrap()
        .clone();
    let path = format!("/api/v1/sessions/{}", program["id"].as_str().unwrap());
    assert_eq!(ann.delete(&path).await.status, 204);
    assert_eq!(
        (
            get(&app, "/me", &tokens).await,
            refresh(&app, &tokens).await.status
        ),
        (401, 401)
    );
    app.run_jobs().await;
}
