//! The JSON doors of accounts: register, sign in and out, oneself.

use super::login::{Entry, Proven, enter_again, enter_first, prove, prove_again};
use super::model::Registration;
use super::names::Password;
use super::signed_in::{AnySignedIn, cookie, no_cookie};
use super::{Account, Ended, SignedIn, confirm_password, devices, leaving, profile};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::client_address::{client_network, is_https};
use crate::platform::db::DbConn;
use crate::platform::json::Json;
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::secret;
use crate::platform::words::Said;
use actix_web::cookie::Cookie;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::join_all;
use shared_protocol::UserId;
use shared_protocol::api::{FreeUserId, LoginForm, PasswordForm, ProfileForm, RegisterForm, StepForm};

/// The routes of this slice under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/accounts", [("POST", web::post().to(create))]))
        .service(resource(
            "/sessions",
            [
                ("POST", web::post().to(sign_in)),
                ("GET", get().to(devices::list)),
                ("DELETE", web::delete().to(devices::remove_others)),
            ],
        ))
        .service(resource(
            "/sessions/step",
            [("POST", web::post().to(sign_in_with_code))],
        ))
        .service(resource(
            "/sessions/current",
            [("DELETE", web::delete().to(sign_out))],
        ))
        .service(resource("/free-user-ids", [("GET", get().to(offer_user_id))]))
        .service(resource(
            "/free-user-ids/{user_id}",
            [("GET", get().to(check_user_id))],
        ))
        .service(resource(
            "/me",
            [
                ("GET", get().to(show_me)),
                ("PATCH", web::patch().to(update_me)),
                ("DELETE", web::delete().to(leaving::remove)),
            ],
        ))
        .service(resource(
            "/me/password",
            [("PUT", web::put().to(update_password))],
        ));
}

/// `POST /accounts`
async fn create(app: Data<App>, request: HttpRequest, form: Json<RegisterForm>) -> Result<HttpResponse> {
    let entry = register(&app, &request, form.0).await?;
    Ok(entered(&app, &entry))
}

/// `POST /sessions`
async fn sign_in(app: Data<App>, request: HttpRequest, form: Json<LoginForm>) -> Result<HttpResponse> {
    let form = form.0;
    match prove(&app, &request, &form.name, &form.password, form.keep).await? {
        Proven::Wholly(account) => Ok(entered(
            &app,
            &enter_again(&app, &request, *account, form.keep).await?,
        )),
        Proven::Halfway(step) => Ok(HttpResponse::Accepted().json(step)),
    }
}

/// `POST /sessions/step`
async fn sign_in_with_code(
    app: Data<App>,
    request: HttpRequest,
    form: Json<StepForm>,
) -> Result<HttpResponse> {
    let (account, keep) = prove_again(&app, &request, &form.0.step, &form.0.code).await?;
    Ok(entered(&app, &enter_again(&app, &request, account, keep).await?))
}

fn entered(app: &App, entry: &Entry) -> HttpResponse {
    entry
        .give(HttpResponse::Created())
        .json(entry.account.me(&app.history_id))
}

/// `DELETE /sessions/current`
async fn sign_out(
    app: Data<App>,
    request: HttpRequest,
    AnySignedIn(me): AnySignedIn,
) -> Result<HttpResponse> {
    let cookie = logout(&app, &request, &me).await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// `GET /free-user-ids`
async fn offer_user_id(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(FreeUserId {
        user_id: offer(&app, &request).await?,
        free: true,
    }))
}

/// `GET /free-user-ids/{user ID}`
async fn check_user_id(app: Data<App>, request: HttpRequest, id: Path<String>) -> Result<HttpResponse> {
    app.limits
        .offers
        .take(client_network(&request), app.clock.monotonic())?;
    let malformed = |_| Problem::invalid("user_id", Said::new("user-id-malformed"));
    let user_id: UserId = id.parse().map_err(malformed)?;
    let free = app.db.read(move |conn| super::is_free(conn, user_id)).await?;
    Ok(HttpResponse::Ok().json(FreeUserId { user_id, free }))
}

/// `GET /me`
async fn show_me(app: Data<App>, me: SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(me.account.me(&app.history_id))
}

/// `PATCH /me`
async fn update_me(app: Data<App>, me: SignedIn, form: Json<ProfileForm>) -> Result<HttpResponse> {
    let account = change_profile(&app, &me, form.0).await?;
    Ok(HttpResponse::Ok().json(account.me(&app.history_id)))
}

/// `PUT /me/password`
async fn update_password(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Json<PasswordForm>,
) -> Result<HttpResponse> {
    let cookie = change_password(&app, &request, &me, form.0).await?;
    let mut answer = HttpResponse::NoContent();
    if !me.program {
        answer.cookie(cookie);
    }
    Ok(answer.finish())
}

