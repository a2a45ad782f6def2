//! `SignedIn` as an argument is the permission check that nobody can forget.

use super::model::Account;
use super::store;
use crate::platform::app::App;
use crate::platform::client_address::is_https;
use crate::platform::clock::millis;
use crate::platform::problem::{Problem, Result};
use crate::platform::secret;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use shared_protocol::UserId;
use std::time::Duration;

/// A last use older than this (milliseconds) is worth a write.
const WORTH_A_WRITE: i64 = 60_000;

/// So long a request waits for that write.
const TOUCH_PATIENCE: Duration = Duration::from_secs(1);

/// The person whose browser or device this is.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub session: i64,
    /// Whether it outlives the browser.
    pub keep: bool,
    pub account: Account,
}

impl SignedIn {
    pub fn user(&self) -> UserId {
        self.account.user_id
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<Data<App>>().cloned();
            let app = app.ok_or_else(|| Problem::Internal(anyhow::anyhow!("the router lacks its App")))?;
            if request.headers().contains_key("authorization") {
                // A program speaks for itself: its cookie, if it has one, is not read.
                return Err(Problem::SignedOut);
            }
            let cookie = request
                .cookie(cookie_name(is_https(&request)))
                .ok_or(Problem::SignedOut)?;
            find(&app, cookie.value()).await?.ok_or(Problem::SignedOut)
        })
    }
}

/// Whoever holds this token, if the sign-in has not ended.
async fn find(app: &App, token: &str) -> Result<Option<SignedIn>> {
    let (digest, now) = (secret::digest(token), app.clock.now());
    let idle_since = now - millis(app.config.accounts.session_idle);
    let found = app
        .db
        .read(move |conn| Ok(store::find_session(conn, &digest, now, idle_since)?))
        .await?;
    let Some((session, last_used, keep, account)) = found else {
        return Ok(None);
    };
    if last_used < now - WORTH_A_WRITE {
        let touched = app.db.write(move |conn| super::touch_session(conn, session, now));
        // Reading goes on where nothing can be written just now.
        match tokio::time::timeout(TOUCH_PATIENCE, touched).await {
            Ok(Ok(())) => (),
            Ok(Err(problem)) => tracing::warn!(?problem, "A last use could not be written"),
            Err(_) => tracing::warn!("A last use could not be written in time"),
        }
    }
    Ok(Some(SignedIn {
        session,
        keep,
        account,
    }))
}

/// Under HTTPS the name ties the cookie to this host (RFC 6265bis, `__Host-`).
fn cookie_name(https: bool) -> &'static str {
    if https {
        "__Host-talkhub_session"
    } else {
        "talkhub_session"
    }
}

/// The cookie of a new sign-in. Without `keep` it goes when the browser closes.
pub(super) fn cookie(token: String, keep: bool, https: bool, app: &App) -> Cookie<'static> {
    let cookie = Cookie::build(cookie_name(https), token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https);
    let seconds = i64::try_from(app.config.accounts.session_end.as_secs()).unwrap_or(i64::MAX);
    match keep {
        true => cookie.max_age(time::Duration::seconds(seconds)).finish(),
        false => cookie.finish(),
    }
}

/// Takes the cookie away.
pub(super) fn no_cookie(https: bool) -> Cookie<'static> {
    let mut cookie = Cookie::build(cookie_name(https), "")
        .path("/")
        .http_only(true)
        .secure(https)
        .finish();
    cookie.make_removal();
    cookie
}
