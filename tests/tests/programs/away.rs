//! The logic server is away: open chats go on through the relay, and all of it is stored when it is back.

use crate::writing::{LIMIT, two};
use end_to_end::{Person, Site, new_message_id, wait_for};
use reqwest::Method;
use serde_json::json;
use shared_protocol::api::{Conversation, HandInResult, HandedIn, Message, PassedOn};
use shared_protocol::envelope::{Delivery, From, Origin};
use shared_protocol::{Ack, Class, Event, Group, RelayFrame, ServerFrame};
use socket_client::{AckError, Client};
use std::time::Duration;

/// Somebody with one open tab.
struct Open {
    person: Person,
    tab: Client,
}

impl Open {
    async fn new(person: Person) -> Self {
        let tab = person.connect().await.unwrap();
        Self { person, tab }
    }

    /// The next delivery that `wanted` makes something of.
    async fn hears<T>(&mut self, what: &str, wanted: impl Fn(&Delivery) -> Option<T>) -> T {
        loop {
            let delivery = self.tab.next_within(LIMIT).await;
            let delivery = delivery.unwrap_or_else(|| panic!("{what} arrives"));
            if let Some(found) = wanted(&delivery) {
                return found;
            }
        }
    }
}

fn event(talk: &Conversation, body: &str, prev: Option<&Event>) -> Event {
    Event {
        to: talk.group.to_string(),
        id: new_message_id().to_string(),
        class: Class::Durable,
        frame: json!({ "kind": "message", "body": body }).to_string(),
        prev: prev.map(|prev| prev.id.clone()),
        receipt: None,
    }
}

fn unsaved(delivery: &Delivery) -> Option<Delivery> {
    delivery.unsaved.then(|| delivery.clone())
}

fn look(delivery: &Delivery) -> Option<()> {
    let frame: RelayFrame = serde_json::from_str(&delivery.frame).ok()?;
    (delivery.from == From::Program(Origin::Relay) && frame == RelayFrame::Look).then_some(())
}

/// Emits until the relay has noticed that its logic server is gone.
async fn passed_on(tab: &Client, event: &Event) -> Event {
    wait_for("it is passed on", LIMIT, async || match tab.emit(event).await {
        Ok(Ack::PassedOn { receipt, .. }) => Some(Event {
            receipt: Some(receipt),
            ..event.clone()
        }),
        Ok(Ack::Busy { .. }) => None,
        other => panic!("neither passed on nor busy: {other:?}"),
    })
    .await
    .unwrap()
}

/// What became of an event, offered again as long as it is told to come back.
async fn stored(tab: &Client, event: &Event, mut ack: Result<Ack, AckError>) {
    while let Ok(Ack::Busy { retry_after_ms }) = ack {
        tokio::time::sleep(Duration::from_millis(retry_after_ms)).await;
        ack = tab.emit(event).await;
    }
    assert!(matches!(ack, Ok(Ack::Stored { .. })), "{ack:?}");
}

async fn two_who_chat(site: &Site) -> (Open, Open, Conversation) {
    let (ann, bob, talk) = two(site).await;
    (Open::new(ann).await, Open::new(bob).await, talk)
}

