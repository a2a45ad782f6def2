//! Somebody leaves while the logic server dies, again and again: what was begun is done to its end.

use crate::writing::{LIMIT, get, two};
use end_to_end::{PASSWORD, Person, Site, new_message_id, wait_for};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared_protocol::api::{Contacts, Conversation, Message};

/// More than one batch of the job that empties them.
const WORDS: usize = 450;

async fn history(bob: &Person, talk: &Conversation) -> Option<Vec<Message>> {
    bob.history(talk.id).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u06_flt02_whoever_leaves_is_gone_however_often_the_logic_server_dies_meanwhile() {
    let mut site = Site::started().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let here = ann.connect().await.unwrap();
    for part in 0..WORDS / 50 {
        let posts = (0..50).map(|number| {
            let body = format!("word {part}.{number}");
            let (ann, id) = (&ann, talk.id);
            async move { ann.post(id, new_message_id(), &body).await }
        });
        for posted in join_all(posts).await {
            posted.unwrap();
        }
    }
    let form = json!({ "current": PASSWORD, "messages_too": true });
    let left = ann.ask::<Value>(Method::DELETE, "/me", Some(&form)).await;
    drop(left); // the answer has no body
    // The answer is there: the row says so, and nothing else need be done yet.
    site.kill_logic_server();
    tokio::time::timeout(LIMIT, here.closed())
        .await
        .expect("the relay was told before the answer");
    site.start_logic_server().unwrap();
    site.connected().await.unwrap();
    assert_eq!(get(&site, Some(&ann), "/api/v1/me").await.0, 401);
    assert!(Person::sign_in(&site, "ann", PASSWORD).await.is_err());
    wait_for("some words are empty", LIMIT, async || {
        let messages = history(&bob, &talk).await?;
        messages
            .iter()
            .any(|message| message.body.is_empty())
            .then_some(())
    })
    .await
    .unwrap();
    site.kill_logic_server();
    site.start_logic_server().unwrap();
    site.connected().await.unwrap();
    let messages = wait_for("all words are empty", LIMIT, async || {
        let messages = history(&bob, &talk).await?;
        messages
            .iter()
            .all(|message| message.body.is_empty())
            .then_some(messages)
    });
    let messages = messages.await.unwrap();
    assert_eq!(messages.len(), WORDS, "their places stay");
    assert!(
        messages
            .iter()
            .all(|message| message.sender.display_name == "Deleted user")
    );
    let last = messages.iter().map(|message| message.rev).max();
    assert_eq!(last, Some(2 * WORDS as i64), "each was emptied once");
    let contacts: Contacts = bob.get("/contacts").await.unwrap();
    assert!(contacts.contacts.is_empty());
}
