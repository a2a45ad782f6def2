//! What lies on the model's disk: looked at, edited, copied and restored.

use super::{Place, Server};
use diesel::connection::SimpleConnection;
use shared_protocol::api::Message;
use shared_protocol::{ConversationId, UserId};
use talkhub_client::messages::{Edge, Window};
use talkhub_client::{conversations, messages};

impl Server {
    /// What a conversation is on disk: its rows by `seq`, its `seq` and `rev`, and, where `members` are named, their marks
    /// and badges.
    pub fn look(&self, place: &Place, members: &[UserId]) -> Truth {
        self.read(|conn| {
            let mine = conversations::get_mine(conn, place.id, place.members[0])?;
            let window = Window {
                edge: Edge::After(0),
                limit: 100_000,
            };
            let page = messages::page(conn, &mine, &window, &self.history)?;
            let mut marks = Vec::new();
            for member in members {
                let mine = conversations::get_mine(conn, place.id, *member)?;
                marks.push((*member, mine.read, messages::unread(conn, &mine)?));
            }
            Ok(Truth {
                rows: page.messages,
                seq: mine.conversation.seq,
                rev: mine.conversation.rev,
                marks,
            })
        })
    }

    /// An edit, as the slice that will bring it must do it: the conversation's next `rev`, the row's new state, one
    /// transaction. The readers' rules for changed rows exist already.
    pub fn edit(&self, id: ConversationId, seq: i64, body: &str) {
        let id = id.number();
        let script = format!(
            "UPDATE conversations SET rev = rev + 1 WHERE id = {id}; UPDATE messages SET body = '{body}', \
             rev = (SELECT rev FROM conversations WHERE id = {id}) WHERE conversation_id = {id} AND seq = {seq}"
        );
        self.write(move |conn| Ok(conn.batch_execute(&script)?));
    }

    /// What a backup keeps.
    pub fn copy(&self) {
        self.write(|conn| {
            Ok(conn.batch_execute(
                "DELETE FROM copy_messages; INSERT INTO copy_messages SELECT * FROM messages; \
                 DELETE FROM copy_conversations; INSERT INTO copy_conversations SELECT * FROM conversations; \
                 DELETE FROM copy_members; INSERT INTO copy_members SELECT * FROM members; \
                 DELETE FROM copy_refusals; INSERT INTO copy_refusals SELECT * FROM refusals; \
                 DELETE FROM copy_blocks; INSERT INTO copy_blocks SELECT * FROM blocks",
            )?)
        });
    }

    /// Back to the copy, as another history. (RU12)
    pub fn restore(&mut self) {
        self.write(|conn| {
            Ok(conn.batch_execute(
                "DELETE FROM messages; INSERT INTO messages SELECT * FROM copy_messages; \
                 DELETE FROM refusals; INSERT INTO refusals SELECT * FROM copy_refusals; \
                 DELETE FROM blocks; INSERT INTO blocks SELECT * FROM copy_blocks; \
                 UPDATE conversations SET (seq, rev, last_at) = \
                   (SELECT seq, rev, last_at FROM copy_conversations AS copy WHERE copy.id = conversations.id); \
                 UPDATE members SET read_seq = (SELECT read_seq FROM copy_members AS copy WHERE \
                   copy.conversation_id = members.conversation_id AND copy.user_id = members.user_id)",
            )?)
        });
        self.restores += 1;
        if self.rules.new_history {
            self.history = format!("history {}", self.restores);
        }
    }
}

/// See [`Server::look`].
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub rows: Vec<Message>,
    pub seq: i64,
    pub rev: i64,
    /// Person, mark, badge; empty where nobody looked.
    pub marks: Vec<(UserId, i64, i64)>,
}
