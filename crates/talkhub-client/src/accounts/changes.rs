//! What people change about their accounts, each with its line in the audit and a word by mail.

use super::links::{self, Purpose};
use super::names::Email;
use super::{Account, Ended, factor, privacy, profile, profile_store, signing_store, store};
use crate::platform::audit::{self, Event, Source};
use crate::platform::clock::Clock;
use crate::platform::config;
use crate::platform::db::{DbConn, dialect};
use crate::platform::jobs::{self, Job, Mail};
use crate::platform::problem::{Problem, Result};
use crate::platform::words::{Said, Words};
use shared_protocol::UserId;

/// How many mails about such a change one person gets within an hour: whoever signed up with a foreign address does not
/// fill its mailbox.
const MOST_MAILS: i64 = 5;

/// The person's own change of password: links asked for before are dead, and they are told by mail.
pub fn change_password(
    conn: &mut DbConn,
    account: &Account,
    hash: &str,
    source: &Source,
    clock: &Clock,
) -> Result<()> {
    let (user, at) = (account.user_id, clock.now());
    super::set_password(conn, account, hash)?;
    links::close_all(conn, user)?;
    note(conn, Event::PasswordChanged, user, source, clock)?;
    tell_of_password(conn, user, at, clock)
}

fn tell_of_password(conn: &mut DbConn, user: UserId, at: i64, clock: &Clock) -> Result<()> {
    let kinds = [Event::PasswordChanged, Event::PasswordReset];
    tell_at_most(conn, user, &kinds, Mail::PasswordChanged { user, at }, clock)
}

/// By mail, unless there were too many lines of these kinds within an hour. The line of this one is written already.
fn tell_at_most(conn: &mut DbConn, user: UserId, kinds: &[Event], mail: Mail, clock: &Clock) -> Result<()> {
    if MOST_MAILS < audit::count(conn, user, kinds, clock.now() - 3_600_000)? {
        return Ok(());
    }
    tell_by_mail(conn, mail, clock)
}

/// A new password with a mailed link as proof: the link is used up, every sign-in ends, the person is told by mail.
pub fn reset_password(
    conn: &mut DbConn,
    token: &str,
    hash: &str,
    source: &Source,
    clock: &Clock,
) -> Result<Ended> {
    let user = links::take(conn, Purpose::Reset, token, clock.now())?.user;
    store::update_password(conn, user, hash)?;
    links::close_all(conn, user)?;
    signing_store::delete_steps_of(conn, user)?;
    let line = audit::Line {
        event: Event::PasswordReset,
        user,
        by: None,
        source,
    };
    audit::write(conn, line, clock)?;
    tell_of_password(conn, user, clock.now(), clock)?;
    end_all_sessions(conn, user, clock)
}

/// A link to a new password that the operator hands over, for whoever has this name. (U05)
pub fn make_reset_link(conn: &mut DbConn, name: &str, clock: &Clock) -> Result<links::Made> {
    let account = super::find_by_login(conn, name)?.ok_or(Problem::Missing("person"))?;
    let user = account.user_id;
    let made = links::make(conn, user, Purpose::Reset, ["", ""], clock)?;
    let line = audit::Line {
        event: Event::ResetLinkMade,
        user,
        by: None,
        source: &Source::operator(),
    };
    audit::write(conn, line, clock)?;
    Ok(made)
}

pub(super) fn tell_by_mail(conn: &mut DbConn, mail: Mail, clock: &Clock) -> Result<()> {
    Ok(jobs::enqueue(conn, &Job::Mail(mail), clock)?)
}

/// Asks whether this address is theirs: by a link to it, which [`confirm_email`] takes.
pub fn ask_email(
    conn: &mut DbConn,
    account: &Account,
    email: &Email,
    source: &Source,
    clock: &Clock,
) -> Result<()> {
    let user = account.user_id;
    super::check_unchanged(conn, account)?;
    check_free(conn, account, email)?;
    if links::is_flooded(conn, user, Purpose::Email, clock.now())? {
        return Err(Problem::TooFast(600));
    }
    let emails = [email.as_str(), &account.email];
    let made = links::make(conn, user, Purpose::Email, emails, clock)?;
    note(conn, Event::EmailAsked, user, source, clock)?;
    tell_by_mail(conn, Mail::ConfirmEmail { link: made.id }, clock)
}

/// Another address at once, where nothing can be mailed.
pub fn set_email(
    conn: &mut DbConn,
    account: &Account,
    email: &Email,
    source: &Source,
    clock: &Clock,
) -> Result<()> {
    super::check_unchanged(conn, account)?;
    check_free(conn, account, email)?;
    put_email(conn, account.user_id, email.as_str(), source, clock)
}

fn check_free(conn: &mut DbConn, account: &Account, email: &Email) -> Result<()> {
    if email.as_str() == account.email {
        return Err(Problem::invalid("email", Said::new("email-same")));
    }
    if store::email_exists(conn, email.as_str())? {
        return Err(Problem::invalid("email", Said::new("email-taken")));
    }
    Ok(())
}

