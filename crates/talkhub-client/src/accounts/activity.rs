//! What was done with one's own account: sign-ins with their time, device and address, and changes. (B04)

use super::SignedIn;
use super::pages::page_of;
use crate::platform::app::App;
use crate::platform::audit::{self, Entry};
use crate::platform::dates;
use crate::platform::json::Query;
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::Said;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::{Act, Activity};

/// How many lines one page has.
const PAGE: i64 = 50;

/// The routes under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource("/me/activity", [("GET", get().to(list))]));
}

/// The routes of the pages.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes.service(resource("/settings/activity", [("GET", get().to(show))]));
}

#[derive(Deserialize)]
struct Before {
    before: Option<String>,
}

/// `GET /me/activity?before=`
async fn list(app: Data<App>, me: SignedIn, query: Query<Before>) -> Result<HttpResponse> {
    let (entries, next) = entries(&app, &me, query.0.before.as_deref()).await?;
    let act = |entry: Entry| Act {
        event: entry.event.word().to_owned(),
        at: entry.at,
        device: entry.source.device,
        address: entry.source.address,
    };
    Ok(HttpResponse::Ok().json(Activity {
        activity: entries.into_iter().map(act).collect(),
        next,
    }))
}

/// One page of lines, and what to ask for the next one.
async fn entries(app: &App, me: &SignedIn, before: Option<&str>) -> Result<(Vec<Entry>, Option<String>)> {
    let malformed = || Problem::invalid("before", Said::new("cursor-malformed").text("name", "before"));
    let before = match before {
        None => i64::MAX,
        Some(text) => text.parse().ok().filter(|id| 0 <= *id).ok_or_else(malformed)?,
    };
    let user = me.user();
    let read = app
        .db
        .read(move |conn| Ok(audit::list(conn, user, before, PAGE + 1)?));
    let mut entries = read.await?;
    let more = PAGE < entries.len() as i64;
    entries.truncate(PAGE as usize);
    let next = entries.last().filter(|_| more).map(|entry| entry.id.to_string());
    Ok((entries, next))
}

struct Line {
    said: String,
    when: String,
    iso: String,
    device: String,
    address: String,
}

#[derive(Template)]
#[template(path = "accounts/templates/activity.html")]
struct ActivityPage<'a> {
    page: Page<'a>,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /settings/activity`
async fn show(app: Data<App>, me: SignedIn, query: Query<Before>) -> Result<HttpResponse> {
    let (entries, next) = entries(&app, &me, query.0.before.as_deref()).await?;
    let page = page_of(&app, &me);
    let words = page.words;
    let line = |entry: Entry| Line {
        said: words.get(&format!("activity-{}", entry.event.word())),
        when: dates::utc(entry.at),
        iso: dates::iso(entry.at),
        device: match entry.source.device.as_str() {
            "" if entry.source.address.is_empty() => words.get("activity-operator"),
            "" => words.get("activity-unknown-device"),
            device => device.to_owned(),
        },
        address: entry.source.address,
    };
    let lines = entries.into_iter().map(line).collect();
    render(StatusCode::OK, &ActivityPage { page, lines, next })
}
