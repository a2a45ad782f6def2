//! Tokens for programs: sign in, refresh, end. Each refresh token is good for one use; a second one ends the sign-in, since
//! somebody else has it too. (SEC08)

use super::entering::{self, Refreshed};
use super::http::{close, logout};
use super::login::{Proven, prove, prove_again, sign, tell};
use super::model::Way;
use super::signed_in::AnySignedIn;
use super::{Account, access};
use crate::platform::app::App;
use crate::platform::audit::Source;
use crate::platform::client_address::client_network;
use crate::platform::json::Json;
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::resource;
use crate::platform::secret;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use shared_protocol::api::{RefreshForm, StepForm, TokenForm, Tokens};

/// The routes of tokens under `/api/v1`.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/tokens", [("POST", web::post().to(create))]))
        .service(resource(
            "/tokens/step",
            [("POST", web::post().to(create_with_code))],
        ))
        .service(resource("/tokens/refresh", [("POST", web::post().to(refresh))]))
        .service(resource(
            "/tokens/current",
            [("DELETE", web::delete().to(remove))],
        ));
}

/// `POST /tokens`
async fn create(app: Data<App>, request: HttpRequest, form: Json<TokenForm>) -> Result<HttpResponse> {
    let form = form.0;
    match prove(&app, &request, &form.name, &form.password, true).await? {
        Proven::Wholly(account) => enter(&app, &request, *account, &form.device).await,
        Proven::Halfway(step) => Ok(HttpResponse::Accepted().json(step)),
    }
}

/// `POST /tokens/step`
async fn create_with_code(
    app: Data<App>,
    request: HttpRequest,
    form: Json<StepForm>,
) -> Result<HttpResponse> {
    let form = form.0;
    let (account, _) = prove_again(&app, &request, &form.step, &form.code).await?;
    enter(&app, &request, account, &form.device).await
}

/// A sign-in that holds tokens in the place of a cookie.
async fn enter(app: &App, request: &HttpRequest, account: Account, named: &str) -> Result<HttpResponse> {
    let refresh_token = secret::token(app.clock.random());
    // Nobody ever holds this one: a refresh token is no cookie.
    let nobodys = secret::token(app.clock.random());
    let sign = sign(app, request, &nobodys, named, Way::Program);
    let (whose, config, clock) = (account.clone(), app.config.clone(), app.clock.clone());
    let digest = secret::digest(&refresh_token);
    let session = app.db.write(move |conn| {
        let session = super::sign_in(conn, &whose, &sign, &config.accounts, &clock)?;
        super::signing_store::insert_refresh_token(conn, &digest, session, clock.now())?;
        Ok(session)
    });
    let session = session.await?;
    tell(app, request, &account, named);
    Ok(HttpResponse::Created().json(tokens(app, &account, session, refresh_token)))
}

fn tokens(app: &App, account: &Account, session: i64, refresh_token: String) -> Tokens {
    Tokens {
        access_token: access::issue(&app.keys, account.user_id, session, app.clock.now()),
        token_type: "Bearer".into(),
        expires_in: access::LASTS.unsigned_abs(),
        refresh_token,
        user_id: account.user_id,
    }
}

/// `POST /tokens/refresh`
async fn refresh(app: Data<App>, request: HttpRequest, form: Json<RefreshForm>) -> Result<HttpResponse> {
    let fresh = secret::token(app.clock.random());
    let (old, new) = (secret::digest(&form.0.refresh_token), secret::digest(&fresh));
    let (source, config, clock) = (Source::of(&request), app.config.clone(), app.clock.clone());
    let refreshed = app
        .db
        .write(move |conn| entering::refresh(conn, [&old, &new], &source, &config.accounts, &clock));
    match refreshed.await? {
        Refreshed::Renewed { session, account } => {
            Ok(HttpResponse::Ok().json(tokens(&app, &account, session, fresh)))
        }
        Refreshed::Reused(ended) => {
            tracing::warn!("A refresh token came a second time: its sign-in was ended");
            close(&app, ended).await;
            Err(Problem::SignedOut)
        }
        Refreshed::Unknown => {
            // Only wrong ones count: programs behind one address may be many.
            app.limits
                .sign_ins
                .take(client_network(&request), app.clock.monotonic())?;
            Err(Problem::SignedOut)
        }
    }
}

/// `DELETE /tokens/current`
async fn remove(app: Data<App>, request: HttpRequest, AnySignedIn(me): AnySignedIn) -> Result<HttpResponse> {
    if !me.program {
        return Err(Problem::Missing("token"));
    }
    logout(&app, &request, &me).await?;
    Ok(HttpResponse::NoContent().finish())
}
