//! The JSON doors of accounts: register, sign in and out, oneself, finding people.

use super::model::{PeopleQuery, Registration};
use super::names::{DisplayName, Password, username_key};
use super::signed_in::{cookie, no_cookie};
use super::{Account, Ended, Sign, SignedIn, store};
use crate::platform::app::App;
use crate::platform::client_address::{client_ip, client_network, device, is_https};
use crate::platform::json::{Json, Query};
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::secret;
use crate::platform::words::Said;
use actix_web::cookie::Cookie;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use shared_protocol::UserId;
use shared_protocol::api::{FreeUserId, LoginForm, PasswordForm, People, Profile, ProfileForm, RegisterForm};

/// The routes of this slice under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/accounts", [("POST", web::post().to(create))]))
        .service(resource(
            "/sessions",
            [
                ("POST", web::post().to(sign_in)),
                ("GET", get().to(list_sessions)),
            ],
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
            [("GET", get().to(show_me)), ("PATCH", web::patch().to(update_me))],
        ))
        .service(resource(
            "/me/password",
            [("PUT", web::put().to(update_password))],
        ))
        .service(resource("/users", [("GET", get().to(search))]))
        .service(resource("/users/{user_id}", [("GET", get().to(show))]));
}

/// `POST /accounts`
async fn create(app: Data<App>, request: HttpRequest, form: Json<RegisterForm>) -> Result<HttpResponse> {
    let (account, cookie) = register(&app, &request, form.0).await?;
    Ok(HttpResponse::Created()
        .cookie(cookie)
        .json(account.me(&app.history_id)))
}

/// `POST /sessions`
async fn sign_in(app: Data<App>, request: HttpRequest, form: Json<LoginForm>) -> Result<HttpResponse> {
    let (account, cookie) = login(&app, &request, form.0).await?;
    Ok(HttpResponse::Created()
        .cookie(cookie)
        .json(account.me(&app.history_id)))
}

/// `GET /sessions`
async fn list_sessions(app: Data<App>, me: SignedIn) -> Result<HttpResponse> {
    let user = me.user();
    let sessions = app
        .db
        .read(move |conn| Ok(store::list_sessions(conn, user)?))
        .await?;
    let sessions: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            json!({ "id": session.id.to_string(), "current": session.id == me.session, "device": session.device,
                    "address": session.address, "created_at": session.created_at, "last_used_at": session.last_used_at })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "sessions": sessions })))
}

/// `DELETE /sessions/current`
async fn sign_out(app: Data<App>, request: HttpRequest, me: SignedIn) -> Result<HttpResponse> {
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
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    query: String,
}

/// `GET /users?query=`
async fn search(app: Data<App>, me: SignedIn, query: Query<SearchQuery>) -> Result<HttpResponse> {
    let (user, now) = (me.user(), app.clock.monotonic());
    app.limits.searches.take(user, now)?;
    let query = PeopleQuery::parse(&query.0.query)?;
    if !matches!(query, PeopleQuery::Name(_)) {
        app.limits.lookups.take(user, now)?;
    }
    let users = app.db.read(move |conn| super::search(conn, &query, user)).await?;
    Ok(HttpResponse::Ok().json(People { users }))
}

