//! One's own data to take along: pages that open in any browser without a network, and the same as JSON, in one zip that
//! is made while it is sent. (U06)

mod archive;
mod stream;

use crate::accounts::{self, SignedIn, confirm_password};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::dates;
use crate::platform::json::{Form, Json};
use crate::platform::problem::Result;
use crate::platform::routes::resource;
use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use shared_protocol::api::ExportForm;

/// The routes under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource("/me/export", [("POST", web::post().to(create))]));
}

/// The routes of the pages. The form itself stands on `/settings/data`.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/settings/data/export",
        [("POST", web::post().to(post_export))],
    ));
}

/// `POST /me/export`
async fn create(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Json<ExportForm>,
) -> Result<HttpResponse> {
    export(&app, &request, &me, form.0.current).await
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    current: String,
}

/// `POST /settings/data/export`
async fn post_export(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Form<Fields>,
) -> Result<HttpResponse> {
    match export(&app, &request, &me, form.0.current).await {
        Ok(answer) => Ok(answer),
        Err(problem) => accounts::leaving::export_refused(&app, &me, problem),
    }
}

/// The zip as a download, with the present password as proof.
async fn export(app: &App, request: &HttpRequest, me: &SignedIn, password: String) -> Result<HttpResponse> {
    app.limits.exports.take(me.user(), app.clock.monotonic())?;
    // It holds a thread for as long as its reader takes.
    let turn = app.limits.exporting.take(me.user())?;
    confirm_password(app, request, me, password).await?;
    let (user, source, clock) = (me.user(), Source::of(request), app.clock.clone());
    app.db
        .write(move |conn| accounts::note_export(conn, user, &source, &clock))
        .await?;
    let (app, me) = (app.clone(), me.account.clone());
    let name = format!("talkhub-{user}-{}.zip", dates::day(app.clock.now()));
    let zip = stream::made_while_sent(move |out| {
        let out = archive::write(&app, &me, out);
        drop(turn);
        out
    });
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .streaming(zip))
}
