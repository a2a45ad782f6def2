//! Order and completeness under load, with two workers.

use crate::kit::*;
use shared_protocol::Ack;
use std::collections::HashMap;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv09_what_one_sends_stays_in_order_and_complete() {
    const SENDERS: usize = 16;
    const EACH: usize = 400;
    // On a busy machine everybody may be far behind for a while; here nobody is to be cut off for it.
    let world = World::with(|config| config.limits.socket_buffer = 65_536).await;
    let talk = group();
    let stored = world.link().await.store_all();
    let (_, mut listener) = world.person(&[&talk]).await;
    let mut senders = Vec::new();
    for _ in 0..SENDERS {
        let (ticket, client) = world.person(&[&talk]).await;
        let talk = talk.clone();
        senders.push(spawn(async move {
            // All at once: the order must come from the relay, not from waiting.
            let acks: Vec<_> = (0..EACH)
                .map(|number| client.emit(&durable(&talk, &format!("{} {number}", ticket.id))))
                .collect();
            let mut last = 0;
            for ack in acks {
                let ack = ack.await;
                let Ok(Ack::Stored { seq, .. }) = ack else {
                    panic!("{ack:?}")
                };
                assert!(last < seq, "{last} before {seq}");
                last = seq;
            }
            client
        }));
    }
    let mut heard: HashMap<String, usize> = HashMap::new();
    for _ in 0..SENDERS * EACH {
        let frame = listener.next_within(SOON).await.expect("every one arrives").frame;
        let (sender, number) = frame.split_once(' ').expect("two words");
        let next = heard.entry(sender.to_owned()).or_default();
        assert_eq!(number.parse(), Ok(*next), "from {sender}");
        *next += 1;
    }
    let clients = futures_util::future::join_all(senders).await;
    assert!(clients.iter().all(Result::is_ok));
    silent(&mut listener).await;
    drop(world);
    assert_eq!(stored.await.expect("stored").len(), SENDERS * EACH);
}
