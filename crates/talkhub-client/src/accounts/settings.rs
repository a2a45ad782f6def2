//! The settings pages: name, theme, password. They work without script.

use super::http::{change_password, change_profile};
use super::model::{theme_of, theme_word};
use super::pages::{Issues, page_of, see_other, shows_in_form, status_of};
use super::{Account, SignedIn};
use crate::platform::app::App;
use crate::platform::json::{Form, Query};
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::LANGUAGES;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::{PasswordForm, ProfileForm};

/// The routes of the settings.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
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
    /// As it is in the form, which may be what was just refused.
    fields: ProfileFields,
    avatar: Option<String>,
    languages: &'static [(&'static str, &'static str)],
    theme: &'a str,
    /// What was chosen to be shown as.
    presence: String,
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
        &profile_page(
            &app,
            &me,
            Issues::default(),
            saved,
            ProfileFields::of(&me.account),
        ),
    )
}

/// The page with what is wrong with something that was sent from it.
pub(super) fn show_profile_with(app: &App, me: &SignedIn, problem: Problem) -> Result<HttpResponse> {
    if !shows_in_form(&problem) {
        return Err(problem);
    }
    let (issues, fields) = (Issues::from_problem(&problem), ProfileFields::of(&me.account));
    render(status_of(&problem), &profile_page(app, me, issues, false, fields))
}

fn profile_page<'a>(
    app: &'a App,
    me: &'a SignedIn,
    issues: Issues,
    saved: bool,
    fields: ProfileFields,
) -> ProfilePage<'a> {
    let (account, grouped_id) = (&me.account, me.user().grouped());
    ProfilePage {
        page: page_of(app, me),
        issues,
        saved,
        account,
        grouped_id,
        fields,
        avatar: account.whole_person().avatar,
        languages: LANGUAGES,
        theme: &account.theme,
        presence: account.shown().presence,
    }
}

#[derive(Deserialize)]
struct ProfileFields {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    status_line: String,
    #[serde(default)]
    language: String,
}

impl ProfileFields {
    fn of(account: &Account) -> Self {
        let shown = account.shown();
        Self {
            display_name: account.display_name.clone(),
            theme: account.theme.clone(),
            status_line: shown.status_line,
            language: shown.language,
        }
    }
}

/// `POST /settings/profile`
async fn post_profile(app: Data<App>, me: SignedIn, form: Form<ProfileFields>) -> Result<HttpResponse> {
    let fields = form.0;
    let theme = theme_of(&fields.theme);
    let theme = (theme_word(theme) == fields.theme).then_some(theme);
    let form = ProfileForm {
        display_name: Some(fields.display_name.clone()),
        theme,
        status_line: Some(fields.status_line.clone()),
        language: Some(fields.language.clone()).filter(|language| !language.is_empty()),
    };
    match change_profile(&app, &me, form).await {
        Ok(_) => Ok(see_other("/settings/profile?saved=1")),
        Err(problem) if shows_in_form(&problem) => {
            let issues = Issues::from_problem(&problem);
            render(
                status_of(&problem),
                &profile_page(&app, &me, issues, false, fields),
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
            // Whoever suspects somebody else changes it for that. (SEC07)
            end_others: true,
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
async fn post_password(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Form<PasswordFields>,
) -> Result<HttpResponse> {
    let fields = form.0;
    let end_others = fields.end_others.is_some();
    let form = PasswordForm {
        current: fields.current,
        password: fields.password,
        password_again: fields.password_again,
        end_others,
    };
    match change_password(&app, &request, &me, form).await {
        Ok(cookie) => {
            let mut answer = see_other("/settings/password?saved=1");
            answer
                .add_cookie(&cookie)
                .map_err(|error| Problem::Internal(error.into()))?;
            Ok(answer)
        }
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
