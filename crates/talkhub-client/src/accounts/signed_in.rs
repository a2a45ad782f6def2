//! `SignedIn` as an argument is the permission check that nobody can forget.

use super::model::Account;
use super::{access, factor, signing_store, store};
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
    /// Whether it is a program with a token, not a browser with a cookie.
    pub program: bool,
    pub account: Account,
    /// An administrator without the second factor that is asked of administrators here.
    lacks_factor: bool,
}

impl SignedIn {
    pub fn user(&self) -> UserId {
        self.account.user_id
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let found = AnySignedIn::from_request(request, payload);
        Box::pin(async move {
            let AnySignedIn(me) = found.await?;
            match me.lacks_factor {
                true => Err(Problem::FactorMissing),
                false => Ok(me),
            }
        })
    }
}

/// The same for the few doors that lead to the second factor, or out: whoever lacks the one that is asked of them gets in
/// nowhere else.
#[derive(Clone, Debug)]
pub(super) struct AnySignedIn(pub SignedIn);

impl FromRequest for AnySignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<Data<App>>().cloned();
            let app = app.ok_or_else(|| Problem::Internal(anyhow::anyhow!("the router lacks its App")))?;
            // A program speaks for itself: its cookie, if it has one, is not read.
            let found = match request.headers().get("authorization") {
                Some(said) => {
                    let token = said.to_str().ok().and_then(bearer).ok_or(Problem::SignedOut)?;
                    find_by_token(&app, token).await?
                }
                None => {
                    let cookie = request
                        .cookie(cookie_name(is_https(&request)))
                        .ok_or(Problem::SignedOut)?;
                    find_by_cookie(&app, cookie.value()).await?
                }
            };
            let (me, last_used) = found.ok_or(Problem::SignedOut)?;
            touch(&app, me.session, last_used).await;
            Ok(Self(me))
        })
    }
}

/// The token of `Authorization: Bearer …`; other schemes are not ours.
fn bearer(said: &str) -> Option<&str> {
    let (scheme, token) = said.trim().split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim_start())
}

/// Whoever holds this cookie, if the sign-in has not ended, and when they last did something.
async fn find_by_cookie(app: &App, token: &str) -> Result<Option<(SignedIn, i64)>> {
    let (digest, now) = (secret::digest(token), app.clock.now());
    let config = app.config.clone();
    let idle_since = now - millis(config.accounts.session_idle);
    let read = app.db.read(move |conn| {
        let found = store::find_session(conn, &digest, now, idle_since)?;
        let Some((session, last_used, keep, account)) = found else {
            return Ok(None);
        };
        let me = SignedIn {
            session,
            keep,
            program: false,
            lacks_factor: factor::is_missing(conn, &config.accounts, account.user_id)?,
            account,
        };
        Ok(Some((me, last_used)))
    });
    read.await
}

/// The same for an access token: its sign-in must not have ended since. (SEC08)
async fn find_by_token(app: &App, token: &str) -> Result<Option<(SignedIn, i64)>> {
    let now = app.clock.now();
    let Some((user, session)) = access::read(&app.keys, token, now) else {
        return Ok(None);
    };
    let config = app.config.clone();
    let idle_since = now - millis(config.accounts.session_idle);
    let read = app.db.read(move |conn| {
        let found = signing_store::find_session(conn, session, now, idle_since)?;
        let mine = found.filter(|(_, _, account)| account.user_id == user);
        let Some((last_used, keep, account)) = mine else {
            return Ok(None);
        };
        let me = SignedIn {
            session,
            keep,
            program: true,
            lacks_factor: factor::is_missing(conn, &config.accounts, user)?,
            account,
        };
        Ok(Some((me, last_used)))
    });
    read.await
}

async fn touch(app: &App, session: i64, last_used: i64) {
    let now = app.clock.now();
    if now - WORTH_A_WRITE <= last_used {
        return;
    }
    let touched = app.db.write(move |conn| super::touch_session(conn, session, now));
    // Reading goes on where nothing can be written just now.
    match tokio::time::timeout(TOUCH_PATIENCE, touched).await {
        Ok(Ok(())) => (),
        Ok(Err(problem)) => tracing::warn!(?problem, "A last use could not be written"),
        Err(_) => tracing::warn!("A last use could not be written in time"),
    }
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
