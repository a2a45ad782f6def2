//! What happens to events: addresses, stamps, acks, order of the parts.

use crate::kit::*;
use serde_json::{Value, json};
use shared_protocol::envelope::From;
use shared_protocol::internal::{Down, Outcome, Settle};
use shared_protocol::{Ack, Class, Problem};
use std::time::Duration;

#[tokio::test]
async fn a_durable_event_is_stored_acked_and_forwarded_to_all_tabs() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (ann, mut ann_tab) = world.person(&[&talk]).await;
    let (_, mut bob) = world.person(&[&talk]).await;
    let (_, mut eve) = world.person(&[&group()]).await;
    let mut event = durable(
        &talk,
        "{\"kind\":\"message\",\"body\":\"grüß \\\"dich\\\" \\u0001\"}",
    );
    event.prev = Some("before".to_owned());
    let ack = ann_tab.emit(&event);

    let submit = link.submit().await;
    assert_eq!(submit.from.relay_id, ann.id);
    assert_eq!(submit.from.subject, ann.subject);
    assert_eq!(
        (&submit.to, &submit.id, &submit.prev),
        (&event.to, &event.id, &event.prev)
    );
    assert_eq!(submit.frame, event.frame);
    silent(&mut bob).await;
    link.store(&submit, 1).await;

    assert_eq!(ack.await, Ok(stored_ack(1)));
    for client in [&mut ann_tab, &mut bob] {
        let got = client.next_within(SOON).await.expect("it arrives");
        assert_eq!(serde_json::to_value(&got.from).expect("JSON"), json!("server"));
        assert_eq!(
            (got.to, got.class, got.frame),
            (event.to.clone(), Class::Durable, event.frame.clone())
        );
        silent(client).await;
    }
    silent(&mut eve).await;
}

#[tokio::test]
async fn every_outcome_reaches_its_sender() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (_, mut client) = world.person(&[&talk]).await;
    let problem = Problem::new("blocked", 403, "no");
    let again = Outcome::Stored {
        seq: 5,
        rev: 6,
        at: 7,
        history_id: "h".into(),
        frame: None,
    };
    for (outcome, want) in [
        (
            Outcome::Refused {
                problem: problem.clone(),
            },
            Ack::Refused { problem },
        ),
        (
            Outcome::Busy { retry_after_ms: 77 },
            Ack::Busy { retry_after_ms: 77 },
        ),
        (
            again,
            Ack::Stored {
                seq: 5,
                rev: 6,
                at: 7,
                history_id: "h".into(),
            },
        ),
    ] {
        let ack = client.emit(&durable(&talk, "{}"));
        let r = link.submit().await.r;
        link.send(&[Down::Settle(Settle { r, outcome })]).await;
        assert_eq!(ack.await, Ok(want));
    }
    silent(&mut client).await;
}

#[tokio::test]
async fn settlements_come_in_any_order() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (_, client) = world.person(&[&talk]).await;
    let (first, second) = (
        client.emit(&durable(&talk, "1")),
        client.emit(&durable(&talk, "2")),
    );
    let (one, two) = (link.submit().await, link.submit().await);
    link.send(&[stored(&two, 2), stored(&one, 1)]).await;
    assert_eq!(
        (first.await, second.await),
        (Ok(stored_ack(1)), Ok(stored_ack(2)))
    );
}

#[tokio::test]
async fn n03_ephemeral_to_a_group_and_to_a_relay_id() {
    let world = World::new().await;
    let talk = group();
    let (ann, mut ann_tab) = world.person(&[&talk]).await;
    let (bob, mut bob_tab) = world.person(&[&talk]).await;
    let (eve, mut eve_tab) = world.person(&[&group()]).await;

    let typing = ephemeral(&talk, "{\"kind\":\"typing\"}");
    assert_eq!(ann_tab.emit(&typing).await, Ok(Ack::Forwarded));
    let got = bob_tab.next_within(SOON).await.expect("it arrives");
    assert!(
        matches!(&got.from, From::Client(from) if from.relay_id == ann.id && from.subject == ann.subject)
    );
    assert_eq!(
        (&got.to, got.class, &got.frame),
        (&typing.to, Class::Ephemeral, &typing.frame)
    );
    assert_eq!(got.id.as_ref(), Some(&typing.id));
    assert!(got.at.is_some_and(|at| 1_600_000_000_000 < at), "{:?}", got.at);

    let signal = ephemeral(&bob.id, "ring");
    assert_eq!(ann_tab.emit(&signal).await, Ok(Ack::Forwarded));
    assert_eq!(
        bob_tab.next_within(SOON).await.expect("it arrives").to,
        bob.id.to_string()
    );
    for client in [&mut ann_tab, &mut bob_tab, &mut eve_tab] {
        silent(client).await;
    }
    assert_eq!(refused(ann_tab.emit(&ephemeral(&eve.id, "ring")).await), ["to"]);
}

