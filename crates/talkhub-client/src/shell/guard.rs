//! What stands around every door: origin, headers, and pages for people instead of problems for programs.

use crate::platform::app::App;
use crate::platform::client_address::{host, is_https, is_own_page};
use crate::platform::config::is_loopback_url;
use crate::platform::page::{ProblemPage, render};
use crate::platform::problem::{Problem, Result};
use crate::presence;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

/// The longest address that is looked at.
const MAX_PATH: usize = 2000;

/// Runs around every request.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // The router wants the request for itself alone: no clone of it may live across the call.
    let answer = match admit(request.request()) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(problem) => request.error_response(problem),
    };
    let mut answer = for_people(answer);
    let request = answer.request().clone();
    add_headers(&request, answer.headers_mut());
    Ok(answer)
}

fn admit(request: &HttpRequest) -> Result<()> {
    if MAX_PATH < request.uri().to_string().len() {
        return Err(Problem::LongAddress);
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || request.headers().contains_key(header::AUTHORIZATION) || is_own_page(request) {
        return Ok(());
    }
    Err(Problem::ForeignOrigin)
}

/// A problem on a page's address becomes a page; whoever is not signed in is sent to sign in, and back afterwards.
fn for_people(mut answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let path = answer.request().path().to_owned();
    let for_programs = path.starts_with("/api/")
        || path.starts_with("/assets/")
        || path == "/live"
        || path == "/healthz"
        || path == "/readyz";
    if for_programs {
        return answer;
    }
    let told = answer
        .response_mut()
        .extensions_mut()
        .remove::<shared_protocol::Problem>();
    let Some(told) = told else { return answer };
    let request = answer.request().clone();
    let page = if told.status == 401 && told.kind.ends_with("signed-out") {
        let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let wanted: String = if wanted == "/" {
            String::new()
        } else {
            format!("?next={}", percent(wanted))
        };
        Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, format!("/login{wanted}")))
            .finish())
    } else {
        let status = StatusCode::from_u16(told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match request.app_data::<Data<App>>() {
            Some(app) => render(status, &ProblemPage::new(told, &app.assets.account)),
            None => return answer,
        }
    };
    match page {
        Ok(mut page) => {
            for name in [header::RETRY_AFTER, header::ALLOW] {
                if let Some(value) = answer.headers().get(&name) {
                    page.headers_mut().insert(name, value.clone());
                }
            }
            answer.into_response(page)
        }
        Err(problem) => answer.into_response(actix_web::ResponseError::error_response(&problem)),
    }
}

/// Everything but letters, digits and `/-_.~` as `%XX`.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// What every answer carries. (SEC11, SEC12)
fn add_headers(request: &HttpRequest, headers: &mut HeaderMap) {
    let https = is_https(request);
    let mut put = |name: &'static str, value: &str| {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name)
            && let Ok(value) = HeaderValue::from_str(value)
        {
            headers.insert(name, value);
        }
    };
    let relay = request
        .app_data::<Data<App>>()
        .map(|app| presence::http::relay_url(app, request))
        .unwrap_or_default();
    put("content-security-policy", &policy(&relay));
    put("x-content-type-options", "nosniff");
    put("referrer-policy", "same-origin");
    if https || is_loopback_url(&format!("http://{}", host(request))) {
        // Elsewhere browsers ignore it and complain.
        put("cross-origin-opener-policy", "same-origin");
    }
    put("cross-origin-resource-policy", "same-origin");
    put("cache-control", "no-store");
    if https {
        put("strict-transport-security", "max-age=31536000");
    }
}

fn policy(relay: &str) -> String {
    let socket = relay.replacen("http", "ws", 1);
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
         img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' {relay} {socket}; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types talkhub"
    )
}
