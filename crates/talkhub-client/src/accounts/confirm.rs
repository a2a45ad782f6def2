//! The present password once more, before what is not easily undone. (SEC07)

use super::SignedIn;
use crate::platform::app::App;
use crate::platform::audit::{Event, Source};
use crate::platform::problem::{Problem, Result};
use crate::platform::words::Said;
use actix_web::HttpRequest;

/// Refuses, beside the field `current`, unless `password` is this person's present one. Wrong ones slow this sign-in down
/// and no other: whoever sits at one browser of a person cannot use up the tries of the others.
pub async fn confirm_password(
    app: &App,
    request: &HttpRequest,
    me: &SignedIn,
    password: String,
) -> Result<()> {
    let guess = (format!("password of {}", me.user()), me.session.to_string());
    let tried = app.limits.guesses.begin(guess, app.clock.monotonic())?;
    // Longer than any password can be: not worth the hashing.
    let password: String = password.chars().take(1025).collect();
    let hash = Some(me.account.password_hash.clone());
    if app.hasher.verify(password, hash).await? {
        tried.succeeded();
        return Ok(());
    }
    tracing::info!(user = %me.user(), "A password was refused where it is asked for again");
    tried.failed(app.clock.monotonic());
    let source = Source::of(request);
    app.limits
        .refusals
        .note(Event::PasswordRefused, me.user(), source);
    Err(Problem::invalid("current", Said::new("password-wrong")))
}
