//! The pages of accounts: they work without script; a script only makes them nicer.

use super::http::{change_password, change_profile, login, logout, offer, register};
use super::model::{theme_of, theme_word};
use super::{Account, SignedIn};
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
use shared_protocol::api::{LoginForm, PasswordForm, ProfileForm, RegisterForm};

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
        ))
        .service(resource("/settings", [("GET", get().to(show_settings))]))
        .service(resource(
            "/settings/profile",
            [
                ("GET", get().to(show_profile)),
                ("POST", web::post().to(post_profile)),
            ],
        ))
        .service(resource(
            "/settings/password",
            [
                ("GET", get().to(show_password)),
                ("POST", web::post().to(post_password)),
            ],
        ));
}

/// What went wrong, field by field; an empty text where nothing did.
#[derive(Default)]
struct Issues(Vec<(&'static str, String)>);

impl Issues {
    /// Only for problems that the form itself can show; others go on as they are.
    fn from_problem(problem: &Problem) -> Self {
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
    fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|(name, _)| *name == field)
            .map_or("", |(_, said)| said.as_str())
    }
}

/// 422 with the form for what the person can mend; the problem's own status otherwise.
fn status_of(problem: &Problem) -> StatusCode {
    match problem {
        Problem::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        other => other.status(),
    }
}

/// Whether the form is the right place to say it.
fn shows_in_form(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::Invalid(_) | Problem::WrongLogin | Problem::TooFast(_) | Problem::Busy(_)
    )
}

fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

