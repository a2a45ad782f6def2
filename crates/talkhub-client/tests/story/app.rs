//! The set-up of every story: a whole logic server on a database of its own, and people.

use crate::mailbox::Mailbox;
use actix_http::Request;
use actix_web::body::BoxBody;
use actix_web::cookie::Cookie;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use serde_json::{Value, json};
use shared_protocol::{ConversationId, ServerFrame, UserId};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use talkhub_client::messages::committer::Committer;
use talkhub_client::platform::app::{App, Limits};
use talkhub_client::platform::blobs::Blobs;
use talkhub_client::platform::clock::Clock;
use talkhub_client::platform::config::Config;
use talkhub_client::platform::db::Place;
use talkhub_client::platform::hashing::Hasher;
use talkhub_client::platform::images::Images;
use talkhub_client::platform::jobs::{self, Lane};
use talkhub_client::platform::keys::Keys;
use talkhub_client::platform::mail::Mailer;
use talkhub_client::platform::page::Assets;
use talkhub_client::platform::relay::{Relay, Said};
use talkhub_client::platform::secret::Secret;
use talkhub_client::platform::tasks::Tasks;
use talkhub_client::presence::Tracker;
use talkhub_client::shell;

/// Where the frozen clock stands when a story begins.
pub const START: i64 = 1_800_000_000_000;
pub const PASSWORD: &str = "correct horse";

type Router = Rc<dyn Fn(Request) -> futures_util::future::LocalBoxFuture<'static, ServiceResponse<BoxBody>>>;

/// A whole logic server: its own fresh database, a clock that stands, a relay that only remembers.
pub struct TestApp {
    pub app: App,
    /// The one that the doors write into.
    pub tracker: Tracker,
    router: Router,
    _folder: tempfile::TempDir,
}

/// What somebody got.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
    pub headers: Vec<(String, String)>,
    pub cookies: Vec<Cookie<'static>>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map_or("", |(_, value)| value)
    }

    /// `status type: first field: its sentence`, for refusals.
    pub fn refusal(&self) -> String {
        let kind = self.body["type"]
            .as_str()
            .unwrap_or("")
            .trim_start_matches("/problems/");
        let fields: Vec<String> = self.body["fields"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|field| {
                format!(
                    "{}: {}",
                    field["field"].as_str().unwrap_or(""),
                    field["message"].as_str().unwrap_or("")
                )
            })
            .collect();
        format!("{} {kind} {}", self.status, fields.join(" | "))
            .trim_end()
            .to_owned()
    }
}

/// The settings of a story: the defaults, hashing made quick, a database of its own.
fn config(folder: &std::path::Path) -> Config {
    let name = format!("story_{:032x}", u128::from_le_bytes(Clock::system().random()));
    let url = match std::env::var("TALKHUB_TEST_DATABASE_URL") {
        Ok(server) => format!("{}/{name}", server.trim_end_matches('/')),
        Err(_) => folder.join("story.db").display().to_string(),
    };
    let variables = vec![
        ("DATABASE_URL".into(), url),
        ("TALKHUB_DATA_DIR".into(), folder.display().to_string()),
        ("TALKHUB_LOOKUPS_PER_MINUTE".into(), "1000".into()),
    ];
    let mut config = Config::from_values(None, variables).unwrap();
    config.accounts.bcrypt_cost = 4;
    config.database.pool.connections = 4;
    // The clock stands: a hold would never end by itself.
    config.messages.hold = Duration::ZERO;
    config
}

