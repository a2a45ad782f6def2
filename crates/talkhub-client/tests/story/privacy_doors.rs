//! Who sees a picture, finds somebody and writes to them; and the settings themselves.

use crate::app::{Person, TestApp};
use crate::contacts::{ask, incoming};
use crate::privacy::{Circle, circle, member, set};
use serde_json::json;

#[actix_web::test]
async fn u08_sec19_a_picture_is_shown_and_served_to_whom_it_is_for() {
    let circle = circle().await;
    let Circle {
        app,
        ann,
        bob,
        eve,
        with_bob,
        with_eve,
    } = &circle;
    let mut picture = Vec::new();
    image::RgbImage::new(9, 9)
        .write_with_encoder(image::codecs::png::PngEncoder::new(&mut picture))
        .unwrap();
    let request = ann.request(actix_web::http::Method::PUT, "/api/v1/me/avatar");
    let taken = ann.send(request.set_payload(picture)).await;
    let address = taken.body["avatar"].as_str().unwrap().to_owned();
    app.run_jobs().await;
    assert_eq!(eve.get(&address).await.status, 200);

    set(ann, "avatar", "contacts").await;
    app.run_jobs().await;
    assert_eq!(
        (bob.get(&address).await.status, eve.get(&address).await.status),
        (200, 404)
    );
    assert_eq!(ann.get(&address).await.status, 200, "one's own is always there");
    assert_eq!(member(bob, *with_bob, ann).await["avatar"], *address);
    assert_eq!(member(eve, *with_eve, ann).await.get("avatar"), None);
    let page = eve
        .get(&format!("/api/v1/conversations/{with_eve}/messages"))
        .await
        .body;
    assert_eq!(page["messages"][0]["sender"].get("avatar"), None);
    assert_eq!(
        eve.get(&format!("/api/v1/users/{}", ann.id))
            .await
            .body
            .get("avatar"),
        None
    );
    assert_eq!(ann.get("/api/v1/me").await.body["avatar"], *address);

    // Live frames keep to it: a group with somebody who may not see it never hears the address.
    app.frames();
    ann.says(*with_eve, "hello", 21).await;
    ann.patch("/api/v1/me", json!({ "display_name": "Annabel" }))
        .await;
    app.run_jobs().await;
    let group = eve.get(&format!("/api/v1/conversations/{with_eve}")).await.body["group"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = eve.get("/api/v1/me").await.body["subject"]
        .as_str()
        .unwrap()
        .to_owned();
    let heard: Vec<String> = app
        .frames()
        .into_iter()
        .filter(|(to, _)| *to == group || *to == own)
        .map(|(_, frame)| serde_json::to_string(&frame).unwrap())
        .collect();
    assert!(
        heard.iter().any(|frame| frame.contains("Annabel")),
        "eve hears of the name: {heard:?}"
    );
    assert!(!heard.iter().any(|frame| frame.contains(&address)), "{heard:?}");
    app.wait(3_700);
    app.run_jobs().await;
}

#[actix_web::test]
async fn u08_being_found_by_name_or_address_is_for_whom_one_wants_and_the_id_always_works() {
    let circle = circle().await;
    let Circle {
        app, ann, bob, eve, ..
    } = &circle;
    let found = async |who: &Person, query: &str| {
        let people = who.get(&format!("/api/v1/users?query={query}")).await.body["users"].clone();
        people
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["user_id"] == "1000000001")
    };
    assert!(found(eve, "p100000").await && found(eve, "p1000000001@example.org").await);
    set(ann, "find", "contacts").await;
    assert!(found(bob, "p100000").await && !found(eve, "p100000").await);
    assert!(!found(eve, "p1000000001@example.org").await);
    assert!(found(eve, "1000000001").await);
    set(ann, "find", "nobody").await;
    assert!(!found(bob, "p100000").await && found(bob, "1000000001").await);
    let people = ann.get("/api/v1/users?query=p100000").await.body["users"].clone();
    assert_eq!(people, json!([]), "whoever is not found does not find");
    app.run_jobs().await;
}

