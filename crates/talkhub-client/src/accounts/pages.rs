//! The pages of accounts: they work without script; a script only makes them nicer.

use super::http::{logout, offer, register};
use super::login::{Proven, enter_again, prove, prove_again};
use super::signed_in::AnySignedIn;
use super::{SignedIn, setup};
use crate::platform::app::App;
use crate::platform::json::{Form, Query};
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::Words;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::RegisterForm;

/// The routes of the pages.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource(
            "/login",
            [
                ("GET", get().to(show_login)),
                ("POST", web::post().to(post_login)),
            ],
        ))
        .service(resource(
            "/login/code",
            [("GET", get().to(show_login)), ("POST", web::post().to(post_code))],
        ))
        .service(resource(
            "/register",
            [
                ("GET", get().to(show_register)),
                ("POST", web::post().to(post_register)),
            ],
        ))
        .service(resource(
            "/logout",
            [
                ("GET", get().to(show_logout)),
                ("POST", web::post().to(post_logout)),
            ],
        ));
}

/// What went wrong, field by field; an empty text where nothing did.
#[derive(Default)]
pub(super) struct Issues(Vec<(&'static str, String)>);

impl Issues {
    /// Only for problems that the form itself can show; others go on as they are.
    pub(super) fn from_problem(problem: &Problem) -> Self {
        let words = Words::english();
        match problem {
            Problem::Invalid(issues) => Self(
                issues
                    .iter()
                    .map(|issue| (issue.field, issue.said.in_words(words)))
                    .collect(),
            ),
            other => Self(vec![("", other.said().in_words(words))]),
        }
    }

    /// The sentence beside this field; `""` names the whole form.
    pub(super) fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|(name, _)| *name == field)
            .map_or("", |(_, said)| said.as_str())
    }
}

/// 422 with the form for what the person can mend; the problem's own status otherwise.
pub(super) fn status_of(problem: &Problem) -> StatusCode {
    match problem {
        Problem::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        other => other.status(),
    }
}

/// Whether the form is the right place to say it.
pub(super) fn shows_in_form(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::Invalid(_) | Problem::WrongLogin | Problem::TooFast(_) | Problem::Busy(_)
    )
}

pub(super) fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