#[tokio::test]
async fn n09_bad26_foreign_and_unknown_addresses_look_alike() {
    let world = World::new().await;
    let (own, foreign) = (group(), group());
    let _link = world.link().await;
    let (_, client) = world.person(&[&own]).await;
    let (eve, mut eve_tab) = world.person(&[&foreign]).await;
    let ask = async |to: String, class: &str| {
        let event = json!({"to": to, "id": "i", "class": class, "frame": "{}"});
        client
            .handle()
            .emit_named::<Value>("private_message", &event)
            .await
            .expect("an ack")
    };
    for class in ["durable", "ephemeral"] {
        let unknown = ask(group().to_string(), class).await;
        assert_eq!(unknown["status"], "refused");
        assert_eq!(unknown["problem"]["fields"][0]["field"], "to");
        assert_eq!(ask(foreign.to_string(), class).await, unknown);
        assert_eq!(ask(eve.id.to_string(), class).await, unknown);
        assert_eq!(ask("no address at all".to_owned(), class).await, unknown);
    }
    silent(&mut eve_tab).await;
}

#[tokio::test]
async fn bad25_durable_to_a_relay_id_is_refused() {
    let world = World::new().await;
    let talk = group();
    let _link = world.link().await;
    let (_, ann) = world.person(&[&talk]).await;
    let (bob, mut bob_tab) = world.person(&[&talk]).await;
    assert_eq!(refused(ann.emit(&durable(&bob.id, "{}")).await), ["to"]);
    silent(&mut bob_tab).await;
}

#[tokio::test]
async fn n01_claims_in_the_payload_change_nothing() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (ann, ann_tab) = world.person(&[&talk]).await;
    let (bob, mut bob_tab) = world.person(&[&talk]).await;
    let claim = |class: &str| {
        json!({
            "to": talk, "id": "i", "class": class, "frame": "{\"from\":\"server\"}", "at": 1,
            "from": {"relay_id": bob.id, "subject": bob.subject}, "subject": bob.subject, "relay_id": bob.id,
        })
    };
    let ack = ann_tab
        .handle()
        .emit_named::<Ack>("private_message", &claim("ephemeral"));
    assert_eq!(ack.await, Ok(Ack::Forwarded));
    let got = bob_tab.next_within(SOON).await.expect("it arrives");
    assert!(
        matches!(&got.from, From::Client(from) if from.relay_id == ann.id && from.subject == ann.subject)
    );
    assert_ne!(got.at, Some(1));
    ann_tab.handle().emit_silently(&claim("durable"));
    let submit = link.submit().await;
    assert_eq!((submit.from.relay_id, submit.from.subject), (ann.id, ann.subject));
}

#[tokio::test]
async fn groups_change_while_connected() {
    let world = World::new().await;
    let talk = group();
    let (ann, ann_tab) = world.person(&[]).await;
    let (_, mut bob_tab) = world.person(&[&talk]).await;
    let change = |add: &[&Ticket], remove: &[&Ticket]| {
        let ids = |tickets: &[&Ticket]| tickets.iter().map(|ticket| json!(ticket.id)).collect::<Vec<_>>();
        Some(json!({"changes": [{"group": talk, "add": ids(add), "remove": ids(remove)}]}))
    };
    assert_eq!(refused(ann_tab.emit(&ephemeral(&talk, "1")).await), ["to"]);

    let unknown = Ticket::new(&[]);
    assert_eq!(
        world
            .call("POST", "/groups", change(&[&ann, &unknown], &[]))
            .await
            .0,
        200
    );
    assert_eq!(ann_tab.emit(&ephemeral(&talk, "2")).await, Ok(Ack::Forwarded));
    assert_eq!(bob_tab.next_within(SOON).await.expect("it arrives").frame, "2");

    assert_eq!(world.call("POST", "/groups", change(&[], &[&ann])).await.0, 200);
    assert_eq!(refused(ann_tab.emit(&ephemeral(&talk, "3")).await), ["to"]);
    silent(&mut bob_tab).await;
}

