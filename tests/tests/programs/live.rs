//! `/live`: chatting goes on while the relay is away.

use end_to_end::{Person, Site, new_message_id, wait_for};
use futures_util::{SinkExt, StreamExt};
use shared_protocol::ServerFrame;
use shared_protocol::envelope::{Delivery, From, Origin};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

const LIMIT: Duration = Duration::from_secs(20);

/// Opens the stream as the page does; `headers` are added.
async fn open(site: &Site, cookie: &str, headers: &[(&'static str, &str)]) -> Result<Stream, u16> {
    let url = format!("{}/live", site.url().replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers.iter().copied().chain([("cookie", cookie)]) {
        request
            .headers_mut()
            .insert(name, HeaderValue::from_str(value).unwrap());
    }
    match connect_async(request).await {
        Ok((stream, _)) => Ok(stream),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next frame but heartbeats, which must come from the logic server.
async fn next(stream: &mut Stream) -> ServerFrame {
    loop {
        let frame = next_of_any_kind(stream).await;
        if !matches!(frame, ServerFrame::Beat { .. }) {
            return frame;
        }
    }
}

async fn next_of_any_kind(stream: &mut Stream) -> ServerFrame {
    loop {
        let message = tokio::time::timeout(LIMIT, stream.next())
            .await
            .expect("a frame in time");
        if let Message::Text(text) = message.expect("an open stream").unwrap() {
            let delivery: Delivery = serde_json::from_str(&text).unwrap();
            assert_eq!(delivery.from, From::Program(Origin::Server));
            return serde_json::from_str(&delivery.frame).unwrap();
        }
    }
}

/// Whether the server ends the stream.
async fn is_ended(stream: &mut Stream) -> bool {
    let until_end =
        async { while let Some(Ok(Message::Text(_) | Message::Ping(_))) = stream.next().await {} };
    tokio::time::timeout(LIMIT, until_end).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s03_messages_arrive_while_the_relay_is_away() {
    let site = Site::started().await.unwrap();
    let (ann, bob) = (
        Person::sign_up(&site, "ann").await.unwrap(),
        Person::sign_up(&site, "bob").await.unwrap(),
    );
    let talk = ann.talk_with(&bob).await.unwrap();
    let mut stream = open(&site, bob.cookie(), &[("origin", &site.url())])
        .await
        .unwrap();
    assert!(
        matches!(next(&mut stream).await, ServerFrame::Hello { user, .. } if user.user_id == bob.me.person.user_id)
    );
    let mut site = site;
    site.kill_relay();
    site.degraded().await.unwrap();
    ann.post(talk.id, new_message_id(), "by https").await.unwrap();
    let heard = loop {
        // Presence may come first: a stream is a heartbeat.
        if let ServerFrame::Message { message, .. } = next(&mut stream).await {
            break message;
        }
    };
    assert_eq!(
        (heard.body.as_str(), heard.seq, heard.sender.user_id),
        ("by https", 1, ann.me.person.user_id)
    );
    // A conversation that is made now is heard on a stream that was open before.
    let eve = Person::sign_up(&site, "eve").await.unwrap();
    let other = eve.talk_with(&bob).await.unwrap();
    eve.post(other.id, new_message_id(), "and me").await.unwrap();
    loop {
        if let ServerFrame::Message { message, .. } = next(&mut stream).await {
            assert_eq!(message.body, "and me");
            break;
        }
    }
    // What goes through the relay is heard here too: whoever cannot reach it misses nothing.
    site.start_relay().unwrap();
    site.connected().await.unwrap();
    let socket = ann.connect().await.unwrap();
    let event = shared_protocol::Event {
        to: talk.group.to_string(),
        id: new_message_id().to_string(),
        class: shared_protocol::Class::Durable,
        frame: serde_json::json!({ "kind": "message", "body": "by the relay" }).to_string(),
        prev: None,
        receipt: None,
    };
    socket.emit(&event).await.unwrap();
    loop {
        if let ServerFrame::Message { message, .. } = next(&mut stream).await {
            assert_eq!(message.body, "by the relay");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad31_streams_are_for_pages_of_ours_and_say_nothing() {
    let site = Site::started().await.unwrap();
    let ann = Person::sign_up(&site, "ann").await.unwrap();
    assert_eq!(open(&site, "", &[]).await.err(), Some(401));
    assert_eq!(
        open(&site, ann.cookie(), &[("origin", "https://evil.example")])
            .await
            .err(),
        Some(403)
    );
    assert_eq!(
        open(&site, ann.cookie(), &[("sec-fetch-site", "cross-site")])
            .await
            .err(),
        Some(403)
    );
    let mut talker = open(&site, ann.cookie(), &[]).await.unwrap();
    talker.send(Message::text("hello")).await.unwrap();
    assert!(is_ended(&mut talker).await);
    // Signing out ends the stream at once.
    let mut stream = open(&site, ann.cookie(), &[]).await.unwrap();
    next(&mut stream).await;
    let signed_out = site
        .http()
        .delete(format!("{}/api/v1/sessions/current", site.url()))
        .header("cookie", ann.cookie())
        .send()
        .await
        .unwrap();
    assert_eq!(signed_out.status(), 204);
    assert!(is_ended(&mut stream).await);
    let gone = async || {
        open(&site, ann.cookie(), &[])
            .await
            .err()
            .filter(|status| *status == 401)
            .map(|_| ())
    };
    wait_for("the stream of an ended sign-in is refused", LIMIT, gone)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s03_a_heartbeat_says_that_the_stream_lives() {
    let mut site = Site::new().unwrap();
    site.settings.insert("TALKHUB_LIVE_PING".into(), "1".into());
    site.start().await.unwrap();
    let ann = Person::sign_up(&site, "ann").await.unwrap();
    let mut stream = open(&site, ann.cookie(), &[("origin", &site.url())])
        .await
        .unwrap();
    assert!(matches!(next(&mut stream).await, ServerFrame::Hello { .. }));
    for _ in 0..3 {
        let frame = next_of_any_kind(&mut stream).await;
        assert_eq!(
            frame,
            ServerFrame::Beat { every_s: 1 },
            "nobody said anything else"
        );
    }
}
