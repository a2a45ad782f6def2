//! The first administrator: a code that is printed at the start, and the page that takes it. (A13)

use super::http::register_and;
use super::pages::{Issues, see_other, shows_in_form, status_of};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::client_address::client_network;
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::schema::meta;
use crate::platform::json::Form;
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::secret;
use crate::platform::words::Said;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use diesel::prelude::*;
use serde::Deserialize;
use shared_protocol::UserId;
use shared_protocol::api::RegisterForm;

/// Where the code's digest is kept: every server of this database takes the newest one.
const NAME: &str = "setup_code_sha256";
/// No letters that look like others.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A new code, if nobody administers the server yet; the one before it is worth nothing any more.
pub fn prepare(conn: &mut DbConn, clock: &Clock) -> Result<Option<String>> {
    diesel::delete(meta::table.find(NAME)).execute(conn)?;
    if !super::store::changes::list_administrators(conn)?.is_empty() {
        return Ok(None);
    }
    let letters = clock.random::<16>();
    let letters = letters.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let parts: Vec<String> = letters.chunks(4).map(|part| part.iter().collect()).collect();
    let code = parts.join("-");
    diesel::insert_into(meta::table)
        .values((meta::name.eq(NAME), meta::value.eq(digest(&code))))
        .execute(conn)?;
    Ok(Some(code))
}

/// Whether there is a code to be typed.
pub(super) fn is_open(conn: &mut DbConn) -> Result<bool> {
    Ok(find(conn)?.is_some())
}

/// Whether there is a code to be typed, and nobody here yet who could sign in.
pub(super) fn is_first_visit(conn: &mut DbConn) -> Result<bool> {
    Ok(is_open(conn)? && !super::any_exist(conn)?)
}

fn find(conn: &mut DbConn) -> QueryResult<Option<String>> {
    meta::table.find(NAME).select(meta::value).first(conn).optional()
}

fn check(conn: &mut DbConn, code: &str) -> Result<()> {
    let kept = find(conn)?.ok_or(Problem::Missing("page"))?;
    if kept != digest(code) {
        return Err(Problem::invalid("code", Said::new("setup-code-wrong")));
    }
    Ok(())
}

/// Uses the code up for this person. Of two who have it at the same moment one deletes the row; the other finds nothing.
fn claim(conn: &mut DbConn, code: &str, user: UserId, source: &Source, clock: &Clock) -> Result<()> {
    let row = meta::table.find(NAME).filter(meta::value.eq(digest(code)));
    if diesel::delete(row).execute(conn)? == 0 {
        return Err(Problem::Missing("page"));
    }
    super::make_administrator(conn, user, source, clock).map(|_| ())
}

/// As people type it: small letters and any spaces are good too.
fn digest(code: &str) -> String {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    secret::digest(&letters.to_ascii_uppercase())
}

/// The routes of the page.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/setup",
        [("GET", get().to(show)), ("POST", web::post().to(create))],
    ));
}

#[derive(Template)]
#[template(path = "accounts/templates/setup.html")]
struct SetupPage<'a> {
    page: Page<'a>,
    issues: Issues,
    fields: &'a Fields,
}

#[derive(Default, Deserialize)]
struct Fields {
    #[serde(default)]
    code: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_again: String,
}

/// `GET /setup`; nothing is there once somebody administers.
async fn show(app: Data<App>) -> Result<HttpResponse> {
    if !app.db.read(is_open).await? {
        return Err(Problem::Missing("page"));
    }
    let page = Page::new(&app.assets.account, "dark");
    let (issues, fields) = (Issues::default(), &Fields::default());
    render(StatusCode::OK, &SetupPage { page, issues, fields })
}

/// `POST /setup`
async fn create(app: Data<App>, request: HttpRequest, form: Form<Fields>) -> Result<HttpResponse> {
    let fields = form.0;
    match set_up(&app, &request, &fields).await {
        Ok(answer) => Ok(answer),
        Err(problem) if shows_in_form(&problem) => {
            let (page, issues) = (
                Page::new(&app.assets.account, "dark"),
                Issues::from_problem(&problem),
            );
            let fields = &fields;
            render(status_of(&problem), &SetupPage { page, issues, fields })
        }
        Err(problem) => Err(problem),
    }
}

async fn set_up(app: &App, request: &HttpRequest, fields: &Fields) -> Result<HttpResponse> {
    let now = app.clock.monotonic();
    app.limits.sign_ins.take(client_network(request), now)?;
    // For each network: the code is too long to be guessed, and nobody keeps its owner out.
    let guess = ("first administrator".to_owned(), client_network(request));
    let tried = app.limits.guesses.begin(guess, now)?;
    let code = fields.code.clone();
    if let Err(problem) = app.db.read(move |conn| check(conn, &code)).await {
        if matches!(problem, Problem::Invalid(_)) {
            tried.failed(now);
        }
        return Err(problem);
    }
    let form = RegisterForm {
        username: fields.username.clone(),
        email: fields.email.clone(),
        display_name: fields.display_name.clone(),
        user_id: String::new(),
        password: fields.password.clone(),
        password_again: fields.password_again.clone(),
    };
    let (code, source, clock) = (fields.code.clone(), Source::of(request), app.clock.clone());
    let made = register_and(app, request, form, move |conn, user| {
        claim(conn, &code, user, &source, &clock)
    });
    let entry = made.await?;
    tracing::info!(user = %entry.account.user_id, "Made the first administrator");
    entry.give_to(see_other("/"))
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_code_is_taken_as_people_type_it() {
        assert_eq!(digest("abcd-EFGH 2345"), digest("ABCDEFGH2345"));
        assert_ne!(digest("ABCD"), digest("ABCE"));
    }
}
