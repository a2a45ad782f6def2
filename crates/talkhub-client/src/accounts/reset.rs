//! A forgotten password: a link by mail, and the page that it leads to. (A09, A10)

use super::http::close;
use super::links::{self, Purpose};
use super::names::{Email, Password};
use super::pages::{Issues, see_other, shows_in_form, status_of};
use super::{Ended, proof};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::client_address::{client_network, is_https};
use crate::platform::jobs::{self, Job, Mail};
use crate::platform::json::{Form, Json, Query};
use crate::platform::page::{Page, render};
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::Said;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::{ForgotForm, ResetForm};

/// The routes under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/password-resets",
        [("POST", web::post().to(create)), ("PUT", web::put().to(update))],
    ));
}

/// The routes of the pages.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes
        .service(resource(
            "/forgot",
            [
                ("GET", get().to(show_forgot)),
                ("POST", web::post().to(post_forgot)),
            ],
        ))
        .service(resource(
            "/reset",
            [
                ("GET", get().to(show_reset)),
                ("POST", web::post().to(post_reset)),
            ],
        ))
        .service(resource("/reset/{token}", [("GET", get().to(enter))]));
}

/// `POST /password-resets`
async fn create(app: Data<App>, request: HttpRequest, form: Json<ForgotForm>) -> Result<HttpResponse> {
    ask(&app, &request, &form.0.email).await?;
    Ok(HttpResponse::Accepted().json(serde_json::json!({})))
}

/// `PUT /password-resets`
async fn update(app: Data<App>, request: HttpRequest, form: Json<ResetForm>) -> Result<HttpResponse> {
    let form = form.0;
    reset(&app, &request, form.token, form.password, &form.password_again).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Has a link mailed, if anybody has this address. The answer is the same, and takes as long, if nobody has.
async fn ask(app: &App, request: &HttpRequest, email: &str) -> Result<()> {
    let network = client_network(request);
    app.limits.resets.take(network, app.clock.monotonic())?;
    if !app.mailer.is_on() {
        return Err(Problem::Impossible(Said::new("forgot-no-mail")));
    }
    let email = Email::parse(email).map_err(|said| Problem::invalid("email", said))?;
    let Source { device, address } = Source::of(request);
    let job = Job::Mail(Mail::PasswordForgotten {
        email: email.as_str().to_owned(),
        device,
        address,
    });
    let clock = app.clock.clone();
    app.db
        .write(move |conn| Ok(jobs::enqueue(conn, &job, &clock)?))
        .await
}

/// The new password, with the link as proof; every sign-in ends.
async fn reset(app: &App, request: &HttpRequest, token: String, password: String, again: &str) -> Result<()> {
    app.limits
        .sign_ins
        .take(client_network(request), app.clock.monotonic())?;
    let (wanted, now) = (token.clone(), app.clock.now());
    let found = app.db.read(move |conn| {
        let link = links::get(conn, Purpose::Reset, &wanted, now)?;
        super::get(conn, link.user)
    });
    let account = found.await?;
    let mut issues = Vec::new();
    let mut keep = |field: &'static str, said: Said| issues.push(FieldIssue { field, said });
    let parsed = Password::parse(&password, &[&account.username, &account.email]);
    let parsed = parsed.map_err(|said| keep("password", said)).ok();
    if password != again {
        keep("password_again", Said::new("passwords-differ"));
    }
    let Some(password) = parsed.filter(|_| issues.is_empty()) else {
        return Err(Problem::Invalid(issues));
    };
    let hash = app.hasher.hash(password.into_text()).await?;
    let (source, clock) = (Source::of(request), app.clock.clone());
    let ended: Ended = app
        .db
        .write(move |conn| super::reset_password(conn, &token, &hash, &source, &clock))
        .await?;
    tracing::info!(user = %account.user_id, "Set a new password by a link");
    close(app, ended).await;
    Ok(())
}

#[derive(Template)]
#[template(path = "accounts/templates/forgot.html")]
struct ForgotPage<'a> {
    page: Page<'a>,
    issues: Issues,
    email: &'a str,
    /// Whether anything can be mailed.
    mails: bool,
    sent: bool,
}

