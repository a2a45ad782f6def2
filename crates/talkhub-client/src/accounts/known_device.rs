//! The cookie by which a device is known again: it has its own budget of wrong passwords, so strangers who guess cannot
//! lock its people out. It proves nothing else. (SEC04)

use crate::platform::app::App;
use crate::platform::client_address::is_https;
use crate::platform::keys::{Keys, Purpose};
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared_protocol::UserId;

/// How many people one device remembers; the latest stay.
const MOST_PEOPLE: usize = 5;
/// Seconds since the last sign-in after which a device is strange again.
const LASTS: i64 = 400 * 86_400;
const LONGEST: usize = 256;

/// A device on which these people have signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownDevice {
    pub id: String,
    people: Vec<UserId>,
}

impl KnownDevice {
    pub fn knows(&self, person: UserId) -> bool {
        self.people.contains(&person)
    }
}

/// The device that this request comes from, if we have signed what it says.
pub(super) fn find(app: &App, request: &HttpRequest) -> Option<KnownDevice> {
    let cookie = request.cookie(name(is_https(request)))?;
    read(&app.keys, cookie.value(), app.clock.now())
}

/// `now` in milliseconds.
pub(super) fn read(keys: &Keys, value: &str, now: i64) -> Option<KnownDevice> {
    if LONGEST < value.len() {
        return None;
    }
    let (text, signature) = value.rsplit_once('.')?;
    if !keys.fits(Purpose::Device, text, signature) {
        return None;
    }
    let mut parts = text.split('.');
    let (id, people, since) = (parts.next()?, parts.next()?, parts.next()?);
    let since: i64 = since.parse().ok()?;
    if since.saturating_add(LASTS) < now / 1000 {
        return None;
    }
    let people = people.split('-').filter_map(|id| id.parse().ok()).collect();
    Some(KnownDevice {
        id: id.to_owned(),
        people,
    })
}

/// The cookie of this device, now that `person` has signed in on it.
pub(super) fn cookie(app: &App, request: &HttpRequest, person: UserId) -> Cookie<'static> {
    let before = find(app, request).unwrap_or_else(|| KnownDevice {
        id: URL_SAFE_NO_PAD.encode(app.clock.random::<16>()),
        people: Vec::new(),
    });
    let others = before.people.iter().filter(|other| **other != person);
    let people: Vec<String> = std::iter::once(&person)
        .chain(others)
        .take(MOST_PEOPLE)
        .map(UserId::to_string)
        .collect();
    let text = format!("{}.{}.{}", before.id, people.join("-"), app.clock.now() / 1000);
    let signature = app.keys.sign(Purpose::Device, &text);
    let https = is_https(request);
    Cookie::build(name(https), format!("{text}.{signature}"))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https)
        .max_age(time::Duration::seconds(LASTS))
        .finish()
}

fn name(https: bool) -> &'static str {
    if https {
        "__Host-talkhub_device"
    } else {
        "talkhub_device"
    }
}
