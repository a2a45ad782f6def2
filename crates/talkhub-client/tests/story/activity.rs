//! What is done with an account leaves a line, which its person reads; whoever guesses fills nothing. (B04, SEC04, SEC29)

use crate::app::{Answer, PASSWORD, Person, TestApp};
use crate::phone::{first_step, second_step, set_up};
use actix_web::http::Method;
use serde_json::json;
use talkhub_client::platform::audit;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn login(who: &Person, password: &str) -> Answer {
    let request = who
        .request(Method::POST, "/api/v1/sessions")
        .peer_addr("203.0.113.7:1".parse().unwrap())
        .insert_header(("user-agent", FIREFOX))
        .set_json(json!({ "name": "1000000001", "password": password }));
    who.send(request).await
}

/// What the person reads, oldest first.
async fn acts(app: &TestApp, person: &Person) -> Vec<String> {
    app.run_jobs().await;
    let list = person.get("/api/v1/me/activity").await;
    assert_eq!(list.status, 200, "{}", list.text);
    let acts = list.body["activity"].as_array().unwrap().iter().rev();
    acts.map(|act| act["event"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn b04_k03_sign_ins_and_what_ends_them_leave_a_line_each() {
    let app = TestApp::new().await;
    let (here, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    app.wait(1);
    let there = login(&app.visitor(), PASSWORD).await;
    let there = app.visitor().with_cookies(&there);
    app.wait(1);
    let again = login(&there, PASSWORD).await;
    let again = there.after(&again);
    app.wait(1);
    let listed = here.get("/api/v1/sessions").await.body;
    let mut others = listed["sessions"].as_array().unwrap().iter();
    let other = others.rfind(|one| one["current"] == false).unwrap();
    let path = format!("/api/v1/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!(
        bob.delete(&path).await.status,
        404,
        "a foreign one leaves no line"
    );
    app.wait(1);
    let form = json!({ "name": "1000000001", "password": PASSWORD, "device": "Backup script" });
    let tokens = app.visitor().post("/api/v1/tokens", form).await.body;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    app.wait(1);
    let ended = app.visitor().request(Method::DELETE, "/api/v1/tokens/current");
    let ended = ended.insert_header(("authorization", bearer));
    assert_eq!(app.visitor().send(ended).await.status, 204);
    app.wait(1);
    for _ in 0..2 {
        assert_eq!(here.delete("/api/v1/sessions").await.status, 204);
    }
    assert_eq!(again.get("/api/v1/me").await.status, 401);
    app.wait(1);
    assert_eq!(here.submit("/logout", &[]).await.status, 303);
    assert_eq!(here.submit("/logout", &[]).await.status, 303, "out is out");
    app.wait(1);
    let back = here.after(&login(&here, PASSWORD).await);
    assert_eq!(
        acts(&app, &back).await,
        [
            "signed-in",
            "signed-in-new-device",
            "signed-in",
            "device-ended",
            "tokens-made",
            "tokens-ended",
            "others-ended",
            "signed-out",
            "signed-in",
        ]
    );
    let page = back.get("/settings/activity").await.text;
    for part in [
        "Signed in on a new device",
        "Ended another sign-in",
        "A program signed in",
        "Backup script",
        "203.0.113.7",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(acts(&app, &bob).await, ["signed-in"]);
}

#[actix_web::test]
async fn b04_every_line_has_its_words() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (user, clock) = (ann.id, app.app.clock.clone());
    let written = app.app.db.write(move |conn| {
        for event in audit::Event::ALL {
            let source = &audit::Source::operator();
            let line = audit::Line {
                event,
                user,
                by: None,
                source,
            };
            audit::write(conn, line, &clock)?;
        }
        Ok(())
    });
    written.await.unwrap();
    let page = ann.get("/settings/activity").await.text;
    let said: std::collections::BTreeSet<&str> = page
        .split("act__said\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(said.len(), audit::Event::ALL.len(), "{said:?}");
    assert!(said.iter().all(|said| !said.starts_with("activity-")), "{said:?}");
}

#[actix_web::test]
async fn u04_sec04_refused_sign_ins_are_told_and_whoever_guesses_fills_nothing() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    for _ in 0..30 {
        assert_eq!(login(&app.visitor(), "guess").await.status, 401);
        let nobody = json!({ "name": "nobody", "password": "guess" });
        assert_eq!(app.visitor().post("/api/v1/sessions", nobody).await.status, 401);
        app.wait(61);
    }
    let refused = async || {
        let acts = acts(&app, &ann).await.into_iter();
        acts.filter(|act| act == "sign-in-refused").count()
    };
    assert_eq!(refused().await, 20);
    let page = ann.get("/settings/activity").await.text;
    assert!(
        page.contains("A wrong password was tried") && page.contains("203.0.113.7"),
        "{page}"
    );
    login(&app.visitor(), "guess").await;
    assert_eq!(refused().await, 20, "no more on this day");
    app.wait(86_401);
    login(&app.visitor(), "guess").await;
    assert_eq!(refused().await, 21, "one on the next");
}

#[actix_web::test]
async fn b04_two_step_sign_in_and_what_is_proved_again_leave_a_line_each() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    app.wait(1);
    let (ann, phone, codes) = set_up(&app, &ann).await;
    let visitor = app.visitor();
    app.wait(60);
    let step = first_step(&app, &visitor).await;
    assert_eq!(second_step(&visitor, &step, "000000").await.status, 400);
    app.run_jobs().await;
    app.wait(1);
    assert_eq!(second_step(&visitor, &step, &codes[0]).await.status, 201);
    app.wait(1);
    let proof = |password: &str, code: &str| json!({ "current": password, "code": code });
    let renew = "/api/v1/me/second-factor/recovery-codes";
    assert_eq!(ann.post(renew, proof("wrong", &codes[1])).await.status, 400);
    app.run_jobs().await;
    app.wait(1);
    assert_eq!(ann.post(renew, proof(PASSWORD, "123")).await.status, 400);
    app.run_jobs().await;
    app.wait(1);
    assert_eq!(ann.post(renew, proof(PASSWORD, &codes[1])).await.status, 200);
    app.wait(60);
    let end = "/api/v1/me/second-factor/end";
    let ended = ann.post(end, proof(PASSWORD, &phone.shows(&app, 0))).await;
    assert_eq!(ended.status, 204, "{}", ended.text);
    // Two of one moment stand in any order.
    let mut acts = acts(&app, &ann).await;
    acts.sort();
    assert_eq!(
        acts,
        [
            "code-refused",
            "code-refused",
            "factor-begun",
            "factor-off",
            "factor-on",
            "password-refused",
            "recovery-code-used",
            "recovery-code-used",
            "recovery-codes-renewed",
            "signed-in",
            "signed-in-new-device",
        ]
    );
}

#[actix_web::test]
async fn sec08_a_refresh_token_that_came_twice_leaves_a_line() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    app.wait(1);
    let form = json!({ "name": "1000000001", "password": PASSWORD });
    let tokens = app.visitor().post("/api/v1/tokens", form).await.body;
    let refresh = async || {
        app.wait(1);
        let form = json!({ "refresh_token": tokens["refresh_token"] });
        app.visitor().post("/api/v1/tokens/refresh", form).await.status
    };
    assert_eq!(
        (refresh().await, refresh().await, refresh().await),
        (200, 401, 401)
    );
    assert_eq!(
        acts(&app, &ann).await,
        ["signed-in", "tokens-made", "token-reused"],
        "what had ended leaves none"
    );
}

#[actix_web::test]
async fn lines_are_kept_for_their_time_and_then_forgotten() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    app.wait(86_400);
    let there = login(&app.visitor(), PASSWORD).await;
    assert_eq!(there.status, 201);
    let forget = async |before: i64| {
        let forgotten = app.app.db.write(move |conn| Ok(audit::forget(conn, before)?));
        forgotten.await.unwrap()
    };
    assert_eq!(forget(crate::app::START).await, 0);
    assert_eq!(forget(app.app.clock.now()).await, 1);
    assert_eq!(acts(&app, &ann).await, ["signed-in-new-device"]);
}
