//! Addresses and their methods: what is not allowed is said, with what is.

use crate::platform::problem::Problem;
use actix_web::{Resource, Route, guard, web};

/// `GET`, and `HEAD` with it (RFC 9110, 9.3.2).
pub fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// One address with its methods; any other method is answered 405 with `Allow`.
pub fn resource(path: &str, routes: impl IntoIterator<Item = (&'static str, Route)>) -> Resource {
    let mut resource = web::resource(path.to_owned());
    let mut allowed = Vec::new();
    for (method, route) in routes {
        allowed.push(if method == "GET" { "GET, HEAD" } else { method });
        resource = resource.route(route);
    }
    let allowed = allowed.join(", ");
    resource.default_service(web::to(move || {
        let problem = Problem::WrongMethod(allowed.clone());
        async move { Err::<actix_web::HttpResponse, Problem>(problem) }
    }))
}
