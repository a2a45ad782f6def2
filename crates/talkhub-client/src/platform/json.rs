//! Bodies and query strings as types: bounded in size and time, refused in our own words.

use crate::platform::app::App;
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::words::Said;
use actix_web::dev::Payload;
use actix_web::web::{self, Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

/// The largest body of a form or of JSON, in bytes: a longest message in four-byte characters, each escaped.
pub const MAX_BODY: usize = 256 * 1024;

/// A JSON body. `Content-Type` must say so.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let kind = request
                .headers()
                .get("content-type")
                .and_then(|kind| kind.to_str().ok())
                .unwrap_or("");
            let kind = kind.split(';').next().unwrap_or("").trim();
            if !kind.eq_ignore_ascii_case("application/json")
                || request.headers().contains_key("content-encoding")
            {
                return Err(Problem::WrongType);
            }
            let bytes = body(&request, &mut payload).await?;
            serde_json::from_slice(&bytes)
                .map(Self)
                .map_err(|error| broken(&error))
        })
    }
}

/// A form of a page (`application/x-www-form-urlencoded`).
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = body(&request, &mut payload).await?;
            // A form reads like a query string.
            let text = std::str::from_utf8(&bytes).map_err(|_| Problem::WrongType)?;
            let form = web::Query::<T>::from_query(text)
                .map_err(|_| Problem::invalid("form", Said::new("form-broken")))?;
            Ok(Self(form.into_inner()))
        })
    }
}

/// A query string; a parameter that is repeated or of the wrong kind is refused.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = web::Query::<T>::from_query(request.query_string());
        let refused = |error: actix_web::error::QueryPayloadError| {
            let text = error.to_string();
            let name = text.split('`').nth(1).unwrap_or("").to_owned();
            Problem::invalid("query", Said::new("query-broken").text("name", name))
        };
        std::future::ready(read.map(|query| Self(query.into_inner())).map_err(refused))
    }
}

async fn body(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes> {
    use futures_util::StreamExt;
    let patience = request
        .app_data::<Data<App>>()
        .map(|app| app.config.http.body_timeout);
    let collect = async {
        let mut bytes = web::BytesMut::new();
        while let Some(part) = payload.next().await {
            let part = part.map_err(|_| Problem::invalid("body", Said::new("body-broken")))?;
            if MAX_BODY < bytes.len() + part.len() {
                return Err(Problem::TooLarge(
                    Said::new("body-too-large").number("most", MAX_BODY as i64 / 1024),
                ));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes.freeze())
    };
    match patience {
        Some(patience) => match tokio::time::timeout(patience, collect).await {
            Ok(done) => done,
            Err(_) => Err(Problem::TooSlow),
        },
        None => collect.await,
    }
}

/// serde's words are for programmers: say where, and what was missing.
fn broken(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let name = text.split('`').nth(1).unwrap_or("").to_owned();
    let said = if text.starts_with("missing field") {
        Said::new("json-missing").text("name", name)
    } else if text.starts_with("duplicate field") {
        Said::new("json-double").text("name", name)
    } else if error.is_data() {
        Said::new("json-wrong-kind")
    } else {
        Said::new("json-broken")
    };
    let (line, column) = (error.line() as i64, error.column() as i64);
    Problem::Invalid(vec![FieldIssue {
        field: "body",
        said: said.number("line", line).number("column", column),
    }])
}
