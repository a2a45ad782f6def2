//! Work that must happen: what becomes of it when it fails.

use crate::app::TestApp;
use diesel::prelude::*;
use serde_json::json;
use shared_protocol::ServerFrame;
use talkhub_client::platform::db::schema::jobs::dsl as j;
use talkhub_client::platform::jobs;

/// How often each job that is left was tried.
async fn tries(app: &TestApp) -> Vec<i32> {
    let tries = app.app.db.read(|conn| Ok(j::jobs.select(j::tries).load(conn)?));
    tries.await.unwrap()
}

#[actix_web::test]
async fn flt40_a_job_that_panics_or_fails_is_put_off_and_at_last_set_aside() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    app.app.relay.record_away(true);
    let talk = app.talk([&ann, &bob]).await;
    ann.patch("/api/v1/me", json!({ "display_name": "Annabel" }))
        .await;
    app.app.relay.record_panic();
    app.frames();

    app.run_jobs().await;
    let told = app.frames();
    let profile = |(_, frame): &(String, ServerFrame)| matches!(frame, ServerFrame::Profile { .. });
    assert!(
        told.iter().any(profile),
        "the job behind the one that panicked is done"
    );
    assert_eq!(tries(&app).await, [1]);
    for tried in 1..20 {
        let pause = (1 << (tried - 1)).min(600);
        app.wait(pause - 1);
        app.run_jobs().await;
        assert_eq!(tries(&app).await, [tried], "not before {pause} s");
        app.wait(1);
        app.run_jobs().await;
        assert_eq!(tries(&app).await, [tried + 1]);
    }
    app.wait(86_400);
    app.app.relay.record_away(false);
    app.run_jobs().await;
    assert_eq!(
        tries(&app).await,
        [20],
        "it is set aside, and still there to be looked at"
    );
    assert_eq!(ann.says(talk, "chatting goes on", 1).await.status, 201);

    app.wait(30 * 86_400);
    let clock = app.app.clock.clone();
    let forgotten = app
        .app
        .db
        .write(move |conn| Ok(jobs::forget_set_aside(conn, clock.now())?));
    assert_eq!(forgotten.await.unwrap(), 1);
    assert_eq!(tries(&app).await, Vec::<i32>::new());
}
