//! The internal API: what the logic server says to the relay, guarded by the secret.

mod body;
#[cfg(test)]
mod fuzz;
mod guard;
mod routes;

pub(crate) use guard::{Caller, Strangers};

use crate::relay::Relay;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use std::sync::Arc;

/// Everything under `/internal/v1`.
pub(crate) fn router(relay: Arc<Relay>) -> Router {
    Router::new()
        .route(
            "/internal/v1/relay-ids/{id}",
            put(routes::put_one).delete(routes::remove),
        )
        .route("/internal/v1/relay-ids", put(routes::put_set).get(routes::list))
        .route("/internal/v1/groups", post(routes::change_groups))
        .route("/internal/v1/forward", post(routes::forward))
        .route("/internal/v1/link", get(routes::link))
        .layer(from_fn_with_state(Arc::clone(&relay), guard::guard))
        .with_state(relay)
}