/// A story in which something that must happen has not happened is not told to its end.
impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let db = self.app.db.clone();
        // A connection may not be used on a thread that runs other work.
        let looked = std::thread::spawn(move || {
            db.read_blocking(|conn| {
                let mut left = jobs::list_due(conn, Lane::Work, i64::MAX)?;
                left.extend(jobs::list_due(conn, Lane::Mail, i64::MAX)?);
                Ok(left)
            })
        });
        let left: Vec<_> = match looked.join() {
            Ok(Ok(left)) => left,
            other => panic!("the jobs cannot be read: {other:?}"),
        };
        let left: Vec<_> = left.iter().map(jobs::Due::job).collect();
        assert!(left.is_empty(), "jobs are left undone: {left:?}");
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With a mail server that keeps what it gets.
    pub async fn with_mail() -> (Self, Mailbox) {
        let mailbox = Mailbox::open();
        let url = mailbox.url();
        let app = Self::with(|config| {
            config.mail.server = Some(Secret::new(url));
            config.mail.from = "Talkhub <talkhub@example.org>".into();
        });
        (app.await, mailbox)
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let clock = Clock::frozen(START);
        let (opening, opening_clock) = (config.clone(), clock.clone());
        let opened = tokio::task::spawn_blocking(move || shell::open_database(&opening, &opening_clock))
            .await
            .unwrap();
        let (db, history_id) = opened.unwrap();
        let mailer = Mailer::new(&config, clock.clone()).unwrap();
        let app = App {
            images: Images::new(1),
            blobs: Blobs::new(config.database.data_dir.join("blobs")),
            mailer,
            hasher: Hasher::new(config.accounts.bcrypt_cost, 1).unwrap(),
            limits: Limits::new(&config),
            keys: Keys::new(b"the key of every story"),
            config: Arc::new(config),
            db,
            clock,
            relay: Relay::recording(),
            tasks: Tasks::default(),
            assets: Arc::new(Assets::default()),
            history_id,
            setting: Arc::default(),
            disk: Arc::default(),
        };
        let tracker = Tracker::default();
        let committer = Committer::start(&app).unwrap();
        let routes = shell::router::router(app.clone(), tracker.clone(), committer);
        let service = Rc::new(init_service(routes).await);
        let router: Router = Rc::new(move |request| {
            let service = service.clone();
            Box::pin(async move { call_service(&*service, request).await })
        });
        Self {
            app,
            tracker,
            router,
            _folder: folder,
        }
    }

    pub fn is_mysql(&self) -> bool {
        matches!(self.app.db.place(), Place::Mysql(_))
    }

    /// Somebody with an account who is signed in.
    pub async fn person(&self, user_id: &str) -> Person {
        let visitor = self.visitor();
        let form = register_form(&format!("p{user_id}"), user_id);
        let answer = visitor.post("/api/v1/accounts", form).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        Person {
            id: user_id.parse().unwrap(),
            ..visitor.with_cookies(&answer)
        }
    }

    /// Somebody without an account.
    pub fn visitor(&self) -> Person {
        Person {
            id: UserId::new(9_999_999_999).unwrap(),
            router: self.router.clone(),
            cookies: Vec::new(),
        }
    }

    /// The private conversation of these two.
    pub async fn talk(&self, [one, other]: [&Person; 2]) -> ConversationId {
        let answer = one
            .put(&format!("/api/v1/conversations/private/{}", other.id), json!({}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["id"].as_str().unwrap().parse().unwrap()
    }

    /// Every frame that was told since the last call, with the group it went to.
    pub fn frames(&self) -> Vec<(String, ServerFrame)> {
        let told = self.app.relay.take_recorded().into_iter();
        told.filter_map(|said| match said {
            Said::Told { to, frame } => Some((to, frame)),
            _ => None,
        })
        .collect()
    }

    /// What must happen after a commit, done now.
    pub async fn run_jobs(&self) {
        talkhub_client::accounts::save_refusals(&self.app).await.unwrap();
        for lane in [Lane::Work, Lane::Mail] {
            shell::jobs::run_due(&self.app, lane).await.unwrap();
        }
    }

    pub fn wait(&self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
    }
}

/// A sign-up form whose every field can be taken.
pub fn register_form(username: &str, user_id: &str) -> Value {
    json!({ "username": username, "email": format!("{username}@example.org"), "user_id": user_id,
            "password": PASSWORD, "password_again": PASSWORD })
}

/// A browser or a program in somebody's hands.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    router: Router,
    cookies: Vec<Cookie<'static>>,
}

impl Person {
    pub fn with_cookies(&self, answer: &Answer) -> Self {
        Self {
            cookies: answer.cookies.clone(),
            ..self.clone()
        }
    }

    /// What this cookie says.
    pub fn cookie(&self, name: &str) -> String {
        let cookie = self.cookies.iter().find(|cookie| cookie.name() == name);
        cookie.map_or_else(String::new, |cookie| cookie.value().to_owned())
    }

    /// The same browser with another value in this cookie.
    pub fn with_cookie(&self, name: &str, change: impl Fn(&str) -> String) -> Self {
        let mut other = self.clone();
        for cookie in other.cookies.iter_mut().filter(|cookie| cookie.name() == name) {
            let value = change(cookie.value());
            cookie.set_value(value);
        }
        other
    }

    /// The same browser after this answer: cookies are added, replaced, taken away.
    pub fn after(&self, answer: &Answer) -> Self {
        let mut cookies = self.cookies.clone();
        for new in &answer.cookies {
            cookies.retain(|old| old.name() != new.name());
            if !new.value().is_empty() {
                cookies.push(new.clone());
            }
        }
        Self {
            cookies,
            ..self.clone()
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).set_json(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).set_json(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).set_json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A form of a page.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).set_form(fields)).await
    }

    pub fn request(&self, method: Method, path: &str) -> TestRequest {
        let request = TestRequest::with_uri(path)
            .method(method)
            .insert_header(("host", "127.0.0.1:8000"));
        self.cookies
            .iter()
            .fold(request, |request, cookie| request.cookie(cookie.clone()))
    }

    pub async fn send(&self, request: TestRequest) -> Answer {
        let response = (self.router)(request.to_request()).await;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
            .collect();
        let cookies = response.response().cookies().map(Cookie::into_owned).collect();
        let bytes = read_body(response).await.to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            status,
            body,
            text,
            bytes,
            headers,
            cookies,
        }
    }

    /// Sends a message over HTTPS; `draft` makes its id.
    pub async fn says(&self, talk: ConversationId, body: &str, draft: u64) -> Answer {
        self.post(
            &format!("/api/v1/conversations/{talk}/messages"),
            json!({ "id": message_id(draft), "body": body }),
        )
        .await
    }

    /// The newest page of the conversation, as `seq:body`.
    pub async fn sees(&self, talk: ConversationId) -> Vec<String> {
        let answer = self.get(&format!("/api/v1/conversations/{talk}/messages")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        lines(&answer.body)
    }

    pub async fn reads(&self, talk: ConversationId, seq: i64) -> Answer {
        self.put(
            &format!("/api/v1/conversations/{talk}/read"),
            json!({ "read": seq }),
        )
        .await
    }
}

/// `seq:body` of each message in a page.
pub fn lines(page: &Value) -> Vec<String> {
    let messages = page["messages"].as_array().into_iter().flatten();
    messages
        .map(|message| format!("{}:{}", message["seq"], message["body"].as_str().unwrap_or("")))
        .collect()
}

/// The UUIDv7 of a numbered draft.
pub fn message_id(draft: u64) -> String {
    format!("0192f5d0-7c1e-7abc-8def-{draft:012x}")
}
