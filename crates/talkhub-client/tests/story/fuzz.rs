//! Made-up headers and addresses against the whole router: nobody is believed who is no proxy, and nothing answers 500.

use crate::app::TestApp;
use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use actix_web::web::Data;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::net::IpAddr;
use talkhub_client::platform::client_address::{client_ip, client_network, device, is_https, page_origin};

const PROXY: &str = "10.0.0.1";

fn runner(times: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases: ProptestConfig::default().cases * times,
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

/// Lines of `X-Forwarded-For`: addresses, the proxy's own among them, and rubbish.
fn hops() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let hop = prop_oneof![
        3 => any::<IpAddr>().prop_map(|address| address.to_string()),
        2 => Just(PROXY.to_owned()),
        1 => Just(format!("::ffff:{PROXY}")),
        1 => "[ -~]{0,20}",
    ];
    let line = prop_oneof![
        4 => vec(hop, 0..4).prop_map(|hops| hops.join(", ").into_bytes()),
        1 => any::<Vec<u8>>(),
    ];
    vec(line, 0..3)
}

fn with(
    headers: &[(&'static str, Vec<u8>)],
    peer: IpAddr,
    app: &Data<talkhub_client::platform::app::App>,
) -> HttpRequest {
    let mut request = TestRequest::get()
        .app_data(app.clone())
        .peer_addr((peer, 1).into());
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request = request.append_header((HeaderName::from_static(name), value));
        }
    }
    request.to_http_request()
}

#[actix_web::test]
async fn forwarded_headers_count_only_from_the_proxy_and_name_no_proxy() {
    let proxy: IpAddr = PROXY.parse().unwrap();
    let app = TestApp::with(|config| config.http.trusted_proxies = vec![proxy]).await;
    let app = Data::new(app.app.clone());
    let scheme = prop_oneof![
        select(vec!["http", "https", "HTTPS", "https, http"]).prop_map(str::to_owned),
        "[ -~]{0,9}"
    ];
    let input = (
        any::<IpAddr>(),
        hops(),
        scheme,
        any::<Vec<u8>>(),
        any::<Vec<u8>>(),
    );
    let tried = runner(4).run(&input, |(stranger, hops, scheme, host, agent)| {
        let mut headers: Vec<(&'static str, Vec<u8>)> =
            hops.into_iter().map(|line| ("x-forwarded-for", line)).collect();
        headers.push(("x-forwarded-proto", scheme.clone().into_bytes()));
        headers.push(("host", host));
        headers.push(("user-agent", agent));

        let from_stranger = with(&headers, stranger, &app);
        if stranger.to_canonical() != proxy {
            assert_eq!(client_ip(&from_stranger), stranger.to_canonical());
            assert!(!is_https(&from_stranger));
        }
        let by_proxy = with(&headers, proxy, &app);
        let named = client_ip(&by_proxy);
        assert_eq!(named, named.to_canonical(), "one address has one form");
        let listed = headers.iter().filter(|(name, _)| *name == "x-forwarded-for");
        let listed = listed.filter_map(|(_, line)| std::str::from_utf8(line).ok());
        let mut hops = listed
            .flat_map(|line| line.split(','))
            .filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
        assert!(
            named == proxy || hops.any(|hop| hop.to_canonical() == named),
            "{named} is named by nobody"
        );
        let last = scheme.rsplit(',').next().unwrap_or_default().trim();
        assert_eq!(is_https(&by_proxy), last.eq_ignore_ascii_case("https"));
        for request in [&from_stranger, &by_proxy] {
            assert!(page_origin(request).starts_with("http"));
            assert!(device(request).chars().count() <= 40 && !client_network(request).is_empty());
        }
        Ok(())
    });
    tried.unwrap();
}

#[actix_web::test]
async fn flt35_made_up_requests_are_never_our_fault() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    let part = prop_oneof![
        4 => select(vec!["api", "v1", "me", "users", "conversations", "private", "messages", "changes", "sessions",
            "relay-ids", "free-user-ids", "chat", "assets", "login", "read", "1", "1000000001", "0", "current"])
            .prop_map(str::to_owned),
        1 => "[a-z0-9%.~_-]{0,12}",
        1 => "(%[0-9a-f]{2}){1,4}",
    ];
    let query =
        "(\\?(query|before|after|limit|next)=[a-zA-Z0-9%+/-]{0,12}(&(before|after|limit)=-?[0-9]{0,20})?)?";
    let method = select(vec![
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
    ]);
    let body = prop_oneof![
        "[\\[\\]{}\":,a-z0-9]{0,40}",
        Just("{\"read\":1,\"id\":\"x\",\"body\":\"y\"}".to_owned())
    ];
    let input = (method, vec(part, 0..6), query, body);
    let mut runner = runner(4);
    for _ in 0..runner.config().cases {
        let (method, parts, query, body) = input.new_tree(&mut runner).unwrap().current();
        let path = format!("/{}{query}", parts.join("/"));
        if path.parse::<actix_web::http::Uri>().is_err() {
            continue; // no client can send it
        }
        let request = ann.request(method.clone(), &path);
        let request = request
            .insert_header(("content-type", "application/json"))
            .set_payload(body.clone());
        let answer = ann.send(request).await;
        assert!(
            answer.status < 500 || answer.status == 503,
            "{method} {path} {body}: {} {}",
            answer.status,
            answer.text
        );
    }
}
