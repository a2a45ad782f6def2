//! Faults of clients: requests and frames cut in the middle, a device that sleeps, silent and slow connections, a flood, no
//! file handles left.

use crate::faults_processes::is_online;
use crate::writing::{LIMIT, Writer, get, is_second_run, site_without_rates, two};
use end_to_end::{Person, Process, Site, Which, new_message_id, wait_for};
use serde_json::json;
use shared_protocol::api::Changes;
use shared_protocol::envelope::Auth;
use shared_protocol::{Ack, Class, Event};
use socket_client::Client;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The address without `http://`.
fn host(url: &str) -> &str {
    url.trim_start_matches("http://")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt26_a_request_that_is_cut_off_leaves_nothing_behind() {
    let site = Site::started().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let password = end_to_end::PASSWORD;
    let account = json!({ "username": "eve", "email": "eve@example.org", "display_name": "", "user_id": "",
        "password": password, "password_again": password });
    let id = new_message_id();
    let message = json!({ "id": id, "body": "half of it is nothing" });
    let path = format!("/api/v1/conversations/{}/messages", talk.id);
    for (path, body) in [("/api/v1/accounts", account), (&path, message)] {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            host(&site.url()),
            ann.cookie(),
            body.len()
        );
        for part in [1, body.len() / 2, body.len() - 1] {
            let mut stream = TcpStream::connect(host(&site.url())).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body.as_bytes()[..part]).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.ok();
            assert!(
                !answer.starts_with("HTTP/1.1 2"),
                "{part} bytes of {path}: {answer}"
            );
        }
    }
    // A frame of the socket, too.
    let (event, mut stream) = (event(&talk, id, "half of it is nothing"), raw_socket(&ann).await);
    let whole = text_frame(&format!(
        "421[\"private_message\",{}]",
        serde_json::to_string(&event).unwrap()
    ));
    stream.write_all(&whole[..whole.len() - 1]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.ok();

    assert!(bob.history(talk.id).await.unwrap().is_empty());
    assert!(bob.search("eve").await.unwrap().users.is_empty());
    ann.post(talk.id, id, "all of it")
        .await
        .expect("the same id, whole");
    Person::sign_up(&site, "eve").await.expect("the same name, whole");
    assert_eq!(bob.history(talk.id).await.unwrap()[0].body, "all of it");
}

fn event(talk: &shared_protocol::api::Conversation, id: shared_protocol::MessageId, body: &str) -> Event {
    Event {
        to: talk.group.to_string(),
        id: id.to_string(),
        class: Class::Durable,
        frame: json!({ "kind": "message", "body": body }).to_string(),
        prev: None,
        receipt: None,
    }
}

/// A connected socket that does only what it is told: it answers no ping and reads nothing.
async fn raw_socket(person: &Person) -> TcpStream {
    let ticket = person.ticket().await.unwrap();
    raw_socket_as(&ticket).await
}

async fn raw_socket_as(ticket: &shared_protocol::api::RelayTicket) -> TcpStream {
    let mut stream = TcpStream::connect(host(&ticket.relay_url)).await.unwrap();
    let upgrade = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        host(&ticket.relay_url)
    );
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let auth = json!({ "relay_id": ticket.relay_id, "token": ticket.token });
    stream.write_all(&text_frame(&format!("40{auth}"))).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("40{\"sid\"") {
        let mut some = [0; 1024];
        let count = stream.read(&mut some).await.unwrap();
        assert_ne!(count, 0, "it was refused: {seen}");
        seen.push_str(&String::from_utf8_lossy(&some[..count]));
    }
    stream
}

