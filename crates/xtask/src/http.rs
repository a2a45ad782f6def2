//! The least HTTP that tells whether a program is ready.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The status and the body of `GET http://127.0.0.1:port/path`; `None` when nobody answers.
pub(crate) fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let limit = Duration::from_secs(2);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    parse(&String::from_utf8_lossy(&answer))
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// A port of 127.0.0.1 that nobody listens on at this moment.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

/// Whether somebody listens on this port of 127.0.0.1 already.
pub(crate) fn is_taken(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        assert_eq!(
            parse("HTTP/1.1 503 Away\r\na: b\r\n\r\n{}"),
            Some((503, "{}".into()))
        );
        assert_eq!(parse("nonsense"), None);
    }

    #[test]
    fn nobody_answers_on_a_free_port() {
        let port = free_port().unwrap();
        assert!(!is_taken(port));
        assert_eq!(get(port, "/readyz"), None);
    }

    #[test]
    fn a_taken_port_is_noticed() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        assert!(is_taken(listener.local_addr().unwrap().port()));
    }
}
