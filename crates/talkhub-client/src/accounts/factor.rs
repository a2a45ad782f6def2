//! Second factors: set up with a password and a code, asked for at each sign-in, ended with both. (SEC06)

use super::changes;
use super::factor_store as store;
use super::time_codes::{self, Code};
use crate::platform::audit::{Event, Source};
use crate::platform::clock::Clock;
use crate::platform::config;
use crate::platform::db::{DbConn, dialect};
use crate::platform::keys::Keys;
use crate::platform::problem::{Problem, Result};
use crate::platform::secret;
use crate::platform::words::Said;
use shared_protocol::UserId;
use shared_protocol::api::SecondFactor;

/// Milliseconds between beginning and confirming.
const SET_UP_LASTS: i64 = 600_000;

/// Whether this person administers, where that needs a second factor, and has none: they may do nothing but set it up.
pub fn is_missing(conn: &mut DbConn, accounts: &config::Accounts, user: UserId) -> Result<bool> {
    Ok(is_required(conn, accounts, user)? && !is_on(conn, user)?)
}

/// Whether this person may not be without one here.
pub(super) fn is_required(conn: &mut DbConn, accounts: &config::Accounts, user: UserId) -> Result<bool> {
    Ok(accounts.admin_second_factor && super::is_administrator(conn, user)?)
}

/// Whether the person must show a code to sign in.
pub fn is_on(conn: &mut DbConn, user: UserId) -> Result<bool> {
    Ok(store::find(conn, user)?.is_some_and(|factor| factor.confirmed_at.is_some()))
}

/// As its owner sees it.
pub(super) fn show(conn: &mut DbConn, user: UserId) -> Result<SecondFactor> {
    let on = is_on(conn, user)?;
    let left = if on { store::count_codes(conn, user)? } else { 0 };
    Ok(SecondFactor {
        on,
        recovery_codes: u32::try_from(left).unwrap_or(0),
    })
}

/// Keeps a new secret, not yet in force; one that was begun before is forgotten.
pub(super) fn begin(
    conn: &mut DbConn,
    keys: &Keys,
    user: UserId,
    secret: &[u8],
    clock: &Clock,
) -> Result<()> {
    super::lock_living(conn, user)?;
    if is_on(conn, user)? {
        return Err(Problem::Conflict(Said::new("factor-on-already")));
    }
    store::delete(conn, user)?;
    let sealed = keys.seal(clock, &user.to_string(), secret);
    Ok(store::insert(conn, user, &sealed, clock.now())?)
}

/// The secret that is being set up.
pub(super) fn find_begun(conn: &mut DbConn, keys: &Keys, user: UserId, now: i64) -> Result<Option<Vec<u8>>> {
    let begun = store::find(conn, user)?
        .filter(|factor| factor.confirmed_at.is_none() && now < factor.begun_at + SET_UP_LASTS);
    Ok(begun.and_then(|factor| keys.unseal(&user.to_string(), &factor.secret)))
}

/// In force from now on, if the code shows that the app has the secret; gives back whether it does.
pub(super) fn confirm(
    conn: &mut DbConn,
    keys: &Keys,
    user: UserId,
    code: &Code,
    recovery: &[String],
    clock: &Clock,
) -> Result<bool> {
    dialect::lock_person(conn, user)?;
    let over = || Problem::Conflict(Said::new("factor-begin-again"));
    let secret = find_begun(conn, keys, user, clock.now())?.ok_or_else(over)?;
    let Code::Time(code) = code else {
        return Ok(false);
    };
    let Some(step) = time_codes::fitting_step(&secret, code, clock.now(), 0) else {
        return Ok(false);
    };
    store::use_step(conn, user, step)?;
    store::confirm(conn, user, clock.now())?;
    renew_codes(conn, user, recovery)?;
    Ok(true)
}

/// Whether this code is right now. Then it is used up.
pub(super) fn use_code(
    conn: &mut DbConn,
    keys: &Keys,
    user: UserId,
    code: &Code,
    source: &Source,
    clock: &Clock,
) -> Result<bool> {
    let Some(factor) = store::find(conn, user)?.filter(|factor| factor.confirmed_at.is_some()) else {
        return Ok(false);
    };
    match code {
        Code::Recovery(code) => {
            let right = store::use_code(conn, user, &digest(user, code))?;
            if right {
                changes::note(conn, Event::RecoveryCodeUsed, user, source, clock)?;
            }
            Ok(right)
        }
        Code::Time(code) => {
            let Some(secret) = keys.unseal(&user.to_string(), &factor.secret) else {
                tracing::error!(%user, "A second factor cannot be opened: it was sealed with another signing key");
                return Ok(false);
            };
            match time_codes::fitting_step(&secret, code, clock.now(), factor.last_step) {
                Some(step) => Ok(store::use_step(conn, user, step)?),
                None => Ok(false),
            }
        }
    }
}

/// New recovery codes; the old ones are worth nothing.
pub(super) fn renew_codes(conn: &mut DbConn, user: UserId, codes: &[String]) -> Result<()> {
    store::delete_codes(conn, user)?;
    let digests: Vec<String> = codes.iter().map(|code| digest(user, code)).collect();
    Ok(store::insert_codes(conn, user, &digests)?)
}

/// From now on the password is enough.
pub fn end(conn: &mut DbConn, user: UserId) -> Result<()> {
    Ok(store::delete(conn, user)?)
}

/// Recovery codes as they are kept until somebody has seen them: base32.
pub(super) fn fresh_codes(clock: &Clock) -> Vec<String> {
    (0..time_codes::RECOVERY_CODES)
        .map(|_| time_codes::base32(&clock.random::<{ time_codes::RECOVERY }>()))
        .collect()
}

fn digest(user: UserId, code: &str) -> String {
    secret::digest(&format!("{user} {code}"))
}
