//! Everything that comes in by HTTP: sorted by path, with the real address, the origin and the connection known.

pub(crate) mod cors;
mod health;
pub(crate) mod problem;

use crate::accept::Door;
use crate::connect::Arrival;
use crate::limits::Entries;
use crate::line::Line;
use crate::relay::Relay;
use crate::way::Way;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use problem::answer;
use shared_protocol::Problem;
use socketioxide::service::SocketIoService;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// Where Socket.IO lives.
const SOCKET_PATH: &str = "/socket.io";

type SocketService = SocketIoService<Router>;

/// What is served, made once.
pub(crate) struct Served {
    socket: SocketService,
    public: Router,
    internal: Router,
}

impl Served {
    pub(crate) fn new(relay: &Arc<Relay>, socket: SocketService) -> Self {
        let public = health::router(Arc::clone(relay));
        let internal = crate::internal::router(Arc::clone(relay));
        Self {
            socket,
            internal: public.clone().merge(internal).fallback(missing),
            public: public.fallback(missing),
        }
    }
}

/// What Socket.IO hands on because it is not at its own path.
pub(crate) fn elsewhere() -> Router {
    Router::new().fallback(missing)
}

async fn missing() -> Response<Body> {
    answer(&Problem::new("missing", 404, "There is nothing at this address."))
}

/// The service of one TCP connection.
#[derive(Clone)]
pub(crate) struct Front {
    relay: Arc<Relay>,
    served: Arc<Served>,
    line: Arc<Line>,
    door: Door,
}

impl Front {
    pub(crate) fn new(relay: Arc<Relay>, served: Arc<Served>, line: Arc<Line>, door: Door) -> Self {
        Self {
            relay,
            served,
            line,
            door,
        }
    }

    async fn serve(self, mut request: Request<Incoming>) -> Response<Body> {
        if request.uri().path().starts_with(SOCKET_PATH) && self.door != Door::Internal {
            return self.socket(request).await;
        }
        let real = self.real_address(request.headers());
        request.extensions_mut().insert(crate::internal::Caller(real));
        let router = match self.door {
            Door::Public => self.served.public.clone(),
            Door::Both | Door::Internal => self.served.internal.clone(),
        };
        let served = router.oneshot(request.map(Body::new)).await;
        served.unwrap_or_else(|never| match never {})
    }

    fn real_address(&self, headers: &HeaderMap) -> std::net::IpAddr {
        let forwarded = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok());
        // `GetAll` cannot be walked backwards.
        let forwarded: Vec<&str> = forwarded.collect();
        crate::address::real(
            &self.relay.config.trusted_proxies,
            self.line.peer,
            forwarded.into_iter(),
        )
    }

    async fn socket(self, request: Request<Incoming>) -> Response<Body> {
        let real = self.real_address(request.headers());
        if real != self.line.peer && self.line.held_address() != Some(real) {
            match self.relay.caps.enter_behind_proxy(real) {
                Ok(permit) => self.line.hold(permit),
                Err(_) => return too_many(),
            }
        }
        let origin = cors::origin(request.headers());
        let known = origin
            .as_deref()
            .filter(|origin| self.relay.registry.knows_origin(origin));
        let allowed = known.map(str::to_owned);
        let mut response = match *request.method() == Method::OPTIONS {
            true => cors::preflight(),
            false => self.hand_on(request, origin).await,
        };
        cors::allow(&mut response, allowed.as_deref());
        response
    }

    /// To Socket.IO. A body may not take for ever; a poll may wait as long as it likes.
    async fn hand_on(&self, request: Request<Incoming>, origin: Option<Arc<str>>) -> Response<Body> {
        let sid = query_value(request.uri(), "sid").map(str::to_owned);
        let way = sid.as_deref().and_then(|sid| self.relay.sessions.find(sid));
        if way.as_ref().is_some_and(Way::is_cut) {
            return unknown_session();
        }
        let polls = *request.method() == Method::GET && !request.headers().contains_key(header::UPGRADE);
        let carried = way.filter(|_| polls).map(|way| way.carry(&self.line));
        if matches!(carried, Some(None)) {
            return unknown_session();
        }
        let has_body = request.method() == Method::POST;
        let request = self.arrive(request, origin);
        let serving = self.served.socket.clone().oneshot(request);
        let served = if has_body {
            let limit = Duration::from_millis(self.relay.config.times.body_timeout_ms);
            match tokio::time::timeout(limit, serving).await {
                Ok(served) => served,
                Err(_) => return answer(&Problem::new("too-slow", 408, "The request took too long.")),
            }
        } else {
            serving.await
        };
        let response = served.unwrap_or_else(|never| match never {}).map(Body::new);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.line.upgrade();
        }
        // Only now: it ends the HTTP of this connection, so there is one upgrade at most for each.
        if let Some(sid) = sid.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
            self.relay.sessions.add(&sid, &self.line);
        }
        response
    }

    /// What Socket.IO gets: copies of the few headers that it needs, because it keeps the request as long as the socket
    /// lives and the original would keep hyper's read buffer with it.
    fn arrive(&self, request: Request<Incoming>, origin: Option<Arc<str>>) -> Request<Body> {
        let (mut parts, body) = request.into_parts();
        let websocket =
            parts.headers.contains_key(header::UPGRADE) && query_value(&parts.uri, "sid").is_none();
        let mut kept = HeaderMap::with_capacity(4);
        let needed: [HeaderName; 5] = [
            header::CONNECTION,
            header::UPGRADE,
            header::SEC_WEBSOCKET_KEY,
            header::SEC_WEBSOCKET_VERSION,
            header::CONTENT_TYPE,
        ];
        for name in needed {
            let copy = parts
                .headers
                .get(&name)
                .map(|value| HeaderValue::from_bytes(value.as_bytes()));
            if let Some(Ok(copy)) = copy {
                kept.insert(name, copy);
            }
        }
        parts.headers = kept;
        parts.uri = parts.uri.to_string().parse().unwrap_or_default();
        parts.extensions.insert(Arrival {
            line: Arc::clone(&self.line),
            websocket,
            origin,
            entries: Entries::new(&self.relay.config, Instant::now()),
        });
        Request::from_parts(parts, Body::new(body))
    }
}

fn query_value<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next()
}

/// As Socket.IO itself answers for a session that it does not know.
fn unknown_session() -> Response<Body> {
    let told = r#"{"code":"1","message":"Session ID unknown"}"#;
    let mut response = Response::new(Body::from(told));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn too_many() -> Response<Body> {
    let mut response = answer(&Problem::new(
        "too-many",
        429,
        "Too many connections from this address.",
    ));
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let front = self.clone();
        Box::pin(async move { Ok(front.serve(request).await) })
    }
}