/// `GET /users/{user ID}`
async fn show(app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse> {
    let id: UserId = id.parse().map_err(|_| Problem::Missing("person"))?;
    app.limits.lookups.take(me.user(), app.clock.monotonic())?;
    let account = app.db.read(move |conn| super::get(conn, id)).await?;
    let last_seen = account.last_seen.filter(|_| !account.is_online);
    let profile = Profile {
        person: account.person(),
        online: account.is_online,
        last_seen,
        created_at: account.created_at,
    };
    Ok(HttpResponse::Ok().json(profile))
}

/// A new account that is signed in at once; used by page and API.
pub(super) async fn register(
    app: &App,
    request: &HttpRequest,
    form: RegisterForm,
) -> Result<(Account, Cookie<'static>)> {
    app.limits
        .registrations
        .take(client_network(request), app.clock.monotonic())?;
    let (wanted, password) = Registration::parse(&form)?;
    let hash = app.hasher.hash(password.into_text()).await?;
    let (config, clock) = (app.config.clone(), app.clock.clone());
    let wanted = std::sync::Arc::new(wanted);
    let made = app
        .db
        .write(move |conn| super::register(conn, &wanted, &hash, &config.accounts.user_ids, &clock));
    let account = made.await?;
    tracing::info!(user = %account.user_id, "Registered");
    let cookie = start_session(app, request, &account, true).await?;
    Ok((account, cookie))
}

/// Signs in with username, e-mail or user ID; used by page and API.
pub(super) async fn login(
    app: &App,
    request: &HttpRequest,
    form: LoginForm,
) -> Result<(Account, Cookie<'static>)> {
    let (network, now) = (client_network(request), app.clock.monotonic());
    app.limits.sign_ins.take(network.clone(), now)?;
    let wanted = form.name.clone();
    let account = app
        .db
        .read(move |conn| super::find_by_login(conn, &wanted))
        .await?;
    // By the person, not by the spelling: one account has three names and many ways to write them.
    let whose = match &account {
        Some(account) => account.user_id.to_string(),
        None => username_key(form.name.trim()).chars().take(254).collect(),
    };
    let guess = (whose, network);
    // A burst passes this together; the queue of the hasher bounds it to a few.
    app.limits.guesses.check(&guess, now)?;
    // Longer than any password can be: not worth the hashing, and no reason to say so.
    let password: String = form.password.chars().take(1025).collect();
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let fits = app.hasher.verify(password.clone(), hash).await?;
    let Some(mut account) = account.filter(|_| fits) else {
        tracing::info!(network = %guess.1, "A sign-in was refused");
        app.limits.guesses.failed(guess, now);
        return Err(Problem::WrongLogin);
    };
    app.limits.guesses.succeeded(&guess);
    if app
        .hasher
        .is_outdated(&account.password_hash, account.password_scheme)
    {
        let hash = app.hasher.hash(password).await?;
        let (before, renewed) = (account.clone(), hash.clone());
        app.db
            .write(move |conn| super::set_password(conn, &before, &renewed))
            .await?;
        account.password_hash = hash;
    }
    tracing::info!(user = %account.user_id, "Signed in");
    let cookie = start_session(app, request, &account, form.keep).await?;
    Ok((account, cookie))
}

async fn start_session(
    app: &App,
    request: &HttpRequest,
    account: &Account,
    keep: bool,
) -> Result<Cookie<'static>> {
    let token = secret::token(app.clock.random());
    let sign = Sign {
        token_sha256: secret::digest(&token),
        device: device(request),
        address: client_ip(request).to_string(),
        keep,
    };
    let (account, config, clock) = (account.clone(), app.config.clone(), app.clock.clone());
    app.db
        .write(move |conn| super::sign_in(conn, &account, &sign, &config.accounts, &clock))
        .await?;
    Ok(cookie(token, keep, is_https(request), app))
}

/// Ends this sign-in; its sockets are closed when this returns. Used by page and API.
pub(super) async fn logout(app: &App, request: &HttpRequest, me: &SignedIn) -> Result<Cookie<'static>> {
    let (session, clock) = (me.session, app.clock.clone());
    let ended = app
        .db
        .write(move |conn| super::end_session(conn, session, &clock))
        .await?;
    close(app, ended).await;
    tracing::info!(user = %me.user(), "Signed out");
    Ok(no_cookie(is_https(request)))
}

/// New name or theme; used by page and API.
pub(super) async fn change_profile(app: &App, me: &SignedIn, form: ProfileForm) -> Result<Account> {
    let name = form.display_name.as_deref().map(DisplayName::parse).transpose();
    let name = name.map_err(|said| Problem::invalid("display_name", said))?;
    let (user, theme, clock) = (me.user(), form.theme, app.clock.clone());
    app.db
        .write(move |conn| super::update_profile(conn, user, name.as_ref(), theme, &clock))
        .await
}

/// A new password, with the present one as proof; gives back the cookie of the renewed sign-in. Used by page and API.
pub(super) async fn change_password(
    app: &App,
    request: &HttpRequest,
    me: &SignedIn,
    form: PasswordForm,
) -> Result<Cookie<'static>> {
    let guess = (format!("password of {}", me.user()), String::new());
    app.limits.guesses.check(&guess, app.clock.monotonic())?;
    let own = [me.account.username.as_str(), me.account.email.as_str()];
    let mut issues = Vec::new();
    let mut keep = |field: &'static str, said: Said| issues.push(FieldIssue { field, said });
    let password = Password::parse(&form.password, &own)
        .map_err(|said| keep("password", said))
        .ok();
    if form.password != form.password_again {
        keep("password_again", Said::new("passwords-differ"));
    }
    if !app
        .hasher
        .verify(form.current, Some(me.account.password_hash.clone()))
        .await?
    {
        app.limits.guesses.failed(guess, app.clock.monotonic());
        keep("current", Said::new("password-wrong"));
    }
    let Some(password) = password.filter(|_| issues.is_empty()) else {
        return Err(Problem::Invalid(issues));
    };
    let hash = app.hasher.hash(password.into_text()).await?;
    let token = secret::token(app.clock.random());
    let (me, clock, digest) = (me.clone(), app.clock.clone(), secret::digest(&token));
    let keep = me.keep;
    let ended = app.db.write(move |conn| {
        super::set_password(conn, &me.account, &hash)?;
        super::renew_session(conn, &me, &digest)?;
        if form.end_others {
            super::end_other_sessions(conn, &me, &clock)
        } else {
            Ok(Ended::default())
        }
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
async fn close(app: &App, ended: Ended) {
    app.relay.live().end(&ended.sessions);
    let revoked = ended.relay_ids.iter().map(|relay_id| app.relay.revoke(relay_id));
    for (relay_id, done) in ended.relay_ids.iter().zip(join_all(revoked).await) {
        if let Err(problem) = done {
            tracing::warn!(relay_id = relay_id.short(), %problem, "A relay ID could not be taken back yet");
        }
    }
}
