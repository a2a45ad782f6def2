//! Leaving: the data taken along, the account deleted, the words left or emptied.

use crate::app::{Answer, PASSWORD, TestApp, lines};
use actix_web::http::Method;
use serde_json::{Value, json};
use shared_protocol::ServerFrame;
use std::collections::BTreeMap;
use std::io::Read;
use talkhub_client::accounts;
use talkhub_client::platform::audit::Source;

/// The files of a zip, by name.
fn files(answer: &Answer) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&answer.bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let (name, mut text) = (file.name().unwrap().into_owned(), String::new());
        file.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}

#[actix_web::test]
async fn u06_an_export_has_ones_own_words_as_pages_and_as_json_and_nobody_elses() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "<b>bold</b>\n  indented", 1).await;
    bob.says(talk, "for Ann's eyes only", 2).await;
    for draft in 3..1_103 {
        ann.says(talk, &format!("line {draft}"), draft).await;
    }
    app.wait(1);
    let notes = app.talk([&ann, &ann]).await;
    ann.says(notes, "buy rope", 2_000).await;

    let wrong = ann.post("/api/v1/me/export", json!({ "current": "wrong" })).await;
    assert_eq!(
        wrong.refusal(),
        "400 invalid current: This is not your present password."
    );
    let page = ann.submit("/settings/data/export", &[("current", "wrong")]).await;
    assert!(page.status == 422 && page.text.contains("present password"));
    assert_eq!(
        app.visitor()
            .submit("/settings/data/export", &[("current", PASSWORD)])
            .await
            .status,
        303
    );

    let answer = ann
        .submit("/settings/data/export", &[("current", PASSWORD)])
        .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/zip")
    );
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"talkhub-1000000001-2027-01-15.zip\""
    );
    let files = files(&answer);
    let all: String = files.values().map(String::as_str).collect();
    assert!(
        !all.contains("for Ann's eyes only"),
        "what others wrote is theirs"
    );
    assert!(
        !all.contains("http://") && !all.contains("https://") && !all.contains("<script"),
        "it opens offline"
    );
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "conversations/0001.html",
            "conversations/0001.json",
            "conversations/0002-2.html",
            "conversations/0002.html",
            "conversations/0002.json",
            "index.html",
            "profile.json",
            "style.css",
        ]
    );
    let index = &files["index.html"];
    for part in [
        "p1000000001@example.org",
        "100 000 0001",
        "p1000000002",
        "Notes to yourself",
        "1101 · 2027-01-15",
    ] {
        assert!(index.contains(part), "{part} in {index}");
    }
    for link in index
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(files.contains_key(link), "{link}");
    }
    let first = &files["conversations/0002.html"];
    assert!(
        first.contains("&#60;b&#62;bold&#60;/b&#62;\n  indented"),
        "{}",
        &first[..1500]
    );
    assert!(
        first.contains("href=\"0002-2.html\"") && files["conversations/0002-2.html"].contains("line 1102")
    );
    let talk: Value = serde_json::from_str(&files["conversations/0002.json"]).unwrap();
    let messages = talk["messages"].as_array().unwrap();
    assert_eq!(
        (messages.len(), &messages[0]["seq"], &messages[1]["seq"]),
        (1101, &json!(1), &json!(3))
    );
    assert_eq!(messages[0]["body"], "<b>bold</b>\n  indented");
    let profile: Value = serde_json::from_str(&files["profile.json"]).unwrap();
    assert_eq!(profile["email"], "p1000000001@example.org");
}

