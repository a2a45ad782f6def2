//! What a device hears and asks: live frames, catch-ups, heads, the list of conversations, hand-ins.

use super::{Device, Extent, Fail, Happened, PAGE, Place};
use crate::log::SPEED;
use crate::record::What;
use serde_json::json;
use shared_protocol::api::{
    Changes, Conversation, Conversations, HandInForm, HandInResult, HandedIn, Heads as HeadsAnswer, Mark,
    MessagePage, ReadMark,
};
use shared_protocol::envelope::{Delivery, From, Origin};
use shared_protocol::{Class, ConversationId, MessageId, RelayFrame, ServerFrame, UserId};
use socket_client::Rules;
use socket_client::catch_up::{self, Timeline, TimelineEvent, Unsaved};
use socket_client::heads::HeadsEvent;
use socket_client::outbox::{OutboxEvent, back_off};

/// How many conversations catch up at once.
const AT_ONCE: usize = 2;
/// What is older is dropped by whoever hears it. (RU19)
const TOO_LATE: i64 = 10_000;

impl Device {
    pub(super) fn hear(&mut self, connection: u32, delivery: &Delivery) {
        let is_live = connection == 0 && self.live.is_some();
        if self.kept.cookie.is_none() || !is_live && connection != self.connection {
            return;
        }
        match &delivery.from {
            From::Program(Origin::Server) => {
                if let Ok(frame) = serde_json::from_str(&delivery.frame) {
                    self.hear_server(frame);
                }
            }
            From::Program(Origin::Relay) => match serde_json::from_str(&delivery.frame) {
                Ok(RelayFrame::Look) => {
                    let jitter = self.chance.below(4000 / SPEED as u64) as i64;
                    self.times.look = Some(self.real() + jitter);
                    self.outbox.apply(OutboxEvent::Hurry { now: self.now() });
                }
                Ok(RelayFrame::Revoked) => self.forget_relay_id(),
                _ => {}
            },
            From::Client(stamp) if delivery.unsaved => {
                let subject = stamp.subject.clone();
                self.hear_unsaved(&subject, delivery);
            }
            From::Client(_) if delivery.class == Class::Ephemeral => self.hear_typing(delivery),
            From::Client(_) => {}
        }
    }

