//! Numbered migrations, forward only, the same list for both databases.

use super::connection::{self, Use};
use super::{DbConn, Place};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::time::Duration;

/// One step: its number, its name, and its text for either database.
struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    mysql: &'static str,
    /// On MySQL, where a step is no transaction: whether all of it may be done a second time after it was cut off.
    again: bool,
}

/// How long a start waits for another program that holds the database.
const WAIT: Duration = Duration::from_secs(5);

const STEPS: &[Step] = &[
    Step {
        version: 1,
        name: "first",
        sqlite: include_str!("../../../../../migrations/sqlite/0001_first.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0001_first.sql"),
        again: true,
    },
    Step {
        version: 2,
        name: "refusals",
        sqlite: include_str!("../../../../../migrations/sqlite/0002_refusals.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0002_refusals.sql"),
        again: true,
    },
    Step {
        version: 3,
        name: "signing_in",
        sqlite: include_str!("../../../../../migrations/sqlite/0003_signing_in.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0003_signing_in.sql"),
        again: true,
    },
    Step {
        version: 4,
        name: "profiles",
        sqlite: include_str!("../../../../../migrations/sqlite/0004_profiles.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0004_profiles.sql"),
        again: true,
    },
    Step {
        version: 5,
        name: "presence",
        sqlite: include_str!("../../../../../migrations/sqlite/0005_presence.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0005_presence.sql"),
        again: true,
    },
    Step {
        version: 6,
        name: "contacts",
        sqlite: include_str!("../../../../../migrations/sqlite/0006_contacts.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0006_contacts.sql"),
        again: true,
    },
    Step {
        version: 7,
        name: "privacy",
        sqlite: include_str!("../../../../../migrations/sqlite/0007_privacy.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0007_privacy.sql"),
        again: true,
    },
    Step {
        version: 8,
        name: "accounts",
        sqlite: include_str!("../../../../../migrations/sqlite/0008_accounts.sql"),
        mysql: include_str!("../../../../../migrations/mysql/0008_accounts.sql"),
        again: true,
    },
];

/// Why a database cannot be used. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("cannot open the database {place} (DATABASE_URL): {cause}")]
    Open { place: String, cause: String },
    #[error(
        "the database {place} (DATABASE_URL) is damaged: {cause}. Nothing was changed in it: put it aside and restore a backup"
    )]
    Damaged { place: String, cause: String },
    #[error(
        "the database {place} is of version {found}, this program knows versions up to {known}: start the newer program, or restore a backup made before the upgrade"
    )]
    Newer { place: String, found: i64, known: i64 },
    #[error(
        "migration {version} ({name}) of the database {place} was begun and never finished: restore the backup made before the upgrade, or empty the database"
    )]
    Half {
        place: String,
        version: i64,
        name: String,
    },
    #[error("migration {version} ({name}) of the database {place} failed: {cause}")]
    Failed {
        place: String,
        version: i64,
        name: String,
        cause: String,
    },
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    state: String,
}

#[derive(QueryableByName)]
struct Check {
    #[diesel(sql_type = Text, column_name = "quick_check")]
    said: String,
}

#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = BigInt)]
    taken: i64,
}

/// Brings the database to the newest version; gives back how many steps were taken (0: nothing to do). Safe to repeat.
/// Call it on a blocking thread.
pub fn run(place: &Place, now: i64) -> Result<usize, MigrateError> {
    let shown = place.to_string();
    let open_error = |cause: String| cannot_open(&shown, place.scrub(&cause));
    connection::ensure_database(place).map_err(|error| open_error(error.to_string()))?;
    let mut conn =
        connection::open(place, Use::Write, WAIT).map_err(|error| open_error(error.to_string()))?;
    lock(&mut conn).map_err(|error| open_error(error.to_string()))?;
    look_for_damage(&mut conn, place).map_err(|cause| MigrateError::Damaged {
        place: shown.clone(),
        cause,
    })?;
    let done = run_locked(&mut conn, &shown, now);
    unlock(&mut conn, done.is_ok());
    done
}

fn cannot_open(place: &str, cause: String) -> MigrateError {
    let place = place.to_owned();
    // What SQLite says of a file that it can make nothing of.
    match ["malformed", "not a database"]
        .iter()
        .any(|sign| cause.contains(sign))
    {
        true => MigrateError::Damaged { place, cause },
        false => MigrateError::Open { place, cause },
    }
}

/// Up to this size a SQLite file is read through at every start; a larger one only as far as it is used.
const READ_THROUGH: u64 = 64 << 20;

fn look_for_damage(conn: &mut DbConn, place: &Place) -> Result<(), String> {
    let (DbConn::Sqlite(conn), Place::Sqlite(path)) = (conn, place) else {
        return Ok(());
    };
    if std::fs::metadata(path).is_ok_and(|file| READ_THROUGH < file.len()) {
        return Ok(());
    }
    let found = diesel::sql_query("PRAGMA quick_check(1)").get_result::<Check>(conn);
    match found {
        Ok(check) if check.said == "ok" => Ok(()),
        Ok(check) => Err(check.said.replace('\n', " ")),
        Err(error) => Err(error.to_string()),
    }
}

