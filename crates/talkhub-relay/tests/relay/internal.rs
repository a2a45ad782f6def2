//! The internal API: secrets, boot ids, what is checked, what is applied.

use crate::kit::*;
use serde_json::{Value, json};
use shared_protocol::envelope::ConnectRefusal;
use shared_protocol::internal::BOOT_HEADER;
use talkhub_relay::Secret;

fn names(body: &Value) -> Vec<&str> {
    let fields = body["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    fields
        .iter()
        .filter_map(|wrong| wrong["field"].as_str())
        .collect()
}

#[tokio::test]
async fn bad29_without_the_secret_nothing_is_done() {
    let world = World::with(|config| config.limits.wrong_secrets_per_minute = 4).await;
    let wrong = ["", "Bearer", "Bearer ", "Bearer short", "Basic xyz"];
    for (number, authorization) in wrong.into_iter().enumerate() {
        let answer = world
            .request("GET", "/relay-ids")
            .header("authorization", authorization)
            .send()
            .await;
        let answer = answer.expect("an answer");
        assert_eq!(
            answer.status().as_u16(),
            if number < 4 { 401 } else { 429 },
            "{authorization}"
        );
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(!answer.headers().contains_key(BOOT_HEADER));
        if 4 <= number {
            assert_eq!(answer.headers()["retry-after"], "60");
        }
    }
    let (status, _) = world.call("GET", "/relay-ids", None).await;
    assert_eq!(status, 200, "SEC23: a right secret passes the limit");
}

#[tokio::test]
async fn sec22_two_secrets_with_key_ids_are_valid_at_a_time() {
    let (old, new) = ("old-".repeat(10), "new-".repeat(10));
    let (first, second) = (
        Secret::parse(&format!("k2:{new}")),
        Secret::parse(&format!("k1:{old}")),
    );
    let world = World::with(|config| (config.secret, config.secret_previous) = (first, second)).await;
    for (presented, want) in [
        (format!("k2:{new}"), 200),
        (new.clone(), 200),
        (format!("k1:{old}"), 200),
        (format!("k1:{new}"), 401),
        (SECRET.to_owned(), 401),
    ] {
        let answer = world
            .request("GET", "/relay-ids")
            .bearer_auth(&presented)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), want, "{presented}");
    }
}

#[tokio::test]
async fn bad29_every_answer_names_the_boot_and_another_boot_is_refused() {
    let world = World::new().await;
    let boot = world.running.boot_id().to_owned();
    let ask = async |meant: &str| {
        let request = world
            .request("GET", "/relay-ids")
            .bearer_auth(SECRET)
            .header(BOOT_HEADER, meant);
        let answer = request.send().await.expect("an answer");
        let named = answer.headers()[BOOT_HEADER].to_str().expect("text").to_owned();
        (answer.status().as_u16(), named)
    };
    assert_eq!(ask(&boot).await, (200, boot.clone()));
    assert_eq!(ask("AAAAAAAAAAAAAAAAAAAAAA").await, (409, boot.clone()));
    let other = World::new().await;
    assert_ne!(other.running.boot_id(), boot, "a restart has another one");
    let (_, connected) = world.call("GET", "/relay-ids", None).await;
    assert_eq!(connected, json!({"boot_id": boot, "relay_ids": []}));
}

#[tokio::test]
async fn bad29_a_bad_registration_names_its_fields_and_changes_nothing() {
    let world = World::new().await;
    let ticket = Ticket::new(&[&group()]);
    let path = format!("/relay-ids/{}", ticket.id);
    let with = |field: &str, value: Value| {
        let mut registration = ticket.registration();
        registration[field] = value;
        registration
    };
    for (registration, field) in [
        (json!({}), "subject,token_sha256,groups,lease_s,origins,hello"),
        (json!([]), "subject,token_sha256,groups,lease_s,origins,hello"),
        (with("subject", json!("")), "subject"),
        (with("subject", json!(7)), "subject"),
        (with("token_sha256", json!("AB".repeat(32))), "token_sha256"),
        (with("token_sha256", json!("ab")), "token_sha256"),
        (with("groups", json!(["short"])), "groups[0]"),
        (with("groups", json!([group(), 7])), "groups[1]"),
        (with("groups", json!("none")), "groups"),
        (with("lease_s", json!(-1)), "lease_s"),
        (with("lease_s", json!("60")), "lease_s"),
        (with("origins", json!(["chat.example.org"])), "origins[0]"),
        (with("hello", json!("x".repeat(50_000))), "hello"),
    ] {
        let (status, body) = world.call("PUT", &path, Some(registration)).await;
        assert_eq!((status, names(&body).join(",").as_str()), (400, field), "{body}");
    }
    let refused = world
        .try_connect(&ticket.auth())
        .await
        .expect_err("not registered");
    assert_eq!(refused.refusal(), Some(ConnectRefusal::Unregistered));

    let (status, body) = world
        .call("PUT", "/relay-ids/short", Some(ticket.registration()))
        .await;
    assert_eq!((status, names(&body)), (400, vec!["id"]));
    let (status, body) = world
        .call("PUT", &path, Some(with("unknown", json!({"a": 1}))))
        .await;
    assert_eq!(status, 200, "unknown fields are ignored: {body}");
    world.connect(&ticket).await;
}

