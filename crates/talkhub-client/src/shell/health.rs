//! `/healthz`: the process lives. `/readyz`: what it needs is there.

use crate::platform::app::App;
use crate::platform::db::Place;
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;
use std::time::Duration;

/// `GET /healthz`
pub async fn show_health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: 503 without the database or a disk to write to; without the relay everything but the live connection
/// works.
pub async fn show_ready(app: Data<App>) -> HttpResponse {
    let (database, disk) = (app.db.answers().await, disk_takes_more(&app).await);
    let relay = app.relay.boot_id().is_some();
    let word = |good: bool, bad: &'static str| if good { "ok" } else { bad };
    let status = match (database && disk, relay) {
        (true, true) => "ready",
        (true, false) => "degraded",
        (false, _) => "unavailable",
    };
    let body = json!({
        "status": status,
        "database": word(database, "away"),
        "disk": word(disk, "full"),
        "relay": word(relay, "away"),
    });
    if database && disk {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}

/// So long a look at the disk counts.
const LOOK: Duration = Duration::from_secs(5);

/// Whether something can be written beside the SQLite file; tried every few seconds at most, whoever asks. A MySQL
/// server's disk is its own affair.
async fn disk_takes_more(app: &App) -> bool {
    let Place::Sqlite(path) = app.db.place() else {
        return true;
    };
    let now = app.clock.monotonic();
    let mut last = app.disk.lock().await;
    if let Some((at, good)) = *last
        && now.saturating_sub(at) < LOOK
    {
        return good;
    }
    let folder = path
        .parent()
        .map(std::path::Path::to_path_buf)
        .unwrap_or_default();
    let probe = folder.join(format!(".talkhub-disk-probe-{}", std::process::id()));
    let written = tokio::task::spawn_blocking(move || {
        let written = std::fs::write(&probe, [0; 4096]);
        written.and_then(|()| std::fs::remove_file(&probe)).is_ok()
    });
    let good = written.await.unwrap_or(false);
    *last = Some((now, good));
    good
}
