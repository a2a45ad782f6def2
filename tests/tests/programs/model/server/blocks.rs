//! Blocks in the model: the real ones, and whom the relay is told to keep out of which group because of them.

use super::Server;
use diesel::connection::SimpleConnection;
use shared_protocol::{ConversationId, UserId};
use std::collections::BTreeSet;
use talkhub_client::{contacts, conversations};

/// Who is kept out of the group of which conversation.
pub type Out = BTreeSet<(ConversationId, UserId)>;

impl Server {
    /// `me` blocks `other`, as the door does it.
    pub fn block(&self, me: UserId, other: UserId) {
        self.write(|conn| {
            conversations::lock_private(conn, me, other)?;
            contacts::block(conn, me, other, &self.clock)
        });
    }

    /// `me` lets `other` be again. That there is no block says that an earlier try has lifted it.
    pub fn unblock(&self, me: UserId, other: UserId) {
        let lifted: Result<(), _> = self.db.write_blocking(|conn| {
            conversations::lock_private(conn, me, other)?;
            contacts::unblock(conn, me, other)
        });
        lifted.ok();
    }

    /// What the relay is told: when a block changes, and with the whole set.
    pub fn list_out(&self) -> Out {
        if !self.rules.shut_out {
            return Out::new();
        }
        self.read(|conn| {
            let mut out = Out::new();
            for place in &self.places {
                let groups = conversations::list_groups(conn, &place.members)?;
                let shut_out = conversations::list_shut_out(conn, place.id)?;
                for member in place.members {
                    let is_in = groups
                        .iter()
                        .any(|(user, id, _)| (*user, *id) == (member, place.id));
                    assert_ne!(is_in, shut_out.contains(&member), "both ways of asking agree");
                    if !is_in {
                        out.insert((place.id, member));
                    }
                }
            }
            Ok(out)
        })
    }

    /// Without the rule the commit sees no blocks.
    pub(super) fn hide_blocks(&self) {
        if !self.rules.barriers {
            self.write(|conn| {
                Ok(conn.batch_execute("INSERT INTO hidden_blocks SELECT * FROM blocks; DELETE FROM blocks")?)
            });
        }
    }

    pub(super) fn show_blocks(&self) {
        if !self.rules.barriers {
            self.write(|conn| {
                let script = "INSERT INTO blocks SELECT * FROM hidden_blocks; DELETE FROM hidden_blocks";
                Ok(conn.batch_execute(script)?)
            });
        }
    }
}
