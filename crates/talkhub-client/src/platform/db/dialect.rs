//! All that must differ between the two databases, one function with two arms each.

use super::DbConn;
use super::schema::{conversations, messages, refusals};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use shared_protocol::{ConversationId, Group, MessageId, UserId};

/// What a commit needs to know of a conversation.
#[derive(Clone, Debug, Queryable)]
pub struct Locked {
    pub id: ConversationId,
    pub group: Group,
    pub seq: i64,
    pub rev: i64,
    pub last_at: i64,
}

/// One new row of the history.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct NewMessage<'a> {
    pub conversation_id: ConversationId,
    pub seq: i64,
    pub rev: i64,
    pub id: &'a MessageId,
    pub sender: UserId,
    pub message_type: &'a str,
    pub body: &'a str,
    pub at: i64,
    pub sent_at: Option<i64>,
}

/// Locks these conversations until the transaction ends. Two writers that meet in another order are a deadlock, which the
/// database ends and [`super::Db::write`] tries again. SQLite's `BEGIN IMMEDIATE` has locked everything already.
pub fn lock_conversations(conn: &mut DbConn, groups: &[&Group]) -> QueryResult<Vec<Locked>> {
    use conversations::dsl as c;
    let wanted = c::conversations
        .filter(c::relay_group.eq_any(groups))
        .order(c::id)
        .select((c::id, c::relay_group, c::seq, c::rev, c::last_at));
    match conn {
        DbConn::Sqlite(conn) => wanted.load(conn),
        DbConn::Mysql(conn) => wanted.for_update().load(conn),
    }
}

/// Locks one person's row, so that their `rev` counts without doubles.
pub fn lock_person(conn: &mut DbConn, person: UserId) -> QueryResult<i64> {
    use super::schema::users::dsl as u;
    let wanted = u::users.filter(u::userid.eq(person)).select(u::rev);
    match conn {
        DbConn::Sqlite(conn) => wanted.first(conn),
        DbConn::Mysql(conn) => wanted.for_update().first(conn),
    }
}

/// Who administers; nobody else becomes or stops being one until the transaction ends.
pub fn lock_administrators(conn: &mut DbConn) -> QueryResult<Vec<UserId>> {
    use super::schema::administrators::dsl as a;
    let wanted = a::administrators.order(a::user_id).select(a::user_id);
    match conn {
        DbConn::Sqlite(conn) => wanted.load(conn),
        DbConn::Mysql(conn) => wanted.for_update().load(conn),
    }
}

/// Adds rows to the history. SQLite: one cached statement for each, since a multi-row one is prepared anew every time.
/// MySQL: one statement for all, since each one is a trip over the network.
pub fn insert_messages(conn: &mut DbConn, rows: &[NewMessage<'_>]) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(conn) => {
            for row in rows {
                diesel::insert_into(messages::table).values(row).execute(conn)?;
            }
        }
        DbConn::Mysql(conn) => {
            diesel::insert_into(messages::table).values(rows).execute(conn)?;
        }
    }
    Ok(())
}

/// A message that was refused for good.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = refusals)]
pub struct Refusal {
    pub conversation_id: ConversationId,
    pub sender: UserId,
    pub id: MessageId,
    /// As it was told, in JSON.
    pub problem: String,
    pub at: i64,
}

/// Remembers refusals; one that is known already stays as it is.
pub fn insert_refusals(conn: &mut DbConn, rows: &[Refusal]) -> QueryResult<()> {
    for row in rows {
        match conn {
            DbConn::Sqlite(conn) => diesel::insert_or_ignore_into(refusals::table)
                .values(row)
                .execute(conn)?,
            DbConn::Mysql(conn) => diesel::insert_or_ignore_into(refusals::table)
                .values(row)
                .execute(conn)?,
        };
    }
    Ok(())
}

/// Writes the counters of locked conversations back.
pub fn save_counters(conn: &mut DbConn, rows: &[Locked]) -> QueryResult<()> {
    use conversations::dsl as c;
    match conn {
        DbConn::Sqlite(conn) => {
            for row in rows {
                diesel::update(c::conversations.find(row.id))
                    .set((c::seq.eq(row.seq), c::rev.eq(row.rev), c::last_at.eq(row.last_at)))
                    .execute(conn)?;
            }
            Ok(())
        }
        DbConn::Mysql(conn) => {
            let cases = |value: fn(&Locked) -> i64| -> String {
                rows.iter()
                    .map(|row| format!(" WHEN {} THEN {}", row.id, value(row)))
                    .collect()
            };
            let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
            // Numbers only: nothing that a person typed comes near this text.
            conn.batch_execute(&format!(
                "UPDATE conversations SET seq = CASE id{} END, rev = CASE id{} END, last_at = CASE id{} END WHERE id IN ({})",
                cases(|row| row.seq),
                cases(|row| row.rev),
                cases(|row| row.last_at),
                ids.join(",")
            ))
        }
    }
}

/// What the database says about its own durability: warnings in words, none when all is as it should be.
pub fn weak_durability(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    match conn {
        DbConn::Sqlite(conn) => {
            #[derive(QueryableByName)]
            struct Level {
                #[diesel(sql_type = diesel::sql_types::Integer)]
                synchronous: i32,
            }
            let level: Level = diesel::sql_query("PRAGMA synchronous").get_result(conn)?;
            Ok((level.synchronous < 2)
                .then(|| "SQLite's synchronous is below FULL".to_owned())
                .into_iter()
                .collect())
        }
        DbConn::Mysql(conn) => {
            #[derive(QueryableByName)]
            struct Levels {
                #[diesel(sql_type = diesel::sql_types::BigInt)]
                flush: i64,
                #[diesel(sql_type = diesel::sql_types::BigInt)]
                binlog: i64,
                #[diesel(sql_type = diesel::sql_types::BigInt)]
                sync_binlog: i64,
            }
            let levels: Levels = diesel::sql_query(
                "SELECT CAST(@@innodb_flush_log_at_trx_commit AS SIGNED) AS flush, CAST(@@log_bin AS SIGNED) AS `binlog`, \
                 CAST(@@sync_binlog AS SIGNED) AS sync_binlog",
            )
            .get_result(conn)?;
            let mut found = Vec::new();
            if levels.flush != 1 {
                found.push(format!(
                    "innodb_flush_log_at_trx_commit is {}, not 1: a power cut can lose messages",
                    levels.flush
                ));
            }
            if levels.binlog == 1 && levels.sync_binlog != 1 {
                found.push(format!(
                    "sync_binlog is {}, not 1: a power cut can lose messages",
                    levels.sync_binlog
                ));
            }
            Ok(found)
        }
    }
}
