//! `/healthz`: the process lives. `/readyz`: what it needs is there.

use crate::platform::app::App;
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

/// `GET /healthz`
pub async fn show_health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: 503 without the database; without the relay everything but the live connection works.
pub async fn show_ready(app: Data<App>) -> HttpResponse {
    let database = app.db.answers().await;
    let relay = app.relay.boot_id().is_some();
    let word = |good: bool| if good { "ok" } else { "away" };
    let status = match (database, relay) {
        (true, true) => "ready",
        (true, false) => "degraded",
        (false, _) => "unavailable",
    };
    let body = json!({ "status": status, "database": word(database), "relay": word(relay) });
    if database {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}
