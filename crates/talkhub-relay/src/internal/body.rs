//! Bodies of internal requests: read within bounds, checked as a whole, every wrong item named by its index.

use crate::registry::Parsed;
use crate::relay::Relay;
use axum::body::Body;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared_protocol::internal::{Forward, GroupChange};
use shared_protocol::{FieldError, Group, MAX_FRAME, Problem, RelayId, origin};
use std::time::Duration;

/// So many wrong fields are named; the rest is not worth a larger answer.
const MOST_NAMED: usize = 20;
const MOST_GROUPS: usize = 100_000;
const MOST_ORIGINS: usize = 20;
const MOST_SUBJECT_CHARS: usize = 64;

/// Reads a JSON body within the limits of size and time.
pub(super) async fn json(relay: &Relay, body: Body) -> Result<Value, Box<Problem>> {
    let most = usize::try_from(relay.config.limits.internal_body_bytes).unwrap_or(usize::MAX);
    let limit = Duration::from_millis(relay.config.times.body_timeout_ms);
    let read = tokio::time::timeout(limit, axum::body::to_bytes(body, most)).await;
    let bytes = read
        .map_err(|_| Problem::new("too-slow", 408, "The body took too long."))?
        .map_err(|_| {
            Problem::new(
                "too-large",
                413,
                format!("The body has more than {most} bytes or broke off."),
            )
        })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let title = format!("line {line}, column {column}: this is not valid JSON");
        Box::new(Problem::new("invalid", 400, title))
    })
}

/// Collects what is wrong with a body.
#[derive(Default)]
pub(super) struct Check {
    wrong: Vec<FieldError>,
}

impl Check {
    pub(super) fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.wrong.len() < MOST_NAMED {
            self.wrong.push(FieldError {
                field: field.into(),
                message: message.into(),
            });
        }
    }

    /// The value, if nothing was wrong.
    pub(super) fn done<T>(self, value: T) -> Result<T, Box<Problem>> {
        let Some(first) = self.wrong.first() else {
            return Ok(value);
        };
        let title = format!("{}: {}", first.field, first.message);
        Err(Box::new(Problem {
            fields: self.wrong,
            ..Problem::new("invalid", 400, title)
        }))
    }

    /// A field of a type that parses itself.
    pub(super) fn field<T: DeserializeOwned>(
        &mut self,
        at: &str,
        object: &Value,
        name: &str,
        expected: &str,
    ) -> Option<T> {
        let field = if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        };
        let Some(value) = object.get(name) else {
            self.wrong(field, format!("it is missing: expected {expected}"));
            return None;
        };
        let parsed = T::deserialize(value);
        if parsed.is_err() {
            self.wrong(field, format!("expected {expected}"));
        }
        parsed.ok()
    }

    /// The items of an array field, each parsed.
    fn items<T: DeserializeOwned>(&mut self, at: &str, object: &Value, name: &str, expected: &str) -> Vec<T> {
        let field = if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        };
        match object.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                let mut parsed = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    match T::deserialize(item) {
                        Ok(item) => parsed.push(item),
                        Err(_) => self.wrong(format!("{field}[{index}]"), format!("expected {expected}")),
                    }
                }
                parsed
            }
            Some(_) => {
                self.wrong(field, "expected a list");
                Vec::new()
            }
        }
    }

    /// A registration, as the body of one or as an item of a set.
    pub(super) fn registration(&mut self, at: &str, object: &Value) -> Option<Parsed> {
        let subject: Option<String> = self.field(at, object, "subject", "text");
        let token: Option<String> = self.field(at, object, "token_sha256", "64 digits of lower-case hex");
        if object.get("groups").is_none() {
            self.wrong(join(at, "groups"), "it is missing: expected a list of groups");
        }
        let groups: Vec<Group> = self.items(at, object, "groups", "a group: 22 characters of base64url");
        let lease_s: Option<u64> = self.field(at, object, "lease_s", "a whole number of seconds");
        if object.get("origins").is_none() {
            self.wrong(join(at, "origins"), "it is missing: expected a list of origins");
        }
        let given: Vec<String> = self.items(
            at,
            object,
            "origins",
            "an origin such as https://chat.example.org",
        );
        let hello: Option<String> = self.field(at, object, "hello", "text");
        let (subject, token, lease_s, hello) = (subject?, token?, lease_s?, hello?);

        if subject.is_empty() || MOST_SUBJECT_CHARS < subject.chars().count() {
            self.wrong(
                join(at, "subject"),
                format!("expected 1 to {MOST_SUBJECT_CHARS} characters"),
            );
        }
        let digest = hex(&token);
        if digest.is_none() {
            self.wrong(join(at, "token_sha256"), "expected 64 digits of lower-case hex");
        }
        if MOST_GROUPS < groups.len() {
            self.wrong(join(at, "groups"), format!("at most {MOST_GROUPS} groups"));
        }
        if MOST_ORIGINS < given.len() {
            self.wrong(join(at, "origins"), format!("at most {MOST_ORIGINS} origins"));
        }
        let mut origins = Vec::with_capacity(given.len());
        for (index, origin) in given.iter().enumerate() {
            match origin::parse(origin) {
                Some(plain) => origins.push(plain),
                None => self.wrong(
                    join(at, &format!("origins[{index}]")),
                    "expected an origin such as https://chat.example.org",
                ),
            }
        }
        if MAX_FRAME < hello.len() {
            self.wrong(join(at, "hello"), format!("at most {MAX_FRAME} bytes"));
        }
        Some(Parsed {
            subject,
            token: digest?,
            groups,
            lease: Duration::from_secs(lease_s),
            origins,
            hello,
        })
    }

    pub(super) fn group_change(&mut self, at: &str, object: &Value) -> Option<GroupChange> {
        let group: Option<Group> = self.field(at, object, "group", "a group: 22 characters of base64url");
        let add: Vec<RelayId> = self.items(at, object, "add", "a relay ID: 22 characters of base64url");
        let remove: Vec<RelayId> = self.items(at, object, "remove", "a relay ID: 22 characters of base64url");
        Some(GroupChange {
            group: group?,
            add,
            remove,
        })
    }

    pub(super) fn forward(&mut self, at: &str, object: &Value) -> Option<Forward> {
        let to: Option<Group> = self.field(
            at,
            object,
            "to",
            "a group or a relay ID: 22 characters of base64url",
        );
        let frame: Option<String> = self.field(at, object, "frame", "text");
        let class = self.field(at, object, "class", "\"durable\" or \"ephemeral\"");
        let except = match object.get("except") {
            None | Some(Value::Null) => None,
            Some(_) => self.field(at, object, "except", "a relay ID: 22 characters of base64url"),
        };
        Some(Forward {
            to: to?.to_string(),
            frame: frame?,
            class: class?,
            except,
        })
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: Option<Vec<u8>> = text.bytes().map(digit).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_lower_case_hex() {
        let digest = hex(&"0f".repeat(32)).expect("64 digits");
        assert_eq!(digest, [15; 32]);
        for bad in [
            "",
            "0F",
            &"0F".repeat(32),
            &"0f".repeat(31),
            &"0f".repeat(33),
            &"zz".repeat(32),
        ] {
            assert_eq!(hex(bad), None, "{bad}");
        }
    }
}
