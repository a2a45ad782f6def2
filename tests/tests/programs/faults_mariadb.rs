//! Faults of a database server: killed, frozen, its connections dropped, its rows locked. SQLite has none of these: there
//! each test ends at once.

use crate::writing::{LIMIT, Writer, get, site_without_rates, spawn, status_of, two};
use end_to_end::{Database, Mariadbd, Site, new_message_id, wait_for};
use std::time::Duration;

/// A site on a server of its own, with waits of a second.
async fn on_own_server() -> Option<(Mariadbd, Site)> {
    if Database::fresh().unwrap() == Database::Sqlite {
        return None;
    }
    let server = Mariadbd::started().await.unwrap();
    let database = Database::fresh_mysql(&server.url()).unwrap();
    let mut site = site_without_rates(Site::with(database).unwrap());
    let quick = [
        ("TALKHUB_DATABASE_WAIT", "1"),
        ("TALKHUB_DATABASE_CONNECTIONS", "3"),
        ("TALKHUB_RELAY_PENDING_MS", "2000"),
    ];
    for (name, value) in quick {
        site.settings.insert(name.into(), value.into());
    }
    site.start().await.unwrap();
    Some((server, site))
}

/// How many threads the logic server has.
fn threads(site: &Site) -> usize {
    let id = site.logic_server.as_ref().unwrap().id();
    std::fs::read_dir(format!("/proc/{id}/task")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt11_flt12_a_killed_and_a_frozen_database_cost_time_and_nothing_else() {
    let Some((mut server, mut site)) = on_own_server().await else {
        return;
    };
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(50).await;

    // FLT11
    server.kill();
    site.until("/readyz names the database", |status, ready| {
        status == 503 && ready["database"] == "away"
    })
    .await
    .unwrap();
    assert_eq!(get(&site, None, "/healthz").await.0, 200);
    let (status, title) = status_of(bob.post(talk.id, new_message_id(), "not now").await);
    assert_eq!(status, 503, "{title}");
    let before = writer.ticks();
    server.start().await.unwrap();
    site.connected().await.unwrap();
    writer.reached(before + 50).await;

    // FLT12: more people ask than there are connections, and none of them is kept waiting for ever, or has a thread for it.
    let before = threads(&site);
    server.freeze().unwrap();
    let asking: Vec<_> = (0..60)
        .map(|_| {
            let (bob, id) = (bob.clone(), talk.id);
            spawn(async move { bob.history(id).await })
        })
        .collect();
    assert_eq!(get(&site, None, "/healthz").await.0, 200, "while the others wait");
    site.until("/readyz names the database", |status, ready| {
        status == 503 && ready["database"] == "away"
    })
    .await
    .unwrap();
    let more = threads(&site).saturating_sub(before);
    assert!(more < 30, "{more} more threads");
    for asked in asking {
        assert_eq!(status_of(asked.await.unwrap()).0, 503);
    }
    server.wake().unwrap();
    site.connected().await.unwrap();
    for _ in 0..12 {
        bob.history(talk.id).await.expect("the pool is whole again");
    }
    writer.all_is_stored(&bob, &talk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt13_connections_that_the_server_drops_are_not_noticed() {
    let database = Database::fresh().unwrap();
    if database == Database::Sqlite {
        return;
    }
    let mut site = site_without_rates(Site::with(database.clone()).unwrap());
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    for round in 1..=3 {
        writer.reached(round * 40).await;
        // Several lie in the pool.
        let reads: Vec<_> = (0..6)
            .map(|_| {
                let (bob, id) = (bob.clone(), talk.id);
                spawn(async move { bob.history(id).await })
            })
            .collect();
        for read in reads {
            read.await.unwrap().unwrap();
        }
        let name = database.url().unwrap();
        let name = name.rsplit('/').next().unwrap();
        let list = format!("SELECT id FROM information_schema.processlist WHERE db = '{name}'");
        let ids = database.run(&list).unwrap();
        assert!(0 < ids.lines().count());
        let kills: Vec<String> = ids.lines().map(|id| format!("KILL {id}")).collect();
        // One may have ended by itself meanwhile.
        for kill in kills {
            database.run(&kill).ok();
        }
        bob.history(talk.id).await.expect("the next use succeeds");
    }
    writer.all_is_stored(&bob, &talk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt14_a_row_that_somebody_else_holds_is_waited_for_and_at_worst_busy() {
    let database = Database::fresh().unwrap();
    if database == Database::Sqlite {
        return;
    }
    let mut site = site_without_rates(Site::with(database.clone()).unwrap());
    site.settings.insert("TALKHUB_DATABASE_WAIT".into(), "2".into());
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let mut holder = Holder::new(&database, talk.id);
    holder.is_waited_for(&database).await;

    // Held beyond all patience: neither yes nor no, and the rest of the site goes on.
    let id = new_message_id();
    let sending = {
        let (ann, talk) = (ann.clone(), talk.id);
        spawn(async move { ann.post(talk, id, "held").await })
    };
    bob.history(talk.id).await.expect("reading needs no lock");
    assert_eq!(status_of(sending.await.unwrap()).0, 503);
    holder.let_go();

    // Held for a while: it is tried again and succeeds.
    let mut holder = Holder::new(&database, talk.id);
    holder.is_waited_for(&database).await;
    let sending = {
        let (ann, talk) = (ann.clone(), talk.id);
        spawn(async move { ann.post(talk, id, "held").await })
    };
    let waits = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    wait_for("the sender waits for the row", LIMIT, async || {
        (database.run(waits).unwrap().trim() != "0").then_some(())
    })
    .await
    .unwrap();
    holder.let_go();
    sending.await.unwrap().expect("it was waited for");
    let history = bob.history(talk.id).await.unwrap();
    let bodies: Vec<&str> = history.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["held"], "once, whatever the first try came to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt18_a_server_that_takes_no_writes_for_a_while_costs_time_and_nothing_else() {
    if Database::fresh().unwrap() == Database::Sqlite {
        return;
    }
    let server = Mariadbd::started().await.unwrap();
    let database = Database::fresh_mysql(&server.url()).unwrap();
    let url = database.url().unwrap();
    let name = url.rsplit('/').next().unwrap();
    // An account like an operator's: `root` may write wherever others may not.
    let account = format!("CREATE USER talkhub@'%'; GRANT ALL ON `{name}`.* TO talkhub@'%'");
    database.run(&account).unwrap();
    let mut site = site_without_rates(Site::with(database.clone()).unwrap());
    let own = url.replace("root@", "talkhub@");
    site.settings.insert("DATABASE_URL".into(), own);
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(50).await;
    database.run("SET GLOBAL read_only = ON").unwrap();
    let refused = wait_for("nothing is written any more", LIMIT, async || {
        let sent = bob.post(talk.id, new_message_id(), "not now").await;
        sent.is_err().then(|| status_of(sent).0)
    });
    assert_eq!(refused.await.unwrap(), 503);
    bob.history(talk.id).await.expect("reads go on");
    assert_eq!(get(&site, None, "/healthz").await.0, 200);
    let before = writer.ticks();
    database.run("SET GLOBAL read_only = OFF").unwrap();
    writer.reached(before + 50).await;
    writer.all_is_stored(&bob, &talk).await;
}

/// Another client of the server, in a transaction that holds a conversation's row.
struct Holder {
    client: std::process::Child,
    id: shared_protocol::ConversationId,
}

impl Holder {
    fn new(database: &Database, id: shared_protocol::ConversationId) -> Self {
        let name = database.url().unwrap();
        let name = name.rsplit('/').next().unwrap().to_owned();
        let mut client = database.client().unwrap();
        let hold = format!(
            "START TRANSACTION; SELECT id FROM `{name}`.conversations WHERE id = {id} FOR UPDATE; DO SLEEP(60)"
        );
        let client = client
            .arg(format!("--execute={hold}"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Self { client, id }
    }

    /// Until it has the row.
    async fn is_waited_for(&mut self, database: &Database) {
        let name = database.url().unwrap();
        let name = name.rsplit('/').next().unwrap().to_owned();
        let try_it = format!(
            "SET innodb_lock_wait_timeout = 0; SELECT id FROM `{name}`.conversations WHERE id = {} FOR UPDATE",
            self.id
        );
        wait_for("the row is held", LIMIT, async || {
            database.run(&try_it).is_err().then_some(())
        })
        .await
        .unwrap();
    }

    /// Its transaction ends with its connection.
    fn let_go(&mut self) {
        self.client.kill().ok();
        self.client.wait().ok();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// A start that is cut off leaves nothing to repair, wherever it was. Here for both databases.
#[tokio::test]
async fn flt04_inv23_a_start_that_is_killed_is_finished_by_the_next_one() {
    for round in 0..5_u64 {
        let mut site = Site::new().unwrap();
        // Some moment of the start: the odd numbers spread over the rounds and are another one at every run.
        let chance = u64::from(new_message_id().to_string().as_bytes()[35]) * 7 % 40;
        for kill in 0..2 {
            site.start_logic_server().unwrap();
            tokio::time::sleep(Duration::from_millis(round * 60 + kill * 30 + chance)).await;
            site.kill_logic_server();
        }
        site.start_logic_server().unwrap();
        site.degraded().await.unwrap();
        end_to_end::Person::sign_up(&site, "ann")
            .await
            .expect("all tables are there");
    }
}
