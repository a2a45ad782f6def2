//! What is promised of delivery, tried as the acceptance table says: two hundred cuts, floods, comings and goings.

use crate::reader::Reader;
use crate::writing::{LIMIT, site_without_rates, two};
use end_to_end::{Gate, Outbox, Person, Refusal, Site, new_message_id, wait_for};
use futures_util::future::join_all;
use serde_json::json;
use shared_protocol::api::{Conversation, Profile};
use shared_protocol::{Ack, Class, Event, ServerFrame};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const MESSAGES: usize = 10_000;
const CUTS: u32 = 200;
const EIGHT_HOURS: i64 = 8 * 60 * 60 * 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s01_two_hundred_cuts_and_a_sleep_lose_none_of_ten_thousand() {
    let mut site = site_without_rates(Site::new().unwrap());
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let mut gate = Gate::open_to(&site.relay_url().replace("http://", ""))
        .await
        .unwrap();
    let mut reader = Reader::new(&bob, &talk, format!("http://{}", gate.address()));
    let jumped = Arc::clone(&reader.jumped);
    let (stop, stopped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));

    let mut outbox = Outbox::new(&ann, &talk);
    (0..MESSAGES).for_each(|number| outbox.write(number.to_string()));
    let (stopping, is_over) = (Arc::clone(&stop), Arc::clone(&stopped));
    let cutting = async move {
        for cut in 0..CUTS {
            // Different lengths, the same in every run: now within a frame, now between two.
            tokio::time::sleep(Duration::from_millis(u64::from(7 + cut * 13 % 41))).await;
            gate.shut();
            tokio::time::sleep(Duration::from_millis(u64::from(cut * 29 % 23))).await;
            // A moment may pass until the system has closed the old listener.
            while gate.open().await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if cut == CUTS / 2 {
                jumped.fetch_add(EIGHT_HOURS, Ordering::Relaxed);
            }
        }
        is_over.store(true, Ordering::Relaxed);
        gate
    };
    let reading = async {
        while !stopping.load(Ordering::Relaxed) {
            reader.step().await;
        }
        reader
    };
    let writing = async {
        while !outbox.is_empty() {
            outbox.step().await.unwrap();
        }
        wait_for("all cuts are made", LIMIT, async || {
            stopped.load(Ordering::Relaxed).then_some(())
        })
        .await
        .unwrap();
        // Promise 5: within 5 s of the connection's return.
        tokio::time::sleep(Duration::from_secs(2)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let (_gate, mut reader, ()) = tokio::join!(cutting, reading, writing);

    assert_eq!(reader.cursor(), Some(MESSAGES as i64), "INV08");
    reader.load_all().await;
    let expected: Vec<String> = (0..MESSAGES)
        .map(|number| format!("{}:{number}", number + 1))
        .collect();
    let shown = reader.shown();
    assert_eq!(shown.len(), MESSAGES);
    assert!(shown == expected, "1 to 10,000, once each, in order");
    assert!(
        20 < reader.connections,
        "it was cut while it read: {} connections",
        reader.connections
    );
}

fn event(talk: &Conversation, class: Class, frame: String) -> Event {
    Event {
        to: talk.group.to_string(),
        id: new_message_id().to_string(),
        class,
        frame,
        prev: None,
        receipt: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r09_a_hundred_messages_at_once_are_slowed_down_and_none_is_lost_silently() {
    let mut site = Site::new().unwrap();
    site.settings
        .insert("TALKHUB_MESSAGES_PER_MINUTE".into(), "20".into());
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let tab = ann.connect().await.unwrap();
    let say = |number| {
        event(
            &talk,
            Class::Durable,
            json!({ "kind": "message", "body": format!("{number}") }).to_string(),
        )
    };
    let mut waiting: Vec<Event> = (0..100).map(say).collect();
    let mut slowed = 0;
    let mut stored = 0;
    while !waiting.is_empty() {
        let acks = join_all(waiting.iter().map(|event| tab.emit(event))).await;
        let mut again = Vec::new();
        for (event, ack) in waiting.into_iter().zip(acks) {
            match ack {
                Ok(Ack::Stored { .. }) => stored += 1,
                Ok(Ack::Busy { retry_after_ms }) => {
                    assert!(
                        (1..=10_000).contains(&retry_after_ms),
                        "it says when: {retry_after_ms}"
                    );
                    again.push(event);
                }
                other => panic!("each gets an answer: {other:?}"),
            }
        }
        slowed += again.len();
        waiting = again;
        if !waiting.is_empty() {
            // As asked: whoever goes on all the same for 3 s is closed.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    assert_eq!(stored, 100);
    assert!(
        40 <= slowed,
        "60 at once are taken: {slowed} were told to come back"
    );
    assert_eq!(bob.history(talk.id).await.unwrap().len(), 100);

    let posts = (0..30).map(|_| ann.post(talk.id, new_message_id(), "quickly"));
    let refused = join_all(posts).await.into_iter().filter_map(Result::err);
    let statuses: Vec<Option<u16>> = refused
        .map(|error| error.downcast_ref::<Refusal>().map(|refusal| refusal.status))
        .collect();
    assert_eq!(statuses, [Some(429); 10], "over HTTPS too");
}

/// The next time that somebody hears of `person`: whether they are there, and since when not.
async fn hears_of(tab: &mut socket_client::Client, person: &Person, online: bool) -> Option<i64> {
    let me = person.me.person.user_id;
    loop {
        let delivery = tab
            .next_within(LIMIT)
            .await
            .expect("a frame about their presence");
        if let Ok(ServerFrame::Presence { people, .. }) = serde_json::from_str(&delivery.frame)
            && let Some(seen) = people
                .iter()
                .find(|seen| seen.user_id == me && seen.online == online)
        {
            return seen.last_seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c05_who_closes_the_last_tab_was_last_seen_just_now() {
    let mut site = Site::new().unwrap();
    site.settings
        .insert("TALKHUB_PRESENCE_GRACE_MS".into(), "200".into());
    site.start().await.unwrap();
    let (ann, bob, _) = two(&site).await;
    let mut bobs = bob.connect().await.unwrap();
    let anns = ann.connect().await.unwrap();
    hears_of(&mut bobs, &ann, true).await;
    let path = format!("/users/{}", ann.me.person.user_id);
    assert!(bob.get::<Profile>(&path).await.unwrap().online);

    anns.handle().close().await;
    let seen = hears_of(&mut bobs, &ann, false).await.expect("since when");
    let profile: Profile = bob.get(&path).await.unwrap();
    assert!(!profile.online);
    let later = bob.talk_with(&ann).await.unwrap();
    let member = later
        .members
        .iter()
        .find(|member| member.person == ann.me.person)
        .unwrap();
    assert_eq!((profile.last_seen, member.last_seen), (Some(seen), Some(seen)));
    assert!(ann.me.created_at <= seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s08_relay_logic_server_and_browser_die_in_every_order_and_nobody_stays_green() {
    let mut site = site_without_rates(Site::new().unwrap());
    for (name, value) in [
        ("TALKHUB_PRESENCE_GRACE_MS", "200"),
        ("TALKHUB_PRESENCE_COLLECT_MS", "50"),
        ("TALKHUB_PRESENCE_EXPIRY", "4"),
        ("TALKHUB_RELAY_ID_FORGET", "2"),
    ] {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    let (ann, bob, _) = two(&site).await;
    for order in ["RLB", "RBL", "LRB", "LBR", "BRL", "BLR"] {
        let mut anns = Some(ann.connect().await.unwrap());
        let is_green = async |person: &Person, green: bool| {
            let seen = async || {
                let talk = bob.talk_with(&ann).await.ok()?;
                let mut members = talk.members.iter();
                let member = members.find(|member| member.person == person.me.person)?;
                (member.online == green).then_some(())
            };
            let name = &person.me.person.username;
            wait_for(&format!("{order}: {name} is green: {green}"), LIMIT, seen)
                .await
                .unwrap();
        };
        is_green(&ann, true).await;
        for what in order.chars() {
            match what {
                'R' => site.kill_relay(),
                'L' => site.kill_logic_server(),
                // Without a word, as a browser that is killed.
                _ => drop(anns.take()),
            }
        }
        site.start_relay().unwrap();
        site.start_logic_server().unwrap();
        site.connected().await.unwrap();
        let bobs = bob.connect().await.unwrap();
        is_green(&bob, true).await;
        is_green(&ann, false).await;
        bobs.handle().close().await;
    }
}
