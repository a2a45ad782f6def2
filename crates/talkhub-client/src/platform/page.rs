//! What every page has in common: its words, its theme, its files; and the page that says why there is none.

use crate::platform::problem::{Problem, Result};
use crate::platform::words::Words;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// Names of the built files, from the bundler's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// The chat.
    pub app: Bundle,
    /// Help for the forms that also work without script.
    pub account: Bundle,
}

/// One entry point: its script and its style sheets, as paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    pub script: String,
    pub styles: Vec<String>,
    /// Scripts that the script imports: fetched at once.
    pub preloads: Vec<String>,
}

/// What a template needs to draw the frame around its content.
pub struct Page<'a> {
    pub words: &'static Words,
    pub bundle: &'a Bundle,
    /// `dark`, `light` or `system`.
    pub theme: &'a str,
}

impl<'a> Page<'a> {
    pub fn new(bundle: &'a Bundle, theme: &'a str) -> Self {
        Self {
            words: Words::english(),
            bundle,
            theme,
        }
    }
}

/// A template as an answer.
pub fn render(status: StatusCode, template: &impl Template) -> Result<HttpResponse> {
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(render_text(template)?))
}

/// A template as text.
pub fn render_text(template: &impl Template) -> Result<String> {
    template.render().map_err(|error| Problem::Internal(error.into()))
}

/// A problem as a page, for people who opened an address in their browser.
#[derive(Template)]
#[template(path = "platform/templates/problem.html")]
pub struct ProblemPage<'a> {
    pub page: Page<'a>,
    pub status: u16,
    pub title: String,
    pub reference: Option<String>,
}

impl<'a> ProblemPage<'a> {
    pub fn new(told: shared_protocol::Problem, bundle: &'a Bundle) -> Self {
        Self {
            page: Page::new(bundle, "dark"),
            status: told.status,
            title: told.title,
            reference: told.reference,
        }
    }
}