    fn hear_server(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Message { message, history_id } => {
                let id = message.conversation;
                let history = history_id;
                self.wants_list |= !self.timelines.contains_key(&id);
                self.tell(id, TimelineEvent::Heard { message, history }, Extent::Last);
                self.settle_shown(id);
            }
            ServerFrame::Read {
                conversation,
                user_id,
                read,
            } => {
                let mark = Mark { user_id, read };
                self.tell(conversation, TimelineEvent::Marked { mark }, Extent::Last);
            }
            ServerFrame::NotSaved {
                conversation,
                user_id,
                id,
            } => {
                let event = TimelineEvent::NotSaved {
                    sender: user_id,
                    id,
                    problem: None,
                };
                self.tell(conversation, event, Extent::Last);
            }
            ServerFrame::Person { .. } => self.wants_list = true,
            ServerFrame::Presence { people, .. } => {
                let there = people.iter().filter(|one| one.online);
                there.for_each(|one| self.sees(one.user_id, None));
            }
            _ => {} // nothing that a timeline shows
        }
    }

    /// Somebody is said to be there: by an answer to what was asked at this time, or by a frame.
    fn sees(&self, other: UserId, asked: Option<i64>) {
        if other != self.kept.me.user_id {
            let who = self.seat.who;
            self.say(What::Saw { who, other, asked });
        }
    }

    fn hear_unsaved(&mut self, subject: &str, delivery: &Delivery) {
        let found = self
            .places
            .iter()
            .find(|(_, place)| place.group.to_string() == delivery.to);
        let Some((id, place)) = found else {
            self.wants_list = true;
            return;
        };
        let member = place
            .members
            .iter()
            .find(|member| member.subject.to_string() == subject);
        if let Some(mut line) = member.and_then(|member| Unsaved::read(delivery, member)) {
            // The relay's time, as this device counts.
            line.at = self.seat.log.since_begin(line.at) * SPEED;
            self.tell(*id, TimelineEvent::Unsaved { line }, Extent::Last);
        }
    }

    fn hear_typing(&self, delivery: &Delivery) {
        let age_ms = delivery
            .at
            .map_or(0, |at| self.real() - self.seat.log.since_begin(at));
        let id = delivery.id.as_deref().and_then(|id| id.parse::<MessageId>().ok());
        if let Some(id) = id.filter(|_| age_ms <= TOO_LATE) {
            self.say(What::Typing {
                who: self.seat.who,
                id,
                age_ms,
            });
        }
    }

    /// A row may tell what a lost ack could not: that an entry is stored.
    fn settle_shown(&mut self, id: ConversationId) {
        let me = self.kept.me.user_id;
        let Some(timeline) = self.timelines.get(&id) else {
            return;
        };
        let unsent: Vec<MessageId> = self.outbox.unsent().map(|entry| entry.id).collect();
        let Some(history) = timeline
            .history()
            .filter(|_| !unsent.is_empty())
            .map(str::to_owned)
        else {
            return;
        };
        let rows = timeline.rows().map(|held| &held.message);
        let own = rows.filter(|row| row.sender.user_id == me && unsent.contains(&row.id));
        for id in own.map(|row| row.id).collect::<Vec<_>>() {
            self.outbox.apply(OutboxEvent::Stored {
                id,
                history: history.clone(),
                now: self.now(),
            });
        }
    }

    /// Asks whatever the cores want to know.
    pub(super) fn ask(&mut self) {
        let real = self.real();
        if self.heads.is_due() && self.times.heads <= real {
            self.heads.apply(HeadsEvent::Asked);
            let (api, cookie) = (self.seat.api.clone(), self.cookie());
            self.io
                .spawn(async move { Happened::Heads(api.get(&cookie, "/conversations/heads").await) });
        }
        if self.wants_list && !self.is_listing && self.times.list <= real {
            (self.wants_list, self.is_listing) = (false, true);
            let (api, cookie) = (self.seat.api.clone(), self.cookie());
            self.io.spawn(async move {
                let answer = api.get(&cookie, "/conversations").await;
                Happened::Listed(real, Box::new(answer))
            });
        }
        let ids: Vec<ConversationId> = self.timelines.keys().copied().collect();
        for id in ids {
            if self.asking.len() < AT_ONCE && self.times.ask.get(&id).is_none_or(|at| *at <= real) {
                self.catch_up(id);
            }
        }
    }

    fn catch_up(&mut self, id: ConversationId) {
        let Some(timeline) = self.timelines.get_mut(&id) else {
            return;
        };
        let before = timeline.catch_up();
        if before.want && !before.running {
            timeline.apply(TimelineEvent::Asked);
        }
        let catch_up = timeline.catch_up();
        let is_asked = self.asking.get(&id) == Some(&catch_up.run);
        if !catch_up.running || is_asked {
            return;
        }
        self.asking.insert(id, catch_up.run);
        let (api, cookie, run, after) = (self.seat.api.clone(), self.cookie(), catch_up.run, catch_up.page);
        match catch_up.from {
            catch_up::From::Fresh => self.io.spawn(async move {
                let path = format!("/conversations/{id}/messages?limit={PAGE}");
                Happened::Page(run, id, api.get(&cookie, &path).await)
            }),
            catch_up::From::Changes => self.io.spawn(async move {
                let path = format!("/conversations/{id}/changes?after={after}&limit={PAGE}");
                Happened::Changed(run, id, api.get(&cookie, &path).await)
            }),
        };
    }

    pub(super) fn got_page(&mut self, run: u64, id: ConversationId, answer: Result<MessagePage, Fail>) {
        self.is_answer(&answer);
        self.was_asked(run, id);
        match answer {
            Ok(page) => {
                self.learn(&page.history_id);
                let limit = PAGE;
                self.tell(id, TimelineEvent::AnsweredPage { run, page, limit }, Extent::All);
                self.show_unsent();
                self.settle_shown(id);
            }
            Err(_) => self.ask_later(run, id),
        }
    }

    pub(super) fn got_changes(&mut self, run: u64, id: ConversationId, answer: Result<Changes, Fail>) {
        self.is_answer(&answer);
        self.was_asked(run, id);
        match answer {
            Ok(changes) => {
                self.learn(&changes.history_id);
                self.tell(id, TimelineEvent::AnsweredChanges { run, changes }, Extent::All);
                self.settle_shown(id);
            }
            Err(_) => self.ask_later(run, id),
        }
    }

    fn was_asked(&mut self, run: u64, id: ConversationId) {
        if self.asking.get(&id) == Some(&run) {
            self.asking.remove(&id);
        }
    }

    fn ask_later(&mut self, run: u64, id: ConversationId) {
        let at = self.later();
        self.times.ask.insert(id, at);
        self.tell(id, TimelineEvent::Failed { run }, Extent::Last);
    }

    /// 1, 2, 4 … 30 s at a tenth.
    fn later(&mut self) -> i64 {
        self.real() + back_off(self.failures.max(1), self.chance.unit()) / SPEED
    }

    pub(super) fn got_heads(&mut self, answer: Result<HeadsAnswer, Fail>) {
        self.is_answer(&answer);
        let Ok(heads) = answer else {
            self.heads.apply(HeadsEvent::Failed);
            self.times.heads = self.later();
            return;
        };
        self.learn(&heads.history_id);
        let (now, chance) = (self.now(), self.chance.unit());
        self.heads.apply(HeadsEvent::Answered { now, chance });
        for head in &heads.heads {
            match self.timelines.get_mut(&head.0) {
                Some(timeline) => timeline.compare(head.1, &heads.history_id),
                None => self.wants_list = true,
            }
        }
    }

    pub(super) fn got_list(&mut self, asked: i64, answer: Result<Conversations, Fail>) {
        self.is_answer(&answer);
        self.is_listing = false;
        match answer {
            Ok(listed) => {
                self.learn(&listed.history_id);
                for conversation in listed.conversations {
                    let there = conversation.members.iter().filter(|member| member.online);
                    there.for_each(|member| self.sees(member.person.user_id, Some(asked)));
                    self.add(conversation);
                }
                self.show_unsent();
            }
            Err(_) => {
                self.wants_list = true;
                self.times.list = self.later();
            }
        }
    }

    fn add(&mut self, conversation: Conversation) {
        let me = self.kept.me.user_id;
        self.timelines
            .entry(conversation.id)
            .or_insert_with(|| Timeline::new(me, Rules::ALL));
        let members = conversation.members.into_iter().map(|member| member.person);
        let place = Place {
            group: conversation.group,
            members: members.collect(),
        };
        self.places.insert(conversation.id, place);
        self.cache_is_old = true;
    }

    /// For senders who have gone: what they wrote is handed in by whoever heard it. (RU5)
    pub(super) fn hand_in(&mut self) {
        if self.is_handing_in || self.real() < self.times.hand_in {
            return;
        }
        self.times.hand_in = self.real() + 200;
        let now = self.now();
        let found = self
            .timelines
            .iter()
            .map(|(id, timeline)| (*id, timeline.to_hand_in(now)))
            .find(|(_, lines)| !lines.is_empty());
        let Some((id, lines)) = found else {
            return;
        };
        let asked = lines.iter().map(|line| (line.sender.user_id, line.id)).collect();
        let form = HandInForm {
            messages: lines.iter().map(|line| line.to_hand_in()).collect(),
        };
        self.is_handing_in = true;
        self.tell(id, TimelineEvent::HandedIn { now }, Extent::Last);
        let (api, cookie) = (self.seat.api.clone(), self.cookie());
        self.io.spawn(async move {
            let path = format!("/conversations/{id}/passed-on");
            let form = json!(form);
            let answer = api.ask(&cookie, reqwest::Method::POST, &path, Some(&form)).await;
            Happened::HandedIn(id, asked, answer)
        });
    }

    pub(super) fn handed_in(
        &mut self,
        id: ConversationId,
        asked: &[(UserId, MessageId)],
        answer: Result<HandedIn, Fail>,
    ) {
        self.is_answer(&answer);
        self.is_handing_in = false;
        let Ok(answer) = answer else {
            return;
        };
        for ((sender, message_id), result) in asked.iter().zip(answer.results) {
            let event = match result {
                HandInResult::Stored { message } => TimelineEvent::Heard {
                    message,
                    history: answer.history_id.clone(),
                },
                HandInResult::Refused { problem } => TimelineEvent::NotSaved {
                    sender: *sender,
                    id: *message_id,
                    problem: Some(problem),
                },
                HandInResult::Busy { .. } => continue,
            };
            self.tell(id, event, Extent::Last);
        }
    }

    pub(super) fn got_mark(
        &mut self,
        id: ConversationId,
        asked: i64,
        wanted: i64,
        answer: Result<ReadMark, Fail>,
    ) {
        self.is_answer(&answer);
        if let Ok(mark) = answer {
            self.say(What::Read {
                who: self.seat.who,
                conversation: id,
                asked,
                wanted,
                read: mark.read,
            });
        }
    }
}
