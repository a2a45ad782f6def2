//! Bytes that mean nothing, sent to both programs at every stage of a connection.

use crate::writing::{LIMIT, Writer, get, is_second_run, site_without_rates, spawn, two};
use end_to_end::{Process, Site, new_message_id};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections of each kind.
const EACH: u64 = 60;

/// Numbers of chance that a seed repeats.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.next() % most;
        (0..length).map(|_| self.next() as u8).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt35_rubbish_is_refused_or_closed_and_harms_nobody() {
    if is_second_run() {
        return;
    }
    let mut site = site_without_rates(Site::new().unwrap());
    for (name, value) in [
        ("TALKHUB_RELAY_HEADER_TIMEOUT_MS", "1000"),
        ("TALKHUB_RELAY_CONNECT_TIMEOUT_MS", "1000"),
        ("TALKHUB_BODY_TIMEOUT", "1"),
    ] {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(20).await;
    let ticket = bob.ticket().await.unwrap();
    let enter = format!(
        "40{}",
        json!({ "relay_id": ticket.relay_id, "token": ticket.token })
    );
    let upgrade = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\ncookie: {}\r\n\r\n",
            bob.cookie()
        )
    };
    let socket = upgrade("/socket.io/?EIO=4&transport=websocket");
    let live = upgrade("/live");
    let seed = u64::from_str_radix(&new_message_id().to_string()[24..], 16).unwrap() | 1;
    println!("seed {seed}");
    let (relay, pages) = (site.relay_url(), site.url());
    let stages: [(&str, Vec<u8>); 6] = [
        (&relay, Vec::new()),
        (&pages, Vec::new()),
        (
            &relay,
            b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n".to_vec(),
        ),
        (&relay, socket.clone().into_bytes()),
        (&relay, [socket.into_bytes(), masked(&enter)].concat()),
        (&pages, live.into_bytes()),
    ];
    let mut chance = Chance(seed);
    let mut sent = Vec::new();
    for (url, begin) in &stages {
        for _ in 0..EACH {
            let mut bytes = begin.clone();
            // Half of it begins as a frame does, so that it is read further.
            if chance.next().is_multiple_of(2) {
                bytes.extend(masked("42[\"private_message\",{"));
                bytes.push(0x81);
            }
            bytes.extend(chance.bytes(2_000));
            sent.push(spawn(send(
                (*url).trim_start_matches("http://").to_owned(),
                bytes,
            )));
        }
    }
    for one in sent {
        tokio::time::timeout(LIMIT, one)
            .await
            .expect("it is closed")
            .unwrap();
    }
    assert_eq!(get(&site, Some(&bob), "/api/v1/me").await.0, 200, "seed {seed}");
    bob.connect().await.expect("the relay goes on");
    writer.all_is_stored(&bob, &talk).await;
    for program in [&site.relay, &site.logic_server] {
        let said = program.as_ref().map(Process::said).unwrap_or_default();
        assert!(!said.contains("panicked"), "seed {seed}: {said}");
    }
}

/// Sends, and reads until the other side has had enough, or for a while.
async fn send(host: String, bytes: Vec<u8>) {
    let Ok(mut stream) = TcpStream::connect(host).await else {
        return;
    };
    stream.write_all(&bytes).await.ok();
    let mut rest = Vec::new();
    let reading = stream.read_to_end(&mut rest);
    drop(tokio::time::timeout(Duration::from_secs(2), reading).await);
}

/// One WebSocket text message, masked with zeros.
fn masked(text: &str) -> Vec<u8> {
    let length = (text.len() as u16).to_be_bytes();
    let mut frame = vec![0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
    frame.extend(text.as_bytes());
    frame
}
