//! Where a request really comes from, and under which origin the person sees the page.

use crate::platform::app::App;
use actix_web::HttpRequest;
use actix_web::web::Data;
use std::net::{IpAddr, Ipv4Addr};

/// Every value of this header, first to last: only believed from a trusted proxy.
fn forwarded(request: &HttpRequest, name: &str) -> Vec<String> {
    if !is_from_proxy(request) {
        return Vec::new();
    }
    let lines = request
        .headers()
        .get_all(name)
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(|part| part.trim().to_owned())
        .collect()
}

fn trusted(request: &HttpRequest, address: IpAddr) -> bool {
    request.app_data::<Data<App>>().is_some_and(|app| {
        app.config
            .http
            .trusted_proxies
            .iter()
            .any(|proxy| proxy.to_canonical() == address)
    })
}

/// The other end of the connection; an IPv4 address that came in by IPv6 is an IPv4 address.
fn peer(request: &HttpRequest) -> IpAddr {
    request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip().to_canonical())
}

fn is_from_proxy(request: &HttpRequest) -> bool {
    trusted(request, peer(request))
}

/// The address of the person's machine: the last one in `X-Forwarded-For` that is no proxy of ours.
pub fn client_ip(request: &HttpRequest) -> IpAddr {
    let listed = forwarded(request, "x-forwarded-for");
    let hops = listed
        .iter()
        .rev()
        .map_while(|hop| hop.parse::<IpAddr>().ok())
        .map(|hop| hop.to_canonical());
    hops.into_iter()
        .find(|hop| !trusted(request, *hop))
        .unwrap_or_else(|| peer(request))
}

/// A network rather than an address: /64 for IPv6, since one machine has many of those.
pub fn client_network(request: &HttpRequest) -> String {
    match client_ip(request) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let parts = address.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", parts[0], parts[1], parts[2], parts[3])
        }
    }
}

/// Whether the person's browser speaks HTTPS.
pub fn is_https(request: &HttpRequest) -> bool {
    match forwarded(request, "x-forwarded-proto").last() {
        Some(scheme) => scheme.eq_ignore_ascii_case("https"),
        None => request.app_config().secure(),
    }
}

/// Host and port as the browser wrote them.
pub fn host(request: &HttpRequest) -> &str {
    request
        .headers()
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or("")
}

/// The origin under which the page was opened.
pub fn page_origin(request: &HttpRequest) -> String {
    let scheme = if is_https(request) { "https" } else { "http" };
    format!("{scheme}://{}", host(request).to_lowercase())
}

/// Whether a page of ours (or no page at all) sent this. (SEC09)
pub fn is_own_page(request: &HttpRequest) -> bool {
    let text = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or("").to_lowercase())
    };
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = text("origin") else {
        return true; // No browser leaves both away.
    };
    let public = request
        .app_data::<Data<App>>()
        .is_some_and(|app| app.config.http.public_urls.contains(&origin));
    let same_host = origin
        .split_once("://")
        .is_some_and(|(_, rest)| rest == host(request).to_lowercase());
    public || same_host
}

/// What the person uses, in a few words, from `User-Agent`: a hint for them, never a proof.
pub fn device(request: &HttpRequest) -> String {
    let agent = request
        .headers()
        .get("user-agent")
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or("");
    let browsers = [
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    let find = |list: &[(&str, &'static str)]| {
        list.iter()
            .find(|(sign, _)| agent.contains(sign))
            .map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => agent
            .split('/')
            .next()
            .unwrap_or("")
            .chars()
            .filter(|letter| !letter.is_control())
            .take(40)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn networks_are_addresses_or_halves_of_them() {
        let from = |peer: &str| {
            client_network(
                &TestRequest::default()
                    .peer_addr(peer.parse().unwrap())
                    .to_http_request(),
            )
        };
        assert_eq!(from("203.0.113.7:1"), "203.0.113.7");
        assert_eq!(from("[::ffff:203.0.113.7]:1"), "203.0.113.7");
        assert_eq!(from("[2001:db8:1:2:3:4:5:6]:1"), "2001:db8:1:2::/64");
    }

    #[test]
    fn a_device_is_named_in_a_few_words() {
        let from = |agent: &str| {
            device(
                &TestRequest::default()
                    .insert_header(("user-agent", agent))
                    .to_http_request(),
            )
        };
        assert_eq!(
            from("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox, Linux"
        );
        assert_eq!(from("curl/8.0"), "curl");
    }
}
