//! Without a logic server durable events are passed on, marked, with a receipt that proves them.

use crate::kit::*;
use serde_json::json;
use shared_protocol::envelope::Delivery;
use shared_protocol::receipt::{Key, Passed, Receipt};
use shared_protocol::{Ack, Class, Event, From};
use socket_client::Client;

/// The receipt in an ack, after looking that it says what it should.
fn receipt_of(ack: Result<Ack, socket_client::AckError>) -> Receipt {
    let Ok(Ack::PassedOn { at, receipt }) = ack else {
        panic!("passed on, not {ack:?}");
    };
    let receipt: Receipt = receipt.parse().expect("a receipt");
    assert_eq!(receipt.at, at);
    receipt
}

fn proves(receipt: &Receipt, ticket: &Ticket, event: &Event) -> bool {
    let passed = Passed {
        subject: &ticket.subject,
        group: &event.to,
        id: &event.id,
        frame: &event.frame,
        prev: None,
    };
    receipt.proves(&Key::of(SECRET), &passed)
}

async fn heard(client: &mut Client) -> Delivery {
    client.next_within(SOON).await.expect("it arrives")
}

fn again(event: &Event, receipt: impl ToString) -> Event {
    Event {
        receipt: Some(receipt.to_string()),
        ..event.clone()
    }
}

#[tokio::test]
async fn s02_without_a_logic_server_the_group_gets_it_marked_and_with_a_receipt() {
    let world = World::new().await;
    let talk = group();
    let (ann, mut ann_tab) = world.person(&[&talk]).await;
    let (_, mut bob_tab) = world.person(&[&talk]).await;
    let (_, mut eve_tab) = world.person(&[&group()]).await;
    let event = Event {
        prev: Some("before".into()),
        ..durable(&talk, "{\"kind\":\"message\",\"body\":\"é\\n\"}")
    };

    let receipt = receipt_of(ann_tab.emit(&event).await);

    assert!(proves(&receipt, &ann, &event));
    let delivery = heard(&mut bob_tab).await;
    let From::Client(stamp) = delivery.from else {
        panic!("from a client: {:?}", delivery.from);
    };
    assert_eq!(
        (stamp.relay_id, stamp.subject),
        (ann.id.clone(), ann.subject.clone())
    );
    assert_eq!((delivery.to, delivery.class), (talk.to_string(), Class::Durable));
    assert_eq!(
        (delivery.frame, delivery.id),
        (event.frame.clone(), Some(event.id.clone()))
    );
    assert_eq!((delivery.unsaved, delivery.at), (true, Some(receipt.at)));
    assert_eq!(
        (delivery.receipt, delivery.prev),
        (Some(receipt.to_string()), Some("before".into()))
    );
    silent(&mut ann_tab).await;
    silent(&mut eve_tab).await;

    let foreign = durable(group(), "{}");
    assert!(
        refused(ann_tab.emit(&foreign).await).contains(&"to".to_owned()),
        "N09 holds all the same"
    );
}

#[tokio::test]
async fn ru5_said_again_it_keeps_its_receipt_and_a_wrong_one_counts_as_none() {
    let world = World::new().await;
    let talk = group();
    let (ann, ann_tab) = world.person(&[&talk]).await;
    let (_, mut bob_tab) = world.person(&[&talk]).await;
    let event = durable(&talk, "\"hi\"");
    let first = receipt_of(ann_tab.emit(&event).await);
    let second = receipt_of(ann_tab.emit(&durable(&talk, "\"there\"")).await);
    assert!(first.number < second.number);

    assert_eq!(receipt_of(ann_tab.emit(&again(&event, &first)).await), first);
    for wrong in [second.to_string(), "rubbish".to_owned(), String::new()] {
        let receipt = receipt_of(ann_tab.emit(&again(&event, wrong)).await);
        assert!(proves(&receipt, &ann, &event));
        assert!(second.number < receipt.number);
    }
    for receipt in [&first, &second, &first] {
        assert_eq!(heard(&mut bob_tab).await.receipt, Some(receipt.to_string()));
    }
}

