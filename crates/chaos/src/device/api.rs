//! The calls of the API that a device makes, by its own way to the logic server.

use reqwest::{Method, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared_protocol::Problem;
use shared_protocol::api::Me;
use std::time::Duration;

/// How long a request may take: 20 s at a tenth.
const PATIENCE: Duration = Duration::from_secs(2);

/// A stream that says nothing for so long, not even a ping, is given up.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);

/// Hashing a password takes as long as it takes: the cost of hashes is no time-out.
const SIGNING_IN: Duration = Duration::from_secs(20);

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    http: reqwest::Client,
}

/// Why there is no answer of use.
#[derive(Clone, Debug)]
pub(crate) enum Fail {
    Status {
        status: u16,
        problem: Option<Problem>,
        /// Milliseconds.
        retry_after: Option<i64>,
    },
    /// None came, or half of one.
    Nothing(String),
}

impl Fail {
    /// A definite no that names a rule.
    pub(crate) fn refusal(&self) -> Option<&Problem> {
        match self {
            Self::Status {
                status: 400 | 403 | 404 | 409 | 410 | 413 | 422,
                problem,
                ..
            } => problem.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn is_signed_out(&self) -> bool {
        matches!(self, Self::Status { status: 401, .. })
    }

    pub(crate) fn retry_after(&self) -> Option<i64> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Nothing(_) => None,
        }
    }

    /// In a word, for the log.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Status { status, .. } => status.to_string(),
            Self::Nothing(why) => why.clone(),
        }
    }
}

impl Api {
    /// `address`: where its proxy listens.
    pub(crate) fn new(address: &str) -> anyhow::Result<Self> {
        Ok(Self {
            base: format!("http://{address}/api/v1"),
            http: reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?,
        })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, cookie: &str, path: &str) -> Result<T, Fail> {
        self.ask(cookie, Method::GET, path, None).await
    }

    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        cookie: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Fail> {
        let answer = self.send(cookie, method, path, body).await?;
        answer.json().await.map_err(|error| lost(&error))
    }

    /// Only the status of what was answered.
    pub(crate) async fn status(&self, cookie: &str, method: Method, path: &str) -> Result<u16, Fail> {
        match self.send(cookie, method, path, None).await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(Fail::Status { status, .. }) => Ok(status),
            Err(nothing) => Err(nothing),
        }
    }

    /// The cookie of a new sign-in.
    pub(crate) async fn sign_in(&self, name: &str) -> Result<(Me, String), Fail> {
        let form = json!({ "name": name, "password": end_to_end::PASSWORD, "keep": true });
        let asked = self.http.post(format!("{}/sessions", self.base)).json(&form);
        let answer = answered(asked.timeout(SIGNING_IN)).await?;
        let cookie = answer.headers().get_all("set-cookie").iter().find_map(|value| {
            let pair = value.to_str().ok()?.split(';').next()?;
            pair.contains("talkhub_session=").then(|| pair.to_owned())
        });
        let me = answer.json().await.map_err(|error| lost(&error))?;
        let cookie = cookie.ok_or_else(|| Fail::Nothing("no cookie".to_owned()))?;
        Ok((me, cookie))
    }

    async fn send(
        &self,
        cookie: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, Fail> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !cookie.is_empty() {
            request = request.header("cookie", cookie);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        answered(request).await
    }
}

/// A success, or why there is none.
async fn answered(request: reqwest::RequestBuilder) -> Result<Response, Fail> {
    let answer = request.send().await.map_err(|error| lost(&error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after
        .and_then(|seconds| seconds.to_str().ok()?.parse::<i64>().ok())
        .map(|seconds| seconds * 1000);
    let text = answer.text().await.map_err(|error| lost(&error))?;
    Err(Fail::Status {
        status: status.as_u16(),
        problem: serde_json::from_str(&text).ok(),
        retry_after,
    })
}

fn lost(error: &reqwest::Error) -> Fail {
    let word = match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        _ => "cut",
    };
    Fail::Nothing(word.to_owned())
}
