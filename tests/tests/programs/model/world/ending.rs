//! The end of a schedule: the faults are over, everything comes back.

use super::World;
use crate::model::ledger::Checked;
use shared_protocol::ConversationId;
use socket_client::catch_up::Timeline;

impl World<'_> {
    /// No more faults: everything comes back, and two minutes pass.
    pub(super) fn heal(&mut self) -> Checked {
        self.has_faults = false;
        (self.is_relay_up, self.is_server_up, self.is_link_up) = (true, true, true);
        self.devices.iter_mut().for_each(|device| device.has_https = true);
        (0..self.devices.len()).for_each(|tab| self.take_over(tab));
        self.unblock_all();
        for _ in 0..90 {
            self.pass(1400);
            self.open_link();
            self.introduce();
            for tab in 0..self.devices.len() {
                self.connect(tab);
                self.pump(tab);
                self.ask(tab);
                if self.chance.percent(20) {
                    self.ask_older(tab);
                }
            }
            self.commit();
            while !self.net.is_empty() {
                self.deliver()?;
            }
            self.check()?;
            if self.is_quiet() {
                break;
            }
        }
        Ok(())
    }

    fn is_quiet(&self) -> bool {
        self.devices.iter().all(|device| {
            let at_end = |(id, timeline): (&ConversationId, &Timeline)| {
                timeline.cursor() == Some(self.truths[id].rev)
                    && timeline.history() == Some(&self.server.history)
                    && !timeline.catch_up().running
                    && !timeline.catch_up().want
                    && timeline.wake_at().is_none()
            };
            device.is_gone
                || device.is_connected
                    && !device.heads.is_due()
                    && device.outbox.unsent().next().is_none()
                    && device.timelines.iter().all(at_end)
        })
    }
}
