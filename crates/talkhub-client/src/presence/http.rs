//! `POST /relay-ids`: a connection gets its address at the relay.

use super::model::{Connection, NewConnection};
use super::store;
use crate::accounts::{self, SignedIn};
use crate::platform::app::App;
use crate::platform::client_address::{device, host, is_https, page_origin};
use crate::platform::clock::millis;
use crate::platform::config::{host_of, is_loopback_url};
use crate::platform::json::Json;
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::resource;
use crate::platform::secret;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use shared_protocol::api::{IdleForm, RelayTicket};
use shared_protocol::{RelayId, origin};

/// The routes of this slice under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes.service(resource("/relay-ids", [("POST", web::post().to(create))]));
}

/// `POST /relay-ids`
async fn create(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Option<Json<IdleForm>>,
) -> Result<HttpResponse> {
    app.limits.relay_ids.take(me.user(), app.clock.monotonic())?;
    let (token, relay_id) = (secret::token(app.clock.random()), app.clock.relay_id());
    let origins = origins(&app, &request);
    let lease_end = app.clock.now() + millis(app.config.relay.lease);
    let connection = Connection {
        relay_id: relay_id.clone(),
        user: me.user(),
        token_sha256: secret::digest(&token),
        origins,
    };
    let new = NewConnection {
        connection,
        session: me.session,
        device: device(&request),
        lease_end,
        now: app.clock.now(),
    };
    // A program sends no body, or an empty object: it is never idle.
    let idle = form.is_some_and(|form| form.0.idle);
    // The row first: whoever makes a conversation from now on lets this connection in as well.
    let inserted = app.db.write(move |conn| {
        // Signed out in another tab at this moment.
        if !accounts::session_exists(conn, new.session)? {
            return Err(Problem::SignedOut);
        }
        store::insert(conn, &new)?;
        if idle {
            store::set_idle(conn, &new.connection.relay_id, true)?;
        }
        Ok(())
    });
    inserted.await?;
    let lease_s = match register(&app, &relay_id).await {
        Ok(lease_s) => lease_s,
        Err(problem) => {
            app.db
                .write(move |conn| Ok(store::delete(conn, std::slice::from_ref(&relay_id))?))
                .await?;
            return Err(problem);
        }
    };
    let relay_url = relay_url(&app, &request);
    Ok(HttpResponse::Created().json(RelayTicket {
        relay_url,
        relay_id,
        token,
        lease_s,
    }))
}

/// Whose pages may connect with it: the public URLs; where none is set, the origin under which this page was opened too,
/// so that a try over the local network works without settings.
fn origins(app: &App, request: &HttpRequest) -> Vec<String> {
    let mut origins = app.config.http.public_urls.clone();
    let here = origin::parse(&page_origin(request)).filter(|_| !app.config.http.has_public_url);
    origins.extend(here.filter(|here| !app.config.http.public_urls.contains(here)));
    origins
}

/// Registers, and writes down with which boot of the relay and until when.
async fn register(app: &App, relay_id: &RelayId) -> Result<u64> {
    let wanted = super::describe(app, relay_id).await?;
    let registered = super::register(app, relay_id, wanted).await?;
    let (relay_id, boot_id) = (relay_id.clone(), registered.boot_id);
    let lease_end = app.clock.now() + i64::try_from(registered.lease_s).unwrap_or(0) * 1000;
    let save = app.db.write(move |conn| {
        Ok(store::update_boot(
            conn,
            std::slice::from_ref(&relay_id),
            &boot_id,
            lease_end,
        )?)
    });
    save.await?;
    Ok(registered.lease_s)
}

/// The relay as this browser reaches it.
pub fn relay_url(app: &App, request: &HttpRequest) -> String {
    let relay = &app.config.relay;
    if let Some(url) = &relay.public_url {
        return url.clone();
    }
    let page_host = host(request).to_lowercase();
    let page_host = host_of(&page_host);
    let page_is_here = page_host.is_empty() || is_loopback_url(&format!("http://{page_host}"));
    if !is_loopback_url(&relay.url) || page_is_here {
        return relay.url.clone();
    }
    // The relay is beside us, the browser is not: the page's host, the relay's port.
    let scheme = if is_https(request) { "https" } else { "http" };
    let port = relay
        .url
        .rsplit(':')
        .next()
        .filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let page_host = if page_host.contains(':') {
        format!("[{page_host}]")
    } else {
        page_host.to_owned()
    };
    match port {
        Some(port) => format!("{scheme}://{page_host}:{port}"),
        None => format!("{scheme}://{page_host}"),
    }
}
