//! Every page and form, opened and sent empty by everybody there is, and from a page that is not ours.

use crate::administrators::promote;
use crate::app::{Answer, Person, TestApp};
use crate::router;
use actix_web::http::Method;

/// Method, path, and the status for: signed out, signed in, administrator. 303 is the way to signing in, or onwards.
const PAGES: &str = "
    GET  /                              303 200 200
    GET  /chat                          303 200 200
    GET  /chat/                         303 200 200
    GET  /chat/1000000002               303 200 200
    GET  /chat/1000000002/              303 200 200
    GET  /healthz                       200 200 200
    GET  /readyz                        200 200 200
    GET  /assets/{none}                 404 404 404
    GET  /avatars/{none}                401 404 404
    GET  /live                          401 400 400
    GET  /login                         200 303 303
    POST /login                         401 401 401
    GET  /login/code                    200 303 303
    POST /login/code                    422 422 422
    GET  /register                      200 303 303
    POST /register                      400 400 400
    GET  /setup                         404 404 404
    POST /setup                         404 404 404
    GET  /forgot                        200 200 200
    POST /forgot                        422 422 422
    GET  /reset                         404 404 404
    POST /reset                         404 404 404
    GET  /reset/{none}                  404 404 404
    GET  /confirm                       404 404 404
    POST /confirm                       404 404 404
    GET  /confirm/{none}                404 404 404
    GET  /settings                      303 303 303
    GET  /settings/profile              303 200 200
    POST /settings/profile              303 422 422
    POST /settings/avatar               303 422 422
    POST /settings/avatar/remove        303 303 303
    POST /settings/presence             303 400 400
    GET  /settings/account              303 200 200
    POST /settings/account              303 422 422
    GET  /settings/password             303 200 200
    POST /settings/password             303 422 422
    GET  /settings/privacy              303 200 200
    POST /settings/privacy              303 303 303
    GET  /settings/blocked              303 200 200
    POST /settings/blocked              303 303 303
    GET  /settings/security             303 200 200
    POST /settings/security/devices     303 303 303
    POST /settings/security/factor      303 422 422
    POST /settings/security/confirm     303 422 422
    GET  /settings/activity             303 200 200
    GET  /settings/data                 303 200 200
    POST /settings/data/export          303 422 422
    POST /settings/data/leave           303 422 422
    GET  /logout                        303 200 200
    POST /logout                        303 303 303
";

/// Where an administrator without the second factor that is asked of them gets nevertheless, of all that needs a sign-in.
const OPEN: [&str; 5] = [
    "GET /settings/security",
    "POST /settings/security/factor",
    "POST /settings/security/confirm",
    "GET /logout",
    "POST /logout",
];

struct Line {
    method: Method,
    path: &'static str,
    statuses: Vec<u16>,
}

impl Line {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    async fn ask(&self, who: &Person, headers: &[(&'static str, &'static str)]) -> Answer {
        let request = who.request(self.method.clone(), &self.path.replace("{none}", "none"));
        let request = headers
            .iter()
            .fold(request, |request, header| request.insert_header(*header));
        who.send(match self.method == Method::POST {
            true => request.set_form([("presence", "x"), ("user_id", "1000000009")]),
            false => request,
        })
        .await
    }
}

fn lines() -> Vec<Line> {
    let lines = PAGES.trim().lines().map(|line| {
        let mut words = line.split_whitespace();
        Line {
            method: words.next().unwrap().parse().unwrap(),
            path: words.next().unwrap(),
            statuses: words.map(|status| status.parse().unwrap()).collect(),
        }
    });
    lines.collect()
}

#[test]
fn sec14_every_page_has_its_line() {
    let lines = lines();
    let is_there = |route: &router::Route| {
        let fits = |line: &Line| {
            line.method == route.method && router::shape(line.path) == router::shape(&route.path)
        };
        lines.iter().any(fits)
    };
    let missing: Vec<String> = router::routes()
        .into_iter()
        .filter(|route| !route.is_api && !is_there(route))
        .map(|route| format!("{} {}: add it to the table", route.method, route.path))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[actix_web::test]
async fn sec14_every_page_is_shown_to_whom_it_should_be() {
    let app = TestApp::new().await;
    let (ann, boss) = (app.person("1000000001").await, app.person("1000000002").await);
    promote(&app, boss.id).await;
    for line in lines() {
        for (who, want) in [app.visitor(), ann.clone(), boss.clone()]
            .iter()
            .zip(&line.statuses)
        {
            app.wait(61);
            let answer = line.ask(who, &[]).await;
            assert_eq!(answer.status, *want, "{}: {}", line.name(), answer.text);
        }
    }
    app.run_jobs().await;
}

/// A form of ours that a foreign page sends in somebody's name does nothing, whichever it is. (SEC09)
#[actix_web::test]
async fn sec09_bad07_no_form_is_taken_from_a_foreign_page() {
    let app = TestApp::new().await;
    let ann = app.person("1000000001").await;
    for line in lines().iter().filter(|line| line.method == Method::POST) {
        for foreign in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            for who in [&app.visitor(), &ann] {
                let answer = line.ask(who, &[foreign]).await;
                assert_eq!(answer.status, 403, "{} {foreign:?}", line.name());
                assert!(
                    answer.text.contains("This page is out of date."),
                    "{}",
                    answer.text
                );
            }
        }
    }
    assert_eq!(ann.get("/api/v1/me").await.status, 200, "she is still signed in");
}

#[actix_web::test]
async fn u01_every_page_leads_an_administrator_who_lacks_the_second_factor_to_it() {
    let app = TestApp::with(|config| config.accounts.admin_second_factor = true).await;
    let boss = app.person("1000000002").await;
    promote(&app, boss.id).await;
    for line in lines() {
        app.wait(61);
        let answer = line.ask(&boss, &[]).await;
        let needs_sign_in = line.statuses[0] == 303 && !OPEN.contains(&line.name().as_str());
        let is_led = answer.header("location") == "/settings/security" && answer.status == 303;
        // Who has signed in has nothing to do at these, and would be sent on.
        let sends_on = line.statuses[0] == 200 && line.statuses[1] == 303;
        assert_eq!(
            is_led,
            needs_sign_in || sends_on,
            "{}: {}",
            line.name(),
            answer.text
        );
    }
}
