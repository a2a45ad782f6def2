//! Where somebody is signed in: the list, end one, end all others. What is ended is closed when the call returns. (U03)

use super::http::close;
use super::{SignedIn, signing_store, store};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::resource;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use shared_protocol::api::{Session, Sessions};
use std::collections::HashSet;

/// The routes of devices under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource(
        "/sessions/{session}",
        [("DELETE", web::delete().to(remove))],
    ));
}

/// `GET /sessions`
pub(super) async fn list(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    let sessions = find_all(&app, &me).await?;
    Ok(HttpResponse::Ok().json(Sessions { sessions }))
}

/// `DELETE /sessions/{id}`
async fn remove(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse> {
    end_one(&app, &request, &me, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /sessions`: all others.
pub(super) async fn remove_others(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
) -> Result<HttpResponse> {
    end_others(&app, &request, &me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Every sign-in of the person, last used first; used by page and API.
pub(super) async fn find_all(app: &App, me: &SignedIn) -> Result<Vec<Session>> {
    let (user, now) = (me.user(), app.clock.now());
    let idle_since = now - crate::platform::clock::millis(app.config.accounts.session_idle);
    let read = app.db.read(move |conn| {
        let programs = signing_store::list_programs(conn, user)?;
        Ok((store::list_sessions(conn, user, now, idle_since)?, programs))
    });
    let (sessions, programs) = read.await?;
    let programs: HashSet<i64> = programs.into_iter().collect();
    let sessions = sessions.into_iter().map(|session| Session {
        id: session.id.to_string(),
        current: session.id == me.session,
        program: programs.contains(&session.id),
        device: session.device,
        address: session.address,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
    });
    Ok(sessions.collect())
}

/// Ends one of the person's own sign-ins; a foreign one is not there. Used by page and API.
pub(super) async fn end_one(app: &App, request: &HttpRequest, me: &SignedIn, id: &str) -> Result<()> {
    let session: i64 = id.parse().map_err(|_| Problem::Missing("session"))?;
    let (user, source, clock) = (me.user(), Source::of(request), app.clock.clone());
    let ended = app
        .db
        .write(move |conn| super::end_own_session(conn, user, session, &source, &clock))
        .await?;
    tracing::info!(%user, "Ended a sign-in");
    close(app, ended).await;
    Ok(())
}

/// Ends all sign-ins of the person but this one; used by page and API.
pub(super) async fn end_others(app: &App, request: &HttpRequest, me: &SignedIn) -> Result<()> {
    let (mine, source, clock) = (me.clone(), Source::of(request), app.clock.clone());
    let ended = app
        .db
        .write(move |conn| super::end_other_sessions(conn, &mine, &source, &clock))
        .await?;
    tracing::info!(user = %me.user(), ended = ended.sessions.len(), "Ended all other sign-ins");
    close(app, ended).await;
    Ok(())
}
