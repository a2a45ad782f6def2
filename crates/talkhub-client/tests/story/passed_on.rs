//! What the relay passed on while the logic server was away: stored in its order, handed in.

use crate::app::{Answer, Person, START, TestApp, message_id};
use crate::link::{Link, Tab, message};
use serde_json::{Value, json};
use shared_protocol::internal::{Outcome, Submit};
use shared_protocol::receipt::{Key, Passed, Receipt};
use shared_protocol::{ConversationId, ServerFrame};
use std::time::Duration;
use talkhub_client::platform::secret::Secret;

const DAY: u64 = 24 * 60 * 60;

/// The receipt that the relay gives for this submit: as its `number`th, so many seconds before the story begins.
fn receipt(app: &TestApp, submit: &Submit, number: u64, seconds: i64) -> String {
    let passed = Passed {
        subject: &submit.from.subject,
        group: &submit.to,
        id: &submit.id,
        frame: &submit.frame,
        prev: submit.prev.as_deref(),
    };
    let key = Key::of(app.app.config.relay.secret.expose());
    Receipt::sign(&key, &passed, START - seconds * 1000, "boot", number).to_string()
}

pub fn passed_on(app: &TestApp, submit: Submit, number: u64, seconds: i64) -> Submit {
    Submit {
        receipt: Some(receipt(app, &submit, number, seconds)),
        ..submit
    }
}

/// A message as somebody who received it hands it in.
pub fn item(submit: &Submit) -> Value {
    json!({ "subject": submit.from.subject, "id": submit.id, "prev": submit.prev, "frame": submit.frame, "receipt": submit.receipt })
}

pub async fn hand_in(person: &Person, talk: ConversationId, items: &[Value]) -> Answer {
    let address = format!("/api/v1/conversations/{talk}/passed-on");
    person.post(&address, json!({ "messages": items })).await
}

/// `stored 3 ann's id` or `refused type`, for each result.
pub fn results(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let results = answer.body["results"].as_array().into_iter().flatten();
    results
        .map(|result| match result["status"].as_str() {
            Some("stored") => format!(
                "stored {} by {}",
                result["message"]["seq"],
                result["message"]["sender"]["user_id"].as_str().unwrap_or("")
            ),
            Some("refused") => result["problem"]["type"]
                .as_str()
                .unwrap_or("")
                .replace("/problems/", "refused "),
            other => format!("{other:?}"),
        })
        .collect()
}

#[actix_web::test]
async fn d04_inv09_what_was_passed_on_is_stored_first_in_its_order_and_says_when_it_was_sent() {
    let app = TestApp::with(|config| config.messages.hold = Duration::from_secs(2)).await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    let bobs_other = Tab::open(&bob, talk).await;
    let mut link = Link::new(&app, 512);
    link.committer.hold();
    link.submit(bobs_other.submit(1, 1, None, &message("new")));
    let third = from_ann.submit(2, 3, Some(2), &message("third"));
    link.submit(passed_on(&app, third, 3, 100));
    let first = from_bob.submit(3, 4, None, &message("first"));
    link.submit(passed_on(&app, first, 1, 120));
    app.wait(60);
    link.committer.release();
    let second = from_ann.submit(4, 2, None, &message("second"));
    link.submit(passed_on(&app, second, 2, 110));
    // What cannot be read is answered at once: everything before it has been taken by now.
    let unreadable = from_ann.submit(5, 9, None, &message("no id"));
    let id = "no id".to_owned();
    link.submit(Submit { id, ..unreadable });
    assert_eq!(link.settled(1).await[0].r, 5);
    assert!(
        bob.sees(talk).await.is_empty(),
        "it waits for those who come again"
    );
    app.wait(2);
    let places: Vec<(u64, i64)> = link
        .settled(4)
        .await
        .iter()
        .map(|settle| match settle.outcome {
            Outcome::Stored { seq, .. } => (settle.r, seq),
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(places, [(3, 1), (4, 2), (2, 3), (1, 4)]);
    assert_eq!(bob.sees(talk).await, ["1:first", "2:second", "3:third", "4:new"]);
    let page = bob.get(&format!("/api/v1/conversations/{talk}/messages")).await;
    let times: Vec<_> = page.body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            (
                message["at"].as_i64().unwrap() - START,
                message["sent_at"].as_i64().map(|at| at - START),
            )
        })
        .collect();
    let at = 62_000;
    assert_eq!(
        times,
        [
            (at, Some(-120_000)),
            (at, Some(-110_000)),
            (at, Some(-100_000)),
            (at, None)
        ]
    );
    link.submit(from_ann.submit(5, 5, Some(3), &message("at once")));
    assert!(
        matches!(link.settled(1).await[0].outcome, Outcome::Stored { seq: 5, .. }),
        "the hold is over"
    );
}

