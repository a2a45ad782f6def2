//! Two things at the same moment between two people: whichever comes first, it ends as what holds says.

use crate::app::{Answer, Person, TestApp};
use crate::blocks::{block, two};
use crate::contacts::ask;
use crate::link::Tab;
use diesel::prelude::*;
use futures_util::future::{Either, select};
use serde_json::json;
use std::pin::{Pin, pin};
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use talkhub_client::contacts::{self, Pair};
use talkhub_client::conversations;
use talkhub_client::platform::db::schema::conversations as c;
use talkhub_client::platform::db::{Db, DbConn};
use talkhub_client::platform::problem::{Problem, Result};
use talkhub_client::platform::relay::Said;
use tokio::sync::oneshot;

/// Long enough for a busy machine.
const SOON: Duration = Duration::from_secs(20);
/// The server looks afresh for transactions that wait only if nobody has asked for a tenth of a second.
const BETWEEN_LOOKS: Duration = Duration::from_millis(130);
static LOOKS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn open(me: &Person, other: &Person) -> Answer {
    let path = format!("/api/v1/conversations/private/{}", other.id);
    me.put(&path, json!({})).await
}

/// A transaction that has paused in its midst.
struct Paused {
    go_on: mpsc::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

impl Paused {
    /// Begins it on a thread of its own, up to where `work` pauses. Its error rolls it back.
    async fn begin(db: &Db, work: impl Fn(&mut DbConn, &dyn Fn()) -> Result<()> + Send + 'static) -> Self {
        let (go_on, wait) = mpsc::channel();
        let (pauses, paused) = oneshot::channel();
        let (db, pauses) = (db.clone(), Mutex::new(Some(pauses)));
        let ended = tokio::task::spawn_blocking(move || {
            let pause = || {
                let pauses = pauses.lock().unwrap().take();
                pauses.unwrap().send(()).unwrap();
                wait.recv_timeout(SOON).unwrap();
            };
            drop(db.write_blocking(|conn| work(conn, &pause)));
        });
        paused.await.unwrap();
        Self { go_on, ended }
    }

