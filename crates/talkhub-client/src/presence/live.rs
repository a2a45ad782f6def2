//! `GET /live`: the stream of a browser that cannot reach the relay.

use super::{Heard, Tracker};
use crate::accounts::{self, SignedIn};
use crate::conversations;
use crate::platform::app::App;
use crate::platform::client_address::is_own_page;
use crate::platform::json::Query;
use crate::platform::live::{Listening, delivery};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{CloseCode, Message, MessageStream, Session};
use futures_util::StreamExt;
use shared_protocol::api::IdleForm;
use shared_protocol::{Group, RelayId, ServerFrame};

/// The route of this door.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource("/live", [("GET", get().to(show))]));
}

/// `GET /live?idle=`: a WebSocket that carries deliveries down and nothing up. The first is a `hello`.
async fn show(
    app: Data<App>,
    tracker: Data<Tracker>,
    request: HttpRequest,
    me: SignedIn,
    query: Query<IdleForm>,
    body: Payload,
) -> Result<HttpResponse> {
    if !is_own_page(&request) {
        return Err(Problem::ForeignOrigin);
    }
    let most = app.config.http.live_per_person;
    let groups = groups(&app, &me).await?;
    let listening = app
        .relay
        .live()
        .open(me.session, me.user(), &groups, most)
        .ok_or(Problem::TooFast(10))?;
    // Again, now that the stream hears what changes from here on: what was made or blocked in between is not missed. Only
    // what differs is done, and looked at once more: a block that comes in between is not undone.
    let mut known = groups;
    loop {
        let now = self::groups(&app, &me).await?;
        let without = |these: &[Group], others: &[Group]| -> Vec<Group> {
            let these = these.iter().filter(|group| !others.contains(group));
            these.cloned().collect()
        };
        let (new, gone) = (without(&now, &known), without(&known, &now));
        if new.is_empty() && gone.is_empty() {
            break;
        }
        listening.join(&new);
        listening.leave(&gone);
        known = now;
    }
    let refused = |_| {
        Problem::invalid(
            "upgrade",
            crate::platform::words::Said::new("live-needs-websocket"),
        )
    };
    let (answer, session, stream) = actix_ws::handle(&request, body).map_err(refused)?;
    let relay_id = app.clock.relay_id();
    let hello = ServerFrame::Hello {
        user: me.account.whole_person(),
        relay_id: relay_id.clone(),
        history_id: app.history_id.to_string(),
    };
    let hello = serde_json::to_string(&hello).map_err(|error| Problem::Internal(error.into()))?;
    let hello = delivery(&me.account.relay_group, &hello).get().to_owned();
    // A browser is told of no ping, so the heartbeat that it can hear is a text.
    let every_s = app.config.http.live_ping.as_secs();
    let beat = serde_json::to_string(&ServerFrame::Beat { every_s })
        .map_err(|error| Problem::Internal(error.into()))?;
    let beat = delivery(&me.account.relay_group, &beat).get().to_owned();
    let served = serve(
        app.clone(),
        tracker,
        me,
        relay_id,
        session,
        stream,
        listening,
        hello,
        beat,
        query.0.idle,
    );
    app.tasks.start_local("live stream", served);
    Ok(answer)
}

/// Whether the sign-in was ended, by whichever program; not being able to ask is no end.
async fn has_ended(app: &App, me: &SignedIn) -> bool {
    let session = me.session;
    let exists = app
        .db
        .read(move |conn| accounts::session_exists(conn, session))
        .await;
    matches!(exists, Ok(false))
}

async fn groups(app: &App, me: &SignedIn) -> Result<Vec<Group>> {
    let (user, own) = (me.user(), me.account.relay_group.clone());
    let groups = app
        .db
        .read(move |conn| conversations::list_groups(conn, &[user]))
        .await?;
    Ok(groups
        .into_iter()
        .map(|(_, _, group)| group)
        .chain([own])
        .collect())
}

#[expect(
    clippy::too_many_arguments,
    reason = "everything that one stream lives on, in one place"
)]
async fn serve(
    app: Data<App>,
    tracker: Data<Tracker>,
    me: SignedIn,
    relay_id: RelayId,
    mut session: Session,
    mut stream: MessageStream,
    mut listening: Listening,
    hello: String,
    beat: String,
    idle: bool,
) {
    let every = app.config.http.live_ping;
    let mut ticks = tokio::time::interval(every);
    let mut heard = app.clock.monotonic();
    let mut open = session.text(hello).await.is_ok();
    let mut reason = None;
    while open {
        tokio::select! {
            delivery = listening.next() => match delivery {
                Some(delivery) => open = session.text(delivery.to_string()).await.is_ok(),
                None => { reason = Some(CloseCode::Away); open = false; }
            },
            message = stream.next() => match message {
                Some(Ok(Message::Pong(_))) => heard = app.clock.monotonic(),
                Some(Ok(Message::Ping(bytes))) => open = session.pong(&bytes).await.is_ok(),
                // Nothing is said on this stream by a browser; whoever does is no page of ours.
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Continuation(_))) => {
                    reason = Some(CloseCode::Policy);
                    open = false;
                }
                Some(Ok(Message::Close(_) | Message::Nop) | Err(_)) | None => open = false,
            },
            _ = ticks.tick() => {
                let silent = app.clock.monotonic().saturating_sub(heard);
                open = silent < every * 3
                    && session.ping(b"").await.is_ok()
                    && session.text(beat.clone()).await.is_ok();
                if open && has_ended(&app, &me).await {
                    reason = Some(CloseCode::Away);
                    open = false;
                }
                // A live stream is a heartbeat like any other. (RU18)
                let heard = Heard { relay_id: relay_id.clone(), user: me.user(), idle, choice: me.account.presence_choice() };
                tracker.renew(heard, app.clock.monotonic());
            }
        }
    }
    drop(listening);
    let at_once = reason == Some(CloseCode::Away);
    tracker.lose(&relay_id, at_once, app.clock.monotonic());
    drop(session.close(reason.map(Into::into)).await);
}
