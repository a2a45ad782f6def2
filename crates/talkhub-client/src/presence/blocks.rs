//! The JSON doors of blocks. A block is a matter of contacts; that nobody hears anything more is one of groups.

use super::{set_group, telling};
use crate::accounts::SignedIn;
use crate::platform::app::App;
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::jobs::{self, Job};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::{contacts, conversations};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};
use shared_protocol::{ConversationId, UserId};

/// The routes of blocks under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/blocks", [("GET", get().to(list))]))
        .service(resource(
            "/blocks/{user_id}",
            [
                ("PUT", web::put().to(create)),
                ("DELETE", web::delete().to(remove)),
            ],
        ));
}

/// `GET /blocks`
async fn list(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    let user = me.user();
    let blocks = app.db.read(move |conn| contacts::blocks(conn, user)).await?;
    Ok(HttpResponse::Ok().json(blocks))
}

/// `PUT /blocks/{user ID}`: safe to repeat. When it is answered no frame reaches the other one any more. (RU17)
async fn create(app: Data<App>, me: SignedIn, other: Path<String>) -> Result<HttpResponse> {
    let other: UserId = other.parse().map_err(|_| Problem::Missing("person"))?;
    let (user, clock) = (me.user(), app.clock.clone());
    let blocked = app.db.write(move |conn| {
        let conversation = conversations::lock_private(conn, user, other)?;
        let told = contacts::block(conn, user, other, &clock)?;
        note(conn, conversation, &told, &clock)?;
        Ok((conversation, told))
    });
    let (conversation, told) = blocked.await?;
    apply(&app, conversation, [user, other], &told).await?;
    tracing::info!(user = %user, "Blocked somebody");
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /blocks/{user ID}`
async fn remove(app: Data<App>, me: SignedIn, other: Path<String>) -> Result<HttpResponse> {
    let other: UserId = other.parse().map_err(|_| Problem::Missing("block"))?;
    lift(&app, me.user(), other).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `user` lets `other` be again: both may be in the group of their conversation.
pub(super) async fn lift(app: &App, user: UserId, other: UserId) -> Result<()> {
    let clock = app.clock.clone();
    let lifted = app.db.write(move |conn| {
        let conversation = conversations::lock_private(conn, user, other)?;
        contacts::unblock(conn, user, other)?;
        note(conn, conversation, &[user, other], &clock)?;
        Ok(conversation)
    });
    let conversation = lifted.await?;
    apply(app, conversation, [user, other], &[user, other]).await
}

/// What they share in their conversation is another. The door puts its group right at once; the job is for a relay that does
/// not answer just now.
fn note(
    conn: &mut DbConn,
    conversation: Option<ConversationId>,
    told: &[UserId],
    clock: &Clock,
) -> Result<()> {
    let Some(conversation) = conversation else {
        return Ok(());
    };
    conversations::note_change(conn, conversation, told)?;
    Ok(jobs::enqueue(conn, &Job::SetGroup { conversation }, clock)?)
}

/// Out of the group or back into it; then who must know hears of it.
async fn apply(
    app: &App,
    conversation: Option<ConversationId>,
    pair: [UserId; 2],
    told: &[UserId],
) -> Result<()> {
    if let Some(conversation) = conversation {
        match set_group(app, conversation).await {
            // The job goes on trying, and the lease bounds it.
            Err(Problem::RelayAway) => tracing::warn!("A block could not be told to the relay yet"),
            done => done?,
        }
        telling::tell_presence_between(app, conversation, pair).await?;
    }
    contacts::tell(app, told).await
}
