//! Somebody has left: what others see of them, what is kept, and that nothing half done stays so. (U06)

use crate::app::{Answer, PASSWORD, Person, TestApp, lines};
use crate::contacts::befriend;
use crate::link::{Tab, message};
use crate::passed_on::{hand_in, item, passed_on, results};
use crate::profile::{files, photo, upload};
use actix_web::http::Method;
use serde_json::json;
use shared_protocol::{RelayId, UserId};
use talkhub_client::accounts;
use talkhub_client::platform::db::schema as t;
use talkhub_client::platform::relay::Said;

async fn leave(who: &Person, messages_too: bool) {
    let request = who.request(Method::DELETE, "/api/v1/me");
    let form = json!({ "current": PASSWORD, "messages_too": messages_too });
    let left = who.send(request.set_json(form)).await;
    assert_eq!(left.status, 204, "{}", left.text);
}

async fn tab(person: &Person) -> RelayId {
    let ticket = person.post("/api/v1/relay-ids", json!({})).await;
    ticket.body["relay_id"].as_str().unwrap().parse().unwrap()
}

#[actix_web::test]
async fn u06_others_see_somebody_deleted_whom_nobody_reaches() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let eve = app.person("1000000003").await;
    befriend(&ann, &bob).await;
    let ask = json!({ "user_id": "1000000001" });
    assert_eq!(eve.post("/api/v1/contact-requests", ask).await.status, 201);
    let block = bob.put("/api/v1/blocks/1000000003", json!({})).await;
    assert_eq!(block.status, 204);
    assert_eq!(ann.put("/api/v1/blocks/1000000003", json!({})).await.status, 204);
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "so long", 1).await;
    ann.patch(
        "/api/v1/me",
        json!({ "status_line": "Out sailing", "display_name": "Annabel" }),
    )
    .await;
    app.run_jobs().await;
    leave(&ann, false).await;
    app.run_jobs().await;

    let contacts = bob.get("/api/v1/contacts").await;
    assert_eq!(contacts.body["contacts"], json!([]));
    assert_eq!(
        eve.get("/api/v1/contact-requests").await.body["outgoing"],
        json!([])
    );
    assert_eq!(bob.get("/api/v1/users/1000000001").await.status, 404);
    let shown = bob.get(&format!("/api/v1/conversations/{talk}")).await.body;
    let text = shown.to_string();
    assert!(
        text.contains("Deleted user") && !text.contains("Annabel") && !text.contains("p1000000001"),
        "{text}"
    );
    assert!(
        !text.contains("Out sailing") && !text.contains("\"online\":true"),
        "{text}"
    );
    let listed = bob.get("/api/v1/conversations").await.text;
    assert!(
        listed.contains("Deleted user") && !listed.contains("Annabel"),
        "{listed}"
    );
    let changes = bob.get("/api/v1/me/changes?after=0").await.text;
    assert!(
        !changes.contains("Annabel") && !changes.contains("p1000000001@"),
        "{changes}"
    );

    let refused = |answer: &Answer| (answer.status, answer.body["title"].clone());
    let gone = (410, json!("This person has deleted their account."));
    assert_eq!(refused(&bob.says(talk, "are you there?", 2).await), gone);
    assert_eq!(
        refused(&bob.says(talk, "are you there?", 2).await),
        gone,
        "nor the second time"
    );
    assert_eq!(
        bob.sees(talk).await,
        ["1:so long"],
        "nothing is kept that nobody reads"
    );
    let ask = json!({ "user_id": "1000000001" });
    for (path, who) in [
        ("/api/v1/contact-requests", &bob),
        ("/api/v1/contact-requests", &eve),
    ] {
        assert_eq!(who.post(path, ask.clone()).await.status, 404);
    }
    for path in ["blocks", "conversations/private"] {
        let answer = eve.put(&format!("/api/v1/{path}/1000000001"), json!({})).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let found = bob
        .put("/api/v1/conversations/private/1000000001", json!({}))
        .await;
    assert_eq!(found.status, 200, "what was written can be read");
    app.run_jobs().await;
}