fn bodies(history: &[Message]) -> Vec<String> {
    history
        .iter()
        .map(|message| format!("{}:{}", message.seq, message.body))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s02_d04_flt05_open_chats_go_on_and_ten_messages_are_stored_in_the_order_of_passing_on() {
    let mut site = Site::new().unwrap();
    // Long enough for a busy machine, so that all of them meet.
    site.settings.insert("TALKHUB_HOLD_MS".into(), "5000".into());
    site.start().await.unwrap();
    let (mut ann, mut bob, talk) = two_who_chat(&site).await;
    site.kill_logic_server();

    // By turns, each after the other has it: the order in which people saw it is plain.
    let mut passed: Vec<Event> = Vec::new();
    for number in 1..=10 {
        let (from, to) = match number % 2 {
            1 => (&ann, &mut bob),
            _ => (&bob, &mut ann),
        };
        let prev = passed.len().checked_sub(2).map(|before| &passed[before]);
        let sent = passed_on(&from.tab, &event(&talk, &format!("number {number}"), prev)).await;
        let heard = to.hears("what was passed on", unsaved).await;
        assert_eq!(subject(&heard), from.person.me.person.subject, "INV14");
        assert_eq!(
            (heard.frame, heard.receipt),
            (sent.frame.clone(), sent.receipt.clone())
        );
        passed.push(sent);
    }

    site.start_logic_server().unwrap();
    ann.hears("`look`", look).await;
    bob.hears("`look`", look).await;
    // The later ones first, and a new one before all of them: the receipts put them in order.
    let new = event(&talk, "after all", passed.get(8));
    let (anns, bobs): (Vec<_>, Vec<_>) = passed.iter().enumerate().partition(|(place, _)| place % 2 == 0);
    let mut brought = vec![(&bob, event(&talk, "new from Bob", passed.get(9)))];
    brought.extend(bobs.iter().rev().map(|(_, event)| (&bob, (*event).clone())));
    brought.extend(anns.iter().map(|(_, event)| (&ann, (*event).clone())));
    brought.push((&ann, new));
    let acks: Vec<_> = brought.iter().map(|(from, event)| from.tab.emit(event)).collect();
    for ((from, event), ack) in brought.iter().zip(acks) {
        stored(&from.tab, event, ack.await).await;
    }
    let history = ann.person.history(talk.id).await.unwrap();
    let expected: Vec<String> = (1..=10)
        .map(|number| format!("{number}:number {number}"))
        .collect();
    let shown = bodies(&history);
    assert_eq!(shown[..10], expected);
    // What is new comes behind them; which of two people was faster is not promised.
    let mut new: Vec<&str> = history[10..]
        .iter()
        .map(|message| message.body.as_str())
        .collect();
    new.sort_unstable();
    assert_eq!(new, ["after all", "new from Bob"]);
    assert!(
        history[..10]
            .iter()
            .all(|message| message.sent_at.is_some_and(|sent| sent <= message.at))
    );
    assert_eq!(history, bob.person.history(talk.id).await.unwrap());
    assert!(
        ann.tab.handle().is_open() && bob.tab.handle().is_open(),
        "INV15: no socket was closed"
    );
}

/// Whose it is, by the relay's stamp.
fn subject(delivery: &Delivery) -> Group {
    match &delivery.from {
        From::Client(stamp) => stamp.subject.parse().unwrap(),
        From::Program(_) => panic!("from a client"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s02_what_a_sender_left_behind_is_handed_in_by_whoever_has_it() {
    let mut site = Site::started().await.unwrap();
    let (ann, mut bob, talk) = two_who_chat(&site).await;
    site.kill_logic_server();
    let first = passed_on(&ann.tab, &event(&talk, "first", None)).await;
    passed_on(&ann.tab, &event(&talk, "second", Some(&first))).await;
    let long = "x".repeat(10_001);
    passed_on(&ann.tab, &event(&talk, &long, None)).await;
    drop(ann.tab);
    let mut received = Vec::new();
    for _ in 0..3 {
        let delivery = bob.hears("what was passed on", unsaved).await;
        received.push(PassedOn {
            subject: subject(&delivery),
            id: delivery.id.unwrap().parse().unwrap(),
            prev: delivery.prev.map(|prev| prev.parse().unwrap()),
            frame: delivery.frame,
            receipt: delivery.receipt.unwrap(),
        });
    }

    site.start_logic_server().unwrap();
    bob.hears("`look`", look).await;
    let path = format!("/conversations/{}/passed-on", talk.id);
    let form = json!({ "messages": received });
    let answer: HandedIn = bob.person.ask(Method::POST, &path, Some(&form)).await.unwrap();
    let stored: Vec<bool> = answer
        .results
        .iter()
        .map(|result| matches!(result, HandInResult::Stored { message } if message.sender == ann.person.me.person))
        .collect();
    assert_eq!(
        stored,
        [true, true, false],
        "the third is too long for anybody: {:?}",
        answer.results[2]
    );
    assert_eq!(
        bodies(&bob.person.history(talk.id).await.unwrap()),
        ["1:first", "2:second"]
    );

    let not_saved = bob
        .hears("`not_saved`", |delivery| {
            match serde_json::from_str(&delivery.frame) {
                Ok(ServerFrame::NotSaved { id, .. }) => Some(id),
                _ => None,
            }
        })
        .await;
    assert_eq!(not_saved, received[2].id, "D04: shown on both sides");
}
