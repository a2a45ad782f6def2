//! Faults of the programs themselves: frozen, killed and started at once, stopped in good order while somebody is stuck.

use crate::writing::{LIMIT, Writer, get, is_second_run, site_without_rates, spawn, two};
use end_to_end::{Person, Site, new_message_id, wait_for};
use futures_util::future::join_all;
use shared_protocol::envelope::{Auth, ConnectRefusal, Delivery, From, Origin};
use shared_protocol::{Class, Event, RelayFrame};
use socket_client::{Client, Handle, Options};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// A site whose heartbeats are a tenth of the usual, at most a second.
async fn quick_site() -> Site {
    let mut site = site_without_rates(Site::new().unwrap());
    let quick = [
        ("TALKHUB_LINK_PING", "1"),
        ("TALKHUB_RELAY_LINK_PING_MS", "300"),
        ("TALKHUB_RELAY_LINK_TIMEOUT_MS", "1000"),
        ("TALKHUB_RELAY_PENDING_MS", "1000"),
        ("TALKHUB_RELAY_PING_INTERVAL_MS", "1000"),
        ("TALKHUB_RELAY_PING_TIMEOUT_MS", "800"),
    ];
    for (name, value) in quick {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt06_a_frozen_logic_server_closes_no_socket_and_does_nothing_twice() {
    let mut site = quick_site().await;
    let (ann, bob, talk) = two(&site).await;
    let (anns, bobs) = (ann.connect().await.unwrap(), bob.connect().await.unwrap());
    let writer = Writer::start(&ann, &talk);
    writer.reached(60).await;

    site.logic_server.as_ref().unwrap().freeze().unwrap();
    let relay_ready = format!("{}/readyz", site.relay_url());
    wait_for("the relay gives the link up", LIMIT, async || {
        let answer = site.http().get(&relay_ready).send().await.ok()?;
        (answer.status().as_u16() == 503).then_some(())
    })
    .await
    .unwrap();
    // What was on the way is in the sleeping program's hands, and is offered again by its sender.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(anns.handle().is_open() && bobs.handle().is_open());
    site.logic_server.as_ref().unwrap().wake().unwrap();
    site.connected().await.unwrap();

    let outbox = writer.all_is_stored(&bob, &talk).await;
    assert_eq!(outbox.connections, 1, "its socket was never closed");
    assert!(anns.handle().is_open() && bobs.handle().is_open());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt08_a_frozen_relay_is_noticed_by_everybody_and_sending_goes_on() {
    if is_second_run() {
        return;
    }
    let mut site = quick_site().await;
    let (ann, bob, talk) = two(&site).await;
    let bobs = bob.connect().await.unwrap();
    let writer = Writer::start(&ann, &talk);
    writer.reached(60).await;

    site.relay.as_ref().unwrap().freeze().unwrap();
    site.degraded().await.expect("the logic server notices");
    tokio::time::timeout(LIMIT, bobs.closed())
        .await
        .expect("the client's driver notices that no ping comes");
    let seq = bob.history(talk.id).await.unwrap().len() as i64 + 1;
    let sent = bob.post(talk.id, new_message_id(), "by HTTPS").await.unwrap();
    assert_eq!(sent["message"]["seq"], seq);
    assert!(bob.connect().await.is_err(), "nobody answers");

    site.relay.as_ref().unwrap().wake().unwrap();
    site.connected().await.unwrap();
    writer.all_is_stored(&bob, &talk).await;
    bob.connect().await.expect("live again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt09_a_relay_that_restarts_between_batches_is_told_everything_anew() {
    let mut site = quick_site().await;
    let (ann, bob, talk) = two(&site).await;
    let tickets = [ann.ticket().await.unwrap(), bob.ticket().await.unwrap()];
    let [ann_in, bob_in] = tickets.map(|ticket| {
        let url = ticket.relay_url;
        let auth = Auth {
            relay_id: ticket.relay_id,
            token: ticket.token,
        };
        (url, auth)
    });
    let (mut anns, mut bobs) = (enter(&ann_in).await, enter(&bob_in).await);
    let writer = Writer::start(&ann, &talk);
    for round in 1..=4 {
        writer.reached(round * 40).await;
        site.kill_relay();
        site.start_relay().unwrap();
        // Nobody is let in before it is known who they are.
        (anns, bobs) = (enter(&ann_in).await, enter(&bob_in).await);
    }
    // The registrations that came back lead where they led before.
    let event = Event {
        to: talk.group.to_string(),
        id: new_message_id().to_string(),
        class: Class::Ephemeral,
        frame: format!(r#"{{"kind":"typing","conversation":"{}","on":true}}"#, talk.id),
        prev: None,
        receipt: None,
    };
    anns.emit(&event).await.unwrap();
    loop {
        let delivery = bobs.next_within(LIMIT).await.expect("bob hears ann");
        if let From::Client(stamp) = &delivery.from
            && delivery.class == Class::Ephemeral
        {
            assert_eq!(stamp.subject, ann.me.person.subject.to_string());
            break;
        }
    }
    writer.all_is_stored(&bob, &talk).await;
}

/// With the relay ID that they had, as soon as the relay knows it again.
async fn enter((url, auth): &(String, Auth)) -> Client {
    wait_for("the relay ID is good again", LIMIT, async || {
        Client::connect(url, auth).await.ok()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt39_both_stop_in_time_with_many_clients_of_whom_one_is_stuck() {
    if is_second_run() {
        return;
    }
    let mut site = site_without_rates(Site::new().unwrap());
    for (name, value) in [
        ("TALKHUB_RELAY_SEND_BUFFER_BYTES", "16384"),
        ("TALKHUB_RELAY_STOP_MS", "3000"),
    ] {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(bob.connect().await.unwrap());
    }
    let ticket = bob.ticket().await.unwrap();
    let auth = Auth {
        relay_id: ticket.relay_id,
        token: ticket.token,
    };
    let options = Options {
        waiting_deliveries: 1,
        ..Options::default()
    };
    let _stuck = Client::connect_with(&ticket.relay_url, &auth, &options)
        .await
        .unwrap();
    for _ in 0..30 {
        ann.post(talk.id, new_message_id(), &"x".repeat(9_000))
            .await
            .unwrap();
    }
    let heard: Vec<_> = crowd
        .into_iter()
        .map(|client| spawn(last_words(client)))
        .collect();

    let ten = Duration::from_secs(10);
    let status = site.relay.as_mut().unwrap().stop(ten).unwrap();
    assert!(status.success(), "the relay ended with {status}");
    site.relay = None;
    for client in heard {
        let (last, handle) = client.await.unwrap();
        assert_eq!(last, Some(RelayFrame::Stopping));
        assert!(!handle.is_open());
    }
    site.start_relay().unwrap();
    site.connected().await.unwrap();
    bob.connect().await.expect("everybody may come back");

    // One request that never ends its header, and one that never ends its body.
    let address = site.url().replace("http://", "");
    let mut stuck = Vec::new();
    let head = "POST /api/v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n";
    for half in [head.to_owned(), format!("{head}\r\n{{")] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        stuck.push(stream);
    }
    assert_eq!(get(&site, None, "/healthz").await.0, 200);
    let status = site.logic_server.as_mut().unwrap().stop(ten).unwrap();
    assert!(status.success(), "the logic server ended with {status}");
}

/// The last frame of the relay itself before the end.
async fn last_words(mut client: Client) -> (Option<RelayFrame>, Handle) {
    let mut last = None;
    while let Some(Delivery { from, frame, .. }) = client.next_within(LIMIT).await {
        if from == From::Program(Origin::Relay) {
            last = serde_json::from_str(&frame).ok();
        }
    }
    (last, client.handle().clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt28_three_thousand_who_vanish_at_once_leave_nobody_online() {
    if is_second_run() {
        return;
    }
    let mut site = site_without_rates(Site::new().unwrap());
    let quick = [
        ("TALKHUB_PRESENCE_GRACE_MS", "200"),
        ("TALKHUB_PRESENCE_COLLECT_MS", "50"),
        ("TALKHUB_RELAY_ID_FORGET", "2"),
    ];
    for (name, value) in quick {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let mut tickets = Vec::new();
    for _ in 0..30 {
        tickets.push(ann.ticket().await.unwrap());
    }
    let tickets = std::sync::Arc::new(tickets);
    let comers: Vec<_> = (0..30_usize)
        .map(|number| spawn(come_and_go(tickets.clone(), number, 100)))
        .collect();
    for comer in comers {
        comer.await.unwrap();
    }
    wait_for("ann is not online", LIMIT, async || {
        (!is_online(&bob, talk.id, &ann).await).then_some(())
    })
    .await
    .unwrap();
    // And the registrations go: the relay knows none of them any more. A try is a visit, so each is tried once.
    let mut untried = tickets.iter();
    let mut refused = 0;
    while refused < 3 {
        let ticket = untried.next().expect("they are forgotten before all were tried");
        refused = if is_refused(ticket).await { refused + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    // All of them, if not in the same round: a try that succeeds keeps an ID for two seconds more.
    let rest = untried.map(async |ticket| {
        while !is_refused(ticket).await {
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    });
    tokio::time::timeout(LIMIT, join_all(rest))
        .await
        .expect("every registration goes");
    assert!(!is_online(&bob, talk.id, &ann).await);
}

async fn is_refused(ticket: &shared_protocol::api::RelayTicket) -> bool {
    let auth = Auth {
        relay_id: ticket.relay_id.clone(),
        token: ticket.token.clone(),
    };
    let refusal = match Client::connect(&ticket.relay_url, &auth).await {
        Ok(_) => return false,
        Err(error) => error.refusal(),
    };
    matches!(
        refusal,
        Some(ConnectRefusal::Unregistered | ConnectRefusal::Expired)
    )
}

/// Connects and vanishes at some moment of it, this many times.
async fn come_and_go(
    tickets: std::sync::Arc<Vec<shared_protocol::api::RelayTicket>>,
    number: usize,
    times: usize,
) {
    for time in 0..times {
        let ticket = &tickets[(number + time) % tickets.len()];
        let auth = Auth {
            relay_id: ticket.relay_id.clone(),
            token: ticket.token.clone(),
        };
        let patience = Duration::from_millis((time % 20) as u64);
        let connecting = Client::connect(&ticket.relay_url, &auth);
        drop(tokio::time::timeout(patience, connecting).await);
    }
}

/// Whether `me` sees the other one as there.
pub(crate) async fn is_online(me: &Person, talk: shared_protocol::ConversationId, other: &Person) -> bool {
    let talk: shared_protocol::api::Conversation = me.get(&format!("/conversations/{talk}")).await.unwrap();
    talk.members
        .iter()
        .any(|member| member.person.user_id == other.me.person.user_id && member.online)
}