/// The link to the new address was opened: it counts from now on, and the old one is told.
pub fn confirm_email(conn: &mut DbConn, token: &str, source: &Source, clock: &Clock) -> Result<()> {
    let link = links::take(conn, Purpose::Email, token, clock.now())?;
    if store::email_exists(conn, &link.new_email)? {
        // Somebody else has signed up with it meanwhile.
        return Err(Problem::Conflict(Said::new("email-taken")));
    }
    put_email(conn, link.user, &link.new_email, source, clock)?;
    tell_by_mail(conn, Mail::EmailChanged { link: link.id }, clock)
}

fn put_email(conn: &mut DbConn, user: UserId, email: &str, source: &Source, clock: &Clock) -> Result<()> {
    store::changes::update_email(conn, user, email)?;
    let rev = super::next_rev(conn, user)?;
    profile_store::update_profile_rev(conn, user, rev)?;
    // The address in a link for a new password was the old one.
    links::close(conn, user, Purpose::Reset)?;
    note(conn, Event::EmailChanged, user, source, clock)?;
    Ok(jobs::enqueue(conn, &Job::ProfileChanged { user }, clock)?)
}

/// From now on the password is enough; refused where administrators may not be without.
pub(super) fn end_factor(
    conn: &mut DbConn,
    user: UserId,
    source: &Source,
    accounts: &config::Accounts,
    clock: &Clock,
) -> Result<()> {
    super::lock_living(conn, user)?;
    if factor::is_required(conn, accounts, user)? {
        return Err(Problem::Conflict(Said::new("factor-required")));
    }
    factor::end(conn, user)?;
    note(conn, Event::FactorOff, user, source, clock)?;
    let at = clock.now();
    let mail = Mail::FactorOff { user, at };
    tell_at_most(conn, user, &[Event::FactorOff], mail, clock)
}

/// The person took their data along.
pub fn note_export(conn: &mut DbConn, user: UserId, source: &Source, clock: &Clock) -> Result<()> {
    super::lock_living(conn, user)?;
    note(conn, Event::Exported, user, source, clock).map(|_| ())
}

/// The person leaves. Of the account stays what others need: an ID that nobody gets again, and the sender of old
/// messages, without a name.
pub fn leave(
    conn: &mut DbConn,
    account: &Account,
    messages_too: bool,
    source: &Source,
    clock: &Clock,
) -> Result<Ended> {
    let user = account.user_id;
    super::check_unchanged(conn, account)?;
    // Held, so that of two who leave at the same moment one is the last.
    let administrators = dialect::lock_administrators(conn)?;
    if administrators == [user] && store::count(conn)? > 1 {
        return Err(Problem::Conflict(Said::new("last-administrator")));
    }
    store::changes::delete_administrator(conn, user)?;
    store::links::delete_of(conn, user)?;
    signing_store::delete_steps_of(conn, user)?;
    factor::end(conn, user)?;
    jobs::forget_address(conn, &account.email)?;
    note(conn, Event::Deleted, user, source, clock)?;
    audit::blank(conn, user)?;
    let ended = end_all_sessions(conn, user, clock)?;
    profile::set_avatar(conn, user, None, clock)?;
    profile_store::delete(conn, user)?;
    store::delete_statuses(conn, &[user])?;
    privacy::close(conn, user)?;
    let (rev, name) = (super::next_rev(conn, user)?, Words::english().get("deleted-user"));
    store::changes::empty(conn, user, &name, rev)?;
    jobs::enqueue(conn, &Job::ProfileChanged { user }, clock)?;
    jobs::enqueue(conn, &Job::PrivacyChanged { user }, clock)?;
    jobs::enqueue(conn, &Job::PersonLeft { user, messages_too }, clock)?;
    Ok(ended)
}

/// Whether this person administers the server.
pub fn is_administrator(conn: &mut DbConn, user: UserId) -> Result<bool> {
    Ok(store::changes::is_administrator(conn, user)?)
}

/// Makes this person an administrator; `false` if they are one already.
pub fn make_administrator(conn: &mut DbConn, user: UserId, source: &Source, clock: &Clock) -> Result<bool> {
    super::lock_living(conn, user)?;
    if is_administrator(conn, user)? {
        return Ok(false);
    }
    store::changes::insert_administrator(conn, user, clock.now())?;
    let line = audit::Line {
        event: Event::MadeAdministrator,
        user,
        by: None,
        source,
    };
    audit::write(conn, line, clock)?;
    Ok(true)
}

/// Writes down what somebody did with their own account; gives back the id of the line.
pub(super) fn note(
    conn: &mut DbConn,
    event: Event,
    user: UserId,
    source: &Source,
    clock: &Clock,
) -> Result<i64> {
    let line = audit::Line {
        event,
        user,
        by: Some(user),
        source,
    };
    Ok(audit::write(conn, line, clock)?)
}

/// Ends every sign-in of this person, programs too.
pub(super) fn end_all_sessions(conn: &mut DbConn, user: UserId, clock: &Clock) -> Result<Ended> {
    let sessions = store::list_session_ids(conn, user)?;
    super::end_sessions(conn, &sessions, clock)
}
