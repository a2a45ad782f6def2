//! Two people chat through kill -9 of each program: nothing acknowledged is missing, nothing is there twice.

use crate::writing::{LIMIT, site_without_rates, spawn};
use end_to_end::{Outbox, Person, Site, wait_for};
use shared_protocol::api::{Conversation, Message};
use shared_protocol::envelope::{Delivery, From, Origin};
use shared_protocol::{Class, Event, ServerFrame};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What each of the two writes.
const MESSAGES: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv01_inv03_inv09_two_people_chat_while_each_program_is_killed() {
    let mut site = site_without_rates(Site::new().unwrap());
    site.start().await.unwrap();
    let (ann, bob) = (
        Person::sign_up(&site, "ann").await.unwrap(),
        Person::sign_up(&site, "bob").await.unwrap(),
    );
    let talk = find_each_other(&ann, &bob).await;

    let stored = Arc::new(AtomicUsize::new(0));
    let writers = [&ann, &bob].map(|person| spawn(write_all(person.clone(), talk.clone(), stored.clone())));
    let reached = async |count: usize| {
        let what = format!("{count} messages are stored");
        let count = async || (count <= stored.load(Ordering::Relaxed)).then_some(());
        wait_for(&what, LIMIT, count).await.unwrap();
    };

    reached(MESSAGES / 4).await;
    site.kill_relay();
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.start_relay().unwrap();
    reached(MESSAGES).await;
    site.kill_logic_server();
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.start_logic_server().unwrap();

    let mut sent = Vec::new();
    for writer in writers {
        let outbox = tokio::time::timeout(LIMIT, writer)
            .await
            .expect("all is stored in time")
            .unwrap();
        assert!(
            2 <= outbox.connections,
            "the relay was killed while this one was connected"
        );
        sent.push(outbox.stored);
    }
    let history = ann.history(talk.id).await.unwrap();
    assert_eq!(
        history,
        bob.history(talk.id).await.unwrap(),
        "both read the same history"
    );
    nothing_missing_nothing_twice(&history, &sent);
}

fn nothing_missing_nothing_twice(history: &[Message], sent: &[Vec<end_to_end::Written>]) {
    let numbers: Vec<i64> = history.iter().map(|message| message.seq).collect();
    let all: Vec<i64> = (1..=2 * MESSAGES as i64).collect();
    assert_eq!(numbers, all, "numbers are 1 to n without gap or repeat");
    assert!(
        history
            .windows(2)
            .all(|pair| pair[0].rev < pair[1].rev && pair[0].at <= pair[1].at)
    );
    let ids: HashSet<String> = history.iter().map(|message| message.id.to_string()).collect();
    assert_eq!(ids.len(), history.len(), "no id is there twice");

    for written in sent.iter().flatten() {
        let seq = written.seq.expect("it has its tick");
        let message = &history[seq as usize - 1];
        assert_eq!(
            (message.id.to_string(), &message.body),
            (written.id.clone(), &written.body),
            "at seq {seq}"
        );
    }
    for name in ["ann", "bob"] {
        let own = history.iter().filter(|message| message.sender.username == name);
        let bodies: Vec<&str> = own.map(|message| message.body.as_str()).collect();
        let wrote: Vec<String> = (0..MESSAGES).map(|number| format!("{name}:{number}")).collect();
        assert_eq!(
            bodies, wrote,
            "what {name} wrote, in the order in which it was written"
        );
    }
}