fn run_locked(conn: &mut DbConn, place: &str, now: i64) -> Result<usize, MigrateError> {
    let open_error = |error: diesel::result::Error| cannot_open(place, error.to_string());
    conn.batch_execute(
        "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY, name VARCHAR(190) NOT NULL, \
         state VARCHAR(16) NOT NULL, at BIGINT NOT NULL)",
    )
    .map_err(open_error)?;
    let applied: Vec<Applied> =
        diesel::sql_query("SELECT version, name, state FROM schema_versions ORDER BY version")
            .load(conn)
            .map_err(open_error)?;
    let half = applied.iter().find(|row| row.state != "done");
    if let Some(half) = half.filter(|half| !may_go_on(conn, half.version)) {
        return Err(MigrateError::Half {
            place: place.to_owned(),
            version: half.version,
            name: half.name.clone(),
        });
    }
    let found = applied
        .iter()
        .rfind(|row| row.state == "done")
        .map_or(0, |row| row.version);
    let known = STEPS.last().map_or(0, |step| step.version);
    if known < found {
        return Err(MigrateError::Newer {
            place: place.to_owned(),
            found,
            known,
        });
    }
    let open_steps: Vec<&Step> = STEPS.iter().filter(|step| found < step.version).collect();
    for step in &open_steps {
        apply(conn, step, now).map_err(|error| MigrateError::Failed {
            place: place.to_owned(),
            version: step.version,
            name: step.name.to_owned(),
            cause: error.to_string(),
        })?;
    }
    Ok(open_steps.len())
}

/// Whether a step that was begun can simply be done again. On SQLite nothing cuts a step off in the middle.
fn may_go_on(conn: &DbConn, version: i64) -> bool {
    matches!(conn, DbConn::Mysql(_)) && STEPS.iter().any(|step| step.version == version && step.again)
}

/// On SQLite all steps are one transaction; MySQL commits with every change of a table, so a step is marked `begun`
/// first, and a start that finds the mark does it again or refuses.
fn apply(conn: &mut DbConn, step: &Step, now: i64) -> QueryResult<()> {
    let (version, name) = (step.version, step.name);
    conn.batch_execute(&format!("DELETE FROM schema_versions WHERE version = {version}"))?;
    conn.batch_execute(&format!(
        "INSERT INTO schema_versions VALUES ({version}, '{name}', 'begun', {now})"
    ))?;
    match conn {
        DbConn::Sqlite(conn) => conn.batch_execute(step.sqlite)?,
        DbConn::Mysql(conn) => {
            for statement in step.mysql.split_inclusive(";\n") {
                conn.batch_execute(statement)?;
            }
        }
    }
    conn.batch_execute(&format!(
        "UPDATE schema_versions SET state = 'done' WHERE version = {version}"
    ))
}

/// Only one program migrates at a time; the others wait and then find nothing to do.
fn lock(conn: &mut DbConn) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(conn) => conn.batch_execute("BEGIN IMMEDIATE"),
        DbConn::Mysql(conn) => {
            let lock = diesel::sql_query(
                "SELECT COALESCE(GET_LOCK(CONCAT(DATABASE(), '.talkhub.migrate'), 60), 0) AS taken",
            );
            match lock.get_result::<Lock>(conn)?.taken {
                1 => Ok(()),
                _ => Err(diesel::result::Error::QueryBuilderError(
                    "another program is migrating it for over a minute".into(),
                )),
            }
        }
    }
}

fn unlock(conn: &mut DbConn, done: bool) {
    let ended = match conn {
        DbConn::Sqlite(conn) => conn.batch_execute(if done { "COMMIT" } else { "ROLLBACK" }),
        DbConn::Mysql(conn) => conn.batch_execute("DO RELEASE_LOCK(CONCAT(DATABASE(), '.talkhub.migrate'))"),
    };
    if let Err(error) = ended {
        // The connection is dropped next, which ends lock and transaction as well.
        tracing::warn!(%error, "Could not let go of the migration lock");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Sqlite(folder.path().join("t.db"));
        (folder, place)
    }

    fn say(place: &Place, sql: &str) {
        connection::open(place, Use::Write, WAIT)
            .unwrap()
            .batch_execute(sql)
            .unwrap();
    }

    #[test]
    fn the_second_run_has_nothing_to_do() {
        let (_folder, place) = fresh();
        assert_eq!(run(&place, 1).unwrap(), STEPS.len());
        assert_eq!(run(&place, 2).unwrap(), 0);
    }

    #[test]
    fn a_newer_database_is_refused() {
        let (_folder, place) = fresh();
        run(&place, 1).unwrap();
        say(
            &place,
            "INSERT INTO schema_versions VALUES (999, 'future', 'done', 1)",
        );
        let refusal = run(&place, 2).unwrap_err().to_string();
        let known = STEPS.len();
        let told = format!("is of version 999, this program knows versions up to {known}");
        assert!(refusal.contains(&told), "{refusal}");
    }

    #[test]
    fn a_half_migrated_database_is_refused() {
        let (_folder, place) = fresh();
        run(&place, 1).unwrap();
        say(&place, "UPDATE schema_versions SET state = 'begun'");
        assert!(matches!(
            run(&place, 2),
            Err(MigrateError::Half { version: 1, .. })
        ));
    }

    #[test]
    fn steps_are_numbered_without_gaps() {
        for (index, step) in STEPS.iter().enumerate() {
            assert_eq!(step.version, index as i64 + 1, "{}", step.name);
        }
    }
}
