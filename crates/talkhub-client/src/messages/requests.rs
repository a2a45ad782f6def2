//! The JSON doors of message requests: what a stranger began is taken up, or deleted.

use super::overview;
use crate::accounts::SignedIn;
use crate::platform::app::App;
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::resource;
use crate::{contacts, conversations};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};
use shared_protocol::ConversationId;

/// The routes of message requests under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource(
            "/conversations/{id}/accept",
            [("POST", web::post().to(accept))],
        ))
        .service(resource(
            "/conversations/{id}/dismiss",
            [("POST", web::post().to(dismiss))],
        ));
}

fn conversation_id(text: &str) -> Result<ConversationId> {
    text.parse().map_err(|_| Problem::Missing("conversation"))
}

/// `POST /conversations/{id}/accept`: safe to repeat; the answer is the conversation as it is now.
async fn accept(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let (id, user) = (conversation_id(&id)?, me.user());
    let taken = app.db.write(move |conn| {
        conversations::get_mine(conn, id, user)?;
        conversations::take_up(conn, id, user)
    });
    if taken.await? {
        contacts::tell(&app, &[user]).await?;
    }
    let shown = app.db.read(move |conn| overview::show(conn, id, user)).await?;
    Ok(HttpResponse::Ok().json(shown))
}

/// `POST /conversations/{id}/dismiss`: it is shown nowhere until the stranger writes again.
async fn dismiss(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let (id, user) = (conversation_id(&id)?, me.user());
    let dismissed = app.db.write(move |conn| {
        let mine = conversations::get_mine(conn, id, user)?;
        conversations::dismiss(conn, &mine)
    });
    dismissed.await?;
    contacts::tell(&app, &[user]).await?;
    Ok(HttpResponse::NoContent().finish())
}
