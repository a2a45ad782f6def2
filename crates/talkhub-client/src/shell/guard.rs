//! What stands around every door: origin, headers, and pages for people instead of problems for programs.

use crate::platform::app::App;
use crate::platform::client_address::{host, is_https, is_own_page};
use crate::platform::config::is_loopback_url;
use crate::platform::page::{ProblemPage, render};
use crate::platform::problem::{Problem, Result};
use crate::presence;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// The longest address that is looked at.
const MAX_PATH: usize = 2000;

/// Runs around every request.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // The router wants the request for itself alone: no clone of it may live across the call.
    let headers = headers(request.request());
    let answer = match admit(request.request()) {
        Ok(()) => match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(answer) => answer?.map_into_boxed_body(),
            Err(_) => return Err(panicked(&headers)),
        },
        Err(problem) => request.error_response(problem),
    };
    let mut answer = for_people(answer);
    add(&headers, answer.headers_mut());
    Ok(answer)
}

/// The request went down with its handler; the connection and everybody else go on.
fn panicked(headers: &HeaderMap) -> actix_web::Error {
    let mut response = Problem::Internal(anyhow::anyhow!("a handler panicked")).error_response();
    add(headers, response.headers_mut());
    InternalError::from_response("a handler panicked", response).into()
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

/// A problem on a page's address becomes a page; whoever is not signed in is sent to sign in, and back afterwards; who
/// lacks a second factor, to where it is set up.
fn for_people(mut answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let path = answer.request().path().to_owned();
    let for_programs = path.starts_with("/api/")
        || path.starts_with("/assets/")
        || path.starts_with("/avatars/")
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
    } else if told.kind.ends_with("/second-factor-missing") {
        Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, "/settings/security"))
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
        Err(problem) => answer.into_response(problem.error_response()),
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
fn headers(request: &HttpRequest) -> HeaderMap {
    let https = is_https(request);
    let relay = request
        .app_data::<Data<App>>()
        .map(|app| presence::http::relay_url(app, request))
        .unwrap_or_default();
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
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
    headers
}

/// Adds what is not there: a handler may know better.
fn add(ours: &HeaderMap, headers: &mut HeaderMap) {
    for (name, value) in ours {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App as Router, middleware::from_fn, web};

    async fn falls() -> HttpResponse {
        panic!("a bug")
    }

    #[actix_web::test]
    async fn flt40_sec30_a_panic_is_an_answer_with_a_reference_and_the_next_one_is_served() {
        let stands = || async { HttpResponse::Ok().finish() };
        let router = Router::new().wrap(from_fn(around));
        let router = router
            .route("/falls", web::get().to(falls))
            .route("/stands", web::get().to(stands));
        let service = init_service(router).await;
        for _ in 0..2 {
            let falls = TestRequest::get().uri("/falls").to_request();
            let error = actix_web::dev::Service::call(&service, falls)
                .await
                .expect_err("it panics");
            let response = error.error_response();
            assert_eq!(response.status(), 500);
            assert!(response.headers().contains_key("content-security-policy"));
            let body = actix_web::body::to_bytes(response.into_body())
                .await
                .expect("a body");
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(
                body.contains("\"reference\"") && !body.contains("a bug"),
                "{body}"
            );

            let stands = TestRequest::get().uri("/stands").to_request();
            let answer = call_service(&service, stands).await;
            assert_eq!(answer.status(), 200);
            read_body(answer).await;
        }
    }
}
