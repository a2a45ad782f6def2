//! Telling those who may know what somebody shows: whether they are there, their name and picture.

use super::tracker::Difference;
use crate::accounts::privacy::What;
use crate::accounts::{self, Account};
use crate::contacts::{self, Pair, Sight, Ties};
use crate::conversations;
use crate::platform::app::App;
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use shared_protocol::api::{Person, Presence};
use shared_protocol::{ConversationId, Group, ServerFrame, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Larger conversations are asked instead of told.
const MOST_MEMBERS: usize = 200;
/// How many people one statement names.
const CHUNK: usize = 500;

/// The conversations of some people, and who of their members may know of them: read for all at once.
struct Circle {
    groups: Vec<(UserId, ConversationId, Group)>,
    members: HashMap<ConversationId, Vec<UserId>>,
    /// Of those asked about, and of the members of conversations in which not everybody shares everything.
    accounts: HashMap<UserId, Account>,
    closed: HashSet<UserId>,
    ties: Ties,
    what: What,
}

impl Circle {
    /// How many questions that takes does not depend on how many conversations there are (but for parts of 500).
    fn around(conn: &mut DbConn, people: &[UserId], what: What) -> Result<Self> {
        let groups = conversations::list_groups(conn, people)?;
        let ids: BTreeSet<ConversationId> = groups.iter().map(|(_, id, _)| *id).collect();
        let ids: Vec<ConversationId> = ids.into_iter().collect();
        let mut members: HashMap<ConversationId, Vec<UserId>> = HashMap::new();
        for member in conversations::list_members(conn, &ids)? {
            members.entry(member.conversation).or_default().push(member.user);
        }
        let everybody: BTreeSet<UserId> = members.values().flatten().copied().collect();
        let everybody: Vec<UserId> = everybody.into_iter().collect();
        let mut circle = Self {
            closed: accounts::privacy::list_closed(conn, &everybody, what)?,
            ties: Ties::of(conn, people)?,
            accounts: HashMap::new(),
            groups,
            members,
            what,
        };
        let divided = circle
            .groups
            .iter()
            .filter(|(user, id, _)| circle.is_divided(*user, *id));
        let asked = divided.flat_map(|(_, id, _)| circle.members_of(*id).iter());
        let asked: BTreeSet<UserId> = asked.chain(people).copied().collect();
        let asked: Vec<UserId> = asked.into_iter().collect();
        for people in asked.chunks(CHUNK) {
            circle.accounts.extend(accounts::list(conn, people)?);
        }
        Ok(circle)
    }

    fn members_of(&self, id: ConversationId) -> &[UserId] {
        self.members.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody of this conversation may share less than everything with `user`.
    fn is_divided(&self, user: UserId, id: ConversationId) -> bool {
        let differs = |member: &UserId| self.closed.contains(member) || self.ties.are_apart(user, *member);
        self.members_of(id).iter().any(differs)
    }

    /// Those members who share it with this person, and those who do not; `None` where all do, and one frame to their common
    /// group is enough.
    fn split(&self, account: &Account, id: ConversationId) -> Option<(Vec<&Account>, Vec<&Account>)> {
        let user = account.user_id;
        if !self.is_divided(user, id) {
            return None;
        }
        let members = self.members_of(id).iter();
        let members = members.filter_map(|member| self.accounts.get(member));
        let (shares, others): (Vec<_>, Vec<_>) =
            members.partition(|member| self.ties.share(account, member, self.what));
        (!others.is_empty()).then_some((shares, others))
    }
}

/// One frame for each conversation whose members share everything; where somebody keeps to themselves whether they are
/// there, one for each member who may know, to their own group.
pub fn frames_for(conn: &mut DbConn, changed: &Difference) -> Result<Vec<(Group, ServerFrame)>> {
    let circle = Circle::around(conn, &changed.people(), What::LastSeen)?;
    let mut told: BTreeMap<ConversationId, (Group, Vec<Presence>)> = BTreeMap::new();
    let mut frames = Vec::new();
    for (user, conversation, group) in &circle.groups {
        let Some(account) = circle.accounts.get(user) else {
            continue;
        };
        if MOST_MEMBERS < circle.members_of(*conversation).len() {
            continue;
        }
        let Some((shares, _)) = circle.split(account, *conversation) else {
            let told = told.entry(*conversation);
            let (_, people) = told.or_insert((group.clone(), Vec::new()));
            people.push(account.presence());
            continue;
        };
        let frame = ServerFrame::Presence {
            conversation: *conversation,
            people: vec![account.presence()],
        };
        frames.extend(
            shares
                .into_iter()
                .map(|to| (to.relay_group.clone(), frame.clone())),
        );
    }
    frames.extend(
        told.into_iter()
            .map(|(conversation, (group, people))| (group, ServerFrame::Presence { conversation, people })),
    );
    Ok(frames)
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
    let blocked = contacts::list_blocked(conn, user)?;
    let circle = Circle::around(conn, &[user], What::Avatar)?;
    for (_, conversation, group) in &circle.groups {
        let Some((shares, others)) = circle.split(account, *conversation) else {
            frames.push((group.clone(), whole.clone()));
            continue;
        };
        let shares = shares.into_iter().map(|member| (member, &whole));
        let others = others.into_iter().map(|member| (member, &bare));
        // Invariant: no frame goes to the own group of somebody who is blocked. (INV13)
        let hear = shares
            .chain(others)
            .filter(|(member, _)| !blocked.contains(&member.user_id));
        frames.extend(hear.map(|(member, frame)| (member.relay_group.clone(), frame.clone())));
    }
    let told: BTreeSet<UserId> = circle.members.into_values().flatten().collect();
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
    let _turn = app.relay.telling().lock().await;
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
