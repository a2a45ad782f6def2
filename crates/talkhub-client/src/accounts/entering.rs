//! What a sign-in leaves behind: its row, its line in the audit, and a mail where nobody had signed in before.

use super::model::{self, Account, Sign, Way};
use super::{Ended, changes, check_unchanged, end_session, signing_store, store};
use crate::platform::audit::{self, Event, Source};
use crate::platform::clock::{Clock, millis};
use crate::platform::config;
use crate::platform::db::DbConn;
use crate::platform::jobs::{self, Job, Mail};
use crate::platform::problem::Result;
use shared_protocol::UserId;

/// Milliseconds for which a spent token is remembered.
const SPENT_KEPT: i64 = 30 * 86_400_000;
/// How many mails about sign-ins one person gets within an hour.
const MOST_MAILS: usize = 5;
const HOUR: i64 = 3_600_000;
/// How many sign-ins one person has at a time.
const MOST_SESSIONS: i64 = 200;

/// A new sign-in of this account, if its password is still the one that was checked: a sign-in that was on its way while
/// the password changed does not get in. Gives back its id.
pub fn sign_in(
    conn: &mut DbConn,
    account: &Account,
    sign: &Sign,
    limits: &config::Accounts,
    clock: &Clock,
) -> Result<i64> {
    check_unchanged(conn, account)?;
    let (id, end) = (clock.row_id(), clock.now() + model::end_of(limits));
    let user = account.user_id;
    store::insert_session(conn, id, user, sign, clock.now(), end)?;
    // A program that signs in for each of its calls pushes out its own old ones.
    let surplus = store::list_surplus_sessions(conn, user, MOST_SESSIONS)?;
    super::end_sessions(conn, &surplus, clock)?;
    let source = Source {
        device: sign.device.clone(),
        address: sign.address.clone(),
    };
    let event = match sign.way {
        Way::First | Way::Known => Event::SignedIn,
        Way::New => Event::SignedInAnew,
        Way::Program => Event::TokensMade,
    };
    let line = changes::note(conn, event, user, &source, clock)?;
    if sign.mails && is_news(conn, user, event, &source, line, clock)? {
        jobs::enqueue(conn, &Job::Mail(Mail::NewSignIn { user, line }), clock)?;
    }
    Ok(id)
}

/// Whether the person is to hear of this sign-in by mail. A browser that keeps no cookie is news once an hour. Programs have
/// none by which they are known again: one that signs in once more under the same name and from the same address is.
fn is_news(
    conn: &mut DbConn,
    user: UserId,
    event: Event,
    source: &Source,
    line: i64,
    clock: &Clock,
) -> Result<bool> {
    let (kinds, lately) = ([Event::SignedInAnew, Event::TokensMade], clock.now() - HOUR);
    // By places: a script that signs in all the time from one of them hides nobody who does so from another.
    if !kinds.contains(&event) || MOST_MAILS < audit::count_places(conn, user, &kinds, lately)? {
        return Ok(false);
    }
    let since = if event == Event::TokensMade { 0 } else { lately };
    Ok(!audit::was_done_from(conn, user, event, source, line, since)?)
}

/// The password was right, and a code is to follow within so many seconds.
pub(super) fn begin_step(
    conn: &mut DbConn,
    account: &Account,
    token_sha256: &str,
    keep: bool,
    seconds: u64,
    clock: &Clock,
) -> Result<()> {
    check_unchanged(conn, account)?;
    let end = clock.now() + i64::try_from(seconds).unwrap_or(0) * 1000;
    Ok(signing_store::insert_step(
        conn,
        token_sha256,
        account.user_id,
        keep,
        end,
    )?)
}

/// What became of a refresh token.
pub(super) enum Refreshed {
    /// It was good, and is spent now.
    Renewed {
        session: i64,
        account: Box<Account>,
    },
    /// It was spent before: two have it, and neither goes on.
    Reused(Ended),
    Unknown,
}

/// Takes a refresh token and keeps the next one in its place.
pub(super) fn refresh(
    conn: &mut DbConn,
    [token_sha256, next_sha256]: [&str; 2],
    source: &Source,
    limits: &config::Accounts,
    clock: &Clock,
) -> Result<Refreshed> {
    let now = clock.now();
    let Some(session) = signing_store::find_refresh_token(conn, token_sha256)? else {
        return Ok(Refreshed::Unknown);
    };
    if !signing_store::spend_refresh_token(conn, token_sha256, now)? {
        if let Some(user) = store::find_owner(conn, session)? {
            changes::note(conn, Event::TokenReused, user, source, clock)?;
        }
        return Ok(Refreshed::Reused(end_session(conn, session, clock)?));
    }
    let idle_since = now - millis(limits.session_idle);
    let Some((_, _, account)) = signing_store::find_session(conn, session, now, idle_since)? else {
        return Ok(Refreshed::Unknown);
    };
    signing_store::insert_refresh_token(conn, next_sha256, session, now)?;
    signing_store::delete_spent(conn, session, now - SPENT_KEPT)?;
    store::touch_session(conn, session, now)?;
    let account = Box::new(account);
    Ok(Refreshed::Renewed { session, account })
}

/// Writes down who was refused since the last time. Of each kind one person gets so many lines a day: whoever guesses fills
/// nothing.
pub async fn save_refusals(app: &crate::platform::app::App) -> Result<()> {
    let refusals = app.limits.refusals.take();
    if refusals.is_empty() {
        return Ok(());
    }
    let (clock, lines) = (app.clock.clone(), refusals.clone());
    let saved = app.db.write(move |conn| {
        for refusal in &lines {
            let user = refusal.user;
            let since = clock.now() - 24 * HOUR;
            let kept = audit::count(conn, user, &[refusal.event], since)?;
            // Whoever has left meanwhile leaves no address behind.
            if audit::MOST_A_DAY as i64 <= kept || super::find(conn, user)?.is_none() {
                continue;
            }
            let line = audit::Line {
                event: refusal.event,
                user,
                by: None,
                source: &refusal.source,
            };
            audit::write(conn, line, &clock)?;
        }
        Ok(())
    });
    let saved = saved.await;
    if saved.is_err() {
        let again = refusals.into_iter();
        again.for_each(|refusal| {
            app.limits
                .refusals
                .note(refusal.event, refusal.user, refusal.source)
        });
    }
    saved
}
