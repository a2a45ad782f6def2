//! What happens again and again: telling who came and went, renewing leases, sweeping what is left over.

use super::tracker::Difference;
use super::{Tracker, store};
use crate::accounts;
use crate::conversations;
use crate::platform::app::App;
use crate::platform::clock::millis;
use crate::platform::problem::Result;
use shared_protocol::api::Presence;
use shared_protocol::{ConversationId, Group, ServerFrame, UserId};
use std::collections::BTreeMap;
use std::time::Duration;

/// Larger conversations are asked instead of told.
const MOST_MEMBERS: usize = 200;
/// So often it is written down that those who are there were seen.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// Tells those who share a conversation with whoever came or went.
pub async fn tell_changes(app: &App, tracker: &Tracker) -> Result<()> {
    let presence = &app.config.presence;
    let monotonic = app.clock.monotonic();
    let difference = tracker.difference(monotonic, presence.expiry, presence.grace);
    let touch = tracker.is_time_to_write(monotonic, SEEN_EVERY);
    if difference == Difference::default() && !touch {
        return Ok(());
    }
    let (changed, heard, now) = (difference.clone(), tracker.list_heard(), app.clock.now());
    let frames = app.db.write(move |conn| {
        accounts::online::set_shown(conn, &changed.came, &changed.went, &changed.lost, now)?;
        if touch {
            accounts::online::touch_shown(conn, &heard, now)?;
        }
        frames_for(conn, &changed)
    });
    let frames = frames.await?;
    tracker.told(&difference);
    app.relay.tell_all(frames);
    Ok(())
}

/// One frame for each conversation.
fn frames_for(
    conn: &mut crate::platform::db::DbConn,
    changed: &Difference,
) -> Result<Vec<(Group, ServerFrame)>> {
    let came = changed.came.iter().map(|(user, _)| user);
    let people: Vec<UserId> = came.chain(&changed.went).chain(&changed.lost).copied().collect();
    let accounts = accounts::list(conn, &people)?;
    let mut by_conversation: BTreeMap<ConversationId, (Group, Vec<Presence>)> = BTreeMap::new();
    for (user, conversation, group) in conversations::list_groups(conn, &people)? {
        let Some(account) = accounts.get(&user) else {
            continue;
        };
        let (_, told) = by_conversation.entry(conversation).or_insert((group, Vec::new()));
        told.push(account.presence());
    }
    let ids: Vec<ConversationId> = by_conversation.keys().copied().collect();
    let mut sizes: BTreeMap<ConversationId, usize> = BTreeMap::new();
    for member in conversations::list_members(conn, &ids)? {
        *sizes.entry(member.conversation).or_default() += 1;
    }
    let frames = by_conversation
        .into_iter()
        .filter(|(conversation, _)| sizes.get(conversation).is_none_or(|size| *size <= MOST_MEMBERS))
        .map(|(conversation, (group, people))| (group, ServerFrame::Presence { conversation, people }));
    Ok(frames.collect())
}

/// Drops relay IDs without a connection, here and at the relay. Only while the link is up: without it nobody has a
/// heartbeat.
pub async fn sweep(app: &App, tracker: &Tracker) -> Result<()> {
    let now = app.clock.now();
    let since = now - millis(app.config.presence.forget);
    let future = now + 2 * millis(app.config.relay.lease);
    let tracker = tracker.clone();
    let swept = app.db.write(move |conn| {
        let mut silent = store::list_silent(conn, since, now, future)?;
        silent.retain(|relay_id| !tracker.is_live(relay_id));
        store::delete(conn, &silent)?;
        Ok(silent)
    });
    for relay_id in swept.await? {
        // The lease ends by itself where this fails.
        if let Err(problem) = app.relay.revoke(&relay_id).await {
            tracing::debug!(relay_id = relay_id.short(), %problem, "A silent relay ID could not be taken back");
        }
    }
    Ok(())
}

/// Tells everybody who sees this person about their present name.
pub async fn tell_profile(app: &App, user: UserId) -> Result<()> {
    let told = app.db.read(move |conn| {
        Ok((
            accounts::get(conn, user)?,
            conversations::list_groups(conn, &[user])?,
        ))
    });
    let (account, groups) = told.await?;
    let frame = ServerFrame::Profile {
        user: account.person(),
    };
    let own = ServerFrame::Person {
        rev: account.rev,
        history_id: app.history_id.to_string(),
    };
    let mut frames: Vec<(Group, ServerFrame)> = groups
        .into_iter()
        .map(|(_, _, group)| (group, frame.clone()))
        .collect();
    frames.push((account.relay_group.clone(), frame));
    frames.push((account.relay_group, own));
    app.relay.tell_all(frames);
    Ok(())
}