    async fn end(self) {
        self.go_on.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// How many transactions of this story wait for a lock.
fn count_waiting(conn: &mut DbConn) -> Result<i64> {
    let DbConn::Mysql(conn) = conn else {
        return Ok(0);
    };
    let found: Waiting = diesel::sql_query(
        "SELECT COUNT(*) AS count FROM information_schema.innodb_trx \
         JOIN information_schema.processlist ON processlist.id = trx_mysql_thread_id \
         WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()",
    )
    .get_result(conn)?;
    Ok(found.count)
}

/// Goes on with `work` until it is done, or until so many wait for locks, which of SQLite nobody can tell: there every
/// writer waits for the one before it.
async fn until_done_or_waiting<T>(
    app: &TestApp,
    count: i64,
    work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    let waiting = async {
        while app.is_mysql() {
            let _looks = LOOKS.lock().await;
            tokio::time::sleep(BETWEEN_LOOKS).await;
            if count <= app.app.db.read(count_waiting).await.unwrap() {
                return;
            }
        }
    };
    until_done_or(work, waiting).await
}

/// Goes on with `work` until it is done, or the other thing has happened.
async fn until_done_or<T>(
    work: Pin<&mut impl Future<Output = T>>,
    happened: impl Future<Output = ()>,
) -> Option<T> {
    match select(work, pin!(tokio::time::timeout(SOON, happened))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right((in_time, _)) => {
            in_time.expect("one of the two comes first");
            None
        }
    }
}

#[actix_web::test]
async fn inv13_ru17_a_late_change_of_a_group_undoes_no_newer_one() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let talk = app.talk([&ann, &bob]).await;
    let tab = Tab::open(&bob, talk).await.relay_id;
    app.frames();
    let mut late = app.app.relay.hold_groups();
    let opening = open(&bob, &ann);
    let blocking = async {
        late.come().await;
        let mut blocking = pin!(block(&ann, &bob));
        let waiting = async {
            while app.app.relay.turns().count(&talk) < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let answered = until_done_or(blocking.as_mut(), waiting).await;
        late.go();
        if answered.is_none() {
            blocking.await;
        }
    };
    let (opened, ()) = futures_util::future::join(opening, blocking).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    let said = app.app.relay.take_recorded().into_iter();
    let mut changes = said.filter_map(|said| match said {
        Said::Groups(changes) => Some(changes),
        _ => None,
    });
    let last = changes.next_back().unwrap();
    assert_eq!(last[0].remove, [tab], "what was read before the block came first");
    app.run_jobs().await;
}

#[actix_web::test]
async fn inv13_a_conversation_does_not_begin_while_a_block_is_made() {
    let app = TestApp::new().await;
    let (ann, bob) = two(&app).await;
    let (user, other, clock) = (ann.id, bob.id, app.app.clock.clone());
    let blocking = Paused::begin(&app.app.db, move |conn, pause| {
        let found = conversations::lock_private(conn, user, other)?;
        assert_eq!(found, None);
        pause();
        contacts::block(conn, user, other, &clock).map(|_| ())
    });
    let blocking = blocking.await;
    let mut opening = pin!(open(&bob, &ann));
    let early = until_done_or_waiting(&app, 1, opening.as_mut()).await;
    blocking.end().await;
    let answer = match early {
        Some(answer) => answer,
        None => opening.await,
    };
    assert_eq!(answer.refusal(), "403 not-reachable");
    let listed = bob.get("/api/v1/conversations").await.body;
    assert_eq!(listed["conversations"], json!([]));
}

#[actix_web::test]
async fn t15_what_begins_while_the_two_become_contacts_is_no_request() {
    let app = TestApp::new().await;
    let (ann, eve) = two(&app).await;
    let id = ask(&eve, &ann, "").await.body["request"]["id"].clone();
    let accept = format!("/api/v1/contact-requests/{}/accept", id.as_str().unwrap());
    // Somebody else's try at the same conversation, which comes to nothing, holds eve's up after it was decided how she
    // reaches ann.
    let (somebody, clock) = (app.person("1000000003").await.id, app.app.clock.clone());
    let key = Pair::of(eve.id, ann.id).key();
    let failing = Paused::begin(&app.app.db, move |conn, pause| {
        let row = (
            c::id.eq(clock.conversation_id()),
            c::kind.eq("private"),
            c::relay_group.eq(clock.group()),
            c::private_key.eq(Some(&key)),
            (c::seq.eq(0), c::rev.eq(0), c::floor_rev.eq(0)),
            (c::last_at.eq(0), c::created_by.eq(somebody), c::created_at.eq(0)),
        );
        diesel::insert_into(c::table).values(row).execute(conn)?;
        pause();
        Err(Problem::Missing("conversation"))
    });
    let failing = failing.await;
    let mut opening = pin!(open(&eve, &ann));
    let early = until_done_or_waiting(&app, 1, opening.as_mut()).await;
    assert!(early.is_none(), "{early:?}");
    let mut accepting = pin!(ann.post(&accept, json!({})));
    let accepted = until_done_or_waiting(&app, 2, accepting.as_mut()).await;
    if accepted.is_some() {
        app.run_jobs().await;
    }
    failing.end().await;
    let accepting = async {
        match accepted {
            Some(answer) => answer,
            None => accepting.await,
        }
    };
    let (opened, accepted) = futures_util::future::join(opening, accepting).await;
    assert_eq!((opened.status, accepted.status), (200, 200), "{}", opened.text);
    app.run_jobs().await;
    let talk = opened.body["id"].as_str().unwrap();
    let shown = ann.get(&format!("/api/v1/conversations/{talk}")).await.body;
    assert_eq!(shown["state"], "open");
}
