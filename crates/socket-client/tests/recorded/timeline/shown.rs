//! What is written down of a timeline.

use super::Recorder;
use serde_json::{Value, json};
use socket_client::catch_up::{From, Older};

impl Recorder {
    pub(super) fn look(&mut self) {
        let lines = self.timeline.to_hand_in(self.now);
        let lines: Vec<Value> = lines
            .iter()
            .map(|line| json!([line.sender.user_id, line.id]))
            .collect();
        let wake = self.timeline.wake_at();
        self.steps
            .push(json!({ "look": self.now, "hand_in": lines, "wake": wake }));
    }

    pub(super) fn end(&self) -> Value {
        let timeline = &self.timeline;
        let rows = timeline.rows().map(|held| &held.message);
        let rows: Vec<Value> = rows
            .map(|row| json!([row.seq, row.rev, row.sender.user_id, row.id, row.body]))
            .collect();
        let pending: Vec<Value> = timeline
            .pending()
            .iter()
            .map(|line| json!([line.id, line.state]))
            .collect();
        let unsaved = timeline.unsaved().iter();
        let unsaved: Vec<Value> = unsaved
            .map(|line| json!([line.sender.user_id, line.id, line.state, line.body]))
            .collect();
        let marks: Vec<Value> = timeline
            .marks()
            .iter()
            .map(|(user, read)| json!([user, read]))
            .collect();
        let catch_up = timeline.catch_up();
        let from = match catch_up.from {
            From::Fresh => "fresh",
            From::Changes => "changes",
        };
        let older = match timeline.older() {
            Older::Idle => "idle",
            Older::Loading => "loading",
            Older::Failed => "failed",
        };
        json!({
            "rows": rows,
            "pending": pending,
            "unsaved": unsaved,
            "cursor": timeline.cursor(),
            "history": timeline.history(),
            "marks": marks,
            "complete": timeline.is_complete(),
            "older": older,
            "failed": timeline.has_failed(),
            "catch_up": [catch_up.want, catch_up.running, catch_up.gapped, from, catch_up.page, catch_up.run],
        })
    }
}
