//! Files on their way in: bounded in size, and not slower than a minimum rate.

use crate::platform::app::App;
use crate::platform::problem::{Problem, Result};
use crate::platform::words::Said;
use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use futures_util::{Stream, StreamExt};
use std::fmt::Display;
use std::time::Duration;

/// Slower than this (bytes a second) nobody is waited for, after the time that any body has.
const SLOWEST: u64 = 8 * 1024;
/// What the frame around the file in a form may add.
const FRAME: u64 = 16 * 1024;

/// The body as it is: at most `most` bytes, at least one. `field` names what is refused.
pub async fn whole_body(
    app: &App,
    request: &HttpRequest,
    body: Payload,
    most: u64,
    field: &'static str,
) -> Result<Vec<u8>> {
    check_announced(request, most)?;
    not_empty(collect(body, most, app.config.http.body_timeout).await?, field)
}

/// The file in the field of this name in a form of a page (`multipart/form-data`); other fields are passed over.
pub async fn form_file(
    app: &App,
    request: &HttpRequest,
    body: Payload,
    most: u64,
    field: &'static str,
) -> Result<Vec<u8>> {
    check_announced(request, most + FRAME)?;
    let broken = || Problem::invalid(field, Said::new("form-broken"));
    let mut form = Multipart::new(request.headers(), body);
    let find = async {
        while let Some(part) = form.next().await {
            let part = part.map_err(|_| broken())?;
            if part.name() == Some(field) {
                return collect(part, most, app.config.http.body_timeout).await;
            }
        }
        Err(Problem::invalid(field, Said::new("file-missing")))
    };
    let longest = app.config.http.body_timeout + Duration::from_secs((most + FRAME) / SLOWEST);
    let file = tokio::time::timeout(longest, find).await;
    not_empty(file.unwrap_or(Err(Problem::TooSlow))?, field)
}

fn not_empty(bytes: Vec<u8>, field: &'static str) -> Result<Vec<u8>> {
    if bytes.is_empty() {
        return Err(Problem::invalid(field, Said::new("file-missing")));
    }
    Ok(bytes)
}

/// What says itself that it is too large is not read.
fn check_announced(request: &HttpRequest, most: u64) -> Result<()> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced: Option<u64> = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    match announced {
        Some(length) if most < length => Err(too_large(length, most)),
        _ => Ok(()),
    }
}

fn too_large(length: u64, most: u64) -> Problem {
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20) as i64;
    let said = Said::new("file-too-large")
        .number("size", megabytes(length))
        .number("most", (most >> 20) as i64);
    Problem::TooLarge(said)
}

async fn collect<E: Display>(
    mut parts: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    most: u64,
    patience: Duration,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let start = tokio::time::Instant::now();
    loop {
        let deadline = start + patience + Duration::from_secs(bytes.len() as u64 / SLOWEST);
        let part = match tokio::time::timeout_at(deadline, parts.next()).await {
            Err(_) => return Err(Problem::TooSlow),
            Ok(None) => return Ok(bytes),
            Ok(Some(part)) => part.map_err(|_| Problem::invalid("body", Said::new("body-broken")))?,
        };
        let length = (bytes.len() + part.len()) as u64;
        if most < length {
            return Err(too_large(length, most));
        }
        bytes.extend_from_slice(&part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn parts(sizes: &[usize]) -> impl Stream<Item = std::result::Result<Bytes, String>> + Unpin {
        stream::iter(
            sizes
                .iter()
                .map(|size| Ok(Bytes::from(vec![7; *size])))
                .collect::<Vec<_>>(),
        )
    }

    #[tokio::test]
    async fn bad21_a_file_is_taken_to_its_last_byte_and_no_further() {
        let patience = Duration::from_secs(15);
        assert_eq!(
            collect(parts(&[600, 400]), 1000, patience).await.unwrap().len(),
            1000
        );
        assert!(matches!(
            collect(parts(&[600, 401]), 1000, patience).await,
            Err(Problem::TooLarge(_))
        ));
    }

    #[tokio::test]
    async fn bad20_whoever_stops_sending_is_not_waited_for() {
        let stalled = parts(&[100]).chain(stream::pending());
        let patience = Duration::from_millis(20);
        assert!(matches!(
            collect(stalled, 1000, patience).await,
            Err(Problem::TooSlow)
        ));
    }
}
