//! Whom the relay keeps out of a group because of a block, and what a device does that is told there so.

use super::World;
use crate::model::answers::Answer;
use crate::model::device::Device;
use crate::model::server::{Out, Place};
use shared_protocol::MessageId;
use socket_client::outbox::Due;

impl World<'_> {
    /// The logic server tells the relay who is in which group, as soon as it can. (RU17)
    pub(super) fn set_groups(&mut self) {
        if self.groups_are_old && self.is_relay_up && self.is_link_up && self.is_server_up {
            self.groups_are_old = false;
            self.out = self.server.list_out();
        }
    }

    /// Whether the relay refuses what this tab sends to this group.
    pub(super) fn is_shut_out(&self, tab: usize, group: &str) -> bool {
        let places = &self.server.places;
        let place = places.iter().find(|place| place.group.as_str() == group);
        let user = self.devices[tab].me.user_id;
        place.is_some_and(|place| self.out.contains(&(place.id, user)))
    }

    /// The relay does not know them in that group, which names no rule: the logic server takes it, or says why not. The
    /// page does so after some tries.
    pub(super) fn go_round(&mut self, tab: usize, id: MessageId, prev: Option<MessageId>, chance: f64) {
        let device = &mut self.devices[tab];
        let reaches = self.is_server_up && device.has_https;
        let entry = device.outbox.unsent().find(|entry| entry.id == id).cloned();
        let Some(entry) = entry.filter(|_| reaches) else {
            let disk = &mut self.disks[device.disk];
            return device.answered(id, Answer::Nothing, self.now, chance, disk);
        };
        let receipt = entry.passed.as_ref().map(|passed| passed.receipt.clone());
        self.post(tab, &Due { entry, prev, receipt });
    }
}

/// Whether this device hears what the relay gives to the group of this place.
pub(super) fn hears(out: &Out, place: &Place, device: &Device) -> bool {
    let user = device.me.user_id;
    device.is_connected && place.members.contains(&user) && !out.contains(&(place.id, user))
}
