//! The way of a message through the link: batches, repeats, refusals, broken rows.

use crate::app::TestApp;
use crate::link::{Link, Tab, message, start};
use shared_protocol::ServerFrame;
use shared_protocol::internal::{Down, Outcome, Settle, Submit};
use talkhub_client::platform::relay::Said;
use tokio::sync::mpsc;

fn words(settled: &[Settle]) -> Vec<String> {
    settled
        .iter()
        .map(|settle| match &settle.outcome {
            Outcome::Stored { seq, .. } => format!("{} stored {seq}", settle.r),
            Outcome::Refused { problem } => format!(
                "{} refused {}",
                settle.r,
                problem.kind.trim_start_matches("/problems/")
            ),
            Outcome::Busy { .. } => format!("{} busy", settle.r),
        })
        .collect()
}

#[actix_web::test]
async fn a_batch_is_settled_in_order_with_the_frame_for_everybody() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    let mut link = Link::new(&app, 512);
    link.submit(from_ann.submit(1, 1, None, &message("one")));
    link.submit(from_ann.submit(2, 2, Some(1), &message("two")));
    link.submit(from_bob.submit(3, 1, None, &message("three")));
    link.submit(from_ann.submit(4, 1, None, &message("one, changed")));
    let settled = link.settled(4).await;
    assert_eq!(
        words(&settled),
        ["1 stored 1", "2 stored 2", "3 stored 3", "4 stored 1"]
    );
    let Outcome::Stored {
        frame: Some(frame), ..
    } = &settled[2].outcome
    else {
        panic!("no frame")
    };
    let ServerFrame::Message { message, .. } = serde_json::from_str(frame).unwrap() else {
        panic!("no message")
    };
    assert_eq!(
        (message.sender.user_id, message.body.as_str(), message.seq),
        (bob.id, "three", 3)
    );
    assert_eq!(ann.sees(talk).await, ["1:one", "2:two", "3:three"]);
}

#[actix_web::test]
async fn refusals_name_a_rule_and_do_not_stop_the_rest() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let talk = app.talk([&ann, &bob]).await;
    let tab = Tab::open(&ann, talk).await;
    let eves = Tab {
        group: tab.group.clone(),
        ..Tab::open(&eve, app.talk([&eve, &eve]).await).await
    };
    let mut link = Link::new(&app, 512);
    link.submit(tab.submit(1, 1, None, &message(" ")));
    link.submit(eves.submit(2, 2, None, &message("let me in")));
    link.submit(tab.submit(3, 3, None, "not a frame"));
    link.submit(Submit {
        id: "7".into(),
        ..tab.submit(4, 4, None, &message("x"))
    });
    link.submit(Submit {
        to: "nowhere".into(),
        ..tab.submit(5, 5, None, &message("x"))
    });
    link.submit(tab.submit(6, 6, Some(99), &message("after one that never came")));
    link.submit(tab.submit(7, 7, None, &message("fine")));
    assert_eq!(
        words(&link.settled(7).await),
        [
            "1 refused invalid",
            "2 refused missing",
            "3 refused invalid",
            "4 refused invalid",
            "5 refused missing",
            "6 busy",
            "7 stored 1"
        ]
    );
    assert_eq!(bob.sees(talk).await, ["1:fine"]);
}

#[actix_web::test]
async fn whoever_signed_out_is_told_to_come_back_and_nothing_is_stored() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let tab = Tab::open(&ann, talk).await;
    ann.delete("/api/v1/sessions/current").await;
    app.run_jobs().await;
    let mut link = Link::new(&app, 512);
    link.submit(tab.submit(1, 1, None, &message("late")));
    assert_eq!(words(&link.settled(1).await), ["1 busy"]);
    link.done().await;
    assert_eq!(bob.sees(talk).await, Vec::<String>::new());
    app.app.relay.take_recorded();
    app.run_jobs().await;
    let said = app.app.relay.take_recorded();
    let revoked = matches!(said.as_slice(), [Said::Revoked(relay_id)] if *relay_id == tab.relay_id);
    assert!(revoked, "the relay lets it write no longer: {said:?}");
}

#[actix_web::test]
async fn inv01_inv03_many_senders_are_numbered_without_gap_or_repeat() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    let mut link = Link::new(&app, 16);
    for r in 0..200_u64 {
        let (tab, prev) = if r % 2 == 0 {
            (&from_ann, r.checked_sub(2))
        } else {
            (&from_bob, r.checked_sub(2))
        };
        link.submit(tab.submit(r, r, prev, &message(&r.to_string())));
        link.submit(tab.submit(1000 + r, r, prev, &message("a repeat")));
        if r % 20 == 0 {
            // Meanwhile the same conversation is written to over HTTPS.
            assert_eq!(ann.says(talk, "by hand", 5000 + r).await.status, 201);
        }
    }
    let settled = link.settled(400).await;
    let seq_of = |r: u64| {
        settled
            .iter()
            .find(|settle| settle.r == r)
            .map(|settle| match settle.outcome {
                Outcome::Stored { seq, .. } => seq,
                _ => panic!("{settle:?}"),
            })
    };
    let mut seen: Vec<i64> = Vec::new();
    for r in 0..200_u64 {
        assert_eq!(seq_of(r), seq_of(1000 + r), "a repeat gets the first result");
        seen.push(seq_of(r).unwrap());
    }
    assert!(
        seen.windows(2).all(|pair| pair[0] < pair[1]),
        "in the order in which they were written"
    );
    let changes = ann
        .get(&format!(
            "/api/v1/conversations/{talk}/messages?limit=200&after=0"
        ))
        .await
        .body;
    let more = ann
        .get(&format!(
            "/api/v1/conversations/{talk}/messages?limit=200&after=200"
        ))
        .await
        .body;
    let seqs: Vec<i64> = [changes, more]
        .iter()
        .flat_map(|page| page["messages"].as_array().unwrap().clone())
        .map(|message| message["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=210).collect::<Vec<i64>>());
}

#[actix_web::test]
async fn inv22_a_full_queue_says_busy_at_once() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let tab = Tab::open(&ann, talk).await;
    let (sender, mut answers) = mpsc::channel(10_000);
    let committer = start(&app, 1, 2);
    for r in 0..500 {
        committer.submit(&tab.submit(r, r, None, &message("flood")), &sender);
    }
    drop((committer, sender));
    let (mut busy, mut stored) = (0, 0);
    while let Some(lot) = answers.recv().await {
        for down in lot {
            match down {
                Down::Settle(Settle {
                    outcome: Outcome::Busy { .. },
                    ..
                }) => busy += 1,
                Down::Settle(Settle {
                    outcome: Outcome::Stored { .. },
                    ..
                }) => stored += 1,
                other => panic!("unexpected {other:?}"),
            }
        }
    }
    assert_eq!(busy + stored, 500, "nobody is left without an answer");
    assert!(0 < busy && 0 < stored, "{busy} busy, {stored} stored");
}
