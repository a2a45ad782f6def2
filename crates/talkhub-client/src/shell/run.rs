//! Start and stop of the logic server.

use super::{assets, jobs, link, router};
use crate::messages::committer::Committer;
use crate::platform::app::{App, Limits};
use crate::platform::audit;
use crate::platform::blobs::Blobs;
use crate::platform::clock::{Clock, millis};
use crate::platform::config::Config;
use crate::platform::db::{Db, DbConn, dialect, migrate};
use crate::platform::hashing::Hasher;
use crate::platform::images::Images;
use crate::platform::jobs::{self as queue, Lane};
use crate::platform::keys::Keys;
use crate::platform::mail::Mailer;
use crate::platform::problem::Problem;
use crate::platform::relay::Relay;
use crate::platform::secret;
use crate::platform::tasks::Tasks;
use crate::presence::{self, Tracker};
use crate::{accounts, messages};
use anyhow::Context;
use diesel::prelude::*;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// A start that cannot be: one sentence, and the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub struct StartError {
    pub said: String,
    pub code: u8,
}

impl StartError {
    fn new(said: impl Into<String>) -> Self {
        Self {
            said: said.into(),
            code: 1,
        }
    }
}

/// Opens, migrates and checks the database. Call it on a blocking thread.
pub fn open_database(config: &Config, clock: &Clock) -> Result<(Db, Arc<str>), StartError> {
    let database = &config.database;
    if let crate::platform::db::Place::Sqlite(path) = &database.place {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            writable(folder)?;
        }
    }
    let steps = migrate::run(&database.place, clock.now()).map_err(|error| {
        let schema = matches!(
            error,
            migrate::MigrateError::Newer { .. } | migrate::MigrateError::Half { .. }
        );
        StartError {
            said: error.to_string(),
            code: if schema { 3 } else { 1 },
        }
    })?;
    if 0 < steps {
        tracing::info!(steps, "The database {} was brought up to date", database.place);
    }
    let db = Db::open(&database.place, &database.pool);
    let unusable = |problem: Problem| {
        StartError::new(format!(
            "the database {} (DATABASE_URL) cannot be used: {problem:?}",
            database.place
        ))
    };
    let weak = db
        .read_blocking(|conn| Ok(dialect::weak_durability(conn)?))
        .map_err(unusable)?;
    for weakness in &weak {
        tracing::warn!("Weak durability: {weakness}");
    }
    if config.production && !weak.is_empty() {
        return Err(StartError::new(format!(
            "the database {} would lose messages: {}",
            database.place,
            weak.join("; ")
        )));
    }
    let fresh = secret::token(clock.random());
    let history_id = db
        .write_blocking(|conn| Ok(history_id(conn, &fresh)?))
        .map_err(unusable)?;
    Ok((db, history_id.into()))
}