/// One WebSocket message, masked with zeros.
fn text_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        small @ 0..126 => frame.push(0x80 | small as u8),
        large => {
            frame.push(0x80 | 126);
            frame.extend((large as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad20_slow_and_huge_requests_are_answered_and_closed() {
    if is_second_run() {
        return;
    }
    let mut site = Site::new().unwrap();
    site.settings.insert("TALKHUB_BODY_TIMEOUT".into(), "1".into());
    site.settings
        .insert("TALKHUB_RELAY_HEADER_TIMEOUT_MS".into(), "1000".into());
    site.start().await.unwrap();
    let slow_body = "POST /api/v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    let huge = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nx-huge: {}\r\n\r\n",
        "x".repeat(140_000)
    );
    let table: [(String, &str, &[&str]); 6] = [
        (site.url(), slow_body, &["408"]),
        (site.url(), "GET /login HTTP/1.1\r\nhost:", &["408"]),
        (site.url(), &huge, &["431", ""]), // closed while it is still being sent
        (site.url(), "no HTTP at all\r\n\r\n", &["400"]),
        (site.relay_url(), "GET / HTTP/1.1\r\nhost:", &[""]),
        (site.relay_url(), &huge, &["431", ""]),
    ];
    let answers = table
        .iter()
        .map(|(url, request, _)| answer_to(host(url), request));
    let answers = futures_util::future::join_all(answers).await;
    for ((url, request, allowed), answer) in table.iter().zip(answers) {
        let status = answer.split(' ').nth(1).unwrap_or_default();
        let start: String = request.chars().take(40).collect();
        assert!(allowed.contains(&status), "{url} {start:?}: {answer}");
    }
    for url in [site.url(), site.relay_url()] {
        let answer = site.http().get(format!("{url}/healthz")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "and others are served");
    }
}

/// What is answered until the connection ends.
async fn answer_to(host: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.ok(); // it may be closed before all is written
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(LIMIT, reading)
        .await
        .expect("it is closed")
        .ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt29_a_device_that_sleeps_is_offline_and_complete_when_it_wakes() {
    if is_second_run() {
        return;
    }
    let mut site = site_without_rates(Site::new().unwrap());
    let quick = [
        ("TALKHUB_RELAY_PING_INTERVAL_MS", "300"),
        ("TALKHUB_RELAY_PING_TIMEOUT_MS", "300"),
        ("TALKHUB_PRESENCE_GRACE_MS", "200"),
        ("TALKHUB_PRESENCE_COLLECT_MS", "50"),
    ];
    for (name, value) in quick {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let ticket = ann.ticket().await.unwrap();
    let _asleep = raw_socket_as(&ticket).await;
    let online = async |wanted: bool| {
        let what = format!("bob sees that ann is online: {wanted}");
        wait_for(&what, LIMIT, async || {
            (wanted == is_online(&bob, talk.id, &ann).await).then_some(())
        })
        .await
        .unwrap();
    };
    online(true).await;
    // Its connection still stands; it says nothing.
    online(false).await;
    let writer = Writer::start(&bob, &talk);
    writer.reached(30).await;
    let written = writer.all_is_stored(&ann, &talk).await.stored.len();

    let auth = Auth {
        relay_id: ticket.relay_id,
        token: ticket.token,
    };
    let mut awake = Client::connect(&ticket.relay_url, &auth)
        .await
        .expect("the same relay ID is good");
    awake.next_within(LIMIT).await.expect("its hello");
    let missed: Changes = ann
        .get(&format!("/conversations/{}/changes?after=0", talk.id))
        .await
        .unwrap();
    assert_eq!(missed.messages.len(), written);
    online(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt34_silent_and_slow_connections_are_bounded_and_end() {
    if is_second_run() {
        return;
    }
    let mut site = site_without_rates(Site::new().unwrap());
    let quick = [
        ("TALKHUB_RELAY_MAX_CONNECTIONS", "800"),
        ("TALKHUB_RELAY_HEADER_TIMEOUT_MS", "2000"),
        ("TALKHUB_RELAY_CONNECT_TIMEOUT_MS", "2000"),
    ];
    for (name, value) in quick {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let _bobs = bob.connect().await.unwrap();
    let writer = Writer::start(&ann, &talk);
    writer.reached(20).await;

    // Both programs at once: some say nothing, some a byte now and then, some stop after the upgrade.
    let (relay, pages) = (site.relay_url(), site.url());
    let mut crowd = Vec::new();
    for number in 0..2_000 {
        let url = if number % 2 == 0 { &relay } else { &pages };
        if let Ok(stream) = TcpStream::connect(host(url)).await {
            crowd.push(stream);
        }
    }
    let header = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n";
    for byte in header.iter().take(5) {
        for stream in crowd.iter().step_by(3) {
            stream.try_write(&[*byte]).ok(); // those that were turned away cannot
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    writer.reached(writer.ticks() + 20).await;
    assert_eq!(
        get(&site, Some(&bob), "/api/v1/me").await.0,
        200,
        "people are served"
    );
    let ended = spawn_readers(crowd);
    for end in ended {
        tokio::time::timeout(LIMIT, end)
            .await
            .expect("each of them ends")
            .unwrap();
    }
    writer.all_is_stored(&bob, &talk).await;
    ann.connect().await.expect("there is room again");
    let said = site.relay.as_ref().map(Process::said).unwrap_or_default();
    let complaints = said.lines().filter(|line| line.contains("No more connections"));
    assert_eq!(complaints.count(), 1, "one line a minute");
}

/// Reads each to its end.
fn spawn_readers(crowd: Vec<TcpStream>) -> Vec<tokio::task::JoinHandle<()>> {
    crowd
        .into_iter()
        .map(|mut stream| {
            crate::writing::spawn(async move {
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await.ok();
            })
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt36_a_flood_is_answered_one_by_one_and_harms_nobody_else() {
    if is_second_run() {
        return;
    }
    let mut site = Site::new().unwrap();
    site.settings
        .insert("TALKHUB_RELAY_IGNORED_BUSY_MS".into(), "1000".into());
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let eve = Person::sign_up(&site, "eve").await.unwrap();
    let other = eve.talk_with(&bob).await.unwrap();
    let (eves, writer) = (eve.connect().await.unwrap(), Writer::start(&ann, &talk));

    let mut sent = Vec::new();
    let mut stored = Vec::new();
    let mut busy = 0;
    while eves.handle().is_open() {
        for _ in 0..50 {
            let event = event(&other, new_message_id(), "flood");
            sent.push((event.id.clone(), eves.emit(&event)));
        }
        for (id, ack) in sent.drain(..) {
            match ack.await {
                Ok(Ack::Stored { seq, .. }) => stored.push((id, seq)),
                Ok(Ack::Busy { .. }) => busy += 1,
                Ok(other) => panic!("{other:?}"),
                Err(_) => break, // she was closed: no answer is neither yes nor no
            }
        }
    }
    assert!(
        !stored.is_empty() && 0 < busy,
        "{} stored, {busy} busy",
        stored.len()
    );
    writer.all_is_stored(&bob, &talk).await;
    let history = bob.history(other.id).await.unwrap();
    for (id, seq) in &stored {
        assert_eq!(
            &history[*seq as usize - 1].id.to_string(),
            id,
            "what was acked is there"
        );
    }
    let first = history.iter().map(|message| message.id.to_string());
    let distinct: std::collections::HashSet<String> = first.collect();
    assert_eq!(distinct.len(), history.len());
    eve.connect().await.expect("and she may come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt37_without_file_handles_those_who_are_there_go_on() {
    if is_second_run() {
        return;
    }
    let mut site = site_without_rates(Site::new().unwrap());
    let limit = "ulimit -n 128";
    let relay = site.settings_of(Which::Relay);
    site.relay = Some(Process::start_after(limit, Which::Relay, &relay, site.folder()).unwrap());
    let pages = site.settings_of(Which::LogicServer);
    site.logic_server = Some(Process::start_after(limit, Which::LogicServer, &pages, site.folder()).unwrap());
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(20).await;

    let (at_relay, at_pages) = (site.relay_url(), site.url());
    let mut crowd = Vec::new();
    for number in 0..260 {
        let url = if number % 5 < 3 { &at_relay } else { &at_pages };
        if let Ok(mut stream) = TcpStream::connect(host(url)).await {
            stream.write_all(b"GET / HTTP/1.1\r\n").await.ok();
            crowd.push(stream);
        }
    }
    writer.reached(writer.ticks() + 40).await;
    drop(crowd);
    writer.all_is_stored(&bob, &talk).await;
    bob.connect().await.expect("there is room again");
    for (program, what) in [(&site.relay, "onnections"), (&site.logic_server, "rror")] {
        let said = program.as_ref().map(Process::said).unwrap_or_default();
        assert!(!said.contains("panicked"), "{said}");
        let complaints = said.lines().filter(|line| line.contains(what)).count();
        assert!(complaints <= 1, "one line a minute: {complaints}\n{said}");
    }
}
