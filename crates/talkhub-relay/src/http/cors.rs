//! CORS of `/socket.io/`: pages of registered origins may read the answers, without credentials.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::sync::Arc;

/// The page's origin in its plain form. `None`: no browser.
pub(crate) fn origin(headers: &HeaderMap) -> Option<Arc<str>> {
    let value = headers.get(header::ORIGIN)?;
    Some(
        String::from_utf8_lossy(value.as_bytes())
            .to_ascii_lowercase()
            .into(),
    )
}

pub(crate) fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Lets the page read the answer, if its origin is registered.
pub(crate) fn allow(response: &mut Response<Body>, origin: Option<&str>) {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(Ok(origin)) = origin.map(HeaderValue::from_str) else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
}
