//! What stands in the zip: a page for each thousand messages of a conversation, JSON beside them, an index.

use super::stream::Pipe;
use crate::accounts::{self, Account};
use crate::conversations::{self, Mine};
use crate::messages::model::Row;
use crate::platform::app::App;
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use crate::platform::words::Words;
use crate::platform::{dates, page};
use anyhow::Context;
use askama::Template;
use serde_json::json;
use std::io::Write;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

type Zip = ZipWriter<StreamWriter<Pipe>>;

/// How many messages one page shows and one read takes.
const PAGE: i64 = 1_000;

/// One conversation in the index.
struct Chapter {
    name: String,
    /// Of its first page.
    file: String,
    count: usize,
    first: Option<String>,
    last: Option<String>,
}

#[derive(Template)]
#[template(path = "messages/templates/export_index.html")]
struct Index<'a> {
    words: &'a Words,
    me: &'a Account,
    grouped_id: String,
    joined: String,
    made: String,
    chapters: &'a [Chapter],
}

struct Line {
    when: String,
    text: Option<String>,
}

#[derive(Template)]
#[template(path = "messages/templates/export_page.html")]
struct PageOf<'a> {
    words: &'a Words,
    name: &'a str,
    lines: Vec<Line>,
    before: Option<String>,
    next: Option<String>,
}

/// Writes the whole zip; gives `out` back with its last bytes.
pub(super) fn write(app: &App, me: &Account, out: Pipe) -> anyhow::Result<Pipe> {
    let mut zip = ZipWriter::new_stream(out);
    begin(&mut zip, "style.css")?;
    zip.write_all(include_bytes!("style.css"))?;
    begin(&mut zip, "profile.json")?;
    zip.write_all(&serde_json::to_vec_pretty(&me.me(&app.history_id))?)?;
    let mut chapters = Vec::new();
    let user = me.user_id;
    let talks = read(app, |conn| conversations::list_mine(conn, user))?;
    for (index, mine) in talks.iter().enumerate() {
        let name = read(app, |conn| name_of(conn, mine))?;
        let number = format!("{:04}", index + 1);
        chapters.push(pages(app, &mut zip, mine, &name, &number)?);
        as_json(app, &mut zip, mine, &name, &number)?;
    }
    begin(&mut zip, "index.html")?;
    let index = Index {
        words: Words::english(),
        me,
        grouped_id: user.grouped(),
        joined: dates::day(me.created_at),
        made: dates::utc(app.clock.now()),
        chapters: &chapters,
    };
    zip.write_all(text_of(&index)?.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

/// The pages of one conversation.
fn pages(app: &App, zip: &mut Zip, mine: &Mine, name: &str, number: &str) -> anyhow::Result<Chapter> {
    let file = |page: usize| match page {
        0 => format!("conversations/{number}.html"),
        _ => format!("conversations/{number}-{}.html", page + 1),
    };
    let mut chapter = Chapter {
        name: name.to_owned(),
        file: file(0),
        count: 0,
        first: None,
        last: None,
    };
    let (mut rows, mut page) = (own(app, mine, 0)?, 0);
    loop {
        let last = rows.last().map(|row| row.seq);
        let next = match last {
            Some(seq) if rows.len() as i64 == PAGE => own(app, mine, seq)?,
            _ => Vec::new(),
        };
        chapter.count += rows.len();
        chapter.first = chapter
            .first
            .or_else(|| rows.first().map(|row| dates::day(row.at)));
        chapter.last = rows.last().map(|row| dates::day(row.at)).or(chapter.last);
        let beside = |page: usize| file(page).trim_start_matches("conversations/").to_owned();
        let shown = PageOf {
            words: Words::english(),
            name,
            lines: rows.iter().map(line).collect(),
            before: (0 < page).then(|| beside(page - 1)),
            next: (!next.is_empty()).then(|| beside(page + 1)),
        };
        begin(zip, &file(page))?;
        zip.write_all(text_of(&shown)?.as_bytes())?;
        if next.is_empty() {
            return Ok(chapter);
        }
        (rows, page) = (next, page + 1);
    }
}

fn line(row: &Row) -> Line {
    Line {
        when: dates::utc(row.sent_at.unwrap_or(row.at)),
        text: (row.kind != "deleted").then(|| row.body.clone()),
    }
}

/// The same for programs: one message a line, so that a long one needs no memory.
fn as_json(app: &App, zip: &mut Zip, mine: &Mine, name: &str, number: &str) -> anyhow::Result<()> {
    begin(zip, &format!("conversations/{number}.json"))?;
    let (id, name) = (mine.conversation.id.to_string(), serde_json::to_string(name)?);
    write!(
        zip,
        "{{\"conversation\": \"{id}\", \"name\": {name}, \"messages\": ["
    )?;
    let mut after = 0;
    loop {
        let rows = own(app, mine, after)?;
        for row in &rows {
            let message = json!({ "seq": row.seq, "id": row.id, "type": row.kind, "body": row.body, "at": row.at,
                                  "sent_at": row.sent_at, "time": dates::iso(row.sent_at.unwrap_or(row.at)) });
            write!(
                zip,
                "{}\n{message}",
                if after == 0 && row.seq == rows[0].seq {
                    ""
                } else {
                    ","
                }
            )?;
        }
        match rows.last() {
            Some(row) if rows.len() as i64 == PAGE => after = row.seq,
            _ => break,
        }
    }
    Ok(zip.write_all(b"\n]}\n")?)
}

/// Beside whom this conversation stands in a list.
fn name_of(conn: &mut DbConn, mine: &Mine) -> Result<String> {
    let members = conversations::list_members(conn, &[mine.conversation.id])?;
    let Some(other) = members.into_iter().find(|member| member.user != mine.me) else {
        return Ok(Words::english().get("notes"));
    };
    Ok(accounts::get(conn, other.user)?.display_name)
}

fn own(app: &App, mine: &Mine, after: i64) -> anyhow::Result<Vec<Row>> {
    read(app, |conn| {
        crate::messages::list_own(conn, mine.me, mine.conversation.id, after, PAGE)
    })
}

fn read<T>(app: &App, work: impl Fn(&mut DbConn) -> Result<T>) -> anyhow::Result<T> {
    app.db.read_blocking(work).context("reading for an export")
}

fn text_of(template: &impl Template) -> anyhow::Result<String> {
    page::render_text(template).context("a page of an export")
}

fn begin(zip: &mut Zip, name: &str) -> anyhow::Result<()> {
    Ok(zip.start_file(name, SimpleFileOptions::default())?)
}
