//! The mails of accounts: found in words and addresses when they go out, so that no token waits in the database.

use super::links::{self, Purpose};
use crate::platform::app::App;
use crate::platform::audit::{self, Event, Source};
use crate::platform::dates;
use crate::platform::jobs::Mail;
use crate::platform::mail::Letter;
use crate::platform::problem::Result;
use crate::platform::words::{Said, Words};
use shared_protocol::UserId;

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
            let lines = vec![
                in_words(Said::new("mail-password-changed").text("when", dates::utc(at))),
                in_words(Said::new("mail-not-you")),
            ];
            warn(app, user, "mail-password-changed-subject", lines).await
        }
        Mail::FactorOff { user, at } => {
            let lines = vec![
                in_words(Said::new("mail-factor-off").text("when", dates::utc(at))),
                in_words(Said::new("mail-factor-off-then")),
                in_words(Said::new("mail-not-you")),
            ];
            warn(app, user, "mail-factor-off-subject", lines).await
        }
        Mail::NewSignIn { user, line } => new_sign_in(app, user, line).await,
    }
}

/// What the person must hear of their account, and the way to a new password if it was not them. Nothing to somebody who
/// has left.
async fn warn(app: &App, user: UserId, subject: &'static str, lines: Vec<String>) -> Result<()> {
    let found = app.db.read(move |conn| super::find(conn, user));
    let Some(account) = found.await? else {
        return Ok(());
    };
    let lines = std::iter::once(hello(&account.display_name)).chain(lines);
    let link = ("mail-forgot-link", "/forgot".to_owned());
    let letter = letter(app, subject, lines.collect(), Some(link));
    app.mailer.send(&account.email, &letter).await
}

async fn new_sign_in(app: &App, user: UserId, line: i64) -> Result<()> {
    let found = app.db.read(move |conn| Ok(audit::find(conn, user, line)?));
    let Some(entry) = found.await? else { return Ok(()) };
    let Source { device, address } = entry.source;
    let device = match is_plain(&device) {
        true => device,
        false => Words::english().get("activity-unknown-device"),
    };
    let said = Said::new("mail-new-sign-in")
        .text("when", dates::utc(entry.at))
        .text("device", device)
        .text("address", address);
    let lines = vec![
        in_words(said),
        in_words(Said::new("mail-new-sign-in-you")),
        in_words(Said::new("mail-new-sign-in-not-you")),
    ];
    warn(app, user, "mail-new-sign-in-subject", lines).await
}

async fn password_forgotten(app: &App, email: String, source: Source) -> Result<()> {
    let clock = app.clock.clone();
    let made = app.db.write(move |conn| {
        let Some(account) = super::find_by_login(conn, &email)? else {
            return Ok(None);
        };
        if links::is_flooded(conn, account.user_id, Purpose::Reset, clock.now())? {
            tracing::info!(user = %account.user_id, "Too many links for a new password within an hour");
            return Ok(None);
        }
        let made = links::make(conn, account.user_id, Purpose::Reset, ["", ""], &clock)?;
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
    let sent = app.mailer.send(&account.email, &reset).await;
    let (went, clock) = (sent.is_ok(), app.clock.clone());
    let noted = app.db.write(move |conn| {
        if !went {
            // Nobody has this one: the next try makes another, and is not one too many for it.
            return links::forget(conn, made.id);
        }
        // Whoever has left meanwhile leaves no address behind.
        if super::find(conn, account.user_id)?.is_none() {
            return Ok(());
        }
        let line = audit::Line {
            event: Event::ResetAsked,
            user: account.user_id,
            by: None,
            source: &source,
        };
        Ok(audit::write(conn, line, &clock).map(|_| ())?)
    });
    noted.await?;
    sent
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
    match is_plain(name) {
        true => in_words(Said::new("mail-hello").text("name", name)),
        false => in_words(Said::new("mail-hello-there")),
    }
}

/// Whether this may stand in a mail: somebody may have signed up with a foreign address, and what they call themselves or
/// their program is not to bring its owner an advertisement or a link.
fn is_plain(text: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || " ,-_'’()".contains(letter);
    (1..=40).contains(&text.chars().count()) && text.chars().all(plain)
}

fn in_words(said: Said) -> String {
    said.in_words(Words::english())
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn names_of_people_and_devices_go_into_mails_and_links_do_not() {
        for good in [
            "Ann",
            "Zoë O’Hara-Smith",
            "홍길동",
            "Firefox, Linux",
            "Backup script (2)",
        ] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "see http://evil",
            "mail@evil",
            "a\nb",
            "<b>",
            "evil。example",
            &"x".repeat(41),
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
