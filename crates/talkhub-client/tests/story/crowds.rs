//! Many who come and go at once: it costs few questions, and ends as if they had come one by one.

use crate::app::{Person, TestApp};
use crate::privacy::set;
use diesel::connection::{Connection, InstrumentationEvent};
use serde_json::json;
use shared_protocol::internal::Up;
use shared_protocol::{RelayId, UserId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use talkhub_client::presence::{self, Difference, Tracker};

/// How many frames tell that these people are there, and how many statements of the database that takes.
async fn telling(app: &TestApp, people: &[&Person]) -> (usize, usize) {
    let came = people.iter().map(|person| (person.id, Default::default()));
    let difference = Difference {
        came: came.collect(),
        ..Difference::default()
    };
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let told = app.app.db.read(move |conn| {
        let count = counted.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        let frames = presence::telling::frames_for(conn, &difference);
        conn.set_instrumentation(|_: InstrumentationEvent<'_>| ());
        Ok(frames?.len())
    });
    (told.await.unwrap(), count.load(Ordering::Relaxed))
}

#[actix_web::test]
async fn flt05_a_crowd_that_comes_back_takes_no_more_questions_than_one_person() {
    let app = TestApp::new().await;
    let mut people = Vec::new();
    for number in 1..=6 {
        people.push(app.person(&format!("100000000{number}")).await);
    }
    for (at, person) in people.iter().enumerate() {
        set(person, "last_seen", "contacts").await;
        for other in &people[at + 1..] {
            app.talk([person, other]).await;
        }
    }
    app.run_jobs().await;
    let one = telling(&app, &[&people[0]]).await;
    let all = telling(&app, &people.iter().collect::<Vec<_>>()).await;
    // To each by themselves, in each of their five conversations: nobody is anybody's contact.
    assert_eq!((one.0, all.0), (5, 30));
    assert_eq!(one.1, all.1, "statements for one and for six people");
    assert!(0 < one.1);
}

async fn tab(person: &Person) -> RelayId {
    let ticket = person.post("/api/v1/relay-ids", json!({})).await;
    ticket.body["relay_id"].as_str().unwrap().parse().unwrap()
}

#[actix_web::test]
async fn s08_comings_and_goings_written_down_together_end_as_one_by_one() {
    let app = TestApp::new().await;
    let (ann, bob, eve) = (
        app.person("1000000001").await,
        app.person("1000000002").await,
        app.person("1000000003").await,
    );
    let (anns, bobs, eves) = (tab(&ann).await, tab(&bob).await, tab(&eve).await);
    let connected = |relay_id: &RelayId| Up::Connected {
        relay_id: relay_id.clone(),
    };
    let disconnected = |relay_id: &RelayId| Up::Disconnected {
        relay_id: relay_id.clone(),
    };
    let present = |part: u32, last: bool, relay_ids: &[&RelayId]| Up::Present {
        boot_id: "recorded".into(),
        round: 1,
        part,
        last,
        relay_ids: relay_ids.iter().map(|id| (*id).clone()).collect(),
        passed_on: 0,
    };
    let check = async |events: Vec<Up>, want: &[UserId]| {
        let (one_by_one, together) = (Tracker::default(), Tracker::default());
        for event in events.clone() {
            presence::relay::on_events(&app.app, &one_by_one, vec![event])
                .await
                .unwrap();
        }
        presence::relay::on_events(&app.app, &together, events)
            .await
            .unwrap();
        assert_eq!(
            (one_by_one.list_heard(), together.list_heard()),
            (want.to_vec(), want.to_vec())
        );
    };
    let again = |relay_id| [connected(relay_id), disconnected(relay_id)];
    check([again(&anns), again(&anns)].concat(), &[]).await;
    check(
        [
            &again(&anns)[..],
            &[connected(&anns), connected(&bobs)],
            &again(&eves),
        ]
        .concat(),
        &[ann.id, bob.id],
    )
    .await;
    // The relay's full set in the midst of it: what came before is overruled, what comes after holds.
    check(
        vec![
            connected(&anns),
            present(0, false, &[&bobs]),
            disconnected(&bobs),
            present(1, true, &[&eves]),
            disconnected(&eves),
        ],
        &[bob.id],
    )
    .await;
    // A part of a set was passed over: the set says nothing.
    check(vec![connected(&anns), present(1, true, &[&bobs])], &[ann.id]).await;
}
