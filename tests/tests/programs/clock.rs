//! The server's clock jumps while people write: nothing but the times shown may notice.

use crate::writing::{LIMIT, Writer, get, site_without_rates, two};
use end_to_end::{Person, Site, wait_for};
use std::path::PathBuf;
use std::time::SystemTime;

/// A clock that both programs of a site read, and that a test sets.
struct Clock {
    file: PathBuf,
}

impl Clock {
    /// Before the programs are started. What counts how long something took goes on as it is. (libfaketime)
    fn of(site: &mut Site) -> Self {
        let file = site.folder().join("clock");
        let clock = Self { file };
        clock.set(0);
        let settings = [
            ("LD_PRELOAD", library()),
            ("FAKETIME_TIMESTAMP_FILE", clock.file.clone()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ];
        for (name, value) in settings {
            let value = value.to_string_lossy().into_owned();
            site.settings.insert(name.to_owned(), value);
        }
        clock
    }

    /// So many seconds from the real time.
    fn set(&self, seconds: i64) {
        let next = self.file.with_extension("next");
        std::fs::write(&next, format!("{seconds:+}\n")).unwrap();
        std::fs::rename(&next, &self.file).unwrap(); // never read half
    }

    /// Until the logic server says that this is the time.
    async fn is_believed(&self, site: &Site, seconds: i64) {
        wait_for("the clock has jumped", LIMIT, async || {
            let answer = site
                .http()
                .get(format!("{}/healthz", site.url()))
                .send()
                .await
                .ok()?;
            let date = answer.headers().get("date")?.to_str().ok()?;
            let said = unix_seconds(httpdate::parse_http_date(date).ok()?);
            let off = said - unix_seconds(real_time());
            ((off - seconds).abs() < 60).then_some(())
        })
        .await
        .unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is compared with the clock of the programs"
)]
fn real_time() -> SystemTime {
    SystemTime::now()
}

fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let found = folders
        .filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketimeMT.so.1")))
        .find(|library| library.is_file());
    found.expect("libfaketime is missing: install the package faketime")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flt30_the_servers_clock_jumps_and_harms_nothing() {
    const HOUR: i64 = 3600;
    let mut site = site_without_rates(Site::new().unwrap());
    let clock = Clock::of(&mut site);
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let bobs_tab = bob.connect().await.unwrap();
    let writer = Writer::start(&ann, &talk);
    writer.reached(40).await;
    for (number, hours) in [1, -1, 48, -48, 0].into_iter().enumerate() {
        clock.set(hours * HOUR);
        clock.is_believed(&site, hours * HOUR).await;
        let before = writer.ticks();
        writer.reached(before + 40).await;
        bob.history(talk.id).await.expect("the session lives");
        assert!(bobs_tab.handle().is_open(), "the lease goes on");
        let new = Person::sign_up(&site, &format!("new{number}"))
            .await
            .expect("no limit is reached");
        new.connect().await.expect("a new relay ID works");
        assert_eq!(get(&site, Some(&bob), "/readyz").await.0, 200);
    }
    writer.all_is_stored(&bob, &talk).await;
    let history = bob.history(talk.id).await.unwrap();
    assert!(
        history.is_sorted_by_key(|message| message.at),
        "times never fall back in a conversation"
    );
}
