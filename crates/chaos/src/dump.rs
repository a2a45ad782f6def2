//! Reads what is on disk at the end, past both programs.

use crate::record::{Database, Place, Row};
use anyhow::{Context, Result, anyhow};
use diesel::prelude::*;
use shared_protocol::{ConversationId, MessageId, UserId};
use std::collections::BTreeMap;
use std::time::Duration;
use talkhub_client::platform::db::schema::{conversations, members, messages};
use talkhub_client::platform::db::{self, Db, PoolSize};

type Stored = (i64, i64, i64, Vec<u8>, i64, String, i64);

/// Every conversation and every message. Call it on a blocking thread.
pub(crate) fn read(place: &db::Place) -> Result<Database> {
    let size = PoolSize {
        connections: 2,
        wait: Duration::from_secs(10),
    };
    let db = Db::open(place, &size);
    let read = db.read_blocking(|conn| {
        let places: Vec<(i64, i64, i64)> = conversations::table
            .select((conversations::id, conversations::seq, conversations::rev))
            .order(conversations::id)
            .load(conn)?;
        let marks: Vec<(i64, i64, i64)> = members::table
            .select((members::conversation_id, members::user_id, members::read_seq))
            .order((members::conversation_id, members::user_id))
            .load(conn)?;
        let rows: Vec<Stored> = messages::table
            .select((
                messages::conversation_id,
                messages::seq,
                messages::rev,
                messages::id,
                messages::sender,
                messages::body,
                messages::at,
            ))
            .order((messages::conversation_id, messages::seq))
            .load(conn)?;
        Ok((places, marks, rows))
    });
    let (places, marks, rows) =
        read.map_err(|problem| anyhow!("the database cannot be read: {problem:?}"))?;
    let mut members: BTreeMap<i64, Vec<(UserId, i64)>> = BTreeMap::new();
    for (conversation, member, read) in marks {
        members
            .entry(conversation)
            .or_default()
            .push((user(member)?, read));
    }
    let places = places.into_iter().map(|(id, seq, rev)| {
        Ok(Place {
            id: conversation(id)?,
            seq,
            rev,
            members: members.remove(&id).unwrap_or_default(),
        })
    });
    Ok(Database {
        places: places.collect::<Result<_>>()?,
        rows: rows.into_iter().map(row).collect::<Result<_>>()?,
    })
}

fn row((conversation_id, seq, rev, id, sender, body, at): Stored) -> Result<Row> {
    let uuid = uuid::Uuid::from_slice(&id).context("a message id has 16 bytes")?;
    Ok(Row {
        conversation: conversation(conversation_id)?,
        seq,
        rev,
        id: MessageId::new(uuid).context("a message id is a UUIDv7")?,
        sender: user(sender)?,
        body,
        at,
    })
}

fn user(number: i64) -> Result<UserId> {
    UserId::new(number).with_context(|| format!("{number} is no user ID"))
}

fn conversation(number: i64) -> Result<ConversationId> {
    ConversationId::new(number).with_context(|| format!("{number} is no conversation's ID"))
}
