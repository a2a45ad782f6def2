//! Comings and goings on the link: they wait beside the messages' way and are written down many at a time.

use crate::platform::app::App;
use crate::presence::{self, Tracker};
use shared_protocol::internal::Up;
use tokio::sync::mpsc;

/// How many may wait to be written down.
const WAITING: usize = 65_536;
/// How many one transaction takes.
const MOST: usize = 1_000;

/// Where they wait. Never full for those who add: what finds no room is passed over, and the relay's next round says who is
/// connected.
pub struct Comings {
    sender: mpsc::Sender<Up>,
    passing_over: bool,
}

impl Comings {
    pub fn new() -> (Self, mpsc::Receiver<Up>) {
        Self::with_room(WAITING)
    }

    fn with_room(room: usize) -> (Self, mpsc::Receiver<Up>) {
        let (sender, waiting) = mpsc::channel(room);
        let comings = Self {
            sender,
            passing_over: false,
        };
        (comings, waiting)
    }

    pub fn add(&mut self, event: Up) {
        let was = std::mem::replace(&mut self.passing_over, self.sender.try_send(event).is_err());
        if self.passing_over && !was {
            tracing::warn!("Comings and goings pile up: some count only from the relay's next round on");
        }
    }
}

/// Writes down what waits, in order, all of it that one transaction takes. Ends only when nobody can add any more.
pub async fn note(app: &App, tracker: &Tracker, mut waiting: mpsc::Receiver<Up>) {
    let mut events = Vec::new();
    while 0 < waiting.recv_many(&mut events, MOST).await {
        let noted = presence::relay::on_events(app, tracker, std::mem::take(&mut events));
        if let Err(problem) = noted.await {
            // The next round says it again.
            tracing::warn!(%problem, "Comings and goings could not be written down");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_protocol::RelayId;

    #[test]
    fn inv22_what_finds_no_room_is_passed_over_and_the_link_goes_on() {
        let (mut comings, mut waiting) = Comings::with_room(2);
        let connected = |number: u8| Up::Connected {
            relay_id: RelayId::new([number; 16]),
        };
        (0..5).for_each(|number| comings.add(connected(number)));
        assert!(comings.passing_over);
        let mut next = || waiting.try_recv().ok();
        assert_eq!(
            [next(), next(), next()],
            [Some(connected(0)), Some(connected(1)), None]
        );
        comings.add(connected(7));
        assert!(!comings.passing_over);
        assert_eq!(waiting.try_recv().ok(), Some(connected(7)), "there is room again");
    }
}
