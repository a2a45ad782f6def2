//! One's own data: to take along, or to leave for good. (U06)

use super::http::close;
use super::pages::{Issues, page_of, shows_in_form, status_of};
use super::signed_in::no_cookie;
use super::{SignedIn, confirm_password};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::client_address::is_https;
use crate::platform::json::{Form, Json};
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::LeaveForm;

/// The routes of the pages. The export stands in the slice of messages.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/settings/data", [("GET", get().to(show_data))]))
        .service(resource(
            "/settings/data/leave",
            [("POST", web::post().to(post_leave))],
        ));
}

/// `DELETE /me`, beside the other methods of `/me`.
pub(super) async fn remove(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Json<LeaveForm>,
) -> Result<HttpResponse> {
    leave(&app, &request, &me, form.0).await?;
    let cookie = no_cookie(is_https(&request));
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// Deletes the account, with the present password as proof; every sign-in ends.
async fn leave(app: &App, request: &HttpRequest, me: &SignedIn, form: LeaveForm) -> Result<()> {
    confirm_password(app, request, me, form.current).await?;
    let (account, source, clock) = (me.account.clone(), Source::of(request), app.clock.clone());
    let ended = app
        .db
        .write(move |conn| super::leave(conn, &account, form.messages_too, &source, &clock));
    close(app, ended.await?).await;
    tracing::info!(user = %me.user(), messages_too = form.messages_too, "Deleted the account");
    Ok(())
}

#[derive(Template)]
#[template(path = "accounts/templates/data.html")]
struct DataPage<'a> {
    page: Page<'a>,
    /// Of the export.
    issues: Issues,
    /// Of the deletion.
    leaving: Issues,
    messages_too: bool,
}

/// `GET /settings/data`
async fn show_data(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    let none = Issues::default();
    render(
        StatusCode::OK,
        &data_page(&app, &me, none, Issues::default(), false),
    )
}

fn data_page<'a>(
    app: &'a App,
    me: &'a SignedIn,
    issues: Issues,
    leaving: Issues,
    messages_too: bool,
) -> DataPage<'a> {
    DataPage {
        page: page_of(app, me),
        issues,
        leaving,
        messages_too,
    }
}

/// The page with what was wrong with the form of the export; other problems go on as they are.
pub fn export_refused(app: &App, me: &SignedIn, problem: Problem) -> Result<HttpResponse> {
    if !shows_in_form(&problem) {
        return Err(problem);
    }
    let issues = Issues::from_problem(&problem);
    render(
        status_of(&problem),
        &data_page(app, me, issues, Issues::default(), false),
    )
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    current: String,
    messages_too: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/templates/left.html")]
struct LeftPage<'a> {
    page: Page<'a>,
}

/// `POST /settings/data/leave`
async fn post_leave(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Form<Fields>,
) -> Result<HttpResponse> {
    let messages_too = form.0.messages_too.is_some();
    let form = LeaveForm {
        current: form.0.current,
        messages_too,
    };
    match leave(&app, &request, &me, form).await {
        Ok(()) => {
            // There is nowhere to go on to: nobody is signed in any more.
            let page = Page::new(&app.assets.account, &me.account.theme);
            let mut answer = render(StatusCode::OK, &LeftPage { page })?;
            answer
                .add_cookie(&no_cookie(is_https(&request)))
                .map_err(|error| Problem::Internal(error.into()))?;
            Ok(answer)
        }
        Err(problem) if shows_in_form(&problem) || matches!(problem, Problem::Conflict(_)) => {
            let leaving = Issues::from_problem(&problem);
            let page = data_page(&app, &me, Issues::default(), leaving, messages_too);
            render(status_of(&problem), &page)
        }
        Err(problem) => Err(problem),
    }
}
