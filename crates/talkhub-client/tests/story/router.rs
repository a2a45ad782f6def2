//! Every address that the program answers at, read from its sources: the matrices have a line for each.

use actix_web::http::Method;
use std::path::{Path, PathBuf};

/// An address with one of its methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub method: Method,
    pub path: String,
    /// Whether it stands under `/api/v1`.
    pub is_api: bool,
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All routes of `shell::router` and of what it configures.
pub fn routes() -> Vec<Route> {
    let router = std::fs::read_to_string(sources().join("shell/router.rs")).unwrap();
    let (api, pages) = router
        .split_once(".default_service(web::to(missing));")
        .expect("the API ends with its default");
    let mut routes = routes_in(pages, false);
    for (part, is_api) in [(api, true), (pages, false)] {
        for name in part.split(".configure(").skip(1) {
            let name = name.split(')').next().unwrap();
            routes.extend(routes_in(&body_of(name), is_api));
        }
    }
    routes
}

/// The body of `slice::file::function`.
fn body_of(name: &str) -> String {
    let (file, function) = name.rsplit_once("::").unwrap();
    let file = sources().join(file.replace("::", "/"));
    let beside = file.with_extension("rs");
    let file = if beside.exists() {
        beside
    } else {
        file.join("mod.rs")
    };
    let text = std::fs::read_to_string(&file).unwrap();
    let (_, rest) = text
        .split_once(&format!("pub fn {function}("))
        .unwrap_or_else(|| panic!("{name} is not where it should be"));
    rest.split("\n}\n").next().unwrap().to_owned()
}

/// What is built with `resource(path, methods)` in this piece of source.
fn routes_in(source: &str, is_api: bool) -> Vec<Route> {
    let flat = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut routes = Vec::new();
    for service in flat.split("resource(").skip(1) {
        let paths: Vec<&str> = match service.trim_start().strip_prefix('"') {
            Some(path) => vec![path.split('"').next().unwrap()],
            // In a loop over paths.
            None => quoted(flat.split(" in [").nth(1).unwrap().split(']').next().unwrap()),
        };
        let methods = service.split('[').nth(1).unwrap().split(']').next().unwrap();
        let methods = quoted(methods).into_iter().filter_map(|word| match word {
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" => word.parse::<Method>().ok(),
            _ => None,
        });
        for method in methods {
            routes.extend(paths.iter().map(|path| Route {
                method: method.clone(),
                path: (*path).to_owned(),
                is_api,
            }));
        }
    }
    routes
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

/// A path as a route or a line of a table has it, with `*` for what stands for something.
pub fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    let parts = path.split('/').map(|part| {
        let stands_for = part.starts_with(['{', '7', '1']) || part.starts_with("AAAA");
        if stands_for { "*" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A line for each row of a table in `docs/api.md` that begins with a method and a path, both as code.
fn documented() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = std::fs::read_to_string(page).unwrap();
    let line = |row: &str| {
        let mut parts = row.strip_prefix("| `")?.split('`');
        let (method, between, path) = (parts.next()?, parts.next()?, parts.next()?);
        let is_route = between == " | " && path.starts_with('/');
        is_route.then(|| format!("{method} {}", shape(path)))
    };
    page.lines().filter_map(line).collect()
}

#[test]
fn each_route_of_the_api_has_its_line_in_its_document_and_no_line_is_of_none() {
    let (mut lines, api) = (documented(), routes().into_iter().filter(|route| route.is_api));
    let mut routes: Vec<String> = api
        .map(|route| format!("{} {}", route.method, shape(&route.path)))
        .collect();
    let without = |these: &[String], others: &[String]| -> Vec<String> {
        let these = these.iter().filter(|one| !others.contains(one));
        these.cloned().collect()
    };
    let none = Vec::<String>::new();
    assert_eq!(
        without(&routes, &lines),
        none,
        "docs/api.md lacks a line for these"
    );
    assert_eq!(
        without(&lines, &routes),
        none,
        "docs/api.md has a line for these, which are no routes"
    );
    lines.sort();
    routes.sort();
    assert_eq!(lines, routes, "docs/api.md has a line twice");
}

#[test]
fn routes_are_found_where_they_are_made() {
    let routes = routes();
    let has = |method: Method, path: &str, is_api: bool| {
        let path = path.to_owned();
        assert!(routes.contains(&Route { method, path, is_api }));
    };
    has(Method::DELETE, "/me", true);
    has(Method::PUT, "/conversations/{id}/read", true);
    has(Method::POST, "/settings/data/export", false);
    has(Method::GET, "/chat/{user_id}/", false);
    has(Method::GET, "/healthz", false);
    assert!(100 < routes.len(), "{}", routes.len());
}

/// Whatever is routed another way would not be found above.
#[test]
fn sec14_there_is_one_way_to_make_a_route() {
    let mut folders = vec![sources()];
    let mut complaints = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs")
                || path.ends_with("platform/routes.rs")
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let scopes = code.matches("web::scope(").count();
            let allowed = usize::from(path.ends_with("shell/router.rs"));
            if code.contains("web::resource(") || code.contains(".route(") || allowed < scopes {
                complaints.push(format!("{}: use platform::routes::resource", path.display()));
            }
        }
    }
    assert_eq!(complaints, Vec::<String>::new());
}
