//! The internal routes: parse, apply, answer.

use super::body::{Check, json};
use crate::http::problem::answer;
use crate::registry::{Parsed, SetError};
use crate::relay::Relay;
use axum::Json;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::response::IntoResponse;
use serde_json::Value;
use shared_protocol::internal::{Booted, Connected, Registered};
use shared_protocol::{Problem, RelayFrame, RelayId};
use std::sync::Arc;
use std::time::Instant;

type Answer = Result<Response<Body>, Refused>;

/// A problem as the answer of a route.
pub(super) struct Refused(Box<Problem>);

impl From<Box<Problem>> for Refused {
    fn from(problem: Box<Problem>) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        answer(&self.0)
    }
}

fn booted(relay: &Relay) -> Response<Body> {
    Json(Booted {
        boot_id: relay.boot_id.clone(),
    })
    .into_response()
}

fn relay_id(text: &str) -> Result<RelayId, Box<Problem>> {
    text.parse()
        .map_err(|error: shared_protocol::BadId| Box::new(Problem::field("id", error.to_string())))
}

/// `PUT /internal/v1/relay-ids/{id}`: registers or renews one relay ID. A live socket stays.
pub(super) async fn put_one(State(relay): State<Arc<Relay>>, Path(id): Path<String>, body: Body) -> Answer {
    let id = relay_id(&id)?;
    let body = json(&relay, body).await?;
    let mut check = Check::default();
    let registration = check.registration("", &body);
    let Some(registration) = check.done(registration)? else {
        return Err(incomplete().into());
    };
    let lease_s = relay.registry.clamp_lease(registration.lease).as_secs();
    let cut = relay.registry.put(id, registration, Instant::now());
    relay.cut_off(cut.into_iter().collect(), Some(RelayFrame::Revoked));
    Ok(Json(Registered {
        boot_id: relay.boot_id.clone(),
        lease_s,
    })
    .into_response())
}

/// Invariant: every path to `None` has named a wrong field; this is for the day when one does not.
fn incomplete() -> Box<Problem> {
    Box::new(Problem::new("invalid", 400, "The registration is incomplete."))
}

/// `DELETE /internal/v1/relay-ids/{id}`: takes it back and cuts its client off before the answer.
pub(super) async fn remove(State(relay): State<Arc<Relay>>, Path(id): Path<String>) -> Answer {
    let cut = relay.registry.remove(&relay_id(&id)?);
    relay.cut_off(cut.into_iter().collect(), Some(RelayFrame::Revoked));
    Ok(booted(&relay))
}

/// `PUT /internal/v1/relay-ids`: one chunk of the logic server's whole set.
pub(super) async fn put_set(State(relay): State<Arc<Relay>>, body: Body) -> Answer {
    let body = json(&relay, body).await?;
    let mut check = Check::default();
    let generation = check.field::<u64>("", &body, "generation", "a whole number");
    let chunk = check.field::<u32>("", &body, "chunk", "a whole number");
    let last = check.field::<bool>("", &body, "last", "true or false");
    let objects = objects(&relay, &mut check, body.get("relay_ids"), "relay_ids");
    let mut items: Vec<(RelayId, Parsed)> = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        let at = format!("relay_ids[{index}]");
        let id = check.field::<RelayId>(&at, object, "relay_id", "a relay ID: 22 characters of base64url");
        let registration = check.registration(&at, object);
        items.extend(id.zip(registration));
    }
    let items = check.done(items)?;
    let (Some(generation), Some(chunk), Some(last)) = (generation, chunk, last) else {
        return Err(incomplete().into());
    };
    let link = relay.links.opened();
    let put = relay
        .registry
        .put_chunk((generation, chunk, last), link, items, Instant::now());
    let cut = put.map_err(|error| out_of_order(&error))?;
    relay.cut_off(cut, Some(RelayFrame::Revoked));
    Ok(booted(&relay))
}

fn out_of_order(error: &SetError) -> Box<Problem> {
    let mut problem = Box::new(Problem::new(
        "out-of-order",
        409,
        "This chunk does not follow: begin again with chunk 0.",
    ));
    problem.detail = error
        .expected
        .map(|(generation, chunk)| format!("expected chunk {chunk} of generation {generation}"));
    problem
}

/// `POST /internal/v1/groups`: who enters and leaves. In force when it is answered.
pub(super) async fn change_groups(State(relay): State<Arc<Relay>>, body: Body) -> Answer {
    let body = json(&relay, body).await?;
    let mut check = Check::default();
    let objects = objects(&relay, &mut check, body.get("changes"), "changes");
    let mut changes = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        changes.extend(check.group_change(&format!("changes[{index}]"), object));
    }
    relay.registry.change_groups(&check.done(changes)?);
    Ok(booted(&relay))
}

/// `POST /internal/v1/forward`: frames of the logic server, in their order.
pub(super) async fn forward(State(relay): State<Arc<Relay>>, body: Body) -> Answer {
    let body = json(&relay, body).await?;
    let mut check = Check::default();
    let objects = objects(&relay, &mut check, Some(&body), "");
    let mut items = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        items.extend(check.forward(&format!("[{index}]"), object));
    }
    for item in check.done(items)? {
        let frame = serde_json::value::to_raw_value(&item.frame).expect("text is plain JSON");
        crate::link::forward(&relay, &item.to, &frame, item.class, item.except.as_ref());
    }
    Ok(booted(&relay))
}

fn objects<'a>(relay: &Relay, check: &mut Check, value: Option<&'a Value>, name: &str) -> &'a [Value] {
    let most = usize::try_from(relay.config.limits.internal_items).unwrap_or(usize::MAX);
    let shown = if name.is_empty() { "the body" } else { name };
    match value {
        Some(Value::Array(items)) if items.len() <= most => items,
        Some(Value::Array(items)) => {
            check.wrong(
                format!("{name}[{most}]"),
                format!("{} of {most} items", items.len()),
            );
            &[]
        }
        _ => {
            check.wrong(shown, "expected a list");
            &[]
        }
    }
}

/// `GET /internal/v1/relay-ids`: who is connected.
pub(super) async fn list(State(relay): State<Arc<Relay>>) -> Json<Connected> {
    Json(relay.registry.with_connected(|relay_ids| Connected {
        boot_id: relay.boot_id.clone(),
        relay_ids,
    }))
}

/// `GET /internal/v1/link`: the WebSocket between the two programs.
pub(super) async fn link(State(relay): State<Arc<Relay>>, upgrade: WebSocketUpgrade) -> Response<Body> {
    let most = usize::try_from(relay.config.limits.link_message_bytes).unwrap_or(usize::MAX);
    let upgrade = upgrade.max_message_size(most).max_frame_size(most);
    upgrade.on_upgrade(move |socket| crate::link::run(relay, socket))
}
