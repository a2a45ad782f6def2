//! Telling those who may know what somebody shows: whether they are there, their name and picture.

use super::tracker::Difference;
use crate::accounts::privacy::What;
use crate::accounts::{self, Account};
use crate::contacts::{self, Pair, Sight};
use crate::conversations;
use crate::platform::app::App;
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use shared_protocol::api::{Person, Presence};
use shared_protocol::{ConversationId, Group, ServerFrame, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Larger conversations are asked instead of told.
const MOST_MEMBERS: usize = 200;

/// One frame for each conversation whose members share everything; where somebody keeps to themselves whether they are
/// there, one for each member who may know, to their own group.
pub(super) fn frames_for(conn: &mut DbConn, changed: &Difference) -> Result<Vec<(Group, ServerFrame)>> {
    let came = changed.came.iter().map(|(user, _)| user);
    let people: Vec<UserId> = came.chain(&changed.went).chain(&changed.lost).copied().collect();
    let accounts = accounts::list(conn, &people)?;
    let groups = conversations::list_groups(conn, &people)?;
    let members = members_of(conn, groups.iter().map(|(_, conversation, _)| *conversation))?;
    let everybody: BTreeSet<UserId> = members.values().flatten().copied().collect();
    let everybody: Vec<UserId> = everybody.into_iter().collect();
    let closed = accounts::privacy::list_closed(conn, &everybody, What::LastSeen)?;
    let mut told: BTreeMap<ConversationId, (Group, Vec<Presence>)> = BTreeMap::new();
    let mut frames = Vec::new();
    for (user, conversation, group) in groups {
        let (Some(account), Some(members)) = (accounts.get(&user), members.get(&conversation)) else {
            continue;
        };
        if MOST_MEMBERS < members.len() {
            continue;
        }
        if !members.iter().any(|member| closed.contains(member)) {
            let (_, people) = told.entry(conversation).or_insert((group, Vec::new()));
            people.push(account.presence());
            continue;
        }
        let split = contacts::split(conn, user, members, What::LastSeen)?;
        let frame = ServerFrame::Presence {
            conversation,
            people: vec![account.presence()],
        };
        let to = split.map_or(vec![group], |split| split.shares);
        frames.extend(to.into_iter().map(|to| (to, frame.clone())));
    }
    frames.extend(
        told.into_iter()
            .map(|(conversation, (group, people))| (group, ServerFrame::Presence { conversation, people })),
    );
    Ok(frames)
}

fn members_of(
    conn: &mut DbConn,
    conversations: impl Iterator<Item = ConversationId>,
) -> Result<HashMap<ConversationId, Vec<UserId>>> {
    let ids: BTreeSet<ConversationId> = conversations.collect();
    let ids: Vec<ConversationId> = ids.into_iter().collect();
    let mut members: HashMap<ConversationId, Vec<UserId>> = HashMap::new();
    for member in conversations::list_members(conn, &ids)? {
        members.entry(member.conversation).or_default().push(member.user);
    }
    Ok(members)
}

/// Tells everybody who sees this person about their present name and picture.
pub async fn tell_profile(app: &App, user: UserId) -> Result<()> {
    let told = app.db.read(move |conn| {
        let account = accounts::get(conn, user)?;
        let frames = profile_frames(conn, &account)?;
        Ok((account, frames))
    });
    let (account, mut frames) = told.await?;
    let own = ServerFrame::Person {
        rev: account.rev,
        history_id: app.history_id.to_string(),
    };
    frames.push((account.relay_group, own));
    app.relay.tell_all(frames);
    Ok(())
}

/// With the picture for those who may see it: to whole groups where all of them may, else to each by themselves. Contacts
/// without a conversation hear of it too.
fn profile_frames(conn: &mut DbConn, account: &Account) -> Result<Vec<(Group, ServerFrame)>> {
    let user = account.user_id;
    let profile = |person: Person| ServerFrame::Profile { user: person };
    let (whole, bare) = (
        profile(account.whole_person()),
        profile(Person {
            avatar: None,
            ..account.person()
        }),
    );
    let mut frames = vec![(account.relay_group.clone(), whole.clone())];
    let blocked: Vec<UserId> = contacts::list_blocked(conn, user)?.into_iter().collect();
    let blocked = accounts::list(conn, &blocked)?.into_values();
    // Invariant: no frame goes to the own group of somebody who is blocked. (INV13)
    let deaf: HashSet<Group> = blocked.map(|account| account.relay_group).collect();
    let groups = conversations::list_groups(conn, &[user])?;
    let members = members_of(conn, groups.iter().map(|(_, conversation, _)| *conversation))?;
    for (_, conversation, group) in groups {
        let members = members.get(&conversation).map_or(&[][..], Vec::as_slice);
        match contacts::split(conn, user, members, What::Avatar)? {
            None => frames.push((group, whole.clone())),
            Some(split) => {
                let shares = split.shares.into_iter().map(|group| (group, whole.clone()));
                let others = split.others.into_iter().map(|group| (group, bare.clone()));
                frames.extend(shares.chain(others).filter(|(group, _)| !deaf.contains(group)));
            }
        }
    }
    let told: BTreeSet<UserId> = members.into_values().flatten().collect();
    let contacts = contacts::list_contacts_of(conn, &[user])?
        .remove(&user)
        .unwrap_or_default();
    let apart: Vec<UserId> = contacts
        .into_iter()
        .filter(|contact| !told.contains(contact))
        .collect();
    let sight = Sight::of(conn, user, &apart)?;
    for contact in accounts::list(conn, &apart)?.into_values() {
        let frame = match sight.shares(&contact, What::Avatar) {
            true => whole.clone(),
            false => bare.clone(),
        };
        frames.push((contact.relay_group, frame));
    }
    Ok(frames)
}

/// What somebody shows, and what they see for it, is another: whoever shares a conversation or is a contact asks for what
/// is new, and gets it as they may see it now. Safe to repeat.
pub async fn tell_privacy(app: &App, user: UserId) -> Result<()> {
    let changed = app.db.write(move |conn| {
        let mut people = conversations::note_change_for_members(conn, user, MOST_MEMBERS)?;
        people.extend(contacts::note_change_for_contacts(conn, user)?);
        people.sort_unstable();
        people.dedup();
        Ok(people)
    });
    contacts::tell(app, &changed.await?).await
}

/// What these two share is another since they have become contacts or have parted: both find their private conversation
/// among what is new, and hear whether the other is there. Safe to repeat.
pub async fn tell_between(app: &App, one: UserId, other: UserId) -> Result<()> {
    let noted = app.db.write(move |conn| {
        let found = conversations::find_private(conn, one, other)?;
        if let Some(conversation) = found {
            conversations::note_change(conn, conversation, &Pair::of(one, other).people())?;
        }
        Ok(found)
    });
    let Some(conversation) = noted.await? else {
        return Ok(());
    };
    tell_presence_between(app, conversation, [one, other]).await?;
    contacts::tell(app, &[one, other]).await
}

/// Each of the two hears whether the other is there, as far as they may know it now.
pub(super) async fn tell_presence_between(
    app: &App,
    conversation: ConversationId,
    pair: [UserId; 2],
) -> Result<()> {
    let frames = app.db.read(move |conn| frames_between(conn, conversation, pair));
    app.relay.tell_all(frames.await?);
    Ok(())
}

fn frames_between(
    conn: &mut DbConn,
    conversation: ConversationId,
    [one, other]: [UserId; 2],
) -> Result<Vec<(Group, ServerFrame)>> {
    let accounts = accounts::list(conn, &[one, other])?;
    let sight = Sight::of(conn, one, &[other])?;
    let shared = accounts
        .get(&other)
        .is_some_and(|other| sight.shares(other, What::LastSeen));
    let mut frames = Vec::new();
    for (viewer, seen) in [(one, other), (other, one)] {
        let (Some(viewer), Some(seen)) = (accounts.get(&viewer), accounts.get(&seen)) else {
            continue;
        };
        let presence = match shared {
            true => seen.presence(),
            false => contacts::hidden(seen.user_id),
        };
        let frame = ServerFrame::Presence {
            conversation,
            people: vec![presence],
        };
        frames.push((viewer.relay_group.clone(), frame));
    }
    Ok(frames)
}
