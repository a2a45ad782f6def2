//! Which pages may connect.

use crate::kit::*;
use shared_protocol::envelope::ConnectRefusal;
use socket_client::Client;

#[tokio::test]
async fn q03_sec10_only_pages_of_registered_origins_connect() {
    let world = World::new().await;
    let ticket = world.ticket(&[]).await;
    for (origin, good) in [
        (ORIGIN, true),
        ("HTTP://Chat.Example.org", true),
        ("http://chat.example.org:8000", false),
        ("https://chat.example.org", false),
        ("http://evil.example.org", false),
        ("null", false),
    ] {
        let tried = Client::connect_with(&world.url(), &ticket.auth(), &from_origin(origin)).await;
        match tried {
            Ok(_) => assert!(good, "{origin}"),
            Err(error) => {
                assert!(!good, "{origin}: {error}");
                assert_eq!(error.refusal(), Some(ConnectRefusal::Unregistered));
            }
        }
    }
    world.connect(&ticket).await;
}

#[tokio::test]
async fn q03_cors_is_for_registered_origins_and_without_credentials() {
    let world = World::new().await;
    let url = format!("{}/socket.io/?EIO=4&transport=polling", world.url());
    let ask = async |method: &str, origin: &str| {
        let request = world
            .http
            .request(method.parse().expect("a method"), &url)
            .header("origin", origin);
        request.send().await.expect("an answer")
    };
    let allowed = |answer: &reqwest::Response| {
        answer
            .headers()
            .get("access-control-allow-origin")
            .map(|origin| origin.to_str().expect("text").to_owned())
    };
    assert_eq!(
        allowed(&ask("GET", ORIGIN).await),
        None,
        "nobody has registered it yet"
    );
    let ticket = world.ticket(&[]).await;
    let answer = ask("GET", ORIGIN).await;
    assert_eq!(
        (answer.status().as_u16(), allowed(&answer).as_deref()),
        (200, Some(ORIGIN))
    );
    assert_eq!(answer.headers()["vary"], "origin");
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));
    let preflight = ask("OPTIONS", ORIGIN).await;
    assert_eq!(
        (preflight.status().as_u16(), allowed(&preflight).as_deref()),
        (204, Some(ORIGIN))
    );
    assert_eq!(allowed(&ask("GET", "http://evil.example.org").await), None);
    world
        .call("DELETE", &format!("/relay-ids/{}", ticket.id), None)
        .await;
    assert_eq!(
        allowed(&ask("GET", ORIGIN).await),
        None,
        "nobody has it any longer"
    );
}
