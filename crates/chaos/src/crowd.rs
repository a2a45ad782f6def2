//! Who takes part: twelve people with two devices each, and one who watches.

use crate::record::Who;
use anyhow::Result;
use end_to_end::{PASSWORD, Person, Site};
use futures_util::future::try_join_all;
use shared_protocol::UserId;
use std::collections::BTreeMap;
use std::path::Path;

/// How many people write.
pub(crate) const PEOPLE: u8 = 12;
/// How many devices each of them has.
const DEVICES: u8 = 2;

/// Everybody, signed in.
pub(crate) struct Crowd {
    /// Each device's own sign-in.
    pub(crate) devices: BTreeMap<Who, Person>,
    pub(crate) watcher: Person,
}

pub(crate) fn everybody() -> Vec<Who> {
    let all = (0..PEOPLE).flat_map(|person| (0..DEVICES).map(move |device| Who { person, device }));
    all.collect()
}

impl Crowd {
    /// Signs everybody up; each person has notes to themselves and a conversation with the next one.
    pub(crate) async fn sign_up(site: &Site) -> Result<Self> {
        let first = (0..PEOPLE).map(async |person| {
            let signed_up = Person::sign_up(site, &format!("person{person}")).await?;
            let again = Person::sign_in(site, &format!("person{person}"), PASSWORD).await?;
            let sign_ins = [signed_up, again].into_iter().zip(0..);
            anyhow::Ok(sign_ins.map(move |(sign_in, device)| (Who { person, device }, sign_in)))
        });
        let devices: BTreeMap<Who, Person> = try_join_all(first).await?.into_iter().flatten().collect();
        let crowd = Self {
            devices,
            watcher: Person::sign_up(site, "watcher").await?,
        };
        for person in 0..PEOPLE {
            let (me, next) = (crowd.person(person), crowd.person((person + 1) % PEOPLE));
            me.talk_with(me).await?;
            me.talk_with(next).await?;
        }
        Ok(crowd)
    }

    /// The sign-in of their first device.
    pub(crate) fn person(&self, person: u8) -> &Person {
        &self.devices[&Who { person, device: 0 }]
    }

    /// The sign-in that nobody ends: only first devices sign out.
    pub(crate) fn steady(&self, person: u8) -> &Person {
        &self.devices[&Who { person, device: 1 }]
    }

    pub(crate) fn ids(&self) -> Vec<UserId> {
        (0..PEOPLE)
            .map(|person| self.person(person).me.person.user_id)
            .collect()
    }

    /// With whom this person may open a conversation: the neighbours on both sides, and themselves.
    pub(crate) fn friends(&self, who: Who) -> Vec<UserId> {
        [0, 1, 2, PEOPLE - 1, PEOPLE - 2]
            .map(|step| self.person((who.person + step) % PEOPLE).me.person.user_id)
            .to_vec()
    }
}

/// What both programs have said goes into the folder of the run.
pub(crate) fn keep_logs(from: &Path, to: &Path) {
    for name in ["talkhub-relay.log", "talkhub-client.log"] {
        std::fs::copy(from.join(name), to.join(name)).ok();
    }
}
