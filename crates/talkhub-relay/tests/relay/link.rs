//! The link: rounds, what waits on it, and what a broken logic server gets.

use crate::kit::*;
use serde_json::json;
use shared_protocol::Ack;
use shared_protocol::internal::{Down, Outcome, Settle, Up};
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn ru16_ru18_presence_comes_first_then_at_once_then_in_rounds() {
    let world = World::with(|config| {
        config.times.round_ms = 300;
        config.limits.present_part = 2;
    })
    .await;
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(world.person(&[]).await);
    }
    let mut link = world.link().await;
    let mut parts = Vec::new();
    loop {
        let Ok(Up::Present {
            boot_id,
            round,
            part,
            last,
            relay_ids,
            ..
        }) = link.up().await
        else {
            panic!("the full set comes first")
        };
        assert_eq!((boot_id.as_str(), round), (world.running.boot_id(), 0));
        parts.push((part, relay_ids.len()));
        if last {
            break;
        }
    }
    assert_eq!(parts, [(0, 2), (1, 2), (2, 1)]);

    let (late, late_tab) = world.person(&[]).await;
    let (first, first_tab) = people.remove(0);
    first_tab.close().await;
    let (mut seen_connected, mut seen_disconnected) = (false, false);
    while !(seen_connected && seen_disconnected) {
        match link.up().await.expect("open") {
            Up::Connected { relay_id } => seen_connected = relay_id == late.id,
            Up::Disconnected { relay_id } => seen_disconnected = relay_id == first.id,
            Up::Present { .. } | Up::Submit(_) => {}
        }
    }
    until("a round tells it too", async || {
        let present = link.present().await;
        present.len() == 5 && present.contains(&late.id) && !present.contains(&first.id)
    })
    .await;
    drop(late_tab);
}

#[tokio::test]
async fn several_lines_share_a_message_and_are_done_in_order() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (_, mut client) = world.person(&[&talk]).await;
    let acks: Vec<_> = (0..50)
        .map(|number| client.emit(&durable(&talk, &number.to_string())))
        .collect();
    let mut settles = Vec::new();
    for seq in 1..=50 {
        let submit = link.submit().await;
        settles.push(stored(&submit, seq));
        let frame = format!("after {seq}");
        let class = shared_protocol::Class::Durable;
        settles.push(Down::Forward(shared_protocol::internal::Forward {
            to: talk.to_string(),
            frame,
            class,
            except: None,
        }));
    }
    link.send(&settles).await;
    for (number, ack) in acks.into_iter().enumerate() {
        assert_eq!(ack.await, Ok(stored_ack(number as i64 + 1)));
        assert_eq!(
            client.next_within(SOON).await.expect("it arrives").frame,
            number.to_string()
        );
        assert_eq!(
            client.next_within(SOON).await.expect("it arrives").frame,
            format!("after {}", number + 1)
        );
    }
}

#[tokio::test]
async fn submits_go_to_the_newest_link_and_the_older_keeps_its_own() {
    let world = World::new().await;
    let talk = group();
    let (_, client) = world.person(&[&talk]).await;
    let mut old = world.link().await;
    old.present().await;
    let first = client.emit(&durable(&talk, "1"));
    let one = old.submit().await;
    let mut new = world.link().await;
    new.present().await;
    let second = client.emit(&durable(&talk, "2"));
    let two = new.submit().await;
    new.store(&two, 2).await;
    assert_eq!(second.await, Ok(stored_ack(2)));
    old.store(&one, 1).await;
    assert_eq!(first.await, Ok(stored_ack(1)));
    new.close().await;
    until("the older one gets submits again", async || {
        let ack = client.emit(&durable(&talk, "3"));
        let Ok(submit) = tokio::time::timeout(Duration::from_millis(200), old.submit()).await else {
            return false;
        };
        old.store(&submit, 3).await;
        ack.await == Ok(stored_ack(3))
    })
    .await;
}

#[tokio::test]
async fn inv22_what_waits_is_bounded_in_number() {
    let world = World::with(|config| config.limits.link_pending = 3).await;
    let talk = group();
    let mut link = world.link().await;
    let (_, client) = world.person(&[&talk]).await;
    let waiting: Vec<_> = (0..3).map(|_| client.emit(&durable(&talk, "{}"))).collect();
    assert!(is_busy(&client.emit(&durable(&talk, "{}")).await));
    for (seq, ack) in (1..).zip(waiting) {
        let submit = link.submit().await;
        link.store(&submit, seq).await;
        assert_eq!(ack.await, Ok(stored_ack(seq)));
    }
    let ack = client.emit(&durable(&talk, "{}"));
    let submit = link.submit().await;
    link.store(&submit, 4).await;
    assert_eq!(ack.await, Ok(stored_ack(4)));
}

