//! The page `/settings/security`: where somebody is signed in, and the second factor. It works without script.

use super::devices::{end_one, end_others, find_all};
use super::factor_http::{begin, confirm, end, find_begun, renew_codes};
use super::pages::{Issues, page_of, see_other, shows_in_form, status_of};
use super::signed_in::AnySignedIn;
use super::time_codes::{Qr, grouped, qr};
use super::{SignedIn, factor};
use crate::platform::app::App;
use crate::platform::json::{Form, Query};
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use crate::platform::words::Said;
use actix_web::cookie::time::OffsetDateTime;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use shared_protocol::api::{ProofForm, SecondFactor, Session};

/// The routes of this page.
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(resource("/settings/security", [("GET", get().to(show))]))
        .service(resource(
            "/settings/security/devices",
            [("POST", web::post().to(end_devices))],
        ))
        .service(resource(
            "/settings/security/factor",
            [("POST", web::post().to(change_factor))],
        ))
        .service(resource(
            "/settings/security/confirm",
            [("POST", web::post().to(confirm_factor))],
        ));
}

#[derive(Template)]
#[template(path = "accounts/templates/security.html")]
struct SecurityPage<'a> {
    page: Page<'a>,
    issues: Issues,
    saved: bool,
    devices: Vec<Device>,
    factor: SecondFactor,
    /// Whether this person may not be without one here.
    factor_required: bool,
    codes_left: String,
    username: &'a str,
}

/// One line of the list.
struct Device {
    session: Session,
    since: Moment,
    used: Moment,
}

/// A time for people and for programs; without script it is told in UTC.
struct Moment {
    iso: String,
    words: String,
}

impl Moment {
    fn new(at: i64) -> Self {
        let time = OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (date, hour, minute) = (time.date(), time.hour(), time.minute());
        Self {
            iso: format!("{date}T{hour:02}:{minute:02}:{:02}Z", time.second()),
            words: format!("{date} {hour:02}:{minute:02} UTC"),
        }
    }
}

#[derive(Deserialize)]
struct Saved {
    saved: Option<String>,
}

/// `GET /settings/security`
async fn show(app: Data<App>, AnySignedIn(me): AnySignedIn, query: Query<Saved>) -> Result<HttpResponse> {
    let saved = query.0.saved.is_some();
    show_with(&app, &me, StatusCode::OK, Issues::default(), saved).await
}

async fn show_with(
    app: &App,
    me: &SignedIn,
    status: StatusCode,
    issues: Issues,
    saved: bool,
) -> Result<HttpResponse> {
    let user = me.user();
    let devices = find_all(app, me).await?.into_iter().map(|session| Device {
        since: Moment::new(session.created_at),
        used: Moment::new(session.last_used_at),
        session,
    });
    let config = app.config.clone();
    let read = app.db.read(move |conn| {
        let required = factor::is_required(conn, &config.accounts, user)?;
        Ok((factor::show(conn, user)?, required))
    });
    let (factor, factor_required) = read.await?;
    let page = page_of(app, me);
    let left = Said::new("factor-codes-left").number("count", i64::from(factor.recovery_codes));
    let shown = SecurityPage {
        codes_left: left.in_words(page.words),
        page,
        issues,
        saved,
        devices: devices.collect(),
        factor,
        factor_required,
        username: &me.account.username,
    };
    render(status, &shown)
}

/// What cannot be done is told in the page itself, where it can be mended.
async fn or_told(app: &App, me: &SignedIn, problem: Problem) -> Result<HttpResponse> {
    if shows_in_form(&problem) || matches!(problem, Problem::Conflict(_)) {
        let issues = Issues::from_problem(&problem);
        return show_with(app, me, status_of(&problem), issues, false).await;
    }
    Err(problem)
}

#[derive(Deserialize)]
struct DeviceFields {
    /// The sign-in to end; `others`: all but this one.
    #[serde(default)]
    session: String,
}

