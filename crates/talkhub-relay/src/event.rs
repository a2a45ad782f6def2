//! Reading an event straight from the text of its packet: borrowed, checked, and refused by field.

use serde::Deserialize;
use serde_json::value::RawValue;
use shared_protocol::{Class, EVENT, FieldError, MAX_FRAME, Problem};
use std::borrow::Cow;

/// The most characters of an id.
pub(crate) const MAX_ID_CHARS: usize = 64;

/// The most bytes of a receipt.
const MAX_RECEIPT: usize = 256;

/// What a client sent, still in its packet.
#[derive(Debug, Deserialize)]
pub(crate) struct Incoming<'a> {
    #[serde(borrow)]
    pub(crate) to: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    pub(crate) class: Class,
    #[serde(borrow)]
    pub(crate) frame: &'a RawValue,
    #[serde(borrow, default)]
    pub(crate) prev: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) receipt: Option<Cow<'a, str>>,
}

impl<'a> Incoming<'a> {
    /// `text` is the array of a Socket.IO event. The problem names every field that is wrong.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Box<Problem>> {
        let Ok((_, event)) = serde_json::from_str::<(&RawValue, Incoming<'a>)>(text) else {
            return Err(Box::new(explain(text)));
        };
        let mut wrong = Vec::new();
        wrong.extend(bad_id("to", &event.to));
        wrong.extend(bad_id("id", &event.id));
        wrong.extend(bad_frame(event.frame));
        wrong.extend(event.prev.as_deref().and_then(|prev| bad_id("prev", prev)));
        wrong.extend(event.receipt.as_deref().and_then(bad_receipt));
        if wrong.is_empty() {
            Ok(event)
        } else {
            Err(Box::new(problem(wrong)))
        }
    }
}

fn wrong(field: &str, message: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        message: message.into(),
    }
}

fn problem(fields: Vec<FieldError>) -> Problem {
    let title = fields
        .iter()
        .map(|wrong| format!("{}: {}", wrong.field, wrong.message));
    let title = title.collect::<Vec<_>>().join("; ");
    Problem {
        fields,
        ..Problem::new("invalid", 400, title)
    }
}

fn bad_id(field: &str, id: &str) -> Option<FieldError> {
    if id.is_empty() {
        return Some(wrong(field, "it is empty"));
    }
    if MAX_ID_CHARS < id.chars().count() {
        return Some(wrong(field, format!("at most {MAX_ID_CHARS} characters")));
    }
    id.chars()
        .any(char::is_control)
        .then(|| wrong(field, "it has control characters"))
}

/// Only its size: one that proves nothing counts as none.
fn bad_receipt(receipt: &str) -> Option<FieldError> {
    (MAX_RECEIPT < receipt.len()).then(|| wrong("receipt", format!("at most {MAX_RECEIPT} bytes")))
}

/// The frame goes on as it stands in the packet, so what it decodes to must be known to be text.
fn bad_frame(frame: &RawValue) -> Option<FieldError> {
    let raw = frame.get();
    if !raw.starts_with('"') {
        return Some(wrong("frame", "expected a string"));
    }
    // Without `\u` nothing in it can be a lone surrogate, and decoding only makes it shorter.
    if !raw.contains("\\u") && raw.len() <= MAX_FRAME + 2 {
        return None;
    }
    match serde_json::from_str::<Cow<'_, str>>(raw) {
        Ok(text) if text.len() <= MAX_FRAME => None,
        Ok(text) => Some(wrong("frame", format!("{} of {MAX_FRAME} bytes", text.len()))),
        Err(_) => Some(wrong("frame", "not valid text")),
    }
}