#[tokio::test]
async fn the_logic_server_forwards_by_http_and_by_the_link() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (ann, mut ann_tab) = world.person(&[&talk]).await;
    let (_, mut bob_tab) = world.person(&[&talk]).await;
    let item = |to: String, frame: &str, except: Value| json!({"to": to, "frame": frame, "class": "durable", "except": except});
    let items = json!([
        item(talk.to_string(), "all", Value::Null),
        item(talk.to_string(), "bob", json!(ann.id)),
        item(ann.id.to_string(), "ann", Value::Null),
        item(group().to_string(), "nobody", Value::Null)
    ]);
    assert_eq!(world.call("POST", "/forward", Some(items)).await.0, 200);
    link.send(&[Down::Forward(shared_protocol::internal::Forward {
        to: talk.to_string(),
        frame: "by link".to_owned(),
        class: Class::Ephemeral,
        except: Some(ann.id.clone()),
    })])
    .await;
    for (client, want) in [
        (&mut ann_tab, vec!["all", "ann"]),
        (&mut bob_tab, vec!["all", "bob", "by link"]),
    ] {
        for frame in want {
            assert_eq!(client.next_within(SOON).await.expect("it arrives").frame, frame);
        }
        silent(client).await;
    }
}

#[tokio::test]
async fn look_reaches_everybody() {
    let world = World::new().await;
    let mut link = world.link().await;
    let (ann, mut ann_tab) = world.person(&[]).await;
    let (_, mut bob_tab) = world.person(&[]).await;
    link.send(&[Down::Look]).await;
    let look = ann_tab.next_within(SOON).await.expect("it arrives");
    assert_eq!(look.to, ann.id.to_string());
    assert_eq!(relay_frame(&look), Some(shared_protocol::RelayFrame::Look));
    assert!(bob_tab.next_within(SOON).await.is_some());
}

#[tokio::test]
async fn bad25_bad_events_are_refused_by_field_and_the_connection_lives() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (_, client) = world.person(&[&talk]).await;
    let good = json!({"to": talk, "id": "i", "class": "durable", "frame": "{}"});
    let with = |field: &str, value: Value| {
        let mut event = good.clone();
        event[field] = value;
        event
    };
    for (event, field) in [
        (json!({}), "to,id,class,frame"),
        (json!([]), "event"),
        (json!("text"), "event"),
        (json!(null), "event"),
        (with("to", json!(7)), "to"),
        (with("id", json!("")), "id"),
        (with("id", json!("x".repeat(65))), "id"),
        (with("id", json!("a\u{0}b")), "id"),
        (with("class", json!("loud")), "class"),
        (with("frame", json!({"kind": "message"})), "frame"),
        (with("frame", json!("x".repeat(48 * 1024 + 1))), "frame"),
        (with("prev", json!(["x"])), "prev"),
    ] {
        let ack = client.handle().emit_named::<Ack>("private_message", &event).await;
        assert_eq!(refused(ack).join(","), field, "{event}");
    }
    let packet = format!("427[\"private_message\",{good},1]");
    client.emit_raw(packet);
    client.handle().emit_silently(&json!({"no": "callback"}));
    client.emit_raw("42[\"private_message\"]");
    let ack = client.emit(&durable(&talk, "still alive"));
    let submit = link.submit().await;
    assert_eq!(submit.frame, "still alive");
    link.store(&submit, 1).await;
    assert_eq!(ack.await, Ok(stored_ack(1)));
}

#[tokio::test]
async fn bad25_too_large_or_binary_closes() {
    let world = World::new().await;
    let talk = group();
    for broken in ["large", "binary", "attachment", "not a packet"] {
        let (_, client) = world.person(&[&talk]).await;
        match broken {
            "large" => client
                .handle()
                .emit_silently(&durable(&talk, &"x".repeat(65 * 1024))),
            "binary" => client.handle().emit_binary(vec![1, 2, 3]),
            "attachment" => client.emit_raw("451-[\"private_message\",{\"_placeholder\":true,\"num\":0}]"),
            _ => client.emit_raw("9rubbish"),
        }
        let closed = tokio::time::timeout(Duration::from_secs(5), client.closed()).await;
        assert!(closed.is_ok(), "{broken}");
    }
}