/// A new account that is signed in at once; used by page and API.
pub(super) async fn register(app: &App, request: &HttpRequest, form: RegisterForm) -> Result<Entry> {
    register_and(app, request, form, |_, _| Ok(())).await
}

/// The same with something more in the same transaction: either both happen, or nothing.
pub(super) async fn register_and(
    app: &App,
    request: &HttpRequest,
    form: RegisterForm,
    more: impl Fn(&mut DbConn, UserId) -> Result<()> + Send + 'static,
) -> Result<Entry> {
    app.limits
        .registrations
        .take(client_network(request), app.clock.monotonic())?;
    let (wanted, password) = Registration::parse(&form)?;
    let hash = app.hasher.hash(password.into_text()).await?;
    let (config, clock) = (app.config.clone(), app.clock.clone());
    let wanted = std::sync::Arc::new(wanted);
    let made = app.db.write(move |conn| {
        let account = super::register(conn, &wanted, &hash, &config.accounts.user_ids, &clock)?;
        more(conn, account.user_id)?;
        Ok(account)
    });
    let account = made.await?;
    tracing::info!(user = %account.user_id, "Registered");
    enter_first(app, request, account).await
}

/// Ends this sign-in; its sockets are closed when this returns. Used by page and API.
pub(super) async fn logout(app: &App, request: &HttpRequest, me: &SignedIn) -> Result<Cookie<'static>> {
    let (mine, source, clock) = (me.clone(), Source::of(request), app.clock.clone());
    let ended = app
        .db
        .write(move |conn| super::sign_out(conn, &mine, &source, &clock))
        .await?;
    close(app, ended).await;
    tracing::info!(user = %me.user(), "Signed out");
    Ok(no_cookie(is_https(request)))
}

/// New name, status line, language or theme; used by page and API.
pub(super) async fn change_profile(app: &App, me: &SignedIn, form: ProfileForm) -> Result<Account> {
    let change = profile::Change::parse(&form)?;
    let (user, clock) = (me.user(), app.clock.clone());
    app.db
        .write(move |conn| profile::update(conn, user, &change, &clock))
        .await
}

/// A new password, with the present one as proof; gives back the cookie of the renewed sign-in. Used by page and API.
pub(super) async fn change_password(
    app: &App,
    request: &HttpRequest,
    me: &SignedIn,
    form: PasswordForm,
) -> Result<Cookie<'static>> {
    let own = [me.account.username.as_str(), me.account.email.as_str()];
    let mut issues = Vec::new();
    let mut keep = |field: &'static str, said: Said| issues.push(FieldIssue { field, said });
    let password = Password::parse(&form.password, &own)
        .map_err(|said| keep("password", said))
        .ok();
    if form.password != form.password_again {
        keep("password_again", Said::new("passwords-differ"));
    }
    match confirm_password(app, request, me, form.current).await {
        Ok(()) => (),
        Err(Problem::Invalid(wrong)) => issues.extend(wrong),
        Err(problem) => return Err(problem),
    }
    let Some(password) = password.filter(|_| issues.is_empty()) else {
        return Err(Problem::Invalid(issues));
    };
    let hash = app.hasher.hash(password.into_text()).await?;
    let token = secret::token(app.clock.random());
    let (me, clock, digest) = (me.clone(), app.clock.clone(), secret::digest(&token));
    let keep = me.keep;
    let source = Source::of(request);
    let ended = app.db.write(move |conn| {
        super::change_password(conn, &me.account, &hash, &source, &clock)?;
        super::renew_session(conn, &me, &digest)?;
        // Tokens end with the password that they came by, this program's own too. (SEC08)
        let mut ended = super::end_programs(conn, me.user(), &clock)?;
        if form.end_others {
            ended.extend(super::end_other_sessions(conn, &me, &source, &clock)?);
        }
        Ok(ended)
    });
    close(app, ended.await?).await;
    Ok(cookie(token, keep, is_https(request), app))
}

/// A free user ID at random; used by page and API.
pub(super) async fn offer(app: &App, request: &HttpRequest) -> Result<UserId> {
    app.limits
        .offers
        .take(client_network(request), app.clock.monotonic())?;
    let (config, clock) = (app.config.clone(), app.clock.clone());
    app.db
        .read(move |conn| super::free_user_id(conn, &config.accounts.user_ids, &clock))
        .await
}

/// Closes the sockets and streams of ended sign-ins, all at once. A relay that does not answer hears of it again through
/// the job.
pub(super) async fn close(app: &App, ended: Ended) {
    app.relay.live().end(&ended.sessions);
    let revoked = ended.relay_ids.iter().map(|relay_id| app.relay.revoke(relay_id));
    for (relay_id, done) in ended.relay_ids.iter().zip(join_all(revoked).await) {
        if let Err(problem) = done {
            tracing::warn!(relay_id = relay_id.short(), %problem, "A relay ID could not be taken back yet");
        }
    }
}