#[actix_web::test]
async fn u06_ru17_connections_are_closed_before_the_answer_and_nothing_is_left_of_the_sign_ins() {
    use diesel::prelude::*;
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let (ann, _, _) = crate::phone::set_up(&app, &ann).await;
    app.person("1000000002").await;
    let shown = upload(&ann, "image/jpeg", photo(9)).await;
    assert_eq!((shown.status, files(&app)), (200, 1), "{}", shown.text);
    ann.put("/api/v1/me/presence", json!({ "presence": "busy" }))
        .await;
    ann.patch("/api/v1/me/privacy", json!({ "find": "contacts" }))
        .await;
    let tabs = [tab(&ann).await, tab(&ann).await];
    app.run_jobs().await;
    app.app.relay.take_recorded();
    leave(&ann, false).await;
    let mut revoked: Vec<RelayId> = app
        .app
        .relay
        .take_recorded()
        .into_iter()
        .filter_map(|said| match said {
            Said::Revoked(relay_id) => Some(relay_id),
            _ => None,
        })
        .collect();
    revoked.sort_unstable();
    let mut tabs = tabs.to_vec();
    tabs.sort_unstable();
    assert_eq!(revoked, tabs);
    app.run_jobs().await;
    let me = ann.id;
    let left = app.app.db.read(move |conn| {
        let mut left = Vec::new();
        let mut note = |what: &'static str, count: i64| {
            if 0 < count {
                left.push((what, count));
            }
        };
        note(
            "sessions",
            t::sessions::table
                .filter(t::sessions::user_id.eq(me))
                .count()
                .get_result(conn)?,
        );
        note(
            "online",
            t::online::table
                .filter(t::online::user_id.eq(me))
                .count()
                .get_result(conn)?,
        );
        note("tokens", t::refresh_tokens::table.count().get_result(conn)?);
        note("factors", t::second_factors::table.count().get_result(conn)?);
        note("codes", t::recovery_codes::table.count().get_result(conn)?);
        note("steps", t::sign_in_steps::table.count().get_result(conn)?);
        note("links", t::links::table.count().get_result(conn)?);
        note(
            "profiles",
            t::profiles::table
                .filter(t::profiles::user_id.eq(me))
                .count()
                .get_result(conn)?,
        );
        note(
            "statuses",
            t::statuses::table
                .filter(t::statuses::user_id.eq(me))
                .count()
                .get_result(conn)?,
        );
        note(
            "relations",
            t::relations::table
                .filter(t::relations::user_id.eq(me))
                .count()
                .get_result(conn)?,
        );
        Ok(left)
    });
    assert_eq!(left.await.unwrap(), []);
    // The job that guards an upload which never came is due an hour later.
    app.wait(3601);
    app.run_jobs().await;
    assert_eq!(files(&app), 0);
}

/// What was on its way when somebody left does not bring them back.
#[actix_web::test]
async fn u06_nothing_that_was_on_its_way_brings_somebody_back() {
    use diesel::prelude::*;
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (me, from_ann) = (ann.id, Tab::open(&ann, talk).await);
    leave(&ann, true).await;
    app.run_jobs().await;
    let form = shared_protocol::api::ProfileForm {
        display_name: Some("Annabel".into()),
        theme: None,
        status_line: None,
        language: None,
    };
    let change = accounts::profile::Change::parse(&form).unwrap();
    let clock = app.app.clock.clone();
    let late = app
        .app
        .db
        .write(move |conn| accounts::profile::update(conn, me, &change, &clock).map(|_| ()));
    assert_eq!(late.await.unwrap_err().code(), "signed-out");
    let seen = app.app.db.write(move |conn| {
        let here = shared_protocol::api::Status::Online;
        accounts::online::set_shown(conn, &[(me, here)], &[], &[], 7)?;
        accounts::online::set_shown(conn, &[], &[me], &[], 8)?;
        Ok(t::users::table
            .filter(t::users::userid.eq(me))
            .select((t::users::is_online, t::users::last_seen, t::users::display_name))
            .first::<(bool, Option<i64>, String)>(conn)?)
    });
    assert_eq!(seen.await.unwrap(), (false, None, "Deleted user".to_owned()));
    let clock = app.app.clock.clone();
    let promoted = app.app.db.write(move |conn| {
        let source = talkhub_client::platform::audit::Source::operator();
        accounts::make_administrator(conn, me, &source, &clock)
    });
    assert!(promoted.await.is_err());
    // Said before, passed on by the relay, handed in by somebody else afterwards.
    let said = passed_on(&app, from_ann.submit(1, 9, None, &message("still here")), 1, 100);
    let answer = hand_in(&bob, talk, &[item(&said)]).await;
    assert_eq!(results(&answer), ["refused forbidden"]);
    assert_eq!(bob.sees(talk).await, Vec::<String>::new());
}

/// The program may die between any two steps: the job begins again, and each step is safe to repeat.
#[actix_web::test]
async fn u06_a_deletion_that_was_cut_off_is_done_to_its_end() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    befriend(&ann, &bob).await;
    let talk = app.talk([&ann, &bob]).await;
    for draft in 1..=250 {
        ann.says(talk, &format!("word {draft}"), draft).await;
    }
    tab(&ann).await;
    app.run_jobs().await;
    // The relay is away: the connections are taken back later.
    app.app.relay.record_away(true);
    leave(&ann, true).await;
    let me: UserId = ann.id;
    // As far as it came before the program died: the contacts, and the first batch of messages.
    let forgotten = app
        .app
        .db
        .write(move |conn| talkhub_client::contacts::forget(conn, me));
    assert_eq!(forgotten.await.unwrap(), [bob.id]);
    let group = app
        .app
        .db
        .read(move |conn| talkhub_client::conversations::get_group(conn, talk))
        .await
        .unwrap();
    let emptied = app
        .app
        .db
        .write(move |conn| talkhub_client::messages::empty(conn, me, &group, 0));
    assert!(!emptied.await.unwrap().is_done);
    app.app.relay.record_away(false);
    app.wait(1);
    app.run_jobs().await;
    let revoked = app.app.relay.take_recorded();
    assert!(
        revoked.iter().any(|said| matches!(said, Said::Revoked(_))),
        "{revoked:?}"
    );
    assert_eq!(bob.get("/api/v1/contacts").await.body["contacts"], json!([]));
    let page = bob
        .get(&format!("/api/v1/conversations/{talk}/messages?limit=200"))
        .await
        .body;
    assert!(lines(&page).iter().all(|line| line.ends_with(':')), "{page}");
    assert_eq!(page["rev"], 500, "250 messages, each emptied once");
}
