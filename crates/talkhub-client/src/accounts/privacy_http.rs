//! The doors of privacy: JSON, and the settings page that works without script.

use super::pages::{Issues, page_of, see_other, shows_in_form, status_of};
use super::privacy::{self, audience_word};
use super::{Account, SignedIn};
use crate::platform::app::App;
use crate::platform::json::{Form, Json, Query};
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::Said;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::{Audience, Privacy, PrivacyForm};

/// The routes under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/me/privacy",
        [("GET", get().to(show)), ("PATCH", web::patch().to(update))],
    ));
}

/// The routes of the page.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/settings/privacy",
        [("GET", get().to(show_page)), ("POST", web::post().to(post_page))],
    ));
}

/// `GET /me/privacy`
async fn show(me: SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(me.account.privacy())
}

/// `PATCH /me/privacy`
async fn update(app: Data<App>, me: SignedIn, form: Json<PrivacyForm>) -> Result<HttpResponse> {
    let account = change(&app, &me, form.0).await?;
    Ok(HttpResponse::Ok().json(account.privacy()))
}

async fn change(app: &App, me: &SignedIn, form: PrivacyForm) -> Result<Account> {
    let (user, clock) = (me.user(), app.clock.clone());
    app.limits.presence.take(user, app.clock.monotonic())?;
    app.db
        .write(move |conn| privacy::update(conn, user, &form, &clock))
        .await
}

/// One line of the page: a setting, what it is set to, and what can be chosen.
struct Line {
    name: &'static str,
    /// Keys of its words.
    title: &'static str,
    now: &'static str,
    choices: &'static [(&'static str, &'static str)],
}

const ALL: &[(&str, &str)] = &[
    ("everybody", "audience-everybody"),
    ("contacts", "audience-contacts"),
    ("nobody", "audience-nobody"),
];

fn lines(privacy: &Privacy) -> Vec<Line> {
    let line = |name, title, now| Line {
        name,
        title,
        now: audience_word(now),
        choices: ALL,
    };
    let mut lines = vec![
        line("last_seen", "privacy-last-seen", privacy.last_seen),
        line("read_receipts", "privacy-read-receipts", privacy.read_receipts),
        line("typing", "privacy-typing", privacy.typing),
        line("avatar", "privacy-avatar", privacy.avatar),
        line("find", "privacy-find", privacy.find),
        line("add", "privacy-add", privacy.add),
        line("call", "privacy-call", privacy.call),
        line("write", "privacy-writing", privacy.write),
    ];
    if let Some(write) = lines.last_mut() {
        write.choices = ALL.get(..2).unwrap_or(ALL);
    }
    lines
}

#[derive(Template)]
#[template(path = "accounts/templates/privacy.html")]
struct PrivacyPage<'a> {
    page: Page<'a>,
    issues: Issues,
    saved: bool,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Saved {
    saved: Option<String>,
}

/// `GET /settings/privacy`
async fn show_page(app: Data<App>, me: SignedIn, query: Query<Saved>) -> Result<HttpResponse> {
    let page = PrivacyPage {
        page: page_of(&app, &me),
        issues: Issues::default(),
        saved: query.0.saved.is_some(),
        lines: lines(&me.account.privacy()),
    };
    render(StatusCode::OK, &page)
}

#[derive(Deserialize)]
struct Fields {
    last_seen: Option<String>,
    read_receipts: Option<String>,
    typing: Option<String>,
    avatar: Option<String>,
    find: Option<String>,
    add: Option<String>,
    call: Option<String>,
    write: Option<String>,
}

/// A word of the form; what is none of ours is refused.
fn chosen(word: Option<String>) -> Result<Option<Audience>> {
    let all = [Audience::Everybody, Audience::Contacts, Audience::Nobody];
    let Some(word) = word else { return Ok(None) };
    let known = all.into_iter().find(|audience| audience_word(*audience) == word);
    known
        .map(Some)
        .ok_or_else(|| Problem::invalid("", Said::new("form-broken")))
}

fn parse(fields: Fields) -> Result<PrivacyForm> {
    Ok(PrivacyForm {
        last_seen: chosen(fields.last_seen)?,
        read_receipts: chosen(fields.read_receipts)?,
        typing: chosen(fields.typing)?,
        avatar: chosen(fields.avatar)?,
        find: chosen(fields.find)?,
        add: chosen(fields.add)?,
        call: chosen(fields.call)?,
        write: chosen(fields.write)?,
    })
}

/// `POST /settings/privacy`
async fn post_page(app: Data<App>, me: SignedIn, form: Form<Fields>) -> Result<HttpResponse> {
    let done = match parse(form.0) {
        Ok(form) => change(&app, &me, form).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok(_) => Ok(see_other("/settings/privacy?saved=1")),
        Err(problem) if shows_in_form(&problem) => {
            let page = PrivacyPage {
                page: page_of(&app, &me),
                issues: Issues::from_problem(&problem),
                saved: false,
                lines: lines(&me.account.privacy()),
            };
            render(status_of(&problem), &page)
        }
        Err(problem) => Err(problem),
    }
}
