//! Signing in, in one step or two: the password, then a code where a second factor is on. Used by pages and API.

use super::known_device::{self, KnownDevice};
use super::model::Way;
use super::names::username_key;
use super::signed_in::cookie;
use super::time_codes::Code;
use super::{Account, Sign, entering, factor};
use crate::platform::app::App;
use crate::platform::audit::{Event, Source};
use crate::platform::client_address::{client_ip, client_network, device, is_https};
use crate::platform::problem::{Problem, Result};
use crate::platform::secret;
use crate::platform::words::Said;
use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use shared_protocol::ServerFrame;
use shared_protocol::api::SecondStep;

/// Seconds between the two steps.
const STEP_LASTS: u64 = 600;

/// What a right password leads to.
pub(super) enum Proven {
    /// Nothing more is asked.
    Wholly(Box<Account>),
    /// A second factor is on: a code is to follow, with this token.
    Halfway(SecondStep),
}

/// Somebody is in: their browser takes these cookies.
pub(super) struct Entry {
    pub account: Account,
    cookies: [Cookie<'static>; 2],
}

impl Entry {
    /// An answer that carries the cookies.
    pub fn give(&self, mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
        for cookie in &self.cookies {
            answer.cookie(cookie.clone());
        }
        answer
    }

    /// The same for an answer that is finished.
    pub fn give_to(&self, mut answer: HttpResponse) -> Result<HttpResponse> {
        for cookie in &self.cookies {
            answer
                .add_cookie(cookie)
                .map_err(|error| Problem::Internal(error.into()))?;
        }
        Ok(answer)
    }
}

/// Checks name and password. Every try counts against the budget of (person, network); on a device where the person has
/// signed in before it is that of (person, device), which strangers cannot use up. (SEC04)
pub(super) async fn prove(
    app: &App,
    request: &HttpRequest,
    name: &str,
    password: &str,
    keep: bool,
) -> Result<Proven> {
    let (network, now) = (client_network(request), app.clock.monotonic());
    let device = known_device::find(app, request);
    if device.is_none() {
        app.limits.sign_ins.take(network.clone(), now)?;
    }
    let wanted = name.to_owned();
    let account = app
        .db
        .read(move |conn| super::find_by_login(conn, &wanted))
        .await?;
    let mine = device.as_ref().filter(|device| {
        account
            .as_ref()
            .is_some_and(|account| device.knows(account.user_id))
    });
    match mine {
        Some(device) => app.limits.sign_ins.take(place_of(device), now)?,
        None if device.is_some() => app.limits.sign_ins.take(network.clone(), now)?,
        None => (),
    }
    // By the person, not by the spelling: one account has three names and many ways to write them.
    let whose = match &account {
        Some(account) => account.user_id.to_string(),
        None => username_key(name.trim()).chars().take(254).collect(),
    };
    let guess = (whose, mine.map_or(network, place_of));
    let place = guess.1.clone();
    let tried = app.limits.guesses.begin(guess, now)?;
    // What is longer is not worth the hashing, and no reason to say so.
    let password: String = password.chars().take(1025).collect();
    let user = account.as_ref().map(|account| account.user_id);
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let fits = app.hasher.verify(password.clone(), hash).await?;
    let Some(mut account) = account.filter(|_| fits) else {
        tracing::info!(%place, "A sign-in was refused");
        tried.failed(now);
        if let Some(user) = user {
            let source = Source::of(request);
            app.limits.refusals.note(Event::SignInRefused, user, source);
        }
        return Err(Problem::WrongLogin);
    };
    tried.succeeded();
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
    let user = account.user_id;
    if !app.db.read(move |conn| factor::is_on(conn, user)).await? {
        return Ok(Proven::Wholly(Box::new(account)));
    }
    let step = secret::token(app.clock.random());
    let (digest, clock) = (secret::digest(&step), app.clock.clone());
    app.db
        .write(move |conn| entering::begin_step(conn, &account, &digest, keep, STEP_LASTS, &clock))
        .await?;
    Ok(Proven::Halfway(SecondStep {
        step,
        expires_in: STEP_LASTS,
    }))
}

/// The second step: gives back who it is, and whether the sign-in is to be kept. Five wrong codes, then one a minute, for
/// all devices together on which the person is not known. (SEC06)
pub(super) async fn prove_again(
    app: &App,
    request: &HttpRequest,
    step: &str,
    code: &str,
) -> Result<(Account, bool)> {
    let (digest, now) = (secret::digest(step), app.clock.now());
    let found = app
        .db
        .read(move |conn| Ok(super::signing_store::find_step(conn, &digest, now)?))
        .await?;
    let over = || Problem::invalid("step", Said::new("step-over"));
    let (keep, account) = found.ok_or_else(over)?;
    let user = account.user_id;
    let known = known_device::find(app, request).filter(|device| device.knows(user));
    let guess = (
        user.to_string(),
        known.as_ref().map_or_else(String::new, place_of),
    );
    let tried = app.limits.codes.begin(guess, app.clock.monotonic())?;
    let right = match Code::parse(code) {
        Some(code) => {
            let (keys, digest) = (app.keys.clone(), secret::digest(step));
            let (source, clock) = (Source::of(request), app.clock.clone());
            app.db
                .write(move |conn| {
                    let right = factor::use_code(conn, &keys, user, &code, &source, &clock)?;
                    // Whoever comes second with the same step does not get in.
                    Ok(right && super::signing_store::delete_step(conn, &digest)?)
                })
                .await?
        }
        None => false,
    };
    if !right {
        tracing::info!(%user, "A code was refused");
        let source = Source::of(request);
        app.limits.refusals.note(Event::CodeRefused, user, source);
        tried.failed(app.clock.monotonic());
        return Err(Problem::invalid("code", Said::new("code-wrong")));
    }
    tried.succeeded();
    Ok((account, keep))
}

/// The first sign-in of a new account, in the browser that made it.
pub(super) async fn enter_first(app: &App, request: &HttpRequest, account: Account) -> Result<Entry> {
    enter(app, request, account, true, Way::First).await
}

async fn enter(app: &App, request: &HttpRequest, account: Account, keep: bool, way: Way) -> Result<Entry> {
    let token = secret::token(app.clock.random());
    let sign = Sign {
        keep,
        ..sign(app, request, &token, "", way)
    };
    let (whose, config, clock) = (account.clone(), app.config.clone(), app.clock.clone());
    app.db
        .write(move |conn| super::sign_in(conn, &whose, &sign, &config.accounts, &clock))
        .await?;
    let cookies = [
        cookie(token, keep, is_https(request), app),
        known_device::cookie(app, request, account.user_id),
    ];
    Ok(Entry { account, cookies })
}

/// A further sign-in: the person's other devices hear of it.
pub(super) async fn enter_again(
    app: &App,
    request: &HttpRequest,
    account: Account,
    keep: bool,
) -> Result<Entry> {
    let known = known_device::find(app, request).is_some_and(|device| device.knows(account.user_id));
    let way = if known { Way::Known } else { Way::New };
    let entry = enter(app, request, account, keep, way).await?;
    tell(app, request, &entry.account, "");
    Ok(entry)
}

/// What is kept of this sign-in. `named` is what a program calls itself.
pub(super) fn sign(app: &App, request: &HttpRequest, token: &str, named: &str, way: Way) -> Sign {
    Sign {
        token_sha256: secret::digest(token),
        device: name_of(request, named),
        address: client_ip(request).to_string(),
        keep: true,
        way,
        mails: app.mailer.is_on(),
    }
}

fn name_of(request: &HttpRequest, named: &str) -> String {
    let letters = named.trim().chars().filter(|letter| !letter.is_control());
    let named: String = letters.take(40).collect();
    if named.is_empty() { device(request) } else { named }
}

/// The one place where a sign-in is told: to the log and to the person's other devices. (SEC29, U03)
pub(super) fn tell(app: &App, request: &HttpRequest, account: &Account, named: &str) {
    tracing::info!(user = %account.user_id, "Signed in");
    let known = known_device::find(app, request).is_some_and(|device| device.knows(account.user_id));
    let frame = ServerFrame::SignedIn {
        device: name_of(request, named),
        address: client_ip(request).to_string(),
        at: app.clock.now(),
        new_device: !known,
    };
    app.relay.tell(&account.relay_group, &frame);
}

fn place_of(device: &KnownDevice) -> String {
    format!("device {}", device.id)
}
