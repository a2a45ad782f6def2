//! How a device gets onto its disk and back, and what it looks like at the end.

use super::connect::Socket;
use super::disk::Cached;
use super::screen::Extent;
use super::sign::Sign;
use super::{Device, PAGE, Place};
use crate::record::{self, Standing};
use anyhow::Result;
use shared_protocol::MessageId;
use shared_protocol::api::{Mark, MessagePage};
use socket_client::Rules;
use socket_client::catch_up::{Timeline, TimelineEvent};
use socket_client::outbox::{Entry, OutboxEvent};
use std::collections::BTreeMap;

impl Device {
    /// Back to how it was when it was last kept; then a catch-up is due.
    pub(super) fn restore(&mut self, cached: Cached) {
        let mut timeline = Timeline::new(self.kept.me.user_id, Rules::ALL);
        if let Some(page) = cached.page {
            timeline.apply(TimelineEvent::Asked);
            let run = timeline.catch_up().run;
            let limit = page.messages.len() + usize::from(cached.is_complete);
            timeline.apply(TimelineEvent::AnsweredPage { run, page, limit });
            timeline.apply(TimelineEvent::Behind);
        }
        for line in cached.unsaved {
            timeline.apply(TimelineEvent::Unsaved { line });
        }
        self.screens.compare(cached.id, &timeline, Extent::All);
        self.timelines.insert(cached.id, timeline);
        self.places.insert(
            cached.id,
            Place {
                group: cached.group,
                members: cached.members,
            },
        );
    }

    /// Writes down what was loaded.
    pub(super) fn cache(&mut self) -> Result<()> {
        self.cache_is_old = false;
        let cached: Vec<Cached> = self
            .places
            .iter()
            .filter_map(|(id, place)| Some((id, place, self.timelines.get(id)?)))
            .map(|(id, place, timeline)| Cached {
                id: *id,
                group: place.group.clone(),
                members: place.members.clone(),
                page: page_of(timeline),
                is_complete: timeline.is_complete() && timeline.rows().count() <= PAGE,
                unsaved: timeline.unsaved().to_vec(),
            })
            .collect();
        self.disk.cache(&cached)
    }

    /// Writes the outbox down. Invariant: nothing leaves this device that is not on its disk.
    pub(super) fn keep(&mut self) -> Result<()> {
        // Chaos knows no restore, so what has its tick goes; the last one is still named as `prev`.
        let mut last = BTreeMap::new();
        for entry in self.outbox.entries() {
            last.insert(entry.conversation, entry.id);
        }
        let old: Vec<MessageId> = self
            .outbox
            .entries()
            .iter()
            .filter(|entry| entry.ticked.is_some() && last.get(&entry.conversation) != Some(&entry.id))
            .map(|entry| entry.id)
            .collect();
        for id in old {
            self.outbox.apply(OutboxEvent::Withdrew { id });
        }
        self.kept_is_old = false;
        self.kept.entries = self.outbox.entries().to_vec();
        self.disk.keep(&self.kept)
    }

    pub(super) fn report(&self) -> record::Device {
        let standing = |entry: &Entry| match &entry.refused {
            Some(_) => Standing::Refused,
            None if self.outbox.is_settled(entry) => Standing::Ticked,
            None => Standing::Waiting,
        };
        record::Device {
            who: self.seat.who,
            connected: self.sign == Sign::In && matches!(self.socket, Socket::Open(..)),
            outbox: self
                .outbox
                .entries()
                .iter()
                .map(|entry| (entry.id, standing(entry)))
                .collect(),
            screens: self
                .timelines
                .iter()
                .map(|(id, timeline)| self.screens.whole(*id, timeline))
                .collect(),
            badges: Vec::new(),
        }
    }
}

/// The last rows up to the cursor: everything of them is there.
fn page_of(timeline: &Timeline) -> Option<MessagePage> {
    let (cursor, history) = (timeline.cursor()?, timeline.history()?);
    let whole = timeline.rows().filter(|held| held.message.rev <= cursor);
    let mut messages: Vec<_> = whole.map(|held| held.message.clone()).collect();
    messages.drain(..messages.len().saturating_sub(PAGE));
    let marks = timeline.marks().iter();
    Some(MessagePage {
        messages,
        marks: marks
            .map(|(user_id, read)| Mark {
                user_id: *user_id,
                read: *read,
            })
            .collect(),
        rev: cursor,
        history_id: history.to_owned(),
    })
}
