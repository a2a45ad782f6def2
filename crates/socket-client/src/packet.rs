//! Engine.IO and Socket.IO packets as text.

use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// What a text message from the server is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// Engine.IO `0{…}`: the first one, with its JSON.
    Open(&'a str),
    /// Engine.IO `2`: to be answered with `3`.
    Ping,
    /// Engine.IO `1`, or Socket.IO `41`.
    Close,
    /// Socket.IO `40`: the CONNECT packet was taken.
    Connected,
    /// Socket.IO `44`: refused, with the message.
    Refused(String),
    /// Socket.IO `42`: the array as JSON text.
    Event(&'a str),
    /// Socket.IO `43<id>`: the array as JSON text.
    Ack(u64, &'a str),
    /// Something else: skipped.
    Other,
}

impl<'a> Packet<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let rest = |from: usize| text.get(from..).unwrap_or_default();
        match text.as_bytes() {
            [b'0', ..] => Self::Open(rest(1)),
            [b'1'] | [b'4', b'1', ..] => Self::Close,
            [b'2', ..] => Self::Ping,
            [b'4', b'0', ..] => Self::Connected,
            [b'4', b'2', ..] => Self::Event(without_id(without_namespace(rest(2))).1),
            [b'4', b'3', ..] => match without_id(without_namespace(rest(2))) {
                (Some(id), array) => Self::Ack(id, array),
                (None, _) => Self::Other,
            },
            [b'4', b'4', ..] => Self::Refused(refusal(without_namespace(rest(2)))),
            _ => Self::Other,
        }
    }
}

fn without_namespace(text: &str) -> &str {
    match text.starts_with('/') {
        true => text.split_once(',').map_or("", |(_, rest)| rest),
        false => text,
    }
}

fn without_id(text: &str) -> (Option<u64>, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (id, rest) = text.split_at(digits);
    (id.parse().ok(), rest)
}

fn refusal(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let message = value.get("message").and_then(serde_json::Value::as_str);
    message.unwrap_or(json).to_owned()
}

/// How long a server that opens like this may be silent: its ping is due, and late.
pub(crate) fn patience(open: &str) -> Duration {
    let open: serde_json::Value = serde_json::from_str(open).unwrap_or_default();
    let ms = |name: &str, usual: u64| {
        open.get(name)
            .and_then(serde_json::Value::as_u64)
            .unwrap_or(usual)
    };
    Duration::from_millis(ms("pingInterval", 25_000) + ms("pingTimeout", 20_000))
}

/// `40/namespace,{auth}`.
pub(crate) fn connect(namespace: &str, auth: Option<&serde_json::Value>) -> String {
    let prefix = if namespace == "/" {
        String::new()
    } else {
        format!("{namespace},")
    };
    match auth {
        Some(auth) => format!("40{prefix}{auth}"),
        None => format!("40{prefix}"),
    }
}

/// `42<ack>["name",content]`.
pub(crate) fn event<T: Serialize + ?Sized>(
    ack: Option<u64>,
    name: &str,
    content: &T,
) -> serde_json::Result<String> {
    let array = serde_json::to_string(&(name, content))?;
    Ok(match ack {
        Some(ack) => format!("42{ack}{array}"),
        None => format!("42{array}"),
    })
}

/// The name and the first argument of an event's array.
pub(crate) fn arguments(array: &str) -> Option<(&str, &RawValue)> {
    // A borrowed `&str` fails on names with escapes; no event of ours has any.
    serde_json::from_str::<(&str, &RawValue)>(array).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Packet<'_>) {
        assert_eq!(Packet::parse(text), want, "{text:?}");
    }

    #[test]
    fn packets_are_told_apart() {
        check("0{\"sid\":\"x\"}", Packet::Open("{\"sid\":\"x\"}"));
        check("2", Packet::Ping);
        check("1", Packet::Close);
        check("41", Packet::Close);
        check("40{\"sid\":\"x\"}", Packet::Connected);
        check(
            "44{\"message\":\"bad_token\"}",
            Packet::Refused("bad_token".into()),
        );
        check(
            "44/x,{\"message\":\"Invalid namespace\"}",
            Packet::Refused("Invalid namespace".into()),
        );
        check(
            "42[\"private_message\",1]",
            Packet::Event("[\"private_message\",1]"),
        );
        check(
            "4217[\"private_message\",1]",
            Packet::Event("[\"private_message\",1]"),
        );
        check("4317[{}]", Packet::Ack(17, "[{}]"));
        check("43[{}]", Packet::Other);
        check("", Packet::Other);
        check("é", Packet::Other);
    }

    #[test]
    fn events_carry_their_ack_id() {
        assert_eq!(event(Some(3), "a", &1).ok().as_deref(), Some("423[\"a\",1]"));
        assert_eq!(event(None, "a", &1).ok().as_deref(), Some("42[\"a\",1]"));
    }

    #[test]
    fn other_namespaces_are_named() {
        assert_eq!(connect("/admin", None), "40/admin,");
        assert_eq!(connect("/", Some(&serde_json::json!({"a": 1}))), "40{\"a\":1}");
    }
}
