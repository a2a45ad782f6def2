//! Somebody has lost what makes their codes: the operator turns the second factor off. (U01)

use super::changes::{end_all_sessions, tell_by_mail};
use super::{Ended, factor, signing_store};
use crate::platform::audit::{self, Event, Source};
use crate::platform::clock::Clock;
use crate::platform::db::{DbConn, dialect};
use crate::platform::jobs::Mail;
use crate::platform::problem::{Problem, Result};
use shared_protocol::UserId;

/// What the operator has turned off.
pub struct Lost {
    pub user: UserId,
    /// Whether there was one; else nothing was changed.
    pub was_on: bool,
    pub ended: Ended,
}

/// From now on the password of whoever has this name is enough. Every sign-in ends: whoever has the phone now may be in.
pub fn lose_factor(conn: &mut DbConn, name: &str, clock: &Clock) -> Result<Lost> {
    let user = super::find_by_login(conn, name)?
        .ok_or(Problem::Missing("person"))?
        .user_id;
    dialect::lock_person(conn, user)?;
    if !factor::is_on(conn, user)? {
        let ended = Ended::default();
        return Ok(Lost {
            user,
            was_on: false,
            ended,
        });
    }
    factor::end(conn, user)?;
    signing_store::delete_steps_of(conn, user)?;
    let line = audit::Line {
        event: Event::FactorLost,
        user,
        by: None,
        source: &Source::operator(),
    };
    audit::write(conn, line, clock)?;
    tell_by_mail(
        conn,
        Mail::FactorOff {
            user,
            at: clock.now(),
        },
        clock,
    )?;
    let ended = end_all_sessions(conn, user, clock)?;
    Ok(Lost {
        user,
        was_on: true,
        ended,
    })
}