#[tokio::test]
async fn bad29_leases_are_clamped_and_told() {
    let world = World::with(|config| config.limits.lease_min_s = 10).await;
    let ticket = Ticket::new(&[]);
    for (wished, given) in [(0, 10), (60, 60), (31_536_000, 3_600)] {
        let mut registration = ticket.registration();
        registration["lease_s"] = json!(wished);
        let (_, body) = world
            .call("PUT", &format!("/relay-ids/{}", ticket.id), Some(registration))
            .await;
        assert_eq!(
            body,
            json!({"boot_id": world.running.boot_id(), "lease_s": given})
        );
    }
}

#[tokio::test]
async fn bad29_bad_bodies() {
    let world = World::with(|config| config.limits.internal_body_bytes = 2_000).await;
    let send = async |body: String| {
        let request = world.request("POST", "/groups").bearer_auth(SECRET).body(body);
        read(request.send().await.expect("an answer")).await
    };
    let (status, body) = send("{\"changes\": \n [}".to_owned()).await;
    assert_eq!(
        (status, &body["title"]),
        (400, &json!("line 2, column 3: this is not valid JSON"))
    );
    assert_eq!(send(String::new()).await.0, 400);
    assert_eq!(send("[".repeat(1_000)).await.0, 400);
    assert_eq!(send("x".repeat(2_001)).await.0, 413);
    assert_eq!(world.call("PATCH", "/groups", None).await.0, 405);
    assert_eq!(world.call("GET", "/nothing", None).await.0, 404);
}

#[tokio::test]
async fn bad29_items_are_named_by_index_and_none_is_applied() {
    let world = World::with(|config| config.limits.internal_items = 3).await;
    let talk = group();
    let (ann, client) = world.person(&[]).await;
    let good = json!({"group": talk, "add": [ann.id], "remove": []});
    for (changes, field) in [
        (json!([good, {"group": "x"}]), "changes[1].group"),
        (
            json!([good, {"group": talk, "add": [ann.id, "x"]}]),
            "changes[1].add[1]",
        ),
        (json!([good, 7]), "changes[1].group"),
        (json!([good, good, good, good]), "changes[3]"),
        (json!({}), "changes"),
        (Value::Null, "changes"),
    ] {
        let (status, body) = world
            .call("POST", "/groups", Some(json!({ "changes": changes })))
            .await;
        assert_eq!((status, names(&body)), (400, vec![field]), "{changes}");
    }
    assert_eq!(
        refused(client.emit(&ephemeral(&talk, "{}")).await),
        ["to"],
        "none was applied"
    );

    let item = json!({"to": ann.id, "frame": "{}", "class": "durable"});
    for (items, field) in [
        (
            json!([item, {"to": "x", "frame": "{}", "class": "durable"}]),
            "[1].to",
        ),
        (
            json!([item, {"to": ann.id, "frame": {}, "class": "durable"}]),
            "[1].frame",
        ),
        (
            json!([item, {"to": ann.id, "frame": "{}", "class": "loud"}]),
            "[1].class",
        ),
        (
            json!([item, {"to": ann.id, "frame": "{}", "class": "durable", "except": "x"}]),
            "[1].except",
        ),
        (json!({}), "the body"),
    ] {
        let (status, body) = world.call("POST", "/forward", Some(items.clone())).await;
        assert_eq!((status, names(&body)), (400, vec![field]), "{items}");
    }
    let mut client = client;
    silent(&mut client).await;
}

fn set(generation: u64, chunk: u32, last: bool, tickets: &[&Ticket]) -> Option<Value> {
    let items: Vec<_> = tickets.iter().map(|ticket| ticket.item()).collect();
    Some(json!({"generation": generation, "chunk": chunk, "last": last, "relay_ids": items}))
}

#[tokio::test]
async fn ru16_a_set_drops_what_it_does_not_name_and_closes_nothing_else() {
    let world = World::new().await;
    let (ann, mut ann_tab) = world.person(&[]).await;
    let (bob, mut bob_tab) = world.person(&[]).await;
    let (_, eve_tab) = world.person(&[]).await;
    let single = Ticket::new(&[]);

    assert_eq!(
        world.call("PUT", "/relay-ids", set(7, 0, false, &[&ann])).await.0,
        200
    );
    world.put(&single).await;
    assert!(eve_tab.handle().is_open(), "nothing is dropped before the end");
    assert_eq!(
        world.call("PUT", "/relay-ids", set(7, 1, true, &[&bob])).await.0,
        200
    );

    tokio::time::timeout(SOON, eve_tab.closed())
        .await
        .expect("not named, so cut off");
    world.connect(&single).await;
    silent(&mut ann_tab).await;
    silent(&mut bob_tab).await;
    assert!(ann_tab.handle().is_open() && bob_tab.handle().is_open());
}