/// `POST /settings/security/devices`
async fn end_devices(
    app: Data<App>,
    request: HttpRequest,
    me: SignedIn,
    form: Form<DeviceFields>,
) -> Result<HttpResponse> {
    match form.0.session.as_str() {
        "others" => end_others(&app, &request, &me).await?,
        session => match end_one(&app, &request, &me, session).await {
            // Ended already, perhaps by itself: that is what was wanted.
            Ok(()) | Err(Problem::Missing(_)) => (),
            Err(problem) => return Err(problem),
        },
    }
    Ok(see_other("/settings/security?saved=1"))
}

#[derive(Deserialize)]
struct FactorFields {
    #[serde(default)]
    what: String,
    #[serde(default)]
    current: String,
    #[serde(default)]
    code: String,
}

/// `POST /settings/security/factor`: begin, new recovery codes, or end.
async fn change_factor(
    app: Data<App>,
    request: HttpRequest,
    AnySignedIn(me): AnySignedIn,
    form: Form<FactorFields>,
) -> Result<HttpResponse> {
    let fields = form.0;
    let proof = ProofForm {
        current: fields.current,
        code: fields.code,
    };
    let done = match fields.what.as_str() {
        "codes" => match renew_codes(&app, &request, &me, proof).await {
            Ok(codes) => return show_codes(&app, &me, &codes.recovery_codes),
            Err(problem) => Err(problem),
        },
        "end" => end(&app, &request, &me, proof).await,
        _ => match begin(&app, &request, &me, proof.current).await {
            Ok(secret) => {
                return show_set_up(
                    &app,
                    &me,
                    StatusCode::OK,
                    Issues::default(),
                    &secret.secret,
                    &secret.uri,
                );
            }
            Err(problem) => Err(problem),
        },
    };
    match done {
        Ok(()) => Ok(see_other("/settings/security?saved=1")),
        Err(problem) => or_told(&app, &me, problem).await,
    }
}

#[derive(Template)]
#[template(path = "accounts/templates/factor.html")]
struct SetUpPage<'a> {
    page: Page<'a>,
    issues: Issues,
    secret: String,
    qr: Option<Qr>,
}

fn show_set_up(
    app: &App,
    me: &SignedIn,
    status: StatusCode,
    issues: Issues,
    secret: &str,
    uri: &str,
) -> Result<HttpResponse> {
    let page = SetUpPage {
        page: page_of(app, me),
        issues,
        secret: grouped(secret),
        qr: qr(uri),
    };
    render(status, &page)
}

#[derive(Deserialize)]
struct ConfirmFields {
    #[serde(default)]
    code: String,
}

/// `POST /settings/security/confirm`
async fn confirm_factor(
    app: Data<App>,
    request: HttpRequest,
    AnySignedIn(me): AnySignedIn,
    form: Form<ConfirmFields>,
) -> Result<HttpResponse> {
    match confirm(&app, &request, &me, &form.0.code).await {
        Ok((codes, cookie)) => {
            let mut answer = show_codes(&app, &me, &codes.recovery_codes)?;
            if let Some(cookie) = cookie {
                answer
                    .add_cookie(&cookie)
                    .map_err(|error| Problem::Internal(error.into()))?;
            }
            Ok(answer)
        }
        Err(problem) if shows_in_form(&problem) => match find_begun(&app, &me).await? {
            Some(secret) => {
                let (status, issues) = (status_of(&problem), Issues::from_problem(&problem));
                show_set_up(&app, &me, status, issues, &secret.secret, &secret.uri)
            }
            None => or_told(&app, &me, problem).await,
        },
        Err(problem) => or_told(&app, &me, problem).await,
    }
}

#[derive(Template)]
#[template(path = "accounts/templates/recovery_codes.html")]
struct CodesPage<'a> {
    page: Page<'a>,
    codes: &'a [String],
}

fn show_codes(app: &App, me: &SignedIn, codes: &[String]) -> Result<HttpResponse> {
    let page = page_of(app, me);
    render(StatusCode::OK, &CodesPage { page, codes })
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_moment_is_told_to_the_minute() {
        let moment = Moment::new(1_800_000_000_999);
        assert_eq!(
            (moment.words.as_str(), moment.iso.as_str()),
            ("2027-01-15 08:00 UTC", "2027-01-15T08:00:00Z")
        );
    }
}
