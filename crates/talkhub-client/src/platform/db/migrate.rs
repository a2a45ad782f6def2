//! Numbered migrations, forward only, the same list for both databases.

use super::connection::{self, Use};
use super::{DbConn, Place};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// One step: its number, its name, and its text for either database.
struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    mysql: &'static str,
}

const STEPS: &[Step] = &[Step {
    version: 1,
    name: "first",
    sqlite: include_str!("../../../../../migrations/sqlite/0001_first.sql"),
    mysql: include_str!("../../../../../migrations/mysql/0001_first.sql"),
}];

/// Why a database cannot be used. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("cannot open the database {place} (DATABASE_URL): {cause}")]
    Open { place: String, cause: String },
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
struct Lock {
    #[diesel(sql_type = BigInt)]
    taken: i64,
}

/// Brings the database to the newest version; gives back how many steps were taken (0: nothing to do). Safe to repeat.
/// Call it on a blocking thread.
pub fn run(place: &Place, now: i64) -> Result<usize, MigrateError> {
    let shown = place.to_string();
    let open_error = |cause: String| MigrateError::Open {
        place: shown.clone(),
        cause: place.scrub(&cause),
    };
    connection::ensure_database(place).map_err(|error| open_error(error.to_string()))?;
    let mut conn = connection::open(place, Use::Write).map_err(|error| open_error(error.to_string()))?;
    lock(&mut conn).map_err(|error| open_error(error.to_string()))?;
    let done = run_locked(&mut conn, &shown, now);
    unlock(&mut conn, done.is_ok());
    done
}

fn run_locked(conn: &mut DbConn, place: &str, now: i64) -> Result<usize, MigrateError> {
    let open_error = |error: diesel::result::Error| MigrateError::Open {
        place: place.to_owned(),
        cause: error.to_string(),
    };
    conn.batch_execute(
        "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY, name VARCHAR(190) NOT NULL, \
         state VARCHAR(16) NOT NULL, at BIGINT NOT NULL)",
    )
    .map_err(open_error)?;
    let applied: Vec<Applied> =
        diesel::sql_query("SELECT version, name, state FROM schema_versions ORDER BY version")
            .load(conn)
            .map_err(open_error)?;
    if let Some(half) = applied.iter().find(|row| row.state != "done") {
        return Err(MigrateError::Half {
            place: place.to_owned(),
            version: half.version,
            name: half.name.clone(),
        });
    }
    let found = applied.last().map_or(0, |row| row.version);
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

/// On SQLite all steps are one transaction; MySQL commits with every change of a table, so a step is marked `begun`
/// first and a start that finds the mark refuses.
fn apply(conn: &mut DbConn, step: &Step, now: i64) -> QueryResult<()> {
    let (version, name) = (step.version, step.name);
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
        connection::open(place, Use::Write)
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
        assert!(
            refusal.contains("is of version 999, this program knows versions up to 1"),
            "{refusal}"
        );
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
