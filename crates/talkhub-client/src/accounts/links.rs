//! Links that prove something once: that somebody may set a new password, or that an address is theirs. Only digests of
//! them are kept; the newest counts alone. (SEC05)

use super::model::links::{GOOD_FOR, NewLink};
pub use super::model::links::{Link, Purpose};
use super::store::links as store;
use crate::platform::clock::Clock;
use crate::platform::db::DbConn;
use crate::platform::db::dialect::lock_person;
use crate::platform::problem::{Problem, Result};
use crate::platform::secret;
use shared_protocol::UserId;

/// So long after its end it can still be told why a link is dead.
const REMEMBERED_FOR: i64 = 7 * 86_400_000;
/// How many mails with a link one person gets within an hour.
const MOST_AN_HOUR: i64 = 5;

/// A link that was just made; its token is nowhere else.
pub struct Made {
    pub id: i64,
    pub token: String,
}

/// A new link for this person; those of the same kind from before are dead. `emails` are the new and the old address.
pub fn make(
    conn: &mut DbConn,
    user: UserId,
    purpose: Purpose,
    emails: [&str; 2],
    clock: &Clock,
) -> Result<Made> {
    // Nobody who has left meanwhile is brought back.
    super::lock_living(conn, user)?;
    store::update_open(conn, user, purpose, "replaced")?;
    let (id, token) = (clock.row_id(), secret::token(clock.random()));
    let digest = secret::digest(&token);
    store::insert(
        conn,
        &NewLink::new(id, user, purpose, digest, emails, clock.now()),
    )?;
    Ok(Made { id, token })
}

/// The link with another token, for a mail that goes out now; `None` if it is dead by now.
pub fn renew(conn: &mut DbConn, id: i64, clock: &Clock) -> Result<Option<(Link, String)>> {
    let Some(link) =
        store::find(conn, id)?.filter(|link| link.refusal(Purpose::Email, clock.now()).is_none())
    else {
        return Ok(None);
    };
    let token = secret::token(clock.random());
    store::update_token(conn, id, &secret::digest(&token))?;
    Ok(Some((link, token)))
}

/// The link with this id, dead or not.
pub fn find(conn: &mut DbConn, id: i64) -> Result<Option<Link>> {
    Ok(store::find(conn, id)?)
}

/// The link that this token opens; the refusal says why it opens none.
pub fn get(conn: &mut DbConn, purpose: Purpose, token: &str, now: i64) -> Result<Link> {
    let link = store::find_by_token(conn, purpose, &secret::digest(token))?;
    let link = link.ok_or(Problem::Missing("link"))?;
    match link.refusal(purpose, now) {
        Some(said) => Err(Problem::Gone(said)),
        None => Ok(link),
    }
}

/// Uses it up. Holds the person's row, so that nobody uses it twice at the same moment.
pub fn take(conn: &mut DbConn, purpose: Purpose, token: &str, now: i64) -> Result<Link> {
    let user = get(conn, purpose, token, now)?.user;
    lock_person(conn, user)?;
    if super::find(conn, user)?.is_none() {
        return Err(Problem::Missing("link"));
    }
    let link = get(conn, purpose, token, now)?;
    store::update_state(conn, link.id, "used")?;
    Ok(link)
}

/// One that nobody has got.
pub fn forget(conn: &mut DbConn, id: i64) -> Result<()> {
    Ok(store::delete(conn, id)?)
}

/// Ends the open links of this kind.
pub fn close(conn: &mut DbConn, user: UserId, purpose: Purpose) -> Result<()> {
    Ok(store::update_open(conn, user, purpose, "replaced")?)
}

/// Ends all open links of this person: the password that they were asked with is another one now.
pub fn close_all(conn: &mut DbConn, user: UserId) -> Result<()> {
    close(conn, user, Purpose::Reset)?;
    close(conn, user, Purpose::Email)
}

/// Whether this person had as many mails with such a link as one gets within an hour.
pub fn is_flooded(conn: &mut DbConn, user: UserId, purpose: Purpose, now: i64) -> Result<bool> {
    Ok(MOST_AN_HOUR <= store::count(conn, user, purpose, now - GOOD_FOR)?)
}

/// Forgets links that are over so long that nobody comes back with them.
pub fn forget_old(conn: &mut DbConn, clock: &Clock) -> Result<usize> {
    Ok(store::delete_old(conn, clock.now() - REMEMBERED_FOR)?)
}
