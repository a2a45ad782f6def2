//! Mails over SMTP, where the operator has set a server. Which mails there are, the slices know.

use crate::platform::clock::Clock;
use crate::platform::config::{self, Config, host_of, is_near_url};
use crate::platform::page::render_text;
use crate::platform::problem::{Problem, Result};
use crate::platform::secret;
use crate::platform::words::Words;
use anyhow::Context;
use askama::Template;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::{Duration, UNIX_EPOCH};

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// Hands mails to the mail server. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    post: Option<Post>,
    clock: Clock,
}

#[derive(Clone)]
struct Post {
    smtp: Smtp,
    from: Mailbox,
    /// The right half of message ids.
    host: String,
}

/// A mail in words; the same as text and as HTML.
pub struct Letter {
    pub subject: String,
    pub lines: Vec<String>,
    /// What its button says, and where it leads.
    pub link: Option<(String, String)>,
    /// Below all else.
    pub footer: String,
}

#[derive(Template)]
#[template(path = "platform/templates/mail.txt")]
struct AsText<'a> {
    words: &'a Words,
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "platform/templates/mail.html")]
struct AsHtml<'a> {
    words: &'a Words,
    letter: &'a Letter,
}

/// Refusals for good that are about us and not about the mail: the way in is closed, or the password is wrong (RFC 4954).
const OUR_FAULT: [&str; 4] = ["530", "534", "535", "538"];

impl Mailer {
    pub fn new(config: &Config, clock: Clock) -> anyhow::Result<Self> {
        let post = match &config.mail.server {
            None => None,
            Some(server) => Some(Post {
                smtp: smtp(server.expose())
                    .map_err(anyhow::Error::msg)?
                    .timeout(Some(config.mail.timeout))
                    .build(),
                from: config.mail.from.parse().context("TALKHUB_MAIL_FROM")?,
                host: host_of(
                    config
                        .http
                        .public_urls
                        .first()
                        .map_or("localhost", String::as_str),
                )
                .to_owned(),
            }),
        };
        Ok(Self { post, clock })
    }

    /// Whether anything can be mailed at all.
    pub fn is_on(&self) -> bool {
        self.post.is_some()
    }

    /// Hands this letter to the mail server. What the server refuses for good is logged and over; an error is worth
    /// another try.
    pub async fn send(&self, to: &str, letter: &Letter) -> Result<()> {
        let Some(post) = &self.post else {
            tracing::warn!("A mail was dropped: TALKHUB_SMTP_URL is not set any more");
            return Ok(());
        };
        let Ok(to) = to.parse() else {
            tracing::warn!("A mail was dropped: its address is none that mail servers take");
            return Ok(());
        };
        let message = self.message(post, to, letter)?;
        match post.smtp.send(message).await {
            Ok(_) => Ok(()),
            // Never the server's own words: they often repeat the address. (SEC29)
            Err(error) if error.is_permanent() => {
                let code = error.status().map(|code| code.to_string());
                if code.as_deref().is_some_and(|code| OUR_FAULT.contains(&code)) {
                    tracing::error!(
                        code,
                        "The mail server does not let us in: look at TALKHUB_SMTP_URL"
                    );
                    return Err(Problem::Busy(1));
                }
                tracing::warn!(code, "The mail server refused a mail for good");
                Ok(())
            }
            Err(error) => {
                let code = error.status().map(|code| code.to_string());
                let timeout = error.is_timeout();
                tracing::warn!(code, timeout, "The mail server did not take a mail");
                Err(Problem::Busy(1))
            }
        }
    }

    fn message(&self, post: &Post, to: Mailbox, letter: &Letter) -> Result<Message> {
        let words = Words::english();
        let (text, html) = (AsText { words, letter }, AsHtml { words, letter });
        let bodies = MultiPart::alternative_plain_html(render_text(&text)?, render_text(&html)?);
        let now = UNIX_EPOCH + Duration::from_millis(self.clock.now().unsigned_abs());
        let id = format!("<{}@{}>", secret::token(self.clock.random()), post.host);
        let message = Message::builder()
            .from(post.from.clone())
            .to(to)
            .date(now)
            .message_id(Some(id))
            .header(AutoSubmitted)
            .subject(&letter.subject)
            .multipart(bodies);
        message.map_err(|error| Problem::Internal(error.into()))
    }
}

