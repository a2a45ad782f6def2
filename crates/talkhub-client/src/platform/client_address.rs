//! Where a request really comes from, and under which origin the person sees the page.

use crate::platform::app::App;
use actix_web::HttpRequest;
use actix_web::web::Data;
use std::net::{IpAddr, Ipv4Addr};

/// What stands before the host: only believed from a trusted proxy.
fn forwarded<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    is_from_proxy(request)
        .then(|| request.headers().get(name)?.to_str().ok())
        .flatten()
}

fn trusted(request: &HttpRequest, address: IpAddr) -> bool {
    request
        .app_data::<Data<App>>()
        .is_some_and(|app| app.config.http.trusted_proxies.contains(&address))
}

fn is_from_proxy(request: &HttpRequest) -> bool {
    request
        .peer_addr()
        .is_some_and(|peer| trusted(request, peer.ip()))
}

/// The address of the person's machine: the last one in `X-Forwarded-For` that is no proxy of ours.
pub fn client_ip(request: &HttpRequest) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip());
    let listed = forwarded(request, "x-forwarded-for").unwrap_or("");
    let hops = listed
        .rsplit(',')
        .map_while(|hop| hop.trim().parse::<IpAddr>().ok());
    hops.into_iter()
        .find(|hop| !trusted(request, *hop))
        .unwrap_or(peer)
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
    match forwarded(request, "x-forwarded-proto") {
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