#[actix_web::test]
async fn u08_sec16_who_takes_messages_from_contacts_only_is_not_reachable_for_strangers() {
    let circle = circle().await;
    let Circle {
        app,
        ann,
        bob,
        eve,
        with_bob,
        with_eve,
    } = &circle;
    set(ann, "write", "contacts").await;
    app.run_jobs().await;
    assert_eq!(bob.says(*with_bob, "hi", 31).await.status, 201);
    let refused = eve.says(*with_eve, "hi", 32).await;
    assert_eq!(refused.refusal(), "403 not-reachable");
    let stranger = app.person("1000000004").await;
    let begun = stranger
        .put(&format!("/api/v1/conversations/private/{}", ann.id), json!({}))
        .await;
    assert_eq!(begun.refusal(), "403 not-reachable");
    // Word for word what somebody hears whom ann has blocked.
    ann.put(&format!("/api/v1/blocks/{}", eve.id), json!({})).await;
    assert_eq!(eve.says(*with_eve, "hi", 33).await.body, refused.body);
    assert_eq!(
        ann.patch("/api/v1/me/privacy", json!({ "write": "nobody" }))
            .await
            .refusal(),
        "400 invalid write: Writing to you is for everybody or for your contacts."
    );
    app.run_jobs().await;
}

#[actix_web::test]
async fn f03_sec16_who_takes_messages_from_contacts_only_can_be_asked_to_become_one() {
    let circle = circle().await;
    let Circle {
        app,
        ann,
        eve,
        with_eve,
        ..
    } = &circle;
    let stranger = app.person("1000000004").await;
    set(ann, "write", "contacts").await;
    ann.put(&format!("/api/v1/blocks/{}", stranger.id), json!({}))
        .await;
    app.run_jobs().await;
    assert_eq!(eve.says(*with_eve, "hi", 41).await.refusal(), "403 not-reachable");
    for who in [eve, &stranger] {
        assert_eq!(ask(who, ann, "It is me").await.status, 201, "the same for both");
    }
    assert_eq!(
        incoming(ann).await,
        ["1000000003"],
        "the blocked is not among them"
    );
    assert_eq!(ask(ann, eve, "").await.body["contact"], "contact");
    app.run_jobs().await;
    assert_eq!(eve.says(*with_eve, "thank you", 42).await.status, 201);
}

#[actix_web::test]
async fn u08_settings_are_changed_by_api_and_by_the_page_without_script() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let all = ann.get("/api/v1/me/privacy").await.body;
    assert!(
        all.as_object().unwrap().len() == 8
            && all
                .as_object()
                .unwrap()
                .values()
                .all(|audience| audience == "everybody"),
        "{all}"
    );
    set(&ann, "call", "contacts").await;
    assert_eq!(
        ann.get("/api/v1/me").await.body["privacy"]["call"],
        "contacts",
        "the page knows its own"
    );
    assert_eq!(
        ann.patch("/api/v1/me/privacy", json!({ "call": "friends" }))
            .await
            .refusal(),
        "400 invalid body: Line 1, column 17: another kind of value is expected here."
    );
    let page = ann.get("/settings/privacy").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("name=\"call\" value=\"contacts\" checked"),
        "{}",
        page.text
    );
    assert!(
        !page.text.contains("name=\"write\" value=\"nobody\""),
        "not offered"
    );
    let saved = ann
        .submit("/settings/privacy", &[("call", "nobody"), ("typing", "contacts")])
        .await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, "/settings/privacy?saved=1")
    );
    let all = ann.get("/api/v1/me/privacy").await.body;
    assert_eq!(
        (&all["call"], &all["typing"], &all["find"]),
        (&json!("nobody"), &json!("contacts"), &json!("everybody")),
        "what is absent stays"
    );
    let refused = ann.submit("/settings/privacy", &[("call", "friends")]).await;
    assert!(
        refused.status == 422 && refused.text.contains("cannot be read"),
        "{}",
        refused.text
    );
    assert_eq!(
        app.visitor().get("/settings/privacy").await.header("location"),
        "/login?next=/settings/privacy"
    );
    app.run_jobs().await;
}
