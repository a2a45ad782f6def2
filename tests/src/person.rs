//! A person with a browser of their own: signs up, finds others, opens conversations, reads the history.

use crate::Site;
use anyhow::{Context, Result};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared_protocol::api::{Conversation, Me, Message, MessagePage, People, RelayTicket};
use shared_protocol::envelope::Auth;
use shared_protocol::{ConversationId, MessageId, Problem};
use socket_client::Client;

/// A definite or a passing no of the API.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    pub problem: Option<Problem>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {:?}", self.status, self.problem)
    }
}

impl std::error::Error for Refusal {}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    pub me: Me,
    url: String,
    cookie: String,
    http: reqwest::Client,
}

/// The password of everybody here.
pub const PASSWORD: &str = "correct horse battery";

impl Person {
    /// Signs up under this username, with an ID that the server picks.
    pub async fn sign_up(site: &Site, name: &str) -> Result<Self> {
        let form = json!({
            "username": name, "email": format!("{name}@example.org"), "display_name": "",
            "user_id": "", "password": PASSWORD, "password_again": PASSWORD,
        });
        Self::enter(site, "/accounts", &form).await
    }

    /// `name=value` of the session's cookie, for requests that are not made here.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Signs in with a username, an e-mail or a user ID.
    pub async fn sign_in(site: &Site, name: &str, password: &str) -> Result<Self> {
        Self::enter(
            site,
            "/sessions",
            &json!({ "name": name, "password": password, "keep": true }),
        )
        .await
    }

    /// Both answer with the person and set the cookie.
    async fn enter(site: &Site, path: &str, form: &Value) -> Result<Self> {
        let answer = site
            .http()
            .post(format!("{}/api/v1{path}", site.url()))
            .json(form)
            .send()
            .await?;
        let cookie = answer.headers().get_all("set-cookie").iter().find_map(|value| {
            let pair = value.to_str().ok()?.split(';').next()?;
            pair.contains("talkhub_session=").then(|| pair.to_owned())
        });
        let me = read(answer).await?;
        let cookie = cookie.with_context(|| format!("{path} set no session cookie"))?;
        Ok(Self {
            me,
            url: site.url(),
            cookie,
            http: site.http().clone(),
        })
    }

    /// One call of the API as this person.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T> {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        request = request.header("cookie", &self.cookie);
        if let Some(body) = body {
            request = request.json(body);
        }
        read(request.send().await?).await
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.ask(Method::GET, path, None::<&Value>).await
    }

    /// Whom the search for this finds.
    pub async fn search(&self, query: &str) -> Result<People> {
        let query = query.replace(' ', "%20");
        self.get(&format!("/users?query={query}")).await
    }

    /// The private conversation with the person of this ID.
    pub async fn talk_with(&self, other: &Self) -> Result<Conversation> {
        let path = format!("/conversations/private/{}", other.me.person.user_id);
        self.ask(Method::PUT, &path, Some(&json!({}))).await
    }

    /// Sends by the API instead of the relay.
    pub async fn post(&self, conversation: ConversationId, id: MessageId, body: &str) -> Result<Value> {
        let path = format!("/conversations/{conversation}/messages");
        self.ask(Method::POST, &path, Some(&json!({ "id": id, "body": body })))
            .await
    }

    /// Every message of the conversation, page by page from the first.
    pub async fn history(&self, conversation: ConversationId) -> Result<Vec<Message>> {
        let mut history: Vec<Message> = Vec::new();
        loop {
            let after = history.last().map_or(0, |message| message.seq);
            let path = format!("/conversations/{conversation}/messages?after={after}&limit=200");
            let page: MessagePage = self.get(&path).await?;
            if page.messages.is_empty() {
                return Ok(history);
            }
            history.extend(page.messages);
        }
    }

    /// A relay ID with its token, good for one tab.
    pub async fn ticket(&self) -> Result<RelayTicket> {
        self.ask(Method::POST, "/relay-ids", Some(&json!({}))).await
    }

    /// Opens a tab: asks for a relay ID and connects with it.
    pub async fn connect(&self) -> Result<Client> {
        let ticket = self.ticket().await?;
        let auth = Auth {
            relay_id: ticket.relay_id,
            token: ticket.token,
        };
        Ok(Client::connect(&ticket.relay_url, &auth).await?)
    }
}

async fn read<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T> {
    let status = answer.status();
    let path = answer.url().path().to_owned();
    let text = answer.text().await?;
    if !status.is_success() {
        let refusal = Refusal {
            status: status.as_u16(),
            problem: serde_json::from_str(&text).ok(),
        };
        return Err(anyhow::Error::new(refusal).context(path));
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered {text}"))
}