#[actix_web::test]
async fn d04_ru5_whoever_received_it_hands_it_in_for_a_sender_who_has_gone() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let (talk, other) = (app.talk([&ann, &bob]).await, app.talk([&bob, &eve]).await);
    let from_ann = Tab::open(&ann, talk).await;
    let first = passed_on(&app, from_ann.submit(1, 1, None, &message("first")), 1, 60);
    let second = passed_on(&app, from_ann.submit(2, 2, Some(1), &message("second")), 2, 60);

    assert_eq!(
        hand_in(&eve, talk, &[item(&first)]).await.status,
        404,
        "SEC14: not hers"
    );
    assert_eq!(
        results(&hand_in(&bob, other, &[item(&first)]).await),
        ["refused bad-receipt"],
        "of another conversation"
    );
    app.frames();
    let handed_in = hand_in(&bob, talk, &[item(&first), item(&second)]).await;
    assert_eq!(
        results(&handed_in),
        ["stored 1 by 1000000001", "stored 2 by 1000000001"]
    );
    let told: Vec<_> = app
        .frames()
        .into_iter()
        .filter(|(_, frame)| matches!(frame, ServerFrame::Message { .. }))
        .collect();
    assert_eq!(told.len(), 2, "everybody hears of each once");
    assert_eq!(
        results(&hand_in(&ann, talk, &[item(&first)]).await),
        ["stored 1 by 1000000001"],
        "INV21"
    );
    assert_eq!(bob.sees(talk).await, ["1:first", "2:second"]);

    let mut link = Link::new(&app, 512);
    link.submit(first);
    assert!(
        matches!(link.settled(1).await[0].outcome, Outcome::Stored { seq: 1, .. }),
        "the sender is back: its tick"
    );
    let orphan = passed_on(
        &app,
        from_ann.submit(3, 4, Some(3), &message("its prev is nowhere")),
        4,
        60,
    );
    let answer = hand_in(&bob, talk, &[item(&orphan)]).await;
    assert_eq!(
        answer.body["results"][0]["status"], "busy",
        "INV09: not before what it follows"
    );
}

#[actix_web::test]
async fn inv14_nobody_can_invent_or_change_what_was_passed_on() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    let good = passed_on(&app, from_ann.submit(1, 1, None, &message("hi")), 1, 60);
    let mut forged = Vec::new();
    for (field, value) in [
        ("frame", json!(message("hello"))),
        ("subject", json!(from_bob.subject)),
        ("id", json!(message_id(2))),
        ("receipt", json!("rubbish")),
        (
            "receipt",
            json!(good.receipt.clone().unwrap().replace(".boot.1.", ".boot.2.")),
        ),
    ] {
        let mut changed = item(&good);
        changed[field] = value;
        forged.push(changed);
    }
    assert_eq!(
        results(&hand_in(&bob, talk, &forged).await),
        ["refused bad-receipt"; 5]
    );
    let old = passed_on(
        &app,
        from_ann.submit(1, 3, None, &message("old")),
        1,
        DAY as i64 + 1,
    );
    assert_eq!(
        results(&hand_in(&bob, talk, &[item(&old)]).await),
        ["refused receipt-expired"]
    );
    assert!(bob.sees(talk).await.is_empty());

    let mut link = Link::new(&app, 512);
    link.submit(old);
    assert!(
        matches!(link.settled(1).await[0].outcome, Outcome::Stored { seq: 1, .. }),
        "its sender can always send it"
    );
    let page = bob.get(&format!("/api/v1/conversations/{talk}/messages")).await;
    assert_eq!(
        page.body["messages"][0]["sent_at"],
        Value::Null,
        "nothing proves when that was"
    );

    let nothing = hand_in(&bob, talk, &[]).await;
    assert_eq!(
        nothing.refusal(),
        "400 invalid messages: From 1 to 100 messages at once."
    );
    let many = vec![item(&good); 101];
    assert_eq!(hand_in(&bob, talk, &many).await.refusal(), nothing.refusal());
}

#[actix_web::test]
async fn sec22_what_was_passed_on_under_the_secret_before_is_believed() {
    let before = "the secret of yesterday, long enough for both";
    for previous in [None, Some(before)] {
        let app = TestApp::with(|config| {
            config.relay.secret_previous = previous.map(|secret| Secret::new(secret.to_owned()));
        })
        .await;
        let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
        let talk = app.talk([&ann, &bob]).await;
        let submit = Tab::open(&ann, talk).await.submit(1, 1, None, &message("hi"));
        let passed = Passed {
            subject: &submit.from.subject,
            group: &submit.to,
            id: &submit.id,
            frame: &submit.frame,
            prev: None,
        };
        let receipt = Receipt::sign(&Key::of(before), &passed, START - 1000, "boot", 1).to_string();
        let handed = Submit {
            receipt: Some(receipt),
            ..submit
        };
        let answer = hand_in(&bob, talk, &[item(&handed)]).await;
        let wanted = match previous {
            Some(_) => "stored 1 by 1000000001",
            None => "refused bad-receipt",
        };
        assert_eq!(results(&answer), [wanted]);
    }
}

#[actix_web::test]
async fn what_is_stored_and_said_again_holds_nobody_up() {
    let app = TestApp::with(|config| config.messages.hold = Duration::from_secs(2)).await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    let mut link = Link::new(&app, 512);
    let passed = passed_on(&app, from_ann.submit(1, 1, None, &message("passed on")), 1, 60);
    link.submit(passed.clone());
    link.submit(from_bob.submit(2, 2, None, &message("new")));
    // What cannot be read is answered at once: everything before it has been taken by now.
    let id = "no id".to_owned();
    link.submit(Submit {
        id,
        r: 3,
        ..passed.clone()
    });
    assert_eq!(link.settled(1).await[0].r, 3);
    app.wait(3);
    assert_eq!(
        link.settled(2)
            .await
            .iter()
            .map(|settle| settle.r)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    link.submit(Submit { r: 4, ..passed });
    link.submit(from_bob.submit(5, 5, None, &message("newer")));
    let outcomes: Vec<_> = link
        .settled(2)
        .await
        .into_iter()
        .map(|settle| settle.outcome)
        .collect();
    let is_at = |outcome: &Outcome, place| matches!(outcome, Outcome::Stored { seq, .. } if *seq == place);
    assert!(is_at(&outcomes[0], 1) && is_at(&outcomes[1], 3), "{outcomes:?}");
}