fn writable(folder: &std::path::Path) -> Result<(), StartError> {
    let refused = |error: std::io::Error| {
        StartError::new(format!(
            "cannot write to the folder {} (TALKHUB_DATA_DIR or DATABASE_URL): {error}",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(refused)?;
    let probe = folder.join(".talkhub-probe");
    std::fs::write(&probe, b"").map_err(refused)?;
    std::fs::remove_file(&probe).map_err(refused)
}

fn history_id(conn: &mut DbConn, fresh: &str) -> QueryResult<String> {
    use crate::platform::db::schema::meta;
    let found = meta::table
        .find("history_id")
        .select(meta::value)
        .first(conn)
        .optional()?;
    if let Some(found) = found {
        // Written as it was: a database that takes no writes is noticed now, not with the first message.
        diesel::update(meta::table.find("history_id"))
            .set(meta::value.eq(&found))
            .execute(conn)?;
        return Ok(found);
    }
    diesel::insert_into(meta::table)
        .values((meta::name.eq("history_id"), meta::value.eq(fresh)))
        .execute(conn)?;
    Ok(fresh.to_owned())
}

/// The first moment of 2024. A clock that stands before it was never set.
const EARLIEST: i64 = 1_704_067_200_000;

/// Times of messages and the ends of sign-ins are read from the machine's clock.
fn check_clock(now: i64) -> Result<(), StartError> {
    match EARLIEST <= now {
        true => Ok(()),
        false => Err(StartError::new(format!(
            "the clock of this machine stands before 2024 ({} s since 1970): set it, for example by NTP, and start again",
            now / 1000
        ))),
    }
}

/// Runs until a signal says stop.
pub async fn run(config: Config) -> anyhow::Result<()> {
    // The port first: whoever finds it taken learns so before anything is touched.
    let listener = std::net::TcpListener::bind(config.http.bind).map_err(|error| {
        StartError::new(format!(
            "cannot listen on {} (TALKHUB_BIND): {error}. Is it running already?",
            config.http.bind
        ))
    })?;
    writable(&config.database.data_dir)?;
    let clock = Clock::system();
    check_clock(clock.now())?;
    let (opening, opening_clock) = (config.clone(), clock.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let opened = open_database(&opening, &opening_clock)?;
        let keys = Keys::open(&opening, &opening_clock).map_err(StartError::new)?;
        Ok::<_, StartError>((opened, keys))
    });
    let ((db, history_id), keys) = opened.await??;
    let app = assemble(config, clock, db, history_id, keys)?;
    offer_administration(&app).await?;
    let tracker = Tracker::default();
    tracker.start_with(
        app.db.read(accounts::online::list_shown).await?,
        app.clock.monotonic(),
    );
    let committer = Committer::start(&app)?;
    start_tasks(&app, &tracker, &committer);
    let (routed, tracked) = (app.clone(), tracker.clone());
    let server = actix_web::HttpServer::new(move || {
        router::router(routed.clone(), tracked.clone(), committer.clone())
    })
    .workers(app.config.http.workers)
    .max_connections((most_connections() / app.config.http.workers).max(1))
    .client_request_timeout(Duration::from_secs(5))
    .shutdown_timeout(5)
    .listen(listener)?
    .run();
    tracing::info!(
        "ready: {}",
        app.config.http.public_urls.first().map_or("", String::as_str)
    );
    server.await?;
    if !app.tasks.shut_down(Duration::from_secs(5)).await {
        tracing::warn!("Some background work did not end in time");
    }
    if let Err(problem) = accounts::save_refusals(&app).await {
        tracing::warn!(?problem, "The last refused sign-ins could not be written down");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Connections in all: whoever comes beyond waits at the door, and handles are left for the database and the relay.
fn most_connections() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    let handles: usize = soft.and_then(|soft| soft.parse().ok()).unwrap_or(10_000);
    handles.saturating_sub((handles / 5).max(64))
}

/// Prints the code for the first administrator. Not in the log: logs are kept and read by others.
async fn offer_administration(app: &App) -> Result<(), Problem> {
    let clock = app.clock.clone();
    let code = app.db.write(move |conn| accounts::setup::prepare(conn, &clock));
    if let Some(code) = code.await? {
        let home = app.config.http.public_urls.first().map_or("", String::as_str);
        let said = format!(
            "There is no administrator yet. Open {home}/setup and type this code: {code}\n\
             It is good until the next start. Or run: talkhub-client create-admin"
        );
        // Nobody may be there to read it; the next start prints another one.
        writeln!(std::io::stdout(), "{said}").ok();
    }
    Ok(())
}

fn assemble(config: Config, clock: Clock, db: Db, history_id: Arc<str>, keys: Keys) -> anyhow::Result<App> {
    let accounts = &config.accounts;
    Ok(App {
        hasher: Hasher::new(accounts.bcrypt_cost, accounts.hashing_threads)?,
        images: Images::new(accounts.image_threads),
        blobs: Blobs::new(config.database.data_dir.join("blobs")),
        relay: Relay::new(&config.relay).context("the client for the relay's internal API")?,
        limits: Limits::new(&config),
        keys,
        mailer: Mailer::new(&config, clock.clone())?,
        config: Arc::new(config),
        db,
        clock,
        tasks: Tasks::default(),
        assets: Arc::new(assets::find()),
        history_id,
        setting: Arc::default(),
        disk: Arc::default(),
    })
}

fn start_tasks(app: &App, tracker: &Tracker, committer: &Committer) {
    app.tasks.start(
        "link",
        link::keep(app.clone(), tracker.clone(), committer.clone()),
    );
    let again = |name: &'static str, pause: Duration, work: Work| {
        let (app, tracker) = (app.clone(), tracker.clone());
        app.tasks.clone().every(name, pause, move || {
            let (app, tracker) = (app.clone(), tracker.clone());
            async move {
                if let Err(problem) = work.run(&app, &tracker).await {
                    tracing::warn!(?problem, "{name} failed and is tried again");
                }
            }
        });
    };
    again("tell presence", app.config.presence.collect, Work::TellPresence);
    again("run jobs", Duration::from_millis(500), Work::RunJobs);
    again("send mail", Duration::from_millis(500), Work::SendMail);
    again("sweep relay IDs", Duration::from_secs(5), Work::Sweep);
    again("renew leases", app.config.relay.lease / 3, Work::RenewLeases);
    again("note refusals", Duration::from_secs(2), Work::NoteRefusals);
    again("end old sign-ins", Duration::from_secs(600), Work::EndSessions);
    again(
        "forget old refusals",
        Duration::from_secs(3600),
        Work::ForgetRefusals,
    );
    again(
        "forget old links and audit lines",
        Duration::from_secs(3600),
        Work::ForgetLinks,
    );
}

/// What happens again and again.
#[derive(Clone, Copy)]
enum Work {
    TellPresence,
    RunJobs,
    SendMail,
    Sweep,
    RenewLeases,
    NoteRefusals,
    EndSessions,
    ForgetRefusals,
    ForgetLinks,
}

impl Work {
    async fn run(self, app: &App, tracker: &Tracker) -> Result<(), Problem> {
        match self {
            Self::TellPresence => presence::work::tell_changes(app, tracker).await,
            Self::RunJobs => jobs::run_due(app, Lane::Work).await,
            Self::SendMail => jobs::run_due(app, Lane::Mail).await,
            Self::Sweep
                if app
                    .relay
                    .up_for()
                    .is_some_and(|up| app.config.presence.forget < up) =>
            {
                presence::work::sweep(app, tracker).await
            }
            Self::Sweep => Ok(()),
            Self::RenewLeases => match app.relay.boot_id() {
                Some(boot_id) => presence::sets::send_set(app, &boot_id).await,
                None => Ok(()),
            },
            Self::NoteRefusals => accounts::save_refusals(app).await,
            Self::ForgetRefusals => {
                let clock = app.clock.clone();
                let forgotten = app
                    .db
                    .write(move |conn| messages::forget_old_refusals(conn, &clock));
                forgotten.await.map(|_| ())
            }
            Self::ForgetLinks => {
                let (config, clock) = (app.config.clone(), app.clock.clone());
                let forgotten = app.db.write(move |conn| {
                    audit::forget(conn, clock.now() - millis(config.accounts.audit))?;
                    queue::forget_set_aside(conn, clock.now())?;
                    accounts::links::forget_old(conn, &clock)
                });
                forgotten.await.map(|_| ())
            }
            Self::EndSessions => {
                let (config, clock) = (app.config.clone(), app.clock.clone());
                let ended = app
                    .db
                    .write(move |conn| accounts::end_old_sessions(conn, &config.accounts, &clock));
                app.relay.live().end(&ended.await?.sessions);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad34_a_clock_that_was_never_set_is_named() {
        let refusal = check_clock(86_400_000).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.to_string().as_str()),
            (
                1,
                "the clock of this machine stands before 2024 (86400 s since 1970): set it, for example by NTP, and start again"
            )
        );
        assert!(check_clock(EARLIEST).is_ok());
    }
}