#[derive(Deserialize)]
struct Sent {
    sent: Option<String>,
}

/// `GET /forgot`
async fn show_forgot(app: Data<App>, query: Query<Sent>) -> Result<HttpResponse> {
    let page = forgot_page(&app, Issues::default(), "", query.0.sent.is_some());
    render(StatusCode::OK, &page)
}

fn forgot_page<'a>(app: &'a App, issues: Issues, email: &'a str, sent: bool) -> ForgotPage<'a> {
    let page = Page::new(&app.assets.account, "dark");
    let mails = app.mailer.is_on();
    ForgotPage {
        page,
        issues,
        email,
        mails,
        sent,
    }
}

#[derive(Deserialize)]
struct ForgotFields {
    #[serde(default)]
    email: String,
}

/// `POST /forgot`
async fn post_forgot(app: Data<App>, request: HttpRequest, form: Form<ForgotFields>) -> Result<HttpResponse> {
    let email = form.0.email;
    match ask(&app, &request, &email).await {
        Ok(()) => Ok(see_other("/forgot?sent=1")),
        Err(problem @ Problem::Impossible(_)) => render(
            problem.status(),
            &forgot_page(&app, Issues::default(), &email, false),
        ),
        Err(problem) if shows_in_form(&problem) => {
            let issues = Issues::from_problem(&problem);
            render(status_of(&problem), &forgot_page(&app, issues, &email, false))
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "accounts/templates/reset.html")]
struct ResetPage<'a> {
    page: Page<'a>,
    issues: Issues,
    done: bool,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

/// `GET /reset/{token}`
async fn enter(app: Data<App>, request: HttpRequest, token: Path<String>) -> Result<HttpResponse> {
    proof::enter(&app, &request, Purpose::Reset, token.into_inner()).await
}

/// `GET /reset`
async fn show_reset(app: Data<App>, request: HttpRequest, query: Query<Done>) -> Result<HttpResponse> {
    let done = query.0.done.is_some();
    if !done {
        let found = match proof::token_of(&request, Purpose::Reset) {
            Ok(token) => {
                let now = app.clock.now();
                let found = app
                    .db
                    .read(move |conn| links::get(conn, Purpose::Reset, &token, now));
                found.await.map(|_| ())
            }
            Err(problem) => Err(problem),
        };
        if let Err(problem) = found {
            return proof::dead(&app, Purpose::Reset, problem);
        }
    }
    render(StatusCode::OK, &reset_page(&app, Issues::default(), done))
}

fn reset_page(app: &App, issues: Issues, done: bool) -> ResetPage<'_> {
    let page = Page::new(&app.assets.account, "dark");
    ResetPage { page, issues, done }
}

#[derive(Deserialize)]
struct ResetFields {
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_again: String,
}

/// `POST /reset`
async fn post_reset(app: Data<App>, request: HttpRequest, form: Form<ResetFields>) -> Result<HttpResponse> {
    let fields = form.0;
    let done = match proof::token_of(&request, Purpose::Reset) {
        Ok(token) => reset(&app, &request, token, fields.password, &fields.password_again).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok(()) => {
            let mut answer = see_other("/reset?done=1");
            let cookie = proof::no_cookie(Purpose::Reset, is_https(&request));
            answer
                .add_cookie(&cookie)
                .map_err(|error| Problem::Internal(error.into()))?;
            Ok(answer)
        }
        Err(problem) if shows_in_form(&problem) => {
            let issues = Issues::from_problem(&problem);
            render(status_of(&problem), &reset_page(&app, issues, false))
        }
        Err(problem) => proof::dead(&app, Purpose::Reset, problem),
    }
}
