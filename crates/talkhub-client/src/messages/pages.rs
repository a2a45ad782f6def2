//! The page of the chat: a shell in which the browser's program starts.

use crate::accounts::SignedIn;
use crate::platform::app::App;
use crate::platform::page::{Page, render};
use crate::platform::problem::{Problem, Result};
use crate::platform::routes::{get, resource};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use shared_protocol::UserId;
use shared_protocol::api::Island;

/// The routes of the page; the browser's program reads the path.
pub fn routes(routes: &mut web::ServiceConfig) {
    for path in ["/", "/chat", "/chat/", "/chat/{user_id}", "/chat/{user_id}/"] {
        routes.service(resource(path, [("GET", get().to(show))]));
    }
}

#[derive(Template)]
#[template(path = "messages/templates/chat.html")]
struct ChatPage<'a> {
    page: Page<'a>,
    /// JSON that may stand in a page: no `<` in it.
    island: String,
}

/// `GET /`, `GET /chat/{user ID}`; what is no user ID is no page, and who has it is for the browser's program to find out.
async fn show(app: Data<App>, me: SignedIn, request: HttpRequest) -> Result<HttpResponse> {
    let named = request.match_info().get("user_id");
    if named.is_some_and(|named| {
        named
            .replace("%20", "")
            .replace(' ', "")
            .parse::<UserId>()
            .is_err()
    }) {
        return Err(Problem::Missing("page"));
    }
    let page = Page::new(&app.assets.app, &me.account.theme);
    let island = Island {
        me: me.account.me(&app.history_id),
        now: app.clock.now(),
        language: page.words.language().to_owned(),
        idle_after_s: app.config.presence.idle.as_secs(),
    };
    let island = serde_json::to_string(&island).map_err(|error| Problem::Internal(error.into()))?;
    render(
        StatusCode::OK,
        &ChatPage {
            page,
            island: without_tags(&island),
        },
    )
}

/// `<` as JSON may also write it, so that no text ends the element it stands in.
fn without_tags(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::without_tags;

    #[test]
    fn no_name_ends_the_island() {
        let json = serde_json::json!({ "name": "</script><img src=x onerror=alert(1)>" }).to_string();
        let safe = without_tags(&json);
        assert!(!safe.contains('<'));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).unwrap()["name"],
            "</script><img src=x onerror=alert(1)>"
        );
    }
}
