//! Every address of the logic server.

use super::{assets, guard, health};
use crate::messages::committer::Committer;
use crate::platform::app::App;
use crate::platform::problem::Problem;
use crate::platform::routes::{get, resource};
use crate::presence::Tracker;
use crate::{accounts, contacts, messages, presence};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};

/// The whole router around one [`App`].
pub fn router(
    app: App,
    tracker: Tracker,
    committer: Committer,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let api = web::scope("/api/v1")
        .configure(accounts::http::routes)
        .configure(accounts::avatar::routes)
        .configure(accounts::tokens::routes)
        .configure(accounts::factor_http::routes)
        // After `/sessions/current` and `/sessions/step`, which its pattern would take for ids.
        .configure(accounts::devices::routes)
        .configure(contacts::http::routes)
        .configure(presence::blocks::routes)
        .configure(accounts::privacy_http::routes)
        .configure(accounts::reset::routes)
        .configure(accounts::email::routes)
        .configure(accounts::activity::routes)
        .configure(messages::export::routes)
        .configure(presence::http::routes)
        .configure(presence::choice::routes)
        .configure(messages::http::routes)
        .configure(messages::requests::routes)
        .default_service(web::to(missing));
    actix_web::App::new()
        .app_data(Data::new(app))
        .app_data(Data::new(tracker))
        .app_data(Data::new(committer))
        .wrap(from_fn(guard::around))
        .service(api)
        .service(resource("/healthz", [("GET", get().to(health::show_health))]))
        .service(resource("/readyz", [("GET", get().to(health::show_ready))]))
        .service(resource("/assets/{file:.*}", [("GET", get().to(assets::show))]))
        .configure(presence::live::routes)
        .configure(accounts::pages::routes)
        .configure(accounts::settings::routes)
        .configure(accounts::avatar::pages)
        .configure(contacts::pictures::routes)
        .configure(accounts::privacy_http::pages)
        .configure(presence::choice::pages)
        .configure(presence::blocks_page::pages)
        .configure(accounts::security::routes)
        .configure(accounts::setup::pages)
        .configure(accounts::reset::pages)
        .configure(accounts::email::pages)
        .configure(accounts::activity::pages)
        .configure(accounts::leaving::pages)
        .configure(messages::export::pages)
        .configure(messages::pages::routes)
        .default_service(web::to(missing))
}

async fn missing() -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem::Missing("page"))
}
