//! Every door of the API, asked by everybody there is: what they are to Bob decides what they are told.

use crate::administrators::promote;
use crate::app::{Person, TestApp};
use crate::contacts::befriend;
use crate::doors;
use actix_web::http::Method;
use serde_json::json;

/// Method, path, and the status for: signed out, stranger, contact, blocked, administrator. `{talk}` is the conversation with
/// Bob; for a stranger, an administrator and whoever is signed out it is somebody else's: administering is no key to it.
const MATRIX: &str = "
    GET    /me                                         401 200 200 200 200
    PATCH  /me                                         401 200 200 200 200
    PUT    /me/password                                401 400 400 400 400
    GET    /me/changes                                 401 200 200 200 200
    GET    /sessions                                   401 200 200 200 200
    GET    /users?query=no                             401 200 200 200 200
    GET    /users/{bob}                                401 200 200 404 200
    GET    /contacts                                   401 200 200 200 200
    GET    /contact-requests                           401 200 200 200 200
    POST   /contact-requests                           401 404 404 404 404
    POST   /contact-requests/7/accept                  401 404 404 404 404
    POST   /contact-requests/7/reject                  401 404 404 404 404
    GET    /blocks                                     401 200 200 200 200
    PUT    /blocks/7777777777                          401 404 404 404 404
    POST   /relay-ids                                  401 201 201 201 201
    GET    /conversations                              401 200 200 200 200
    GET    /conversations/heads                        401 200 200 200 200
    GET    /conversations/{talk}                       401 404 200 200 404
    GET    /conversations/{talk}/messages              401 404 200 200 404
    POST   /conversations/{talk}/messages              401 404 201 403 404
    POST   /conversations/{talk}/passed-on             401 404 200 200 404
    GET    /conversations/{talk}/changes               401 404 200 200 404
    PUT    /conversations/{talk}/read                  401 404 200 200 404
    POST   /conversations/{talk}/accept                401 404 200 200 404
    POST   /conversations/{talk}/dismiss               401 404 404 404 404
    PUT    /conversations/private/{bob}                401 200 200 200 200
    GET    /free-user-ids                              200 200 200 200 200
    GET    /free-user-ids/7777777777                   200 200 200 200 200
    POST   /sessions                                   401 401 401 401 401
    POST   /accounts                                   400 400 400 400 400
    POST   /sessions/step                              400 400 400 400 400
    POST   /tokens                                     401 401 401 401 401
    POST   /tokens/step                                400 400 400 400 400
    POST   /tokens/refresh                             401 401 401 401 401
    GET    /me/second-factor                           401 200 200 200 200
    POST   /me/second-factor                           401 400 400 400 400
    POST   /me/second-factor/confirm                   401 409 409 409 409
    POST   /me/second-factor/recovery-codes            401 409 409 409 409
    POST   /me/second-factor/end                       401 409 409 409 409
    PUT    /me/avatar                                  401 400 400 400 400
    DELETE /me/avatar                                  401 204 204 204 204
    GET    /me/privacy                                 401 200 200 200 200
    PATCH  /me/privacy                                 401 200 200 200 200
    PUT    /relay-ids/AAAAAAAAAAAAAAAAAAAAAA/idle      401 404 404 404 404
    PUT    /me/presence                                401 200 200 200 200
    GET    /rooms/{talk}/online                        401 404 200 200 404
    DELETE /contact-requests/7                         401 404 404 404 404
    DELETE /blocks/{bob}                               401 404 404 404 404
    DELETE /contacts/{bob}                             401 404 204 404 404
    DELETE /tokens/current                             401 404 404 404 404
    DELETE /sessions/7777777777                        401 404 404 404 404
    DELETE /sessions                                   401 204 204 204 204
    GET    /me/activity                                401 200 200 200 200
    PUT    /me/email                                   401 400 400 400 400
    POST   /me/export                                  401 400 400 400 400
    DELETE /me                                         401 400 400 400 400
    POST   /password-resets                            422 422 422 422 422
    PUT    /password-resets                            404 404 404 404 404
    DELETE /sessions/current                           401 204 204 204 204
";

/// Method, path, statuses.
fn lines() -> Vec<(Method, &'static str, Vec<u16>)> {
    let lines = MATRIX.trim().lines().map(|line| {
        let mut words = line.split_whitespace();
        let method = words.next().unwrap().parse().unwrap();
        let path = words.next().unwrap();
        (
            method,
            path,
            words.map(|status| status.parse().unwrap()).collect(),
        )
    });
    lines.collect()
}

/// A door that is added without a line above is noticed here; that every route has its door is `doors.rs`.
#[test]
fn sec14_every_door_has_its_line() {
    let lines = lines();
    let mut missing = Vec::new();
    for (method, path, ..) in doors::table() {
        if !lines
            .iter()
            .any(|(known, line, _)| *known == method && *line == path)
        {
            missing.push(format!("{method} {path}: add it to the matrix"));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    let mut widths: Vec<usize> = lines.iter().map(|(_, _, statuses)| statuses.len()).collect();
    widths.dedup();
    assert_eq!(widths, [5]);
}

#[actix_web::test]
async fn sec14_everybody_gets_what_they_are_to_bob() {
    let app = TestApp::new().await;
    let bob = app.person("1000000002").await;
    let people: [(&str, Person); 5] = [
        ("signed out", app.visitor()),
        ("stranger", app.person("1000000003").await),
        ("contact", app.person("1000000001").await),
        ("blocked", app.person("1000000004").await),
        ("administrator", app.person("1000000005").await),
    ];
    let [_, _, (_, contact), (_, blocked), (_, administrator)] = &people;
    promote(&app, administrator.id).await;
    befriend(contact, &bob).await;
    let of_contact = app.talk([contact, &bob]).await;
    let of_blocked = app.talk([blocked, &bob]).await;
    let block = bob
        .put(&format!("/api/v1/blocks/{}", blocked.id), json!({}))
        .await;
    assert_eq!(block.status, 204, "{}", block.text);
    for (method, path, want) in lines() {
        let (_, _, body, _) = doors::table()
            .into_iter()
            .find(|(known, line, ..)| *known == method && *line == path)
            .unwrap_or_else(|| panic!("{method} {path} is no door any more: take its line out"));
        for ((role, who), want) in people.iter().zip(want) {
            let talk = match *role {
                "blocked" => of_blocked,
                _ => of_contact,
            };
            let path = format!("/api/v1{path}")
                .replace("{talk}", &talk.to_string())
                .replace("{bob}", &bob.id.to_string());
            let request = who.request(method.clone(), &path);
            let request = match body.is_null() {
                true => request,
                false => request.set_json(&body),
            };
            // So that nobody is slowed down for what others tried.
            app.wait(61);
            let answer = who.send(request).await;
            assert_eq!(answer.status, want, "{role}: {method} {path}: {}", answer.text);
        }
    }
    app.run_jobs().await;
}
