//! The doors of second factors: set up, confirm, new recovery codes, end. Page and API use the same actions.

use super::changes;
use super::signed_in::{AnySignedIn, cookie};
use super::time_codes::{self, Code};
use super::{SignedIn, confirm_password, factor};
use crate::platform::app::App;
use crate::platform::audit::{Event, Source};
use crate::platform::client_address::is_https;
use crate::platform::config::{host_of, is_loopback_url};
use crate::platform::json::Json;
use crate::platform::limits::Try;
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::secret;
use crate::platform::words::{Said, Words};
use actix_web::cookie::Cookie;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use shared_protocol::api::{CodeForm, FactorForm, FactorSecret, ProofForm, RecoveryCodes};

/// The routes of second factors under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource(
            "/me/second-factor",
            [("GET", get().to(show)), ("POST", web::post().to(create))],
        ))
        .service(resource(
            "/me/second-factor/confirm",
            [("POST", web::post().to(confirm_it))],
        ))
        .service(resource(
            "/me/second-factor/recovery-codes",
            [("POST", web::post().to(renew))],
        ))
        .service(resource(
            "/me/second-factor/end",
            [("POST", web::post().to(remove))],
        ));
}

/// `GET /me/second-factor`
async fn show(app: Data<App>, AnySignedIn(me): AnySignedIn) -> Result<HttpResponse> {
    let user = me.user();
    let state = app.db.read(move |conn| factor::show(conn, user)).await?;
    Ok(HttpResponse::Ok().json(state))
}

/// `POST /me/second-factor`
async fn create(
    app: Data<App>,
    request: HttpRequest,
    AnySignedIn(me): AnySignedIn,
    form: Json<FactorForm>,
) -> Result<HttpResponse> {
    Ok(HttpResponse::Created().json(begin(&app, &request, &me, form.0.current).await?))
}

/// `POST /me/second-factor/confirm`
async fn confirm_it(
    app: Data<App>,
    request: HttpRequest,
    AnySignedIn(me): AnySignedIn,
    form: Json<CodeForm>,
) -> Result<HttpResponse> {
    let (codes, cookie) = confirm(&app, &request, &me, &form.0.code).await?;
    let mut answer = HttpResponse::Ok();
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    Ok(answer.json(codes))
}

/// `POST /me/second-factor/recovery-codes`
async fn renew(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Json<ProofForm>,
) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(renew_codes(&app, &request, &me, form.0).await?))
}

