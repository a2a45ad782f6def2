//! What two people share of each other: privacy settings, contacts and blocks put together, in one place.

use super::{Pair, store};
use crate::accounts::privacy::{What, share};
use crate::accounts::{self, Account};
use crate::platform::db::DbConn;
use crate::platform::problem::Result;
use shared_protocol::api::{Audience, Person, Presence};
use shared_protocol::{Group, UserId};
use std::collections::HashSet;

/// How many people one statement names.
const CHUNK: usize = 500;

/// Between whom there is a contact or a block: what people share by, besides their settings.
#[derive(Debug, Default)]
pub struct Ties {
    contacts: HashSet<Pair>,
    /// Whoever made the block.
    apart: HashSet<Pair>,
}

impl Ties {
    /// Of these people with whomever: a few questions, however many others there are.
    pub fn of(conn: &mut DbConn, people: &[UserId]) -> Result<Self> {
        let mut ties = Self::default();
        for people in people.chunks(CHUNK) {
            ties.add(
                store::list_contacts_of(conn, people)?,
                store::list_blocks_of(conn, people)?,
            );
        }
        Ok(ties)
    }

    /// Between `me` and any of `others`.
    fn between(conn: &mut DbConn, me: UserId, others: &[UserId]) -> Result<Self> {
        let mut ties = Self::default();
        for others in others.chunks(CHUNK) {
            let contacts = store::list_contacts_among(conn, me, others)?.into_iter();
            let pairs: Vec<Pair> = others.iter().map(|other| Pair::of(me, *other)).collect();
            ties.add(
                contacts.map(|(contact, _)| (me, contact)),
                store::list_blocks_between(conn, &pairs)?,
            );
        }
        Ok(ties)
    }

    fn add(
        &mut self,
        contacts: impl IntoIterator<Item = (UserId, UserId)>,
        blocks: impl IntoIterator<Item = (UserId, UserId)>,
    ) {
        let pair = |(one, other)| Pair::of(one, other);
        self.contacts.extend(contacts.into_iter().map(pair));
        self.apart.extend(blocks.into_iter().map(pair));
    }

    /// Whether one of the two has blocked the other.
    pub fn are_apart(&self, one: UserId, other: UserId) -> bool {
        self.apart.contains(&Pair::of(one, other))
    }

    /// Whether the two share this. Between people of whom one has blocked the other nothing is told of what they do.
    pub fn share(&self, one: &Account, other: &Account, what: What) -> bool {
        let acts = matches!(what, What::LastSeen | What::ReadReceipts | What::Typing);
        let pair = Pair::of(one.user_id, other.user_id);
        if acts && self.apart.contains(&pair) {
            return false;
        }
        share(one, other, self.contacts.contains(&pair), what)
    }
}

/// What one person and some others share. It goes both ways: whoever may not see does not show either.
pub struct Sight {
    me: Account,
    ties: Ties,
}

impl Sight {
    /// Between `me` and any of `others`.
    pub fn of(conn: &mut DbConn, me: UserId, others: &[UserId]) -> Result<Self> {
        Ok(Self {
            me: accounts::get(conn, me)?,
            ties: Ties::between(conn, me, others)?,
        })
    }

    /// See [`Ties::share`].
    pub fn shares(&self, other: &Account, what: What) -> bool {
        self.ties.share(&self.me, other, what)
    }

    /// The other one, with their picture if it is shared.
    pub fn person(&self, other: &Account) -> Person {
        if self.shares(other, What::Avatar) {
            return other.whole_person();
        }
        Person {
            avatar: None,
            ..other.person()
        }
    }

    /// Whether the other one is there; whoever hides it looks as if they were not, and never had been.
    pub fn presence(&self, other: &Account) -> Presence {
        if self.shares(other, What::LastSeen) {
            return other.presence();
        }
        hidden(other.user_id)
    }

    /// Whether oneself keeps nothing of this from anybody.
    pub fn is_open(&self, what: What) -> bool {
        accounts::privacy::is_open(&self.me, what)
    }
}

/// Somebody of whom nothing is told.
pub fn hidden(user_id: UserId) -> Presence {
    Presence {
        user_id,
        online: false,
        status: None,
        last_seen: None,
    }
}

/// The own groups of those members of a conversation who share something with one person, and of those who do not.
#[derive(Debug, Default)]
pub struct Split {
    pub shares: Vec<Group>,
    pub others: Vec<Group>,
}

/// Who of `members` shares `what` with `who`; nothing where all do, and one frame to their common group is enough.
pub fn split(conn: &mut DbConn, who: UserId, members: &[UserId], what: What) -> Result<Option<Split>> {
    let sight = Sight::of(conn, who, members)?;
    let (shares, others): (Vec<Account>, Vec<Account>) = accounts::list(conn, members)?
        .into_values()
        .partition(|member| sight.shares(member, what));
    if others.is_empty() {
        return Ok(None);
    }
    let groups = |accounts: Vec<Account>| accounts.into_iter().map(|account| account.relay_group).collect();
    Ok(Some(Split {
        shares: groups(shares),
        others: groups(others),
    }))
}

/// Of these people, who takes messages from their contacts only; and who of them takes none, having left.
pub(super) fn list_closed_to_strangers(
    conn: &mut DbConn,
    people: &[UserId],
) -> Result<(HashSet<UserId>, HashSet<UserId>)> {
    let accounts = accounts::privacy::list_rows(conn, people)?;
    let (mut closed, mut left) = (HashSet::new(), HashSet::new());
    for (user, privacy) in accounts {
        if privacy.write != Audience::Everybody {
            closed.insert(user);
        }
        if privacy.write == Audience::Nobody {
            left.insert(user);
        }
    }
    Ok((closed, left))
}
