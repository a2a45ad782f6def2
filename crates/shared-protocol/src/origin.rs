//! Origins of pages (RFC 6454), in one form on both sides: what one program registers, the other compares.

use std::net::Ipv6Addr;

/// An origin as browsers write it: scheme, host, port unless it is the usual one; lower case, no slash at the end.
pub fn parse(text: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, want: Option<&str>) {
        assert_eq!(parse(text).as_deref(), want, "{text:?}");
    }

    #[test]
    fn origins_have_one_form() {
        check("https://Chat.Example.org/", Some("https://chat.example.org"));
        check("http://localhost:8000", Some("http://localhost:8000"));
        check("http://host:80", Some("http://host"));
        check("https://host:443", Some("https://host"));
        check("http://[::1]:8000", Some("http://[::1]:8000"));
        check("https://chat.example.org:443/", Some("https://chat.example.org"));
        check("http://chat.example.org:443", Some("http://chat.example.org:443"));
        for bad in [
            "",
            "host",
            "ftp://host",
            "http://",
            "http://a/b",
            "http://a b",
            "http://a:b:80",
            "http://[",
            "http://a:",
            "http://a:+1",
            "http://u@h",
            "chat.example.org",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://a b",
            "http://a:80:80",
            "http://a:b",
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