#[tokio::test]
async fn inv22_one_that_is_never_answered_does_not_use_up_the_places_of_others() {
    let world = World::with(|config| config.limits.link_pending = 3).await;
    let talk = group();
    let mut link = world.link().await;
    let (_, client) = world.person(&[&talk]).await;
    let _unanswered = client.emit(&durable(&talk, "{}"));
    link.submit().await;
    for seq in 1..20 {
        let ack = client.emit(&durable(&talk, "{}"));
        let submit = link.submit().await;
        link.store(&submit, seq).await;
        assert_eq!(ack.await, Ok(stored_ack(seq)));
    }
}

#[tokio::test]
async fn inv22_what_is_queued_is_bounded_in_bytes() {
    let world = World::with(|config| config.limits.link_queue_bytes = 200_000).await;
    let talk = group();
    let _stuck = world.link().await;
    let (_, client) = world.person(&[&talk]).await;
    // Nobody reads the link, so what the kernel does not take is queued.
    let big = "x".repeat(40_000);
    let acks: Vec<_> = (0..400).map(|_| client.emit(&durable(&talk, &big))).collect();
    let busy = futures_util::future::select_all(acks).await;
    assert!(is_busy(&busy.0));
}

#[tokio::test]
async fn inv22_what_waits_is_bounded_in_time_and_a_late_settlement_still_goes_out() {
    let world = World::with(|config| config.times.pending_ms = 100).await;
    let talk = group();
    let mut link = world.link().await;
    let (_, mut client) = world.person(&[&talk]).await;
    let ack = client.emit(&durable(&talk, "late"));
    let submit = link.submit().await;
    assert!(is_busy(&ack.await));
    link.store(&submit, 1).await;
    assert_eq!(client.next_within(SOON).await.expect("it arrives").frame, "late");
    assert_eq!(world.running.counters().late_settles.load(Ordering::Relaxed), 1);
    link.store(&submit, 1).await;
    silent(&mut client).await;
    let ack = client.emit(&durable(&talk, "next"));
    let submit = link.submit().await;
    link.store(&submit, 2).await;
    assert_eq!(ack.await, Ok(stored_ack(2)), "the link is still open");
}

#[tokio::test]
async fn bad30_what_makes_no_sense_closes_the_link_with_a_code() {
    let world = World::new().await;
    let talk = group();
    let (_, client) = world.person(&[&talk]).await;
    let look = json!({"kind": "look"});
    for (text, code) in [
        ("rubbish".to_owned(), 1008),
        ("{}".to_owned(), 1008),
        (json!([{"kind": "dance"}]).to_string(), 1008),
        (json!([look, {"kind": "settle", "r": 0}]).to_string(), 1008),
        (
            json!([{"kind": "settle", "r": 0, "status": "stored", "seq": 1}]).to_string(),
            1008,
        ),
        (
            json!([{"kind": "forward", "to": talk, "class": "durable", "frame": {"a": 1}}]).to_string(),
            1008,
        ),
        (
            json!([{"kind": "settle", "r": 999, "status": "busy", "retry_after_ms": 1}]).to_string(),
            1008,
        ),
        (format!("[{}]", " ".repeat(2_000_000)), 1009),
    ] {
        let mut link = world.link().await;
        link.present().await;
        let ack = client.emit(&durable(&talk, "{}"));
        link.submit().await;
        link.send_text(text.clone()).await;
        assert_eq!(link.close_code().await, code, "{}", &text[..text.len().min(80)]);
        assert!(is_passed_on(&ack.await), "no submit is lost silently");
    }
    let mut link = world.link().await;
    link.send_binary().await;
    assert_eq!(link.close_code().await, 1003);
    assert_eq!(world.running.counters().bad_links.load(Ordering::Relaxed), 9);
    assert!(client.handle().is_open());
}

#[tokio::test]
async fn bad30_a_silent_link_is_closed() {
    let world = World::with(|config| {
        config.times.link_ping_ms = 50;
        config.times.link_timeout_ms = 1_000;
    })
    .await;
    let talk = group();
    let (_, client) = world.person(&[&talk]).await;
    let mut answering = world.link().await;
    answering.present().await;
    let ack = client.emit(&durable(&talk, "{}"));
    // Whoever reads answers pings; for a while nobody does.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(is_passed_on(&ack.await));
    let closed = async { while answering.up().await.is_ok() {} };
    tokio::time::timeout(SOON, closed).await.expect("closed");

    let mut alive = world.link().await;
    let reading = spawn(async move { alive.close_code().await });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!reading.is_finished(), "who answers pings stays");
}

#[tokio::test]
async fn an_answer_without_frame_is_not_forwarded() {
    let world = World::new().await;
    let talk = group();
    let mut link = world.link().await;
    let (_, mut client) = world.person(&[&talk]).await;
    let ack = client.emit(&durable(&talk, "{}"));
    let r = link.submit().await.r;
    let outcome = Outcome::Stored {
        seq: 1,
        rev: 1,
        at: 1_001,
        history_id: "h".into(),
        frame: None,
    };
    link.send(&[Down::Settle(Settle { r, outcome })]).await;
    assert!(matches!(ack.await, Ok(Ack::Stored { seq: 1, .. })));
    silent(&mut client).await;
}
