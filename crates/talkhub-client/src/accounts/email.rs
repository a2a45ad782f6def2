//! Another e-mail address: the password again, a link to the new one, a word to the old one. (SEC05)

use super::links::{self, Purpose};
use super::names::Email;
use super::pages::{Issues, page_of, see_other, shows_in_form, status_of};
use super::{Account, SignedIn, confirm_password, proof};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::client_address::is_https;
use crate::platform::dates;
use crate::platform::json::{Form, Json, Query};
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::{EmailAsked, EmailForm};

/// The routes under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource("/me/email", [("PUT", web::put().to(update))]));
}

/// The routes of the pages.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes
        .service(resource(
            "/settings/account",
            [
                ("GET", get().to(show_account)),
                ("POST", web::post().to(post_account)),
            ],
        ))
        .service(resource(
            "/confirm",
            [
                ("GET", get().to(show_confirm)),
                ("POST", web::post().to(post_confirm)),
            ],
        ))
        .service(resource("/confirm/{token}", [("GET", get().to(enter))]));
}

/// `PUT /me/email`
async fn update(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Json<EmailForm>,
) -> Result<HttpResponse> {
    let asked = change(&app, &request, &me, form.0).await?;
    let mut answer = match asked.confirmed {
        true => HttpResponse::Ok(),
        false => HttpResponse::Accepted(),
    };
    Ok(answer.json(asked))
}

/// Asks for another address. Where nothing can be mailed it counts at once: nobody could prove it.
async fn change(app: &App, request: &HttpRequest, me: &SignedIn, form: EmailForm) -> Result<EmailAsked> {
    let email = Email::parse(&form.email).map_err(|said| Problem::invalid("email", said))?;
    // Whether an address is taken is told: trying many is looking people up. (SEC17)
    app.limits.lookups.take(me.user(), app.clock.monotonic())?;
    confirm_password(app, request, me, form.current).await?;
    if app.mailer.is_on() {
        let address = email.as_str().to_owned();
        app.limits.mailings.take(address, app.clock.monotonic())?;
    }
    let asked = EmailAsked {
        email: email.as_str().to_owned(),
        confirmed: !app.mailer.is_on(),
    };
    let (at_once, account) = (asked.confirmed, me.account.clone());
    let (source, clock) = (Source::of(request), app.clock.clone());
    let done = app.db.write(move |conn| match at_once {
        true => super::set_email(conn, &account, &email, &source, &clock),
        false => super::ask_email(conn, &account, &email, &source, &clock),
    });
    done.await?;
    Ok(asked)
}

#[derive(Template)]
#[template(path = "accounts/templates/account.html")]
struct AccountPage<'a> {
    page: Page<'a>,
    issues: Issues,
    account: &'a Account,
    grouped_id: String,
    since: String,
    email: &'a str,
    /// Whether anything can be mailed.
    mails: bool,
    saved: bool,
    asked: bool,
}

impl<'a> AccountPage<'a> {
    fn new(app: &'a App, me: &'a SignedIn, issues: Issues, email: &'a str) -> Self {
        Self {
            page: page_of(app, me),
            issues,
            account: &me.account,
            grouped_id: me.user().grouped(),
            since: dates::day(me.account.created_at),
            email,
            mails: app.mailer.is_on(),
            saved: false,
            asked: false,
        }
    }
}

#[derive(Deserialize)]
struct Said {
    saved: Option<String>,
    asked: Option<String>,
}

/// `GET /settings/account`
async fn show_account(app: Data<App>, me: SignedIn, query: Query<Said>) -> Result<HttpResponse> {
    let page = AccountPage {
        saved: query.0.saved.is_some(),
        asked: query.0.asked.is_some(),
        ..AccountPage::new(&app, &me, Issues::default(), "")
    };
    render(StatusCode::OK, &page)
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    email: String,
    #[serde(default)]
    current: String,
}

/// `POST /settings/account`
async fn post_account(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Form<Fields>,
) -> Result<HttpResponse> {
    let Fields { email, current } = form.0;
    let form = EmailForm {
        email: email.clone(),
        current,
    };
    match change(&app, &request, &me, form).await {
        Ok(asked) if asked.confirmed => Ok(see_other("/settings/account?saved=1")),
        Ok(_) => Ok(see_other("/settings/account?asked=1")),
        Err(problem) if shows_in_form(&problem) => {
            let issues = Issues::from_problem(&problem);
            render(status_of(&problem), &AccountPage::new(&app, &me, issues, &email))
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "accounts/templates/confirm.html")]
struct ConfirmPage<'a> {
    page: Page<'a>,
    issues: Issues,
    /// The new address; none once it counts.
    email: Option<String>,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

/// `GET /confirm/{token}`
async fn enter(app: Data<App>, request: HttpRequest, token: Path<String>) -> Result<HttpResponse> {
    proof::enter(&app, &request, Purpose::Email, token.into_inner()).await
}

/// `GET /confirm`: a button, since programs that look through mails open every link.
async fn show_confirm(app: Data<App>, request: HttpRequest, query: Query<Done>) -> Result<HttpResponse> {
    if query.0.done.is_some() {
        return confirm_page(&app, StatusCode::OK, Issues::default(), None);
    }
    match new_email(&app, &request).await {
        Ok(email) => confirm_page(&app, StatusCode::OK, Issues::default(), Some(email)),
        Err(problem) => proof::dead(&app, Purpose::Email, problem),
    }
}

fn confirm_page(
    app: &App,
    status: StatusCode,
    issues: Issues,
    email: Option<String>,
) -> Result<HttpResponse> {
    let page = Page::new(&app.assets.account, "dark");
    render(status, &ConfirmPage { page, issues, email })
}

async fn new_email(app: &App, request: &HttpRequest) -> Result<String> {
    let (token, now) = (proof::token_of(request, Purpose::Email)?, app.clock.now());
    let found = app
        .db
        .read(move |conn| links::get(conn, Purpose::Email, &token, now));
    Ok(found.await?.new_email)
}

/// `POST /confirm`
async fn post_confirm(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    match confirm(&app, &request).await {
        Ok(()) => {
            let mut answer = see_other("/confirm?done=1");
            let cookie = proof::no_cookie(Purpose::Email, is_https(&request));
            answer
                .add_cookie(&cookie)
                .map_err(|error| Problem::Internal(error.into()))?;
            Ok(answer)
        }
        Err(problem @ Problem::Conflict(_)) => {
            let email = new_email(&app, &request).await?;
            confirm_page(
                &app,
                problem.status(),
                Issues::from_problem(&problem),
                Some(email),
            )
        }
        Err(problem) => proof::dead(&app, Purpose::Email, problem),
    }
}

async fn confirm(app: &App, request: &HttpRequest) -> Result<()> {
    let token = proof::token_of(request, Purpose::Email)?;
    let (source, clock) = (Source::of(request), app.clock.clone());
    app.db
        .write(move |conn| super::confirm_email(conn, &token, &source, &clock))
        .await
}
