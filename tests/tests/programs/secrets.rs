//! What must never be in a log: everything secret is planted through the real programs, which tell all they know.

use crate::writing::{LIMIT, two};
use end_to_end::{Person, Process, SECRET, Site, new_message_id};
use reqwest::Method;
use serde_json::{Value, json};
use shared_protocol::envelope::Auth;
use shared_protocol::{Ack, Class, Event};
use socket_client::{Client, Options};

/// A word that stands in everything that people write here.
const BODY: &str = "the-body-that-nobody-may-log";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec29_no_log_of_either_program_has_a_secret() {
    let mut site = Site::new().unwrap();
    let levels = "debug,talkhub_client=trace,talkhub_relay=trace,shared_protocol=trace";
    for name in ["TALKHUB_LOG", "TALKHUB_RELAY_LOG"] {
        site.settings.insert(name.into(), levels.into());
    }
    site.start().await.unwrap();
    let (ann, bob, talk) = two(&site).await;
    let mut secrets: Vec<String> = vec![SECRET.into(), BODY.into(), end_to_end::PASSWORD.into()];

    // Passwords: right, wrong, changed, too short, in JSON that cannot be read, in the name's field.
    let words = [
        "wrong-password-7781",
        "new-password-4432",
        "tiny-9",
        "not-json-5519",
    ];
    secrets.extend(words.map(String::from));
    Person::sign_in(&site, "ann", words[0]).await.unwrap_err();
    Person::sign_in(&site, words[0], words[0]).await.unwrap_err();
    let change = json!({ "current": end_to_end::PASSWORD, "password": words[1], "password_again": words[1] });
    let changed: anyhow::Result<Value> = bob.ask(Method::PUT, "/me/password", Some(&change)).await;
    drop(changed); // the answer has no body
    let bob = Person::sign_in(&site, "bob", words[1])
        .await
        .expect("it was changed");
    let short = json!({ "current": words[1], "password": words[2], "password_again": words[2] });
    let refused: anyhow::Result<Value> = bob.ask(Method::PUT, "/me/password", Some(&short)).await;
    refused.unwrap_err();
    let unreadable = format!("{{\"name\": \"ann\", \"password\": \"{}\"", words[3]);
    let login = format!("{}/api/v1/sessions", site.url());
    let request = site
        .http()
        .post(&login)
        .header("content-type", "application/json");
    assert_eq!(request.body(unreadable).send().await.unwrap().status(), 400);

    // Cookies, addresses of people, tokens for programs.
    for person in [&ann, &bob] {
        let (_, cookie) = person.cookie().split_once('=').unwrap();
        secrets.extend([cookie.to_owned(), person.me.email.clone()]);
    }
    ann.search("bob@example.org").await.unwrap();
    let me = format!("{}/api/v1/me", site.url());
    let bearer = "a-bearer-token-that-nobody-may-log";
    secrets.push(bearer.into());
    let by_program = site.http().get(&me).bearer_auth(bearer).send().await.unwrap();
    assert_eq!(by_program.status(), 401);

    // Relay IDs and their tokens: good, wrong, replaced; what is sent with them, good and bad.
    let ticket = ann.ticket().await.unwrap();
    let auth = Auth {
        relay_id: ticket.relay_id.clone(),
        token: ticket.token.clone(),
    };
    let wrong = Auth {
        token: "a-wrong-token-that-nobody-may-log".into(),
        ..auth.clone()
    };
    secrets.extend([auth.relay_id.to_string(), auth.token.clone(), wrong.token.clone()]);
    Client::connect(&ticket.relay_url, &wrong).await.unwrap_err();
    let first = Client::connect(&ticket.relay_url, &auth).await.unwrap();
    let client = Client::connect_with(&ticket.relay_url, &auth, &Options::default())
        .await
        .unwrap();
    first.closed().await;
    let event = |class, frame: String| Event {
        to: talk.group.to_string(),
        id: new_message_id().to_string(),
        class,
        frame,
        prev: None,
        receipt: None,
    };
    let message = json!({ "kind": "message", "body": BODY }).to_string();
    let stored = client
        .emit(&event(Class::Durable, message.clone()))
        .await
        .unwrap();
    assert!(matches!(stored, Ack::Stored { .. }));
    client.emit(&event(Class::Ephemeral, message)).await.unwrap();
    client
        .emit(&event(Class::Durable, format!("no frame: {BODY}")))
        .await
        .unwrap();
    client.emit_raw(format!("42[\"rubbish\",\"{BODY}\"]"));
    client.emit_raw(format!("rubbish {BODY}"));
    client.closed().await;
    ann.post(talk.id, new_message_id(), BODY).await.unwrap();
    ann.post(talk.id, new_message_id(), &format!("{BODY}\0"))
        .await
        .unwrap_err();
    let wrong_secret = "a-wrong-secret-that-nobody-may-log";
    secrets.push(wrong_secret.into());
    let internal = format!("{}/internal/v1/relay-ids", site.relay_url());
    let asked = site
        .http()
        .get(internal)
        .bearer_auth(wrong_secret)
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 401);
    let signed_out: anyhow::Result<Value> =
        ann.ask(Method::DELETE, "/sessions/current", None::<&Value>).await;
    drop(signed_out);

    // What was said last has been written when the programs have ended.
    for program in [site.logic_server.as_mut(), site.relay.as_mut()]
        .into_iter()
        .flatten()
    {
        assert!(program.stop(LIMIT).unwrap().success());
    }
    for (name, program) in [("logic server", &site.logic_server), ("relay", &site.relay)] {
        let said = program.as_ref().map(Process::said).unwrap_or_default();
        assert!(
            said.contains("DEBUG") || said.contains("TRACE"),
            "the {name} did not tell all it knows"
        );
        for secret in &secrets {
            let line = said.lines().find(|line| line.contains(secret.as_str()));
            assert!(line.is_none(), "{secret} is in the log of the {name}: {line:?}");
        }
    }
    let relay = site.relay.as_ref().unwrap().said();
    let short: String = ticket.relay_id.to_string().chars().take(6).collect();
    assert!(
        relay.contains(&short),
        "the first characters of a relay ID are there"
    );
}
