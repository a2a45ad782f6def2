//! What devices of the model send: the submit that the relay makes of it, and the draft of a request.

use serde_json::json;
use shared_protocol::envelope::Stamp;
use shared_protocol::internal::Submit;
use shared_protocol::{Group, MessageId, RelayId, UserId};
use talkhub_client::messages::{Author, Body, Draft};

/// What the relay puts on the link.
pub fn submit(
    relay_id: &RelayId,
    group: &Group,
    id: MessageId,
    prev: Option<MessageId>,
    body: &str,
) -> Submit {
    Submit {
        r: 0,
        from: Stamp {
            relay_id: relay_id.clone(),
            subject: String::new(),
        },
        to: group.to_string(),
        id: id.to_string(),
        prev: prev.map(|id| id.to_string()),
        frame: json!({ "kind": "message", "body": body }).to_string(),
        receipt: None,
    }
}

/// The same over HTTPS.
pub fn draft(group: &Group, id: MessageId, prev: Option<MessageId>, body: &str) -> Draft {
    Draft {
        group: group.clone(),
        author: Author::User(UserId::new(1_000_000_001).unwrap()),
        id,
        prev,
        passed: None,
        body: Body::parse(body),
    }
}