/// `POST /me/second-factor/end`
async fn remove(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Json<ProofForm>,
) -> Result<HttpResponse> {
    end(&app, &request, &me, form.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A new secret for the authenticator app, with the password as proof.
pub(super) async fn begin(
    app: &App,
    request: &HttpRequest,
    me: &SignedIn,
    password: String,
) -> Result<FactorSecret> {
    confirm_password(app, request, me, password).await?;
    let (secret, user) = (app.clock.random::<{ time_codes::SECRET }>(), me.user());
    let (keys, source, clock) = (app.keys.clone(), Source::of(request), app.clock.clone());
    app.db
        .write(move |conn| {
            factor::begin(conn, &keys, user, &secret, &clock)?;
            changes::note(conn, Event::FactorBegun, user, &source, &clock)
        })
        .await?;
    Ok(told(app, me, &secret))
}

/// The secret that is being set up, once more.
pub(super) async fn find_begun(app: &App, me: &SignedIn) -> Result<Option<FactorSecret>> {
    let (user, keys, now) = (me.user(), app.keys.clone(), app.clock.now());
    let secret = app
        .db
        .read(move |conn| factor::find_begun(conn, &keys, user, now))
        .await?;
    Ok(secret.map(|secret| told(app, me, &secret)))
}

fn told(app: &App, me: &SignedIn, secret: &[u8]) -> FactorSecret {
    let name = Words::english().get("name");
    let here = app.config.http.public_urls.first();
    // Names this server among others in the same app.
    let issuer = match here.filter(|url| !is_loopback_url(url)) {
        Some(url) => format!("{name} {}", host_of(url)),
        None => name.to_owned(),
    };
    FactorSecret {
        secret: time_codes::base32(secret),
        uri: time_codes::uri(&issuer, &me.account.username, secret),
    }
}

/// In force from now on; gives back the recovery codes, and for a browser the cookie of its renewed sign-in. (SEC07)
pub(super) async fn confirm(
    app: &App,
    request: &HttpRequest,
    me: &SignedIn,
    code: &str,
) -> Result<(RecoveryCodes, Option<Cookie<'static>>)> {
    let tried = app.limits.codes.begin(guess(me), app.clock.monotonic())?;
    let (recovery, token) = (factor::fresh_codes(&app.clock), secret::token(app.clock.random()));
    let right = match Code::parse(code) {
        Some(code) => {
            let (me, keys, clock) = (me.clone(), app.keys.clone(), app.clock.clone());
            let (recovery, digest) = (recovery.clone(), secret::digest(&token));
            let source = Source::of(request);
            app.db
                .write(move |conn| {
                    let right = factor::confirm(conn, &keys, me.user(), &code, &recovery, &clock)?;
                    if right {
                        changes::note(conn, Event::FactorOn, me.user(), &source, &clock)?;
                    }
                    if right && !me.program {
                        super::renew_session(conn, &me, &digest)?;
                    }
                    Ok(right)
                })
                .await?
        }
        None => false,
    };
    judge(app, request, me, tried, right)?;
    tracing::info!(user = %me.user(), "Turned a second factor on");
    let renewed = (!me.program).then(|| cookie(token, me.keep, is_https(request), app));
    Ok((shown(&recovery), renewed))
}

/// New recovery codes in the place of the old ones, with password and code as proof.
pub(super) async fn renew_codes(
    app: &App,
    request: &HttpRequest,
    me: &SignedIn,
    form: ProofForm,
) -> Result<RecoveryCodes> {
    let recovery = factor::fresh_codes(&app.clock);
    let (user, fresh, whose) = (me.user(), recovery.clone(), me.clone());
    let (source, clock) = (Source::of(request), app.clock.clone());
    prove_both(app, request, me, form).await?;
    app.db
        .write(move |conn| {
            super::check_still(conn, &whose)?;
            if !factor::is_on(conn, user)? {
                return Err(Problem::Conflict(Said::new("factor-off-already")));
            }
            factor::renew_codes(conn, user, &fresh)?;
            changes::note(conn, Event::RecoveryCodesRenewed, user, &source, &clock)
        })
        .await?;
    tracing::info!(%user, "Made new recovery codes");
    Ok(shown(&recovery))
}

/// From now on the password is enough again; password and code are asked for once more. Not where it is required.
pub(super) async fn end(app: &App, request: &HttpRequest, me: &SignedIn, form: ProofForm) -> Result<()> {
    let user = me.user();
    prove_both(app, request, me, form).await?;
    let (source, config, clock) = (Source::of(request), app.config.clone(), app.clock.clone());
    let whose = me.clone();
    let ended = app.db.write(move |conn| {
        super::check_still(conn, &whose)?;
        changes::end_factor(conn, user, &source, &config.accounts, &clock)
    });
    ended.await?;
    tracing::info!(%user, "Turned a second factor off");
    Ok(())
}

async fn prove_both(app: &App, request: &HttpRequest, me: &SignedIn, form: ProofForm) -> Result<()> {
    let user = me.user();
    let tried = app.limits.codes.begin(guess(me), app.clock.monotonic())?;
    confirm_password(app, request, me, form.current).await?;
    if !app.db.read(move |conn| factor::is_on(conn, user)).await? {
        return Err(Problem::Conflict(Said::new("factor-off-already")));
    }
    let right = match Code::parse(&form.code) {
        Some(code) => {
            let (keys, source, clock) = (app.keys.clone(), Source::of(request), app.clock.clone());
            app.db
                .write(move |conn| factor::use_code(conn, &keys, user, &code, &source, &clock))
                .await?
        }
        None => false,
    };
    judge(app, request, me, tried, right)
}

/// Wrong codes count for this sign-in alone: nobody else can use them up.
fn guess(me: &SignedIn) -> (String, String) {
    (me.user().to_string(), format!("sign-in {}", me.session))
}

fn judge(
    app: &App,
    request: &HttpRequest,
    me: &SignedIn,
    tried: Try<(String, String)>,
    right: bool,
) -> Result<()> {
    if right {
        tried.succeeded();
        return Ok(());
    }
    tried.failed(app.clock.monotonic());
    let source = Source::of(request);
    app.limits.refusals.note(Event::CodeRefused, me.user(), source);
    Err(Problem::invalid("code", Said::new("code-wrong")))
}

fn shown(codes: &[String]) -> RecoveryCodes {
    let recovery_codes = codes.iter().map(|code| time_codes::grouped(code)).collect();
    RecoveryCodes { recovery_codes }
}
