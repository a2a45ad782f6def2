//! The settings page of the people one has blocked. It works without script. (F09)

use super::blocks;
use crate::accounts::SignedIn;
use crate::contacts;
use crate::platform::app::App;
use crate::platform::json::{Form, Query};
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::Said;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data};
use askama::Template;
use serde::Deserialize;
use shared_protocol::UserId;
use shared_protocol::api::Relation;

/// The route of the page.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/settings/blocked",
        [("GET", get().to(show)), ("POST", web::post().to(remove))],
    ));
}

/// One line of the list.
struct Line {
    relation: Relation,
    grouped_id: String,
    /// What the button does, with the name: heard alone it would not say for whom.
    unblock: String,
}

#[derive(Template)]
#[template(path = "presence/templates/blocked.html")]
struct BlockedPage<'a> {
    page: Page<'a>,
    lifted: bool,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Lifted {
    lifted: Option<String>,
}

/// `GET /settings/blocked`
async fn show(app: Data<App>, me: SignedIn, query: Query<Lifted>) -> Result<HttpResponse> {
    let user = me.user();
    let blocks = app.db.read(move |conn| contacts::blocks(conn, user)).await?;
    let page = Page::new(&app.assets.account, &me.account.theme);
    let words = page.words;
    let line = |relation: Relation| Line {
        grouped_id: relation.person.user_id.grouped(),
        unblock: Said::new("of-person")
            .text("what", words.get("unblock"))
            .text("name", relation.person.display_name.clone())
            .in_words(words),
        relation,
    };
    let lines = blocks.blocks.into_iter().map(line).collect();
    let lifted = query.0.lifted.is_some();
    render(StatusCode::OK, &BlockedPage { page, lifted, lines })
}

#[derive(Deserialize)]
struct Fields {
    user_id: String,
}

/// `POST /settings/blocked`: lifts one. Whom another page has unblocked meanwhile is unblocked.
async fn remove(app: Data<App>, me: SignedIn, form: Form<Fields>) -> Result<HttpResponse> {
    let other: UserId = form.0.user_id.parse().map_err(|_| Problem::Missing("block"))?;
    match blocks::lift(&app, me.user(), other).await {
        Ok(()) | Err(Problem::Missing(_)) => Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, "/settings/blocked?lifted=1"))
            .finish()),
        Err(problem) => Err(problem),
    }
}
