//! Faults on the way from the logic server to its database. SQLite has no such way: there each test ends at once.

use crate::writing::{Writer, site_without_rates, two};
use end_to_end::{Database, Site, free_port};
use proxy::{Mode, Proxy, Way};

/// As when a firewall forgets its connections: the server's ends are gone, the program's look alive and say nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt12_half_open_connections_to_the_database_are_given_up() {
    let database = Database::fresh().unwrap();
    let Some(server) = database.server().map(str::to_owned) else {
        return;
    };
    let line = Proxy::start(free_port().unwrap(), &server).await.unwrap();
    let mut site = site_without_rates(Site::with(database.clone()).unwrap());
    let quick = [
        ("TALKHUB_DATABASE_WAIT", "1"),
        ("TALKHUB_DATABASE_CONNECTIONS", "4"),
        ("TALKHUB_RELAY_PENDING_MS", "2000"),
    ];
    for (name, value) in quick {
        site.settings.insert(name.into(), value.into());
    }
    site.set_database(database.by_way_of(&line.address()));
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(50).await;
    for _ in 0..2 {
        let before = writer.ticks();
        line.set(Way::ToServer, Mode::Reset);
        site.until("/readyz names the database", |status, ready| {
            status == 503 && ready["database"] == "away"
        })
        .await
        .unwrap();
        // New connections are good; those of before never say anything again.
        line.set(Way::ToServer, Mode::Pass);
        site.connected().await.unwrap();
        writer.reached(before + 50).await;
        for _ in 0..8 {
            bob.history(talk.id).await.expect("the pool is whole again");
        }
    }
    writer.all_is_stored(&bob, &talk).await;
    site.set_database(database); // so that it can be removed
}