#[tokio::test]
async fn ru16_chunks_come_in_order_and_may_be_repeated() {
    let world = World::new().await;
    let (ann, ann_tab) = world.person(&[]).await;
    let single = Ticket::new(&[]);
    let put = async |body| world.call("PUT", "/relay-ids", body).await;
    assert_eq!(put(set(1, 1, true, &[])).await.0, 409);
    assert_eq!(put(set(1, 0, false, &[&ann])).await.0, 200);
    let (status, body) = put(set(1, 2, true, &[])).await;
    assert_eq!(
        (status, &body["detail"]),
        (409, &json!("expected chunk 1 of generation 1"))
    );
    assert_eq!(
        put(set(2, 1, true, &[])).await.0,
        409,
        "another generation begins with chunk 0"
    );
    world.put(&single).await;
    assert_eq!(
        put(set(1, 0, false, &[&ann])).await.0,
        200,
        "the answer was lost, so it comes again"
    );
    assert_eq!(put(set(1, 1, true, &[])).await.0, 200);
    assert_eq!(put(set(1, 1, true, &[])).await.0, 200);
    assert!(ann_tab.handle().is_open());
    world.connect(&single).await;
}

#[tokio::test]
async fn bad29_a_bad_item_of_a_set_is_named_and_none_is_applied() {
    let world = World::new().await;
    let (ann, bob) = (Ticket::new(&[]), Ticket::new(&[]));
    let mut body = set(1, 0, true, &[&ann, &bob]).expect("a set");
    body["relay_ids"][1]["relay_id"] = json!("x");
    body["relay_ids"][1]["token_sha256"] = json!("y");
    let (status, answer) = world.call("PUT", "/relay-ids", Some(body)).await;
    assert_eq!(
        (status, names(&answer)),
        (400, vec!["relay_ids[1].relay_id", "relay_ids[1].token_sha256"])
    );
    assert!(world.try_connect(&ann.auth()).await.is_err());
    let (status, answer) = world
        .call("PUT", "/relay-ids", Some(json!({"generation": -1})))
        .await;
    assert_eq!(
        (status, names(&answer)),
        (400, vec!["generation", "chunk", "last", "relay_ids"])
    );
}

#[tokio::test]
async fn ru14_until_the_first_set_unknown_ones_are_told_starting() {
    let world = World::with(|config| config.times.starting_ms = 60_000).await;
    let (known, unknown) = (world.ticket(&[]).await, Ticket::new(&[]));
    let refused = world.try_connect(&unknown.auth()).await.expect_err("refused");
    assert_eq!(refused.refusal(), Some(ConnectRefusal::Starting));
    world.connect(&known).await;
    assert_eq!(world.get("/readyz").await.1["status"], "starting");
    world.call("PUT", "/relay-ids", set(1, 0, false, &[&known])).await;
    let refused = world.try_connect(&unknown.auth()).await.expect_err("refused");
    assert_eq!(refused.refusal(), Some(ConnectRefusal::Starting));
    world.call("PUT", "/relay-ids", set(1, 1, true, &[])).await;
    let refused = world.try_connect(&unknown.auth()).await.expect_err("refused");
    assert_eq!(refused.refusal(), Some(ConnectRefusal::Unregistered));
}

#[tokio::test]
async fn ru14_starting_ends_by_itself() {
    let world = World::with(|config| config.times.starting_ms = 50).await;
    until("unregistered", async || {
        let refused = world
            .try_connect(&Ticket::new(&[]).auth())
            .await
            .expect_err("refused");
        refused.refusal() == Some(ConnectRefusal::Unregistered)
    })
    .await;
}

#[tokio::test]
async fn sec23_a_listener_of_its_own_takes_the_internal_api_off_the_public_one() {
    let world = World::with(|config| config.internal_bind = Some(([127, 0, 0, 1], 0).into())).await;
    assert_ne!(world.running.public(), world.running.internal());
    let (_, mut client) = world.person(&[]).await;
    silent(&mut client).await;
    let public = format!("{}/internal/v1/relay-ids", world.url());
    let answer = world
        .http
        .get(public)
        .bearer_auth(SECRET)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 404);
    let socket = format!(
        "http://{}/socket.io/?EIO=4&transport=polling",
        world.running.internal()
    );
    assert_eq!(
        world
            .http
            .get(socket)
            .send()
            .await
            .expect("an answer")
            .status()
            .as_u16(),
        404
    );
}
