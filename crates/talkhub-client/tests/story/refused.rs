//! What was passed on and refused: for good, for everybody, and without holding up what follows.

use crate::app::{START, TestApp, message_id};
use crate::link::{Link, Tab, message};
use crate::passed_on::{hand_in, item, passed_on, results};
use diesel::prelude::*;
use shared_protocol::internal::Outcome;
use shared_protocol::{ConversationId, ServerFrame, UserId};
use talkhub_client::messages::forget_old_refusals;
use talkhub_client::platform::db::schema::members;

const DAY: u64 = 24 * 60 * 60;

/// Puts somebody out of a conversation, or in again, behind everybody's back.
async fn set_member(app: &TestApp, talk: ConversationId, user: UserId, is_member: bool) {
    let written = app.app.db.write(move |conn| {
        if is_member {
            let row = (
                members::conversation_id.eq(talk),
                members::user_id.eq(user),
                members::role.eq("member"),
                members::read_seq.eq(0_i64),
                members::person_rev.eq(0_i64),
                members::joined_at.eq(START),
            );
            diesel::insert_into(members::table).values(row).execute(conn)?;
        } else {
            diesel::delete(members::table.find((talk, user))).execute(conn)?;
        }
        Ok(())
    });
    written.await.unwrap();
}

#[actix_web::test]
async fn inv11_what_was_refused_once_is_never_stored_later() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let from_ann = Tab::open(&ann, talk).await;
    let passed = passed_on(&app, from_ann.submit(1, 1, None, &message("hi")), 1, 60);
    let unheard = from_ann.submit(2, 2, None, &message("its ack got lost"));
    set_member(&app, talk, ann.id, false).await;
    app.frames();
    let mut link = Link::new(&app, 512);
    link.submit(passed.clone());
    link.submit(unheard.clone());
    for settle in link.settled(2).await {
        let Outcome::Refused { problem } = settle.outcome else {
            panic!("{:?}", settle.outcome)
        };
        assert_eq!(problem.kind, "/problems/missing");
    }
    link.done().await;
    let not_saved = ServerFrame::NotSaved {
        conversation: talk,
        user_id: ann.id,
        id: message_id(1).parse().unwrap(),
    };
    assert_eq!(
        app.frames(),
        [(from_ann.group.to_string(), not_saved.clone())],
        "who has it unsaved hears of it"
    );

    set_member(&app, talk, ann.id, true).await;
    let unheard = passed_on(&app, unheard, 2, 60);
    let refused = hand_in(&bob, talk, &[item(&passed), item(&unheard)]).await;
    assert_eq!(
        results(&refused),
        ["refused forbidden", "refused forbidden"],
        "it stays refused"
    );
    let refused = hand_in(&ann, talk, &[item(&passed)]).await;
    assert_eq!(
        refused.body["results"][0]["problem"]["title"], "There is no such conversation.",
        "as it was told first, to whom it was told"
    );
    assert!(app.frames().is_empty(), "they have been told");
    // Not even from a device that never heard that it was passed on.
    link.submit(from_ann.submit(4, 1, None, &message("hi")));
    assert!(matches!(
        &link.settled(1).await[0].outcome,
        Outcome::Refused { .. }
    ));
    let next = from_ann.submit(3, 3, None, &message("a new one"));
    link.submit(next);
    assert!(matches!(
        link.settled(1).await[0].outcome,
        Outcome::Stored { seq: 1, .. }
    ));

    app.wait(5 * DAY);
    let clock = app.app.clock.clone();
    let forgotten = app
        .app
        .db
        .write(move |conn| forget_old_refusals(conn, &clock))
        .await
        .unwrap();
    assert_eq!(forgotten, 2);
    assert_eq!(
        results(&hand_in(&bob, talk, &[item(&passed)]).await),
        ["refused receipt-expired"]
    );
}

/// Its writer has gone: nobody will ever offer it after another one.
#[actix_web::test]
async fn ru2_a_refused_message_holds_up_nothing_that_was_passed_on_after_it() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let from_ann = Tab::open(&ann, talk).await;
    let empty = |number, id| passed_on(&app, from_ann.submit(number, id, None, &message(" ")), number, 60);
    let after = |number, id, prev, body| {
        passed_on(
            &app,
            from_ann.submit(number, id, Some(prev), &message(body)),
            number,
            60,
        )
    };
    let (first, second) = (empty(1, 1), after(2, 2, 1, "second"));
    let (third, fourth) = (empty(3, 3), after(4, 4, 3, "fourth"));
    let orphan = after(5, 5, 9, "the one before it never came");

    let together = hand_in(&bob, talk, &[item(&first), item(&second)]).await;
    assert_eq!(results(&together), ["refused invalid", "stored 1 by 1000000001"]);
    assert_eq!(
        results(&hand_in(&bob, talk, &[item(&third)]).await),
        ["refused invalid"]
    );
    assert_eq!(
        results(&hand_in(&bob, talk, &[item(&fourth)]).await),
        ["stored 2 by 1000000001"]
    );
    assert_eq!(
        results(&hand_in(&bob, talk, &[item(&orphan)]).await),
        ["Some(\"busy\")"]
    );
}

#[actix_web::test]
async fn bad09_a_message_that_cannot_be_taken_is_refused_for_whoever_brings_it() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let from_ann = Tab::open(&ann, talk).await;
    let long = passed_on(
        &app,
        from_ann.submit(1, 1, None, &message(&"x".repeat(10_001))),
        1,
        60,
    );
    let mut link = Link::new(&app, 512);
    app.frames();
    link.submit(long.clone());
    assert!(
        matches!(&link.settled(1).await[0].outcome, Outcome::Refused { problem } if problem.kind == "/problems/invalid")
    );
    link.done().await;
    assert_eq!(app.frames().len(), 1);
    assert_eq!(
        results(&hand_in(&bob, talk, &[item(&long)]).await),
        ["refused invalid"]
    );
    assert!(bob.sees(talk).await.is_empty());
}

#[actix_web::test]
async fn flt40_who_cannot_be_told_of_a_refusal_does_not_end_the_writer() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.person("1000000001").await, app.person("1000000002").await);
    let talk = app.talk([&ann, &bob]).await;
    let (from_ann, from_bob) = (Tab::open(&ann, talk).await, Tab::open(&bob, talk).await);
    let long = message(&"x".repeat(10_001));
    let mut link = Link::new(&app, 512);
    app.app.relay.record_panic_at_frame();
    link.submit(passed_on(&app, from_ann.submit(1, 1, None, &long), 1, 60));
    assert!(matches!(
        link.settled(1).await[0].outcome,
        Outcome::Refused { .. }
    ));
    link.submit(from_bob.submit(2, 2, None, &message("we go on")));
    assert!(matches!(
        link.settled(1).await[0].outcome,
        Outcome::Stored { seq: 1, .. }
    ));
}