async fn write_all(person: Person, talk: Conversation, stored: Arc<AtomicUsize>) -> Outbox {
    let mut outbox = Outbox::new(&person, &talk);
    for number in 0..MESSAGES {
        outbox.write(format!("{}:{number}", person.me.person.username));
    }
    let mut counted = 0;
    while !outbox.is_empty() {
        outbox.step().await.unwrap();
        stored.fetch_add(outbox.stored.len() - counted, Ordering::Relaxed);
        counted = outbox.stored.len();
        tokio::time::sleep(Duration::from_millis(10)).await; // so that there is time to be killed in
    }
    outbox
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv23_flt10_both_die_together_and_come_back_in_either_order() {
    let mut site = site_without_rates(Site::new().unwrap());
    site.start().await.unwrap();
    let (ann, bob) = (
        Person::sign_up(&site, "ann").await.unwrap(),
        Person::sign_up(&site, "bob").await.unwrap(),
    );
    let talk = find_each_other(&ann, &bob).await;
    let stored = Arc::new(AtomicUsize::new(0));
    let writer = spawn(write_all(ann.clone(), talk.clone(), stored.clone()));

    for (round, relay_first) in [(1, true), (2, false)] {
        let enough = async || (round * MESSAGES / 3 <= stored.load(Ordering::Relaxed)).then_some(());
        wait_for("a part is stored", LIMIT, enough).await.unwrap();
        site.kill_relay();
        site.kill_logic_server();
        if relay_first {
            site.start_relay().unwrap();
            site.relay_is_up().await.unwrap();
        } else {
            site.start_logic_server().unwrap();
            site.degraded().await.unwrap();
        }
        site.start().await.unwrap();
    }
    let outbox = tokio::time::timeout(LIMIT, writer)
        .await
        .expect("all is stored in time")
        .unwrap();
    assert!(3 <= outbox.connections, "it was cut twice");
    let history = bob.history(talk.id).await.unwrap();
    let bodies: Vec<&str> = history.iter().map(|message| message.body.as_str()).collect();
    let wrote: Vec<String> = (0..MESSAGES).map(|number| format!("ann:{number}")).collect();
    assert_eq!(bodies, wrote, "each once, in the order in which it was written");
    let seqs: Vec<Option<i64>> = outbox.stored.iter().map(|written| written.seq).collect();
    assert_eq!(
        seqs,
        (1..=MESSAGES as i64).map(Some).collect::<Vec<_>>(),
        "at the place that its tick named"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv15_a_killed_logic_server_closes_no_socket() {
    let mut site = site_without_rates(Site::new().unwrap());
    site.start().await.unwrap();
    let (ann, bob) = (
        Person::sign_up(&site, "ann").await.unwrap(),
        Person::sign_up(&site, "bob").await.unwrap(),
    );
    let talk = find_each_other(&ann, &bob).await;
    let (mut anns, mut bobs) = (ann.connect().await.unwrap(), bob.connect().await.unwrap());

    site.kill_logic_server();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(
        anns.handle().is_open() && bobs.handle().is_open(),
        "without a logic server"
    );
    site.start_logic_server().unwrap();
    site.connected().await.unwrap();

    // The same sockets go on: no new relay ID, no reload.
    let mut outbox = Outbox::new(&ann, &talk);
    outbox.write("are you still there?".into());
    while !outbox.is_empty() {
        outbox.step().await.unwrap();
    }
    for client in [&mut anns, &mut bobs] {
        assert_eq!(next_message(client).await.body, "are you still there?");
        assert!(client.handle().is_open());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d02_by_the_relay_and_by_the_api_is_the_same_history() {
    let site = Site::started().await.unwrap();
    let (ann, bob) = (
        Person::sign_up(&site, "ann").await.unwrap(),
        Person::sign_up(&site, "bob").await.unwrap(),
    );
    let talk = find_each_other(&ann, &bob).await;
    let mut bobs = bob.connect().await.unwrap();

    let id = end_to_end::new_message_id();
    ann.post(talk.id, id, "by the API").await.unwrap();
    ann.post(talk.id, id, "by the API").await.unwrap(); // the same again
    let heard = next_message(&mut bobs).await;
    assert_eq!((heard.body.as_str(), heard.seq, heard.id), ("by the API", 1, id));

    let mut outbox = Outbox::new(&bob, &talk);
    outbox.write("by the relay".into());
    while !outbox.is_empty() {
        outbox.step().await.unwrap();
    }
    let bodies: Vec<String> = ann
        .history(talk.id)
        .await
        .unwrap()
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(bodies, ["by the API", "by the relay"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c06_typing_reaches_the_other_and_no_history() {
    let site = Site::started().await.unwrap();
    let (ann, bob) = (
        Person::sign_up(&site, "ann").await.unwrap(),
        Person::sign_up(&site, "bob").await.unwrap(),
    );
    let talk = find_each_other(&ann, &bob).await;
    let (anns, mut bobs) = (ann.connect().await.unwrap(), bob.connect().await.unwrap());

    let frame = format!(r#"{{"kind":"typing","conversation":"{}","on":true}}"#, talk.id);
    let (to, id) = (talk.group.to_string(), end_to_end::new_message_id().to_string());
    let event = Event {
        to,
        id: id.clone(),
        class: Class::Ephemeral,
        frame: frame.clone(),
        prev: None,
        receipt: None,
    };
    anns.emit(&event).await.unwrap();

    let typing = loop {
        let delivery = bobs.next_within(LIMIT).await.expect("bob sees that ann types");
        if delivery.id.as_deref() == Some(&id) {
            break delivery;
        }
    };
    let From::Client(stamp) = typing.from else {
        panic!("{:?}", typing.from)
    };
    assert_eq!(
        (stamp.subject, typing.frame),
        (ann.me.person.subject.to_string(), frame)
    );
    assert!(ann.history(talk.id).await.unwrap().is_empty());
}

/// They find each other by ID, with spaces as people copy it, and both get the same conversation.
async fn find_each_other(ann: &Person, bob: &Person) -> Conversation {
    let found = ann.search(&bob.me.person.user_id.grouped()).await.unwrap();
    let names: Vec<&str> = found
        .users
        .iter()
        .map(|user| user.person.username.as_str())
        .collect();
    assert_eq!(names, ["bob"]);
    let talk = ann.talk_with(bob).await.unwrap();
    assert_eq!(talk.id, bob.talk_with(ann).await.unwrap().id);
    talk
}

/// The next stored message that this tab is told of.
async fn next_message(client: &mut socket_client::Client) -> Message {
    loop {
        let delivery: Delivery = client.next_within(LIMIT).await.expect("a message comes");
        if delivery.from != From::Program(Origin::Server) {
            continue;
        }
        if let Ok(ServerFrame::Message { message, .. }) = serde_json::from_str(&delivery.frame) {
            return message;
        }
    }
}
