//! Bytes that are no Socket.IO at all.

use crate::kit::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Everything the relay answers until it closes.
async fn answer(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.running.public())
        .await
        .expect("connected");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(SOON, reading)
        .await
        .expect("the relay closes")
        .ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bad28_rubbish_is_answered_400_or_closed() {
    let world = World::with(|config| config.times.header_timeout_ms = 300).await;
    let upgrade = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let with = |frame: &[u8]| [upgrade.as_bytes(), frame].concat();
    assert!(
        answer(&world, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
            .await
            .starts_with("HTTP/1.1 400")
    );
    assert!(
        answer(&world, b"GET / HTTP/9.9\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 4")
    );
    let large = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n",
        "x".repeat(40_000)
    );
    assert!(answer(&world, large.as_bytes()).await.starts_with("HTTP/1.1 431"));
    for (what, frame) in [
        ("a frame that is not masked", b"\x81\x01x".as_slice()),
        ("reserved bits", b"\xf1\x81\x00\x00\x00\x00x"),
        ("an unknown kind of frame", b"\x83\x81\x00\x00\x00\x00x"),
        ("bytes that are not UTF-8", b"\x81\x82\x00\x00\x00\x00\xc3\x28"),
        (
            "a frame of 4 GiB",
            b"\x81\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00",
        ),
        ("a packet that does not exist", b"\x81\x82\x00\x00\x00\x009x"),
    ] {
        let answer = answer(&world, &with(frame)).await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{what}: {answer}");
    }
    let (_, mut client) = world.person(&[]).await;
    silent(&mut client).await;
}

#[tokio::test]
async fn tr8_a_slow_header_is_timed_out() {
    let world = World::with(|config| config.times.header_timeout_ms = 200).await;
    let mut stream = TcpStream::connect(world.running.public())
        .await
        .expect("connected");
    stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.expect("sent");
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "the relay does not wait for ever");
}

#[tokio::test]
async fn a_slow_body_is_timed_out() {
    let world = World::with(|config| config.times.body_timeout_ms = 200).await;
    let head = format!(
        "POST /internal/v1/groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: 100\r\n\
         Connection: close\r\n\r\n{{"
    );
    assert!(answer(&world, head.as_bytes()).await.starts_with("HTTP/1.1 408"));
    let open = world
        .http
        .get(format!("{}/socket.io/?EIO=4&transport=polling", world.url()))
        .send()
        .await;
    let open = open.expect("an answer").text().await.expect("text");
    let sid = open.split('"').nth(3).expect("a sid");
    let head = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\
         Connection: close\r\n\r\n4"
    );
    assert!(answer(&world, head.as_bytes()).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn bad28_a_ping_flood_does_no_harm() {
    let world = World::new().await;
    let (_, client) = world.person(&[]).await;
    for _ in 0..5_000 {
        client.emit_raw("2");
    }
    let (_, mut other) = world.person(&[]).await;
    silent(&mut other).await;
}
