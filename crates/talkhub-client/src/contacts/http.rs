//! The JSON doors of contacts: finding people, requests, the list. Blocks have their doors where groups are known.

use super::model::Note;
use super::{Asked, tell};
use crate::accounts::{PeopleQuery, SignedIn};
use crate::platform::app::App;
use crate::platform::json::{Json, Query};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};
use serde::Deserialize;
use shared_protocol::api::{ContactRequestForm, People};
use shared_protocol::{RequestId, UserId};

/// The routes of this slice under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/users", [("GET", get().to(search))]))
        .service(resource("/users/{user_id}", [("GET", get().to(show))]))
        .service(resource("/contacts", [("GET", get().to(list))]))
        .service(resource(
            "/contacts/{user_id}",
            [("DELETE", web::delete().to(remove))],
        ))
        .service(resource(
            "/contact-requests",
            [
                ("GET", get().to(list_requests)),
                ("POST", web::post().to(create_request)),
            ],
        ))
        .service(resource(
            "/contact-requests/{request_id}",
            [("DELETE", web::delete().to(remove_request))],
        ))
        .service(resource(
            "/contact-requests/{request_id}/accept",
            [("POST", web::post().to(accept_request))],
        ))
        .service(resource(
            "/contact-requests/{request_id}/reject",
            [("POST", web::post().to(reject_request))],
        ));
}

fn request_id(text: &str) -> Result<RequestId> {
    text.parse().map_err(|_| Problem::Missing("request"))
}

#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    query: String,
}

/// `GET /users?query=`
async fn search(app: Data<App>, me: SignedIn, query: Query<SearchQuery>) -> Result<HttpResponse> {
    let (user, now) = (me.user(), app.clock.monotonic());
    app.limits.searches.take(user, now)?;
    let query = PeopleQuery::parse(&query.0.query)?;
    if !matches!(query, PeopleQuery::Name(_)) {
        app.limits.lookups.take(user, now)?;
    }
    let users = app.db.read(move |conn| super::search(conn, &query, user)).await?;
    Ok(HttpResponse::Ok().json(People { users }))
}

/// `GET /users/{user ID}`
async fn show(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let id: UserId = id.parse().map_err(|_| Problem::Missing("person"))?;
    let user = me.user();
    app.limits.lookups.take(user, app.clock.monotonic())?;
    let card = app.db.read(move |conn| super::card(conn, user, id)).await?;
    Ok(HttpResponse::Ok().json(card))
}

/// `GET /contacts`
async fn list(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    let user = me.user();
    let contacts = app.db.read(move |conn| super::contacts(conn, user)).await?;
    Ok(HttpResponse::Ok().json(contacts))
}

/// `DELETE /contacts/{user ID}`
async fn remove(app: Data<App>, me: SignedIn, other: Path<String>) -> Result<HttpResponse> {
    let other: UserId = other.parse().map_err(|_| Problem::Missing("contact"))?;
    let (user, clock) = (me.user(), app.clock.clone());
    app.db
        .write(move |conn| super::remove(conn, user, other, &clock))
        .await?;
    tell(&app, &[user, other]).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /contact-requests`
async fn list_requests(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    let user = me.user();
    let requests = app.db.read(move |conn| super::requests(conn, user)).await?;
    Ok(HttpResponse::Ok().json(requests))
}

/// `POST /contact-requests`: 201 where it now waits, 200 where it accepted theirs; with the relation as it is now.
async fn create_request(
    app: Data<App>,
    me: SignedIn,
    form: Json<ContactRequestForm>,
) -> Result<HttpResponse> {
    let (user, other, clock) = (me.user(), form.0.user_id, app.clock.clone());
    app.limits.requests.take(user, app.clock.monotonic())?;
    let note = Note::parse(&form.0.note)?;
    let asked = app
        .db
        .write(move |conn| super::ask(conn, user, other, &note, &clock));
    let Asked { accepted, told } = asked.await?;
    tell(&app, &told).await?;
    let mut answer = match accepted {
        true => HttpResponse::Ok(),
        false => HttpResponse::Created(),
    };
    Ok(answer.json(relation(&app, user, other).await?))
}

/// `POST /contact-requests/{id}/accept`
async fn accept_request(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let (id, user, clock) = (request_id(&id)?, me.user(), app.clock.clone());
    let other = app
        .db
        .write(move |conn| super::accept(conn, user, id, &clock))
        .await?;
    tell(&app, &[user, other]).await?;
    Ok(HttpResponse::Ok().json(relation(&app, user, other).await?))
}

/// `POST /contact-requests/{id}/reject`
async fn reject_request(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let (id, user) = (request_id(&id)?, me.user());
    app.db.write(move |conn| super::reject(conn, user, id)).await?;
    tell(&app, &[user]).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /contact-requests/{id}`
async fn remove_request(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let (id, user) = (request_id(&id)?, me.user());
    let told = app.db.write(move |conn| super::withdraw(conn, user, id)).await?;
    tell(&app, &told).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn relation(app: &App, me: UserId, other: UserId) -> Result<shared_protocol::api::Relation> {
    let read = app
        .db
        .read(move |conn| Ok(super::describe(conn, me, &[other])?.pop()));
    read.await?.ok_or(Problem::Missing("person"))
}