#[tokio::test]
async fn flt23_what_waits_when_the_link_ends_is_passed_on_in_order_before_what_comes_later() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (_, ann_tab) = world.person(&[&talk]).await;
    let (_, mut bob_tab) = world.person(&[&talk]).await;
    let events: Vec<Event> = (0..4).map(|n| durable(&talk, &format!("\"{n}\""))).collect();
    let waiting: Vec<_> = events.iter().map(|event| ann_tab.emit(event)).collect();
    for (n, _) in events.iter().enumerate() {
        let submit = link.submit().await;
        if n == 1 {
            link.store(&submit, 1).await;
        }
    }
    assert_eq!(
        heard(&mut bob_tab).await.frame,
        events[1].frame,
        "stored, so not passed on"
    );
    link.close().await;
    let mut numbers = Vec::new();
    for (n, ack) in waiting.into_iter().enumerate() {
        let ack = ack.await;
        match n {
            1 => assert_eq!(ack, Ok(stored_ack(1))),
            _ => numbers.push(receipt_of(ack).number),
        }
    }
    let later = durable(&talk, "\"later\"");
    numbers.push(receipt_of(ann_tab.emit(&later).await).number);
    assert!(numbers.is_sorted(), "{numbers:?}");
    for event in [&events[0], &events[2], &events[3], &later] {
        let delivery = heard(&mut bob_tab).await;
        assert_eq!((delivery.frame, delivery.unsaved), (event.frame.clone(), true));
    }
}

#[tokio::test]
async fn who_was_told_busy_or_may_not_write_there_any_more_is_not_passed_on() {
    let world = World::with(|config| config.times.pending_ms = 100).await;
    let talk = group();
    let mut link = world.link().await;
    let (_, ann_tab) = world.person(&[&talk]).await;
    let (_, mut bob_tab) = world.person(&[&talk]).await;
    let ack = ann_tab.emit(&durable(&talk, "\"impatient\""));
    link.submit().await;
    assert!(is_busy(&ack.await));
    link.close().await;
    until("the link is gone", async || {
        let ack = ann_tab.emit(&durable(&talk, "\"next\"")).await;
        matches!(ack, Ok(Ack::PassedOn { .. }))
    })
    .await;
    assert_eq!(heard(&mut bob_tab).await.frame, "\"next\"");

    let mut link = world.link().await;
    let (eve, eve_tab) = world.person(&[&talk]).await;
    let ack = eve_tab.emit(&durable(&talk, "\"from outside\""));
    link.submit().await;
    let out = json!({"changes": [{"group": talk, "remove": [eve.id]}]});
    assert_eq!(world.call("POST", "/groups", Some(out)).await.0, 200);
    link.close().await;
    assert!(is_busy(&ack.await), "RU17: who was put out is not spoken for");
    silent(&mut bob_tab).await;
}

#[tokio::test]
async fn with_another_link_there_what_waited_on_the_first_comes_again() {
    let world = World::new().await;
    let talk = group();
    let mut old = world.link().await;
    let (_, ann_tab) = world.person(&[&talk]).await;
    let ack = ann_tab.emit(&durable(&talk, "{}"));
    old.submit().await;
    let mut new = world.link().await;
    new.present().await;
    old.close().await;
    assert!(is_busy(&ack.await));
}

#[tokio::test]
async fn the_next_link_learns_how_many_were_passed_on_and_gets_the_receipts() {
    let world = World::new().await;
    let talk = group();
    let (_, ann_tab) = world.person(&[&talk]).await;
    let events: Vec<Event> = (0..2).map(|n| durable(&talk, &format!("\"{n}\""))).collect();
    let mut receipts = Vec::new();
    for event in &events {
        receipts.push(receipt_of(ann_tab.emit(event).await));
    }
    let mut link = world.link().await;
    assert_eq!(link.passed_on().await, 2);
    let ack = ann_tab.emit(&again(&events[0], &receipts[0]));
    let submit = link.submit().await;
    assert_eq!(submit.receipt, Some(receipts[0].to_string()));
    link.store(&submit, 1).await;
    assert_eq!(ack.await, Ok(stored_ack(1)));
    assert_eq!(world.link().await.passed_on().await, 0, "said once");
}

#[tokio::test]
async fn inv15_more_than_the_receivers_take_at_once_is_told_to_come_again() {
    let world = World::with(|config| {
        config.limits.durable_per_second = 10_000;
        config.limits.durable_burst = 10_000;
    })
    .await;
    let talk = group();
    let mut link = world.link().await;
    let (_, ann_tab) = world.person(&[&talk]).await;
    let (_, mut bob_tab) = world.person(&[&talk]).await;
    let waiting: Vec<_> = (0..520)
        .map(|n| ann_tab.emit(&durable(&talk, &format!("\"{n}\""))))
        .collect();
    for _ in 0..520 {
        link.submit().await;
    }
    link.close().await;
    let mut acks = Vec::new();
    for ack in waiting {
        acks.push(ack.await);
    }
    assert!(acks[..512].iter().all(is_passed_on) && acks[512..].iter().all(is_busy));
    for n in 0..512 {
        assert_eq!(heard(&mut bob_tab).await.frame, format!("\"{n}\""));
    }
    assert!(bob_tab.handle().is_open(), "nobody is cut off for it");
}
