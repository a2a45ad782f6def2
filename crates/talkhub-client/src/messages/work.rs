//! What the jobs of messages do: the words of somebody who has left go too.

use super::Emptied;
use crate::conversations;
use crate::platform::app::App;
use crate::platform::problem::Result;
use shared_protocol::{ServerFrame, UserId};

/// Empties everything that this person wrote, conversation by conversation, a batch at a time. Safe to do twice.
pub async fn empty_all_of(app: &App, user: UserId) -> Result<()> {
    let found = app.db.read(move |conn| conversations::list_groups(conn, &[user]));
    for (_, _, group) in found.await? {
        let mut after = 0;
        loop {
            let locked = group.clone();
            let emptied = app.db.write(move |conn| super::empty(conn, user, &locked, after));
            let Emptied { last, is_done } = emptied.await?;
            if let Some(message) = last {
                after = message.seq;
                // The newest change alone: whoever lacks those before it notices the gap and asks. (RU9)
                let history_id = app.history_id.to_string();
                let frame = ServerFrame::Message { message, history_id };
                app.relay.tell_all(vec![(group.clone(), frame)]);
            }
            if is_done {
                break;
            }
        }
    }
    Ok(())
}
