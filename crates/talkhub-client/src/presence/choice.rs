//! The doors of what somebody is shown as: their choice, whether a tab is idle, and who of a conversation is there.

use super::{Tracker, store};
use crate::accounts::{self, SignedIn};
use crate::contacts::Sight;
use crate::conversations;
use crate::platform::app::App;
use crate::platform::json::{Form, Json};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::Said;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, Data, Path};
use serde::Deserialize;
use shared_protocol::api::{IdleForm, OnlinePeople, OnlinePerson, PresenceChoice, PresenceForm};
use shared_protocol::{ConversationId, RelayId, ServerFrame, UserId};

/// The routes under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/me/presence", [("PUT", web::put().to(update))]))
        .service(resource(
            "/relay-ids/{relay_id}/idle",
            [("PUT", web::put().to(update_idle))],
        ))
        .service(resource("/rooms/{id}/online", [("GET", get().to(list_online))]));
}

/// The route of the form on the settings page.
pub fn pages(routes: &mut web::ServiceConfig) {
    routes.service(resource("/settings/presence", [("POST", web::post().to(post))]));
}

/// `PUT /me/presence`
async fn update(
    app: Data<App>,
    tracker: Data<Tracker>,
    me: SignedIn,
    form: Json<PresenceForm>,
) -> Result<HttpResponse> {
    let account = choose(&app, &tracker, &me, form.0.presence).await?;
    Ok(HttpResponse::Ok().json(account.me(&app.history_id)))
}

#[derive(Deserialize)]
struct Fields {
    presence: String,
}

/// `POST /settings/presence`
async fn post(
    app: Data<App>,
    tracker: Data<Tracker>,
    me: SignedIn,
    form: Form<Fields>,
) -> Result<HttpResponse> {
    let all = [
        PresenceChoice::Online,
        PresenceChoice::Away,
        PresenceChoice::Busy,
        PresenceChoice::Invisible,
    ];
    let wanted = all
        .into_iter()
        .find(|choice| accounts::online::choice_word(*choice) == form.0.presence);
    let wanted = wanted.ok_or_else(|| Problem::invalid("presence", Said::new("form-broken")))?;
    choose(&app, &tracker, &me, wanted).await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/settings/profile?saved=1"))
        .finish())
}

/// One's own devices hear of it at once, others with the next round of comings and goings.
async fn choose(
    app: &App,
    tracker: &Tracker,
    me: &SignedIn,
    choice: PresenceChoice,
) -> Result<accounts::Account> {
    let user = me.user();
    app.limits.presence.take(user, app.clock.monotonic())?;
    let chosen = app
        .db
        .write(move |conn| accounts::online::choose(conn, user, choice));
    let account = chosen.await?;
    tracker.choose(user, choice);
    let own = ServerFrame::Person {
        rev: account.rev,
        history_id: app.history_id.to_string(),
    };
    app.relay.tell(&account.relay_group, &own);
    Ok(account)
}

/// `PUT /relay-ids/{relay ID}/idle`
async fn update_idle(
    app: Data<App>,
    tracker: Data<Tracker>,
    me: SignedIn,
    relay_id: Path<String>,
    form: Json<IdleForm>,
) -> Result<HttpResponse> {
    let relay_id: RelayId = relay_id.parse().map_err(|_| Problem::Missing("connection"))?;
    let (user, idle) = (me.user(), form.0.idle);
    app.limits.presence.take(user, app.clock.monotonic())?;
    let id = relay_id.clone();
    let written = app.db.write(move |conn| {
        let own = store::find_owner(conn, &id)? == Some(user);
        if own {
            store::set_idle(conn, &id, idle)?;
        }
        Ok(own)
    });
    let written = written.await?;
    // A stream of our own (`/live`) has no row.
    if tracker.set_idle(&relay_id, user, idle) || written {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::Missing("connection"))
}

/// `GET /rooms/{id}/online`: for its members.
async fn list_online(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let id: ConversationId = id.parse().map_err(|_| Problem::Missing("conversation"))?;
    let user = me.user();
    let read = app.db.read(move |conn| {
        conversations::get_mine(conn, id, user)?;
        let members = conversations::list_members(conn, &[id])?;
        let people: Vec<UserId> = members.into_iter().map(|member| member.user).collect();
        let (accounts, sight) = (accounts::list(conn, &people)?, Sight::of(conn, user, &people)?);
        let here = people.iter().filter_map(|user| {
            let account = accounts.get(user)?;
            let presence = sight.presence(account);
            presence.online.then(|| OnlinePerson {
                status: presence.status.unwrap_or_default(),
                person: sight.person(account),
            })
        });
        Ok(OnlinePeople {
            people: here.collect(),
        })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}
