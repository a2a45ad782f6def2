//! The pages that mailed links lead to. The token leaves the address at once, for a cookie of this page alone: it is in
//! no history, no log of a proxy, no `Referer`. (SEC05)

use super::links::{self, Purpose};
use crate::platform::app::App;
use crate::platform::client_address::is_https;
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::words::Words;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

/// A link that opens nothing: why, and where to get another one.
#[derive(Template)]
#[template(path = "accounts/templates/dead_link.html")]
struct DeadPage<'a> {
    page: Page<'a>,
    title: String,
    again: &'static str,
    said: String,
}

/// Takes the token out of the address and goes on without it.
pub(super) async fn enter(
    app: &App,
    request: &HttpRequest,
    purpose: Purpose,
    token: String,
) -> Result<HttpResponse> {
    let (wanted, now) = (token.clone(), app.clock.now());
    let found = app.db.read(move |conn| links::get(conn, purpose, &wanted, now));
    match found.await {
        Ok(_) => Ok(HttpResponse::SeeOther()
            .cookie(cookie(token, purpose, is_https(request)))
            .insert_header((header::LOCATION, purpose.path()))
            .finish()),
        Err(problem) => dead(app, purpose, problem),
    }
}

/// The token that [`enter`] has put aside.
pub(super) fn token_of(request: &HttpRequest, purpose: Purpose) -> Result<String> {
    let cookie = request.cookie(name(purpose)).ok_or(Problem::Missing("link"))?;
    Ok(cookie.value().to_owned())
}

/// The page for a link that opens nothing; other problems go on as they are.
pub(super) fn dead(app: &App, purpose: Purpose, problem: Problem) -> Result<HttpResponse> {
    if !matches!(problem, Problem::Missing("link") | Problem::Gone(_)) {
        return Err(problem);
    }
    let words = Words::english();
    let (title, again) = match purpose {
        Purpose::Reset => ("reset-dead-title", "/forgot"),
        Purpose::Email => ("confirm-dead-title", "/settings/account"),
    };
    let page = DeadPage {
        page: Page::new(&app.assets.account, "dark"),
        title: words.get(title),
        again,
        said: problem.said().in_words(words),
    };
    render(problem.status(), &page)
}

/// The token is worth nothing any more.
pub(super) fn no_cookie(purpose: Purpose, https: bool) -> Cookie<'static> {
    let mut cookie = cookie(String::new(), purpose, https);
    cookie.make_removal();
    cookie
}

fn cookie(token: String, purpose: Purpose, https: bool) -> Cookie<'static> {
    Cookie::build(name(purpose), token)
        .path(purpose.path())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https)
        .max_age(time::Duration::hours(1))
        .finish()
}

fn name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Reset => "talkhub_reset",
        Purpose::Email => "talkhub_confirm",
    }
}
