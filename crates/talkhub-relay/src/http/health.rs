//! `/`, `/healthz`, `/readyz`: whether the relay is there and can be used. Nothing about versions.

use crate::relay::Relay;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

pub(crate) fn router(relay: Arc<Relay>) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(relay)
}

/// `GET /`: what this is.
async fn show(State(relay): State<Arc<Relay>>) -> Json<Value> {
    Json(json!({ "service": "talkhub-relay", "status": status(&relay) }))
}

/// `GET /healthz`: the program runs.
async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: 200 once a logic server is linked and has registered its relay IDs; 503 with the reason before.
async fn ready(State(relay): State<Arc<Relay>>) -> (StatusCode, Json<Value>) {
    let status = status(&relay);
    let code = match status {
        "ready" => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let link = if relay.links.any() { "there" } else { "away" };
    (code, Json(json!({ "status": status, "link": link })))
}

fn status(relay: &Relay) -> &'static str {
    if relay.is_stopping() {
        "stopping"
    } else if relay.registry.is_starting(Instant::now()) {
        "starting"
    } else if !relay.links.any() {
        "no logic server is linked"
    } else {
        "ready"
    }
}
