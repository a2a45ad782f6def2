//! Problem details as an HTTP answer.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use shared_protocol::Problem;

/// `application/problem+json` with the problem's status.
pub(crate) fn answer(problem: &Problem) -> Response<Body> {
    let body = serde_json::to_vec(problem).expect("a problem is plain JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