/// Tells other programs not to answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Whether the settings are good together; else what is wrong, without the password.
pub fn check(mail: &config::Mail) -> std::result::Result<(), String> {
    let Some(server) = &mail.server else { return Ok(()) };
    smtp(server.expose())?;
    if mail.from.is_empty() {
        return Err(
            "TALKHUB_SMTP_URL is set and TALKHUB_MAIL_FROM is not: set it to the address that mails come from, such as \
             Talkhub <talkhub@example.org>"
                .into(),
        );
    }
    let good = mail.from.parse::<Mailbox>().is_ok();
    good.then_some(()).ok_or_else(|| {
        let from: String = mail.from.chars().take(80).collect();
        format!("TALKHUB_MAIL_FROM is {from:?}: expected an address such as Talkhub <talkhub@example.org>")
    })
}

/// `smtps://` is TLS from the beginning; `smtp://` begins plain and must change to TLS, unless the server is near.
fn smtp(url: &str) -> std::result::Result<AsyncSmtpTransportBuilder, String> {
    let allowed = "TALKHUB_SMTP_URL cannot be used: expected smtps://user:password@host, or smtp://user:password@host:587";
    if !url.starts_with("smtp://") && !url.starts_with("smtps://") {
        return Err(allowed.into());
    }
    Smtp::from_url(&encrypted(url)).map_err(|_| allowed.to_owned())
}

/// With TLS asked for, unless the URL says itself what is wanted, or the server is near. A password says nothing of it.
fn encrypted(url: &str) -> String {
    let server = url.rsplit_once('@').map_or(url, |(_, server)| server);
    let host = server.rsplit_once("//").map_or(server, |(_, server)| server);
    let says = url.starts_with("smtps://") || server.contains("tls=");
    match says || is_near_url(&format!("smtp://{host}")) {
        true => url.to_owned(),
        false => format!("{url}?tls=required"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::secret::Secret;

    fn checked(url: &str, from: &str) -> std::result::Result<(), String> {
        check(&config::Mail {
            server: Some(Secret::new(url)),
            from: from.to_owned(),
            timeout: Duration::from_secs(1),
        })
    }

    #[test]
    fn bad33_a_mail_server_that_cannot_be_is_named_without_its_password() {
        let from = "Talkhub <talkhub@example.org>";
        for url in [
            "smtps://ann:hush@mail.example.org",
            "smtp://ann:hush@mail.example.org:587",
            "smtp://127.0.0.1:2525",
        ] {
            assert_eq!(checked(url, from), Ok(()), "{url}");
        }
        for url in [
            "mail.example.org",
            "https://ann:hush@mail.example.org",
            "smtp://ann:hush@:x",
        ] {
            let said = checked(url, from).unwrap_err();
            assert!(
                said.starts_with("TALKHUB_SMTP_URL") && !said.contains("hush"),
                "{said}"
            );
        }
        for (url, want) in [
            ("smtp://mail.example.org", "smtp://mail.example.org?tls=required"),
            (
                "smtp://ann:tls=@mail.example.org",
                "smtp://ann:tls=@mail.example.org?tls=required",
            ),
            (
                "smtp://mail.example.org?tls=opportunistic",
                "smtp://mail.example.org?tls=opportunistic",
            ),
            ("smtps://mail.example.org", "smtps://mail.example.org"),
            ("smtp://ann:hush@10.0.0.7:25", "smtp://ann:hush@10.0.0.7:25"),
        ] {
            assert_eq!(encrypted(url), want);
        }
        let said = checked("smtp://127.0.0.1", "").unwrap_err();
        assert!(said.contains("TALKHUB_MAIL_FROM is not"), "{said}");
        assert!(
            checked("smtp://127.0.0.1", "nobody")
                .unwrap_err()
                .contains("\"nobody\"")
        );
    }
}
