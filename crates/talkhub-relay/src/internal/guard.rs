//! Who may use the internal API: the secret in constant time, a limit for those who guess, and the boot they mean.

use crate::http::problem::answer;
use crate::relay::{Relay, count};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::middleware::Next;
use shared_protocol::Problem;
use shared_protocol::internal::BOOT_HEADER;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::warn;

const MINUTE: Duration = Duration::from_secs(60);

/// The address that an internal call comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller(pub(crate) IpAddr);

/// Who presented wrong secrets, and how often in this minute.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<HashMap<IpAddr, (Instant, u64)>>);

impl Strangers {
    /// Counts a wrong secret; how many that makes in this minute.
    fn note(&self, address: IpAddr, now: Instant) -> u64 {
        let mut strangers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, wrong) = strangers
            .entry(crate::address::counted(address))
            .or_insert((now, 0));
        if MINUTE <= now.saturating_duration_since(*since) {
            (*since, *wrong) = (now, 0);
        }
        *wrong += 1;
        *wrong
    }

    /// Forgets those who have been quiet for a minute.
    pub(crate) fn sweep(&self, now: Instant) {
        let mut strangers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.retain(|_, (since, _)| now.saturating_duration_since(*since) < MINUTE);
    }
}

/// Runs before every internal route.
pub(super) async fn guard(State(relay): State<Arc<Relay>>, request: Request, next: Next) -> Response<Body> {
    if !knows_secret(&relay, request.headers()) {
        let caller = request.extensions().get::<Caller>().map(|caller| caller.0);
        return refuse(&relay, caller.unwrap_or(IpAddr::from([0, 0, 0, 0])));
    }
    let boot_id = HeaderValue::from_str(&relay.boot_id).expect("a boot id is base64url");
    let mut response = match request.headers().get(BOOT_HEADER) {
        Some(meant) if *meant != boot_id => {
            let mut problem = Problem::new(
                "other-boot",
                409,
                "The relay has started again and has forgotten everything.",
            );
            problem.detail = Some(format!("the present boot id is {}", relay.boot_id));
            answer(&problem)
        }
        _ => next.run(request).await,
    };
    response.headers_mut().insert(BOOT_HEADER, boot_id);
    response
}

pub(super) fn knows_secret(relay: &Relay, headers: &HeaderMap) -> bool {
    let presented = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some((scheme, presented)) = presented.and_then(|value| value.split_once(' ')) else {
        return false;
    };
    // All of them are compared, so that time does not tell which one nearly fitted.
    let fitting = relay
        .secrets
        .iter()
        .filter(|secret| secret.matches(presented))
        .count();
    scheme.eq_ignore_ascii_case("bearer") && 0 < fitting
}

fn refuse(relay: &Relay, caller: IpAddr) -> Response<Body> {
    count(&relay.counters.wrong_secrets);
    let wrong = relay.strangers.note(caller, Instant::now());
    if wrong == 1 {
        warn!(
            address = %caller,
            "Refused an internal call from {caller}: the logic server's TALKHUB_RELAY_SECRET differs from this relay's \
             TALKHUB_RELAY_SECRET"
        );
    }
    if relay.config.limits.wrong_secrets_per_minute < wrong {
        let mut response = answer(&Problem::new(
            "too-many",
            429,
            "Too many wrong secrets: wait a minute.",
        ));
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        return response;
    }
    let mut problem = Problem::new("wrong-secret", 401, "The secret is missing or wrong.");
    problem.detail =
        Some("TALKHUB_RELAY_SECRET must be the same for the logic server and the relay".to_owned());
    let mut response = answer(&problem);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
