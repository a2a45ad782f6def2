//! The mails of accounts: found in words and addresses when they go out, so that no token waits in the database.

use super::links::{self, Purpose};
use crate::platform::app::App;
use crate::platform::audit::{self, Event, Source};
use crate::platform::dates;
use crate::platform::jobs::Mail;
use crate::platform::mail::Letter;
use crate::platform::problem::Result;
use crate::platform::words::{Said, Words};

/// Sends what `mail` is about; nothing, if that is over by now. Safe to do twice: of two links the newer one counts.
pub async fn send(app: &App, mail: Mail) -> Result<()> {
    if !app.mailer.is_on() {
        return Ok(());
    }
    match mail {
        Mail::PasswordForgotten {
            email,
            device,
            address,
        } => password_forgotten(app, email, Source { device, address }).await,
        Mail::ConfirmEmail { link } => confirm_email(app, link).await,
        Mail::EmailChanged { link } => email_changed(app, link).await,
        Mail::PasswordChanged { user, at } => {
            let found = app.db.read(move |conn| super::find(conn, user));
            let Some(account) = found.await?.filter(|account| !account.is_deleted()) else {
                return Ok(());
            };
            let when = dates::utc(at);
            let changed = letter(
                app,
                "mail-password-changed-subject",
                vec![
                    hello(&account.display_name),
                    in_words(Said::new("mail-password-changed").text("when", when)),
                    in_words(Said::new("mail-not-you")),
                ],
                Some(("mail-forgot-link", "/forgot".to_owned())),
            );
            app.mailer.send(&account.email, &changed).await
        }
    }
}

async fn password_forgotten(app: &App, email: String, source: Source) -> Result<()> {
    let (wanted, clock) = (email.clone(), app.clock.clone());
    let made = app.db.write(move |conn| {
        let Some(account) = super::find_by_login(conn, &wanted)? else {
            return Ok(None);
        };
        if links::is_flooded(conn, account.user_id, Purpose::Reset, clock.now())? {
            tracing::info!(user = %account.user_id, "Too many links for a new password within an hour");
            return Ok(None);
        }
        let made = links::make(conn, account.user_id, Purpose::Reset, ["", ""], &clock)?;
        let line = audit::Line {
            event: Event::ResetAsked,
            user: account.user_id,
            by: None,
            source: &source,
        };
        audit::write(conn, line, &clock)?;
        Ok(Some((account, made)))
    });
    let Some((account, made)) = made.await? else {
        return Ok(());
    };
    let reset = letter(
        app,
        "mail-reset-subject",
        vec![
            hello(&account.display_name),
            in_words(Said::new("mail-reset")),
            in_words(Said::new("mail-reset-not-you")),
        ],
        Some(("mail-reset-link", format!("/reset/{}", made.token))),
    );
    app.mailer.send(&email, &reset).await
}

async fn confirm_email(app: &App, link: i64) -> Result<()> {
    let clock = app.clock.clone();
    let renewed = app.db.write(move |conn| links::renew(conn, link, &clock));
    let Some((link, token)) = renewed.await? else {
        return Ok(());
    };
    let confirm = letter(
        app,
        "mail-confirm-subject",
        vec![
            in_words(Said::new("mail-confirm")),
            in_words(Said::new("mail-confirm-not-you")),
        ],
        Some(("mail-confirm-link", format!("/confirm/{token}"))),
    );
    app.mailer.send(&link.new_email, &confirm).await
}

async fn email_changed(app: &App, link: i64) -> Result<()> {
    let found = app.db.read(move |conn| links::find(conn, link));
    let Some(link) = found.await? else { return Ok(()) };
    let changed = letter(
        app,
        "mail-email-changed-subject",
        vec![
            in_words(Said::new("mail-email-changed").text("email", &link.new_email)),
            in_words(Said::new("mail-email-changed-not-you")),
        ],
        None,
    );
    app.mailer.send(&link.old_email, &changed).await
}

/// A letter of ours; `link` are the key of its words and a path.
fn letter(
    app: &App,
    subject: &'static str,
    lines: Vec<String>,
    link: Option<(&'static str, String)>,
) -> Letter {
    let home = home(app);
    Letter {
        subject: in_words(Said::new(subject)),
        lines,
        link: link.map(|(said, path)| (in_words(Said::new(said)), format!("{home}{path}"))),
        footer: home,
    }
}

/// The address of this server in links: from the settings, never from a request.
pub(super) fn home(app: &App) -> String {
    app.config.http.public_urls.first().cloned().unwrap_or_default()
}

fn hello(name: &str) -> String {
    in_words(Said::new("mail-hello").text("name", name))
}

fn in_words(said: Said) -> String {
    said.in_words(Words::english())
}