#[actix_web::test]
async fn u06_whoever_leaves_is_nobody_any_more_and_their_words_stay_if_they_want() {
    let (app, mailbox) = TestApp::with_mail().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    ann.says(talk, "so long", 1).await;
    ann.put(
        "/api/v1/me/email",
        json!({ "email": "ann@example.net", "current": PASSWORD }),
    )
    .await;
    let forgot = json!({ "email": "p1000000001@example.org" });
    app.visitor().post("/api/v1/password-resets", forgot).await;
    app.frames();

    assert!(
        ann.get("/settings/data")
            .await
            .text
            .contains("/settings/data/leave")
    );
    let wrong = ann
        .submit(
            "/settings/data/leave",
            &[("current", "wrong"), ("messages_too", "1")],
        )
        .await;
    assert!(wrong.status == 422 && wrong.text.contains("present password") && wrong.text.contains("checked"));
    assert_eq!(ann.get("/api/v1/me").await.status, 200);

    let left = ann.submit("/settings/data/leave", &[("current", PASSWORD)]).await;
    assert!(
        left.status == 200 && left.text.contains("Your account is deleted"),
        "{}",
        left.text
    );
    assert_eq!(ann.get("/api/v1/me").await.status, 401);
    for name in [
        "p1000000001",
        "p1000000001@example.org",
        "1000000001",
        "deleted:1000000001",
    ] {
        for password in [PASSWORD, ""] {
            let form = json!({ "name": name, "password": password });
            assert_eq!(
                app.visitor().post("/api/v1/sessions", form).await.status,
                401,
                "{name}"
            );
        }
    }
    assert_eq!(
        app.visitor().get("/api/v1/free-user-ids/1000000001").await.body["free"],
        false
    );
    assert_eq!(bob.get("/api/v1/users/1000000001").await.status, 404);
    assert_eq!(
        bob.get("/api/v1/users?query=1000000001").await.body["users"],
        json!([])
    );
    assert_eq!(bob.get("/api/v1/users?query=p10").await.body["users"], json!([]));

    app.run_jobs().await;
    assert_eq!(mailbox.take().len(), 0, "no mail goes to somebody who has left");
    let requests = bob.get("/api/v1/contact-requests").await.body;
    assert!(!requests.to_string().contains("1000000001"), "{requests}");
    let renamed = app.frames().into_iter().any(
        |(_, frame)| matches!(frame, ServerFrame::Profile { user } if user.display_name == "Deleted user"),
    );
    assert!(renamed, "others hear of it at once");
    let page = bob
        .get(&format!("/api/v1/conversations/{talk}/messages"))
        .await
        .body;
    assert_eq!(lines(&page), ["1:so long"]);
    assert_eq!(page["messages"][0]["sender"]["display_name"], "Deleted user");

    let name = json!({ "username": "p1000000001", "email": "p1000000001@example.org", "password": PASSWORD, "password_again": PASSWORD });
    assert_eq!(
        app.visitor().post("/api/v1/accounts", name).await.status,
        201,
        "name and address are free again"
    );
}

