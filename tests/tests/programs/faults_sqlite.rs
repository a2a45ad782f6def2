//! Faults of a database in a file: locked by another process, a full disk, a file that may not be written, a damaged one. On
//! a server each test ends at once: its disk is its own affair.

use crate::writing::{LIMIT, Writer, get, site_without_rates, status_of, two};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use end_to_end::{Database, Process, Site, Which, new_message_id, wait_for};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A site on SQLite that waits a second for locks; nothing where the run is for another database.
fn on_sqlite() -> Option<Site> {
    let database = Database::fresh().unwrap();
    let is_sqlite = database == Database::Sqlite;
    let mut site = site_without_rates(Site::with(database).unwrap());
    site.settings.insert("TALKHUB_DATABASE_WAIT".into(), "1".into());
    is_sqlite.then_some(site)
}

fn file(site: &Site) -> PathBuf {
    site.folder().join("data/talkhub.db")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt15_sec30_a_locked_file_is_waited_for_then_busy_and_said() {
    let Some(mut site) = on_sqlite() else { return };
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(20).await;

    let mut other = SqliteConnection::establish(file(&site).to_str().unwrap()).unwrap();
    other
        .batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")
        .unwrap();
    let (status, title) = status_of(bob.post(talk.id, new_message_id(), "not now").await);
    assert_eq!(status, 503, "{title}");
    bob.history(talk.id).await.expect("reads go on");
    // SEC30: a sentence and a reference; the cause stands in the log, under the reference.
    let told = wait_for("a refusal has the reference of its cause", LIMIT, async || {
        let refused = bob.post(talk.id, new_message_id(), "nor now").await.unwrap_err();
        let problem = refused.downcast_ref::<end_to_end::Refusal>()?.problem.clone()?;
        let reference = problem.reference.clone()?; // not when it only waited for another one
        let log = site.logic_server.as_ref().map(Process::said).unwrap_or_default();
        let line = log.lines().find(|line| line.contains(&reference))?.to_owned();
        line.contains("database is locked")
            .then(|| format!("{problem:?}"))
    });
    assert!(!told.await.unwrap().contains("locked"), "a cause is never told");
    let said = async || {
        let said = site.logic_server.as_ref().map(Process::said).unwrap_or_default();
        said.contains("is locked: a backup, an sqlite3 shell or a second logic server may hold it")
            .then_some(())
    };
    wait_for("the log says who may hold it", LIMIT, said)
        .await
        .unwrap();
    other.batch_execute("ROLLBACK").unwrap();
    writer.all_is_stored(&bob, &talk).await;
}

/// A file system of its own with this many KiB, seen by the program alone.
fn start_in_small_room(site: &mut Site, kib: u32) -> bool {
    let may = Command::new("unshare").args(["-Urm", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("left out: this system gives no namespaces to its users (unshare -Urm)");
        return false;
    }
    let data = site.folder().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let mount = format!("mount -t tmpfs -o size={kib}k tmpfs '{}'", data.display());
    let settings = site.settings_of(Which::LogicServer);
    let shell = ["unshare", "-Urm", "sh"];
    let started = Process::start_within(&shell, &mount, Which::LogicServer, &settings, site.folder());
    site.logic_server = Some(started.unwrap());
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt16_a_full_disk_loses_nothing_that_was_acked_and_heals() {
    let Some(mut site) = on_sqlite() else { return };
    if !start_in_small_room(&mut site, 8 * 1024) {
        return;
    }
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(30).await;

    // What the program sees of its folder is reached through it.
    let id = site.logic_server.as_ref().unwrap().id();
    let inside = PathBuf::from(format!("/proc/{id}/root{}", site.folder().join("data").display()));
    assert!(inside.join("talkhub.db").is_file(), "{}", inside.display());
    let ballast = inside.join("ballast");
    let fill = || {
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&ballast)
            .unwrap();
        while file.write_all(&[7; 4096]).is_ok() {}
    };
    fill();
    let full = wait_for("the disk is full", LIMIT, async || {
        fill(); // what the program freed
        let sent = bob.post(talk.id, new_message_id(), &"x".repeat(9_000)).await;
        sent.is_err().then(|| status_of(sent))
    })
    .await
    .unwrap();
    assert_eq!(
        full,
        (
            503,
            "The server's storage is full. What you wrote is kept here and goes out when there is room again."
                .to_owned()
        )
    );
    let before = bob.history(talk.id).await.expect("reads go on").len();
    assert!(writer.ticks() <= before);
    site.until("/readyz says so", |status, ready| {
        status == 503 && ready["disk"] == "full"
    })
    .await
    .unwrap();
    assert_eq!(get(&site, None, "/healthz").await.0, 200);

    std::fs::remove_file(&ballast).unwrap();
    site.connected().await.unwrap();
    writer.all_is_stored(&bob, &talk).await;
}

/// Starts the program, which refuses: its last line, after its exit code was looked at.
fn refused(site: &Site, script: Option<&str>) -> String {
    let settings = site.settings_of(Which::LogicServer);
    let mut program = match script {
        Some(script) => {
            let shell = ["unshare", "-Urm", "sh"];
            Process::start_within(&shell, script, Which::LogicServer, &settings, site.folder())
        }
        None => Process::start(Which::LogicServer, &settings, site.folder()),
    }
    .unwrap();
    let status = program.wait(Duration::from_secs(30)).unwrap();
    let said = program.said();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said.lines().last().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn flt18_a_file_that_may_not_be_written_is_named_at_the_start() {
    let Some(mut site) = on_sqlite() else { return };
    site.start_logic_server().unwrap();
    site.degraded().await.unwrap();
    site.kill_logic_server();
    let may = Command::new("unshare").args(["-Urm", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("left out: this system gives no namespaces to its users (unshare -Urm)");
        return;
    }
    let (data, file) = (site.folder().join("data"), file(&site));
    for place in [data.display().to_string(), file.display().to_string()] {
        let script = format!("mount --bind '{place}' '{place}' && mount -o remount,ro,bind '{place}'");
        let line = refused(&site, Some(&script));
        assert!(line.contains(data.to_str().unwrap()), "{line}");
        assert!(
            line.contains("DATABASE_URL") && (line.contains("ead-only") || line.contains("readonly")),
            "{line}"
        );
    }
    site.start_logic_server().unwrap();
    site.degraded().await.expect("nothing was harmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt20_a_damaged_file_is_refused_named_and_left_alone() {
    let Some(mut site) = on_sqlite() else { return };
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let writer = Writer::start(&ann, &talk);
    writer.reached(100).await;
    let written = writer.all_is_stored(&bob, &talk).await.stored.len();
    // Its last words write everything into the one file.
    let ended = site
        .logic_server
        .as_mut()
        .unwrap()
        .stop(Duration::from_secs(20))
        .unwrap();
    assert!(ended.success());
    site.logic_server = None;
    let file = file(&site);
    SqliteConnection::establish(file.to_str().unwrap())
        .unwrap()
        .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    let whole = std::fs::read(&file).unwrap();
    let pages = whole.len() as u64 / 4096;
    for page in [0, 1, pages / 2, pages - 1] {
        let mut damaged = std::fs::File::options().write(true).open(&file).unwrap();
        damaged.seek(SeekFrom::Start(page * 4096)).unwrap();
        damaged.write_all(&[0xA5; 4096]).unwrap();
        drop(damaged);
        let before = std::fs::read(&file).unwrap();
        let line = refused(&site, None);
        assert!(
            line.contains(file.to_str().unwrap())
                && line.contains("is damaged")
                && line.contains("restore a backup"),
            "page {page}: {line}"
        );
        assert!(
            before == std::fs::read(&file).unwrap(),
            "page {page} is left as it is"
        );
        std::fs::write(&file, &whole).unwrap();
    }
    site.start_logic_server().unwrap();
    site.connected().await.unwrap();
    assert_eq!(
        bob.history(talk.id).await.unwrap().len(),
        written,
        "with the whole file"
    );
}
