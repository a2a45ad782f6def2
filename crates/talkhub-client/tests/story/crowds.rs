//! Many who come and go at once: it costs few questions.

use crate::app::{Person, TestApp};
use crate::privacy::set;
use diesel::connection::{Connection, InstrumentationEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use talkhub_client::presence::{self, Difference};

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