#[actix_web::test]
async fn u06_nothing_in_the_database_names_an_address_of_somebody_who_has_left() {
    use diesel::prelude::*;
    use talkhub_client::platform::db::schema::{audit, jobs, links, users};
    let (app, _mailbox) = TestApp::with_mail().await;
    let ann = app.person("1000000001").await;
    ann.put(
        "/api/v1/me/email",
        json!({ "email": "ann@example.net", "current": PASSWORD }),
    )
    .await;
    app.visitor()
        .post(
            "/api/v1/password-resets",
            json!({ "email": "p1000000001@example.org" }),
        )
        .await;
    let everything = async || {
        let read = app.app.db.read(|conn| {
            let users: Vec<(String, String, String)> = users::table
                .select((users::email, users::username, users::search_text))
                .load(conn)?;
            let links: Vec<(String, String)> = links::table
                .select((links::new_email, links::old_email))
                .load(conn)?;
            let jobs: Vec<String> = jobs::table.select(jobs::body).load(conn)?;
            let audit: Vec<(String, String)> =
                audit::table.select((audit::device, audit::address)).load(conn)?;
            Ok(format!("{users:?} {links:?} {jobs:?} {audit:?}"))
        });
        read.await.unwrap()
    };
    let before = everything().await;
    assert!(
        before.contains("p1000000001@example.org") && before.contains("ann@example.net"),
        "{before}"
    );
    let leave = ann
        .request(Method::DELETE, "/api/v1/me")
        .set_json(json!({ "current": PASSWORD }));
    assert_eq!(ann.send(leave).await.status, 204);
    let after = everything().await;
    assert!(
        !after.contains('@') && !after.contains("p1000000001") && !after.contains("127.0.0.1"),
        "{after}"
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn u06_own_messages_can_be_emptied_and_a_catch_up_equals_a_fresh_load() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    for draft in 1..=450 {
        let (who, text) = if draft % 50 == 0 {
            (&bob, "mine")
        } else {
            (&ann, "hers")
        };
        who.says(talk, &format!("{text} {draft}"), draft).await;
    }
    app.frames();
    let leave = ann
        .request(Method::DELETE, "/api/v1/me")
        .set_json(json!({ "current": PASSWORD, "messages_too": true }));
    assert_eq!(ann.send(leave).await.status, 204);
    app.run_jobs().await;
    let fresh = bob
        .get(&format!("/api/v1/conversations/{talk}/messages?limit=200"))
        .await
        .body;
    let kinds = |page: &Value| -> Vec<(i64, String, String)> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages
            .map(|message| {
                let text = |field: &str| message[field].as_str().unwrap().to_owned();
                (message["seq"].as_i64().unwrap(), text("type"), text("body"))
            })
            .collect()
    };
    for (seq, kind, body) in kinds(&fresh) {
        match seq % 50 {
            0 => assert_eq!((kind.as_str(), body), ("text", format!("mine {seq}"))),
            _ => assert_eq!((kind.as_str(), body.as_str()), ("deleted", ""), "{seq}"),
        }
    }
    assert_eq!(fresh["rev"], 450 + 441, "each is a change of its own");
    let shown = bob.get(&format!("/api/v1/conversations/{talk}")).await.body;
    assert_eq!(shown["unread"], 0, "nothing is left to be read");

    let mut caught = Vec::new();
    let mut after = 450;
    loop {
        let path = format!("/api/v1/conversations/{talk}/changes?after={after}");
        let page = bob.get(&path).await.body;
        for message in page["messages"].as_array().unwrap() {
            assert_eq!(message["rev"], after + 1, "no change is left out");
            after += 1;
        }
        caught.extend(kinds(&page));
        if !page["upto"].is_null() {
            assert_eq!(page["upto"], fresh["rev"]);
            break;
        }
    }
    assert_eq!(caught.len(), 441);
    assert!(
        caught
            .iter()
            .all(|(_, kind, body)| kind == "deleted" && body.is_empty())
    );
    let told: Vec<i64> = app
        .frames()
        .into_iter()
        .filter_map(|(_, frame)| match frame {
            ServerFrame::Message { message, .. } => Some(message.rev),
            _ => None,
        })
        .collect();
    assert_eq!(told.last(), Some(&891), "whoever is there notices: {told:?}");

    let again = talkhub_client::messages::work::empty_all_of(&app.app, ann.id).await;
    assert!(again.is_ok());
    let twice = bob
        .get(&format!("/api/v1/conversations/{talk}/messages"))
        .await
        .body;
    assert_eq!(twice["rev"], fresh["rev"], "done twice it changes nothing");
}

#[actix_web::test]
async fn the_only_administrator_stays_while_there_are_others() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let promote = async |who: shared_protocol::UserId| {
        let clock = app.app.clock.clone();
        let source = Source::operator();
        let made = app
            .app
            .db
            .write(move |conn| accounts::make_administrator(conn, who, &source, &clock));
        made.await.unwrap()
    };
    assert!(promote(ann.id).await && !promote(ann.id).await);
    let leave =
        async |who: &crate::app::Person| who.submit("/settings/data/leave", &[("current", PASSWORD)]).await;
    let refused = leave(&ann).await;
    assert!(
        refused.status == 409 && refused.text.contains("only administrator"),
        "{}",
        refused.text
    );
    assert!(promote(bob.id).await);
    assert_eq!(leave(&ann).await.status, 200);
    assert_eq!(leave(&bob).await.status, 200, "the last person of all may leave");
    app.run_jobs().await;
}
