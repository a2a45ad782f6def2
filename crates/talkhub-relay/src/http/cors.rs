//! CORS of `/socket.io/`: pages of registered origins may read the answers, without credentials.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::net::Ipv6Addr;
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

/// An origin as browsers write it: scheme, host, port unless it is the usual one; lower case, no slash at the end.
pub(crate) fn plain(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, host) = text.split_once("://")?;
    let usual: u16 = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let (host, port) = match host.rsplit_once(':') {
        Some((_, port)) if port.starts_with('+') => return None,
        Some((name, port)) if !host.ends_with(']') => (name, port.parse().ok()?),
        _ => (host, usual),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
        None if !host.is_empty() && host.len() <= 255 && host.bytes().all(plain) => host.to_owned(),
        None => return None,
    };
    Some(match port == usual {
        true => format!("{scheme}://{host}"),
        false => format!("{scheme}://{host}:{port}"),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&str>) {
        assert_eq!(plain(text).as_deref(), want, "{text}");
    }

    #[test]
    fn origins_have_one_form() {
        check("https://Chat.Example.org", Some("https://chat.example.org"));
        check("https://chat.example.org:443/", Some("https://chat.example.org"));
        check("http://[::1]:8000", Some("http://[::1]:8000"));
        check("http://chat.example.org:443", Some("http://chat.example.org:443"));
        for bad in [
            "",
            "chat.example.org",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://a b",
            "http://a:80:80",
            "http://a:b",
            "http://a:",
            "http://a:65536",
            "http://a:+80",
            "http://[::1",
            "null",
            "*",
        ] {
            check(bad, None);
        }
    }
}