/// A path of our own, or `/`: nobody is sent elsewhere by a link that looks like ours.
fn own_path(next: &str) -> &str {
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
async fn show_login(app: Data<App>, me: Option<SignedIn>, query: Query<Next>) -> Result<HttpResponse> {
    let next = own_path(&query.0.next);
    if me.is_some() {
        return Ok(see_other(next));
    }
    let page = Page::new(&app.assets.account, "dark");
    render(
        StatusCode::OK,
        &LoginPage {
            page,
            issues: Issues::default(),
            name: "",
            keep: true,
            next,
        },
    )
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
    let next = own_path(&fields.next);
    let form = LoginForm {
        name: fields.name.clone(),
        password: fields.password,
        keep: fields.keep.is_some(),
    };
    match login(&app, &request, form).await {
        Ok((_, cookie)) => {
            let mut answer = see_other(next);
            answer
                .add_cookie(&cookie)
                .map_err(|error| Problem::Internal(error.into()))?;
            Ok(answer)
        }
        Err(problem) if shows_in_form(&problem) => {
            let page = Page::new(&app.assets.account, "dark");
            let issues = Issues::from_problem(&problem);
            let keep = fields.keep.is_some();
            render(
                status_of(&problem),
                &LoginPage {
                    page,
                    issues,
                    name: &fields.name,
                    keep,
                    next,
                },
            )
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
async fn show_register(app: Data<App>, request: HttpRequest, me: Option<SignedIn>) -> Result<HttpResponse> {
    if me.is_some() {
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
    let form = form.0;
    match register(&app, &request, form.clone()).await {
        Ok((_, cookie)) => {
            let mut answer = see_other("/");
            answer
                .add_cookie(&cookie)
                .map_err(|error| Problem::Internal(error.into()))?;
            Ok(answer)
        }
        Err(problem) if shows_in_form(&problem) => {
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

#[derive(Template)]
#[template(path = "accounts/templates/logout.html")]
struct LogoutPage<'a> {
    page: Page<'a>,
}

/// `GET /logout`
async fn show_logout(app: Data<App>, me: Option<SignedIn>) -> Result<HttpResponse> {
    let Some(me) = me else {
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
async fn post_logout(app: Data<App>, request: HttpRequest, me: Option<SignedIn>) -> Result<HttpResponse> {
    let mut answer = see_other("/login");
    if let Some(me) = me {
        let cookie = logout(&app, &request, &me).await?;
        answer
            .add_cookie(&cookie)
            .map_err(|error| Problem::Internal(error.into()))?;
    }
    Ok(answer)
}

fn page_of<'a>(app: &'a App, me: &'a SignedIn) -> Page<'a> {
    Page::new(&app.assets.account, &me.account.theme)
}

/// `GET /settings`
async fn show_settings(_me: SignedIn) -> HttpResponse {
    see_other("/settings/profile")
}

#[derive(Template)]
#[template(path = "accounts/templates/profile.html")]
struct ProfilePage<'a> {
    page: Page<'a>,
    issues: Issues,
    saved: bool,
    account: &'a Account,
    grouped_id: String,
    display_name: &'a str,
    theme: &'a str,
}

#[derive(Deserialize)]
struct Saved {
    saved: Option<String>,
}

/// `GET /settings/profile`
async fn show_profile(app: Data<App>, me: SignedIn, query: Query<Saved>) -> Result<HttpResponse> {
    let saved = query.0.saved.is_some();
    render(
        StatusCode::OK,
        &profile_page(&app, &me, Issues::default(), saved, &me.account.display_name),
    )
}

fn profile_page<'a>(
    app: &'a App,
    me: &'a SignedIn,
    issues: Issues,
    saved: bool,
    name: &'a str,
) -> ProfilePage<'a> {
    let (account, grouped_id) = (&me.account, me.user().grouped());
    ProfilePage {
        page: page_of(app, me),
        issues,
        saved,
        account,
        grouped_id,
        display_name: name,
        theme: &account.theme,
    }
}

#[derive(Deserialize)]
struct ProfileFields {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    theme: String,
}

/// `POST /settings/profile`
async fn post_profile(app: Data<App>, me: SignedIn, form: Form<ProfileFields>) -> Result<HttpResponse> {
    let fields = form.0;
    let theme = theme_of(&fields.theme);
    let theme = (theme_word(theme) == fields.theme).then_some(theme);
    let form = ProfileForm {
        display_name: Some(fields.display_name.clone()),
        theme,
    };
    match change_profile(&app, &me, form).await {
        Ok(_) => Ok(see_other("/settings/profile?saved=1")),
        Err(problem) if shows_in_form(&problem) => {
            let issues = Issues::from_problem(&problem);
            render(
                status_of(&problem),
                &profile_page(&app, &me, issues, false, &fields.display_name),
            )
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "accounts/templates/password.html")]
struct PasswordPage<'a> {
    page: Page<'a>,
    issues: Issues,
    saved: bool,
    end_others: bool,
    username: &'a str,
}

/// `GET /settings/password`
async fn show_password(app: Data<App>, me: SignedIn, query: Query<Saved>) -> Result<HttpResponse> {
    let (page, saved) = (page_of(&app, &me), query.0.saved.is_some());
    let username = &me.account.username;
    render(
        StatusCode::OK,
        &PasswordPage {
            page,
            issues: Issues::default(),
            saved,
            end_others: false,
            username,
        },
    )
}

#[derive(Deserialize)]
struct PasswordFields {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_again: String,
    end_others: Option<String>,
}

/// `POST /settings/password`
async fn post_password(app: Data<App>, me: SignedIn, form: Form<PasswordFields>) -> Result<HttpResponse> {
    let fields = form.0;
    let end_others = fields.end_others.is_some();
    let form = PasswordForm {
        current: fields.current,
        password: fields.password,
        password_again: fields.password_again,
        end_others,
    };
    match change_password(&app, &me, form).await {
        Ok(()) => Ok(see_other("/settings/password?saved=1")),
        Err(problem) if shows_in_form(&problem) => {
            let (page, issues) = (page_of(&app, &me), Issues::from_problem(&problem));
            let username = &me.account.username;
            render(
                status_of(&problem),
                &PasswordPage {
                    page,
                    issues,
                    saved: false,
                    end_others,
                    username,
                },
            )
        }
        Err(problem) => Err(problem),
    }
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
