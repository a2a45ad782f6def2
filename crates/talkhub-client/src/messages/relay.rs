//! Frames in: what the relay submits becomes a draft, or a refusal that names what cannot be read.

use super::model::{Author, Body, Draft, check_receipt};
use crate::platform::problem::{FieldIssue, Problem, Result};
use crate::platform::words::Said;
use serde_json::Value;
use shared_protocol::api::PassedOn;
use shared_protocol::internal::Submit;
use shared_protocol::receipt::{Key, Passed, Receipt};
use shared_protocol::{ClientFrame, Group};

/// The draft in this submit; a receipt that proves nothing counts as none. The address and the id must be right; a body
/// that is not is only refused when the id is new (RU3).
pub fn parse(submit: &Submit, keys: &[Key], now: i64) -> Result<Draft> {
    let group = submit.to.parse().map_err(|_| Problem::Missing("conversation"))?;
    let malformed = |_| Problem::invalid("id", Said::new("message-id-malformed"));
    let id = submit.id.parse().map_err(malformed)?;
    let malformed = |_| Problem::invalid("prev", Said::new("message-id-malformed"));
    let prev = submit
        .prev
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(malformed)?;
    Ok(Draft {
        group,
        author: Author::Relay(submit.from.relay_id.clone()),
        id,
        prev,
        body: body_of(&submit.frame),
        passed: receipt_of(submit, keys, now),
    })
}

fn receipt_of(submit: &Submit, keys: &[Key], now: i64) -> Option<Receipt> {
    let passed = Passed {
        subject: &submit.from.subject,
        group: &submit.to,
        id: &submit.id,
        frame: &submit.frame,
        prev: None,
    };
    check_receipt(submit.receipt.as_deref()?, &passed, keys, now).ok()
}

/// The draft in something that was passed on, and handed in for its sender.
pub fn parse_passed_on(group: &Group, passed_on: &PassedOn, keys: &[Key], now: i64) -> Result<Draft> {
    let passed = Passed {
        subject: passed_on.subject.as_str(),
        group: group.as_str(),
        id: &passed_on.id.to_string(),
        frame: &passed_on.frame,
        prev: None,
    };
    let receipt = check_receipt(&passed_on.receipt, &passed, keys, now)?;
    Ok(Draft {
        group: group.clone(),
        author: Author::Subject(passed_on.subject.clone()),
        id: passed_on.id,
        // As the relay saw it, whatever whoever hands it in says.
        prev: receipt.prev.as_deref().and_then(|prev| prev.parse().ok()),
        body: body_of(&passed_on.frame),
        passed: Some(receipt),
    })
}

fn body_of(frame: &str) -> std::result::Result<Body, FieldIssue> {
    match serde_json::from_str::<ClientFrame>(frame) {
        Ok(ClientFrame::Message { body }) => Body::parse(&body),
        Ok(ClientFrame::Typing { .. }) => Err(FieldIssue {
            field: "frame",
            said: Said::new("kind-unknown"),
        }),
        Err(error) => {
            let is_newer = serde_json::from_str::<Value>(frame)
                .is_ok_and(|frame| frame.get("kind").is_some_and(Value::is_string))
                && error.to_string().starts_with("unknown variant");
            let said = if is_newer {
                Said::new("kind-unknown")
            } else {
                Said::new("frame-unreadable").text("why", reason(&error))
            };
            Err(FieldIssue { field: "frame", said })
        }
    }
}

/// serde's category in our words.
fn reason(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of another kind",
        _ => "it is not JSON",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frame: &str, want: std::result::Result<&str, &str>) {
        let got = body_of(frame);
        let got = got.as_ref().map(Body::as_str).map_err(|issue| issue.said.key());
        assert_eq!(got, want, "{frame}");
    }

    #[test]
    fn bad27_frames_that_cannot_be_read_are_refused() {
        check(r#"{"kind":"message","body":"hi","colour":"blue"}"#, Ok("hi"));
        check(r#"{"kind":"hologram","size":3}"#, Err("kind-unknown"));
        check(
            r#"{"kind":"typing","conversation":"1","on":true}"#,
            Err("kind-unknown"),
        );
        check(r#"{"kind":"message"}"#, Err("frame-unreadable"));
        check("hello", Err("frame-unreadable"));
        check(r#"{"kind":"message","body":" "}"#, Err("message-empty"));
    }
}