/// The slow path: which field it was.
fn explain(text: &str) -> Problem {
    let Ok(serde_json::Value::Array(arguments)) = serde_json::from_str(text) else {
        return Problem::field("event", "not valid JSON text");
    };
    let [_, serde_json::Value::Object(event)] = arguments.as_slice() else {
        return Problem::field(
            "event",
            format!("expected [\"{EVENT}\", {{to, id, class, frame}}]"),
        );
    };
    let mut fields = Vec::new();
    for field in ["to", "id", "class", "frame"] {
        match event.get(field) {
            None => fields.push(wrong(field, "it is missing")),
            Some(value) if !value.is_string() => fields.push(wrong(field, "expected a string")),
            Some(_) => {}
        }
    }
    for field in ["prev", "receipt"] {
        let value = event.get(field);
        if value.is_some_and(|value| !value.is_string() && !value.is_null()) {
            fields.push(wrong(field, "expected a string"));
        }
    }
    if let Some(class) = event.get("class").and_then(serde_json::Value::as_str)
        && !matches!(class, "durable" | "ephemeral")
    {
        fields.push(wrong("class", "expected \"durable\" or \"ephemeral\""));
    }
    if fields.is_empty() {
        fields.push(wrong(
            "event",
            "a field stands there twice, or a text is not valid",
        ));
    }
    problem(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(event: &str, want: Result<(), &str>) {
        let text = format!("[\"private_message\",{event}]");
        match (Incoming::parse(&text), want) {
            (Ok(_), Ok(())) => {}
            (Err(problem), Err(field)) => {
                let fields: Vec<_> = problem.fields.iter().map(|wrong| wrong.field.as_str()).collect();
                assert_eq!(fields.join(","), field, "{event}");
                assert_eq!(problem.status, 400);
            }
            (got, want) => panic!("{event} gave {got:?}, wanted {want:?}"),
        }
    }

    fn with(field: &str, value: serde_json::Value) -> String {
        let mut event = json!({"to": "t", "id": "i", "class": "durable", "frame": "{}", "prev": "p"});
        event[field] = value;
        event.to_string()
    }

    #[test]
    fn bad25_every_refusal_names_the_field() {
        check(&with("x", json!(1)), Ok(()));
        check("{}", Err("to,id,class,frame"));
        check("[]", Err("event"));
        check("1", Err("event"));
        check("1,2", Err("event"));
        for field in ["to", "id", "class", "frame"] {
            check(&with(field, json!(1)), Err(field));
            check(&with(field, json!(null)), Err(field));
            check(&with(field, json!({"a": 1})), Err(field));
        }
        check(&with("prev", json!(1)), Err("prev"));
        check(&with("receipt", json!(1)), Err("receipt"));
        check(&with("receipt", json!("x".repeat(256))), Ok(()));
        check(&with("receipt", json!("x".repeat(257))), Err("receipt"));
        check(&with("prev", json!(null)), Ok(()));
        check(&with("class", json!("volatile")), Err("class"));
        check(&with("to", json!("")), Err("to"));
        check(&with("id", json!("x".repeat(64))), Ok(()));
        check(&with("id", json!("x".repeat(65))), Err("id"));
        check(&with("id", json!("a\u{7}")), Err("id"));
        check(
            "{\"to\":\"t\",\"to\":\"u\",\"id\":\"i\",\"class\":\"durable\",\"frame\":\"\"}",
            Err("event"),
        );
    }

    #[test]
    fn bad25_frames_are_measured_and_must_be_text() {
        check(&with("frame", json!("x".repeat(MAX_FRAME))), Ok(()));
        check(&with("frame", json!("x".repeat(MAX_FRAME + 1))), Err("frame"));
        check(&with("frame", json!("\n".repeat(MAX_FRAME))), Ok(()));
        check(&with("frame", json!("é".repeat(MAX_FRAME / 2 + 1))), Err("frame"));
        let lone = r#"{"to":"t","id":"i","class":"durable","frame":"\ud800"}"#;
        check(lone, Err("frame"));
        let pair = r#"{"to":"t","id":"i","class":"durable","frame":"\ud83d\ude00"}"#;
        check(pair, Ok(()));
    }

    #[test]
    fn the_frame_is_kept_as_it_stands() {
        let text =
            r#"["private_message",{"to":"t","id":"i","class":"durable","frame":"{\"a\":\"\\u00e9\"}"}]"#;
        let event = Incoming::parse(text).expect("a good event");
        assert_eq!(event.frame.get(), r#""{\"a\":\"\\u00e9\"}""#);
    }
}
