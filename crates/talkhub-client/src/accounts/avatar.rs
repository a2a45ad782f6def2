//! The doors of one's own picture: upload and removal, by API and page.

use super::pages::see_other;
use super::settings::show_profile_with;
use super::{Account, SignedIn, profile};
use crate::platform::app::App;
use crate::platform::blobs::BlobKey;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::resource;
use crate::platform::upload;
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

/// Pixels of a side: twice the largest size on the page, for dense screens.
const SIDE: u32 = 256;
/// A picture that was not taken into a profile within this time (milliseconds) is removed.
const TAKEN_WITHIN: i64 = 3_600_000;
const FIELD: &str = "avatar";

/// The routes under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/me/avatar",
        [
            ("PUT", web::put().to(update)),
            ("DELETE", web::delete().to(remove)),
        ],
    ));
}

/// The routes of the page.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/settings/avatar", [("POST", web::post().to(post))]))
        .service(resource(
            "/settings/avatar/remove",
            [("POST", web::post().to(post_remove))],
        ));
}

/// `PUT /me/avatar`: the body is the picture itself; its type is seen from its content.
async fn update(app: Data<App>, request: HttpRequest, me: SignedIn, body: Payload) -> Result<HttpResponse> {
    app.limits.avatars.take(me.user(), app.clock.monotonic())?;
    let most = app.config.accounts.avatar_most;
    let bytes = upload::whole_body(&app, &request, body, most, FIELD).await?;
    let account = set(&app, &me, bytes).await?;
    Ok(HttpResponse::Ok().json(account.me(&app.history_id)))
}

/// `DELETE /me/avatar`
async fn remove(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    unset(&app, &me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /settings/avatar`
async fn post(app: Data<App>, request: HttpRequest, me: SignedIn, body: Payload) -> Result<HttpResponse> {
    let most = app.config.accounts.avatar_most;
    let done = async {
        app.limits.avatars.take(me.user(), app.clock.monotonic())?;
        let bytes = upload::form_file(&app, &request, body, most, FIELD).await?;
        set(&app, &me, bytes).await
    };
    match done.await {
        Ok(_) => Ok(see_other("/settings/profile?saved=1")),
        Err(Problem::TooLarge(said)) => show_profile_with(&app, &me, Problem::invalid(FIELD, said)),
        Err(problem) => show_profile_with(&app, &me, problem),
    }
}

/// `POST /settings/avatar/remove`
async fn post_remove(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    unset(&app, &me).await?;
    Ok(see_other("/settings/profile?saved=1"))
}

/// A new picture of oneself. The file stands before the row names it, and a job waits that removes it should the row
/// never do so.
async fn set(app: &App, me: &SignedIn, bytes: Vec<u8>) -> Result<Account> {
    let drawn = app.images.square(bytes, SIDE, FIELD).await?;
    let key = BlobKey::new(&app.clock);
    let (job, clock) = (
        Job::PurgeAvatar {
            key: key.as_str().to_owned(),
        },
        app.clock.clone(),
    );
    let queued = app
        .db
        .write(move |conn| Ok(jobs::enqueue_for(conn, &job, clock.now() + TAKEN_WITHIN, &clock)?));
    queued.await?;
    app.blobs.put(&key, drawn).await?;
    let (user, clock) = (me.user(), app.clock.clone());
    app.db
        .write(move |conn| profile::set_avatar(conn, user, Some(&key), &clock))
        .await
}

async fn unset(app: &App, me: &SignedIn) -> Result<Account> {
    let (user, clock) = (me.user(), app.clock.clone());
    app.db
        .write(move |conn| profile::set_avatar(conn, user, None, &clock))
        .await
}

/// Removes this picture, unless somebody shows it. Safe to repeat.
pub async fn purge(app: &App, key: &str) -> Result<()> {
    let Some(key) = BlobKey::parse(key) else {
        return Ok(());
    };
    let wanted = key.clone();
    let owner = app
        .db
        .read(move |conn| profile::find_by_avatar(conn, &wanted))
        .await?;
    match owner {
        Some(_) => Ok(()),
        None => app.blobs.delete(&key).await,
    }
}