/// Nobody is one thing; not being able to tell is another, and goes on as a problem.
fn if_signed_in<T>(me: Result<T>) -> Result<Option<T>> {
    match me {
        Ok(me) => Ok(Some(me)),
        Err(Problem::SignedOut) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// A path of our own, or `/`: nobody is sent elsewhere by a link that looks like ours.
pub(super) fn own_path(next: &str) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if own { next } else { "/" }
}

#[derive(Template)]
#[template(path = "accounts/templates/login.html")]
struct LoginPage<'a> {
    page: Page<'a>,
    issues: Issues,
    name: &'a str,
    keep: bool,
    next: &'a str,
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /login`
async fn show_login(app: Data<App>, me: Result<SignedIn>, query: Query<Next>) -> Result<HttpResponse> {
    let next = own_path(&query.0.next);
    if if_signed_in(me)?.is_some() {
        return Ok(see_other(next));
    }
    if app.db.read(setup::is_first_visit).await? {
        return Ok(see_other("/setup"));
    }
    show_login_with(&app, StatusCode::OK, Issues::default(), "", true, next)
}

#[derive(Deserialize)]
struct LoginFields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    keep: Option<String>,
    #[serde(default)]
    next: String,
}

/// `POST /login`
async fn post_login(app: Data<App>, request: HttpRequest, form: Form<LoginFields>) -> Result<HttpResponse> {
    let fields = form.0;
    let (next, keep) = (own_path(&fields.next), fields.keep.is_some());
    match prove(&app, &request, &fields.name, &fields.password, keep).await {
        Ok(Proven::Wholly(account)) => enter_again(&app, &request, *account, keep)
            .await?
            .give_to(see_other(next)),
        Ok(Proven::Halfway(step)) => show_code(&app, StatusCode::OK, Issues::default(), &step.step, next),
        Err(problem) if shows_in_form(&problem) => {
            let issues = Issues::from_problem(&problem);
            show_login_with(&app, status_of(&problem), issues, &fields.name, keep, next)
        }
        Err(problem) => Err(problem),
    }
}

fn show_login_with(
    app: &App,
    status: StatusCode,
    issues: Issues,
    name: &str,
    keep: bool,
    next: &str,
) -> Result<HttpResponse> {
    let page = LoginPage {
        page: Page::new(&app.assets.account, "dark"),
        issues,
        name,
        keep,
        next,
    };
    render(status, &page)
}

#[derive(Template)]
#[template(path = "accounts/templates/login_code.html")]
struct CodePage<'a> {
    page: Page<'a>,
    issues: Issues,
    step: &'a str,
    next: &'a str,
}

fn show_code(app: &App, status: StatusCode, issues: Issues, step: &str, next: &str) -> Result<HttpResponse> {
    let page = Page::new(&app.assets.account, "dark");
    render(
        status,
        &CodePage {
            page,
            issues,
            step,
            next,
        },
    )
}

#[derive(Deserialize)]
struct CodeFields {
    #[serde(default)]
    step: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/code`: the second step. One that took too long begins again with the password.
async fn post_code(app: Data<App>, request: HttpRequest, form: Form<CodeFields>) -> Result<HttpResponse> {
    let fields = form.0;
    let next = own_path(&fields.next);
    match prove_again(&app, &request, &fields.step, &fields.code).await {
        Ok((account, keep)) => enter_again(&app, &request, account, keep)
            .await?
            .give_to(see_other(next)),
        Err(problem) if shows_in_form(&problem) => {
            let issues = Issues::from_problem(&problem);
            match issues.of("step") {
                "" => show_code(&app, status_of(&problem), issues, &fields.step, next),
                _ => {
                    let whole = Issues(vec![("", issues.of("step").to_owned())]);
                    show_login_with(&app, status_of(&problem), whole, "", true, next)
                }
            }
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "accounts/templates/register.html")]
struct RegisterPage<'a> {
    page: Page<'a>,
    issues: Issues,
    form: &'a RegisterForm,
}

/// `GET /register`
async fn show_register(app: Data<App>, request: HttpRequest, me: Result<SignedIn>) -> Result<HttpResponse> {
    if if_signed_in(me)?.is_some() {
        return Ok(see_other("/"));
    }
    let offered = offer(&app, &request).await?.grouped();
    let form = RegisterForm {
        username: String::new(),
        email: String::new(),
        display_name: String::new(),
        user_id: offered,
        password: String::new(),
        password_again: String::new(),
    };
    let page = Page::new(&app.assets.account, "dark");
    render(
        StatusCode::OK,
        &RegisterPage {
            page,
            issues: Issues::default(),
            form: &form,
        },
    )
}

/// `POST /register`
async fn post_register(
    app: Data<App>,
    request: HttpRequest,
    form: Form<RegisterForm>,
) -> Result<HttpResponse> {
    let mut form = form.0;
    match register(&app, &request, form.clone()).await {
        Ok(entry) => entry.give_to(see_other("/")),
        Err(problem) if shows_in_form(&problem) => {
            if names_taken_id(&problem) {
                form.user_id = offer(&app, &request).await?.grouped();
            }
            let page = Page::new(&app.assets.account, "dark");
            render(
                status_of(&problem),
                &RegisterPage {
                    page,
                    issues: Issues::from_problem(&problem),
                    form: &form,
                },
            )
        }
        Err(problem) => Err(problem),
    }
}

/// Then another one is offered in its place.
fn names_taken_id(problem: &Problem) -> bool {
    matches!(problem, Problem::Invalid(issues) if issues.iter().any(|issue| issue.said.key() == "user-id-taken"))
}

#[derive(Template)]
#[template(path = "accounts/templates/logout.html")]
struct LogoutPage<'a> {
    page: Page<'a>,
}

/// `GET /logout`
async fn show_logout(app: Data<App>, me: Result<AnySignedIn>) -> Result<HttpResponse> {
    let Some(AnySignedIn(me)) = if_signed_in(me)? else {
        return Ok(see_other("/login"));
    };
    render(
        StatusCode::OK,
        &LogoutPage {
            page: page_of(&app, &me),
        },
    )
}

/// `POST /logout`
async fn post_logout(app: Data<App>, request: HttpRequest, me: Result<AnySignedIn>) -> Result<HttpResponse> {
    let mut answer = see_other("/login");
    if let Some(AnySignedIn(me)) = if_signed_in(me)? {
        let cookie = logout(&app, &request, &me).await?;
        answer
            .add_cookie(&cookie)
            .map_err(|error| Problem::Internal(error.into()))?;
    }
    Ok(answer)
}

pub(super) fn page_of<'a>(app: &'a App, me: &'a SignedIn) -> Page<'a> {
    Page::new(&app.assets.account, &me.account.theme)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        assert_eq!(own_path("/chat/1234567890"), "/chat/1234567890");
        for foreign in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a\r\nb",
        ] {
            assert_eq!(own_path(foreign), "/", "{foreign:?}");
        }
    }
}
