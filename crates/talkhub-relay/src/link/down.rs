//! What comes down a link: read borrowed, checked as a whole, done in order.

use super::queue::{Acknowledge, Link, Pending, Settled};
use crate::forward::AWAY_RETRY_MS;
use crate::relay::{Relay, count};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared_protocol::envelope::Origin;
use shared_protocol::{Ack, Class, Problem, RelayFrame, RelayId};
use std::borrow::Cow;

/// One line as it stands in the message. Flat, so that the frame need not be copied; see `internal::Down` for the shapes.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    r: Option<u64>,
    #[serde(borrow, default)]
    status: Option<Cow<'a, str>>,
    seq: Option<i64>,
    rev: Option<i64>,
    at: Option<i64>,
    #[serde(borrow, default)]
    history_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    frame: Option<&'a RawValue>,
    problem: Option<Problem>,
    retry_after_ms: Option<u64>,
    #[serde(borrow, default)]
    to: Option<Cow<'a, str>>,
    class: Option<Class>,
    except: Option<RelayId>,
}

enum Order<'a> {
    Settle {
        r: u64,
        ack: Ack,
        frame: Option<&'a RawValue>,
    },
    Forward {
        to: Cow<'a, str>,
        frame: &'a RawValue,
        class: Class,
        except: Option<RelayId>,
    },
    Look,
}

/// A delivery of the logic server, borrowed: serialised once, however many receive it.
#[derive(Serialize)]
struct FromServer<'a> {
    from: Origin,
    to: &'a str,
    class: Class,
    frame: &'a RawValue,
}

/// Hands a frame of the logic server to a group or to a relay ID.
pub(crate) fn forward(relay: &Relay, to: &str, frame: &RawValue, class: Class, except: Option<&RelayId>) {
    let delivery = FromServer {
        from: Origin::Server,
        to,
        class,
        frame,
    };
    let delivery = serde_json::value::to_raw_value(&delivery).expect("a delivery is plain JSON");
    relay.deliver(to, &delivery, class, except);
}

/// Does what one message says, in its order. The error says what was wrong with it; nothing of it was done then.
pub(super) fn obey(relay: &Relay, link: &Link, text: &str) -> Result<(), String> {
    let lines: Vec<Line<'_>> =
        serde_json::from_str(text).map_err(|error| format!("not an array of lines: {error}"))?;
    let orders = lines.into_iter().enumerate().map(|(index, line)| {
        Order::read(line).ok_or_else(|| format!("line {index} is of no known kind or lacks a field"))
    });
    let orders: Vec<Order<'_>> = orders.collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    let numbers = orders.iter().filter_map(|order| match order {
        Order::Settle { r, .. } => Some(*r),
        Order::Forward { .. } | Order::Look => None,
    });
    link.settle(numbers, &mut found);
    let mut unknown = None;
    let mut found = found.into_iter();
    for order in orders {
        match order {
            Order::Settle { r, ack, frame } => match found.next() {
                Some(Settled::Pending(pending)) => settle(relay, pending, &ack, frame),
                Some(Settled::Earlier) => count(&relay.counters.late_settles),
                Some(Settled::Unknown) | None => unknown = Some(r),
            },
            Order::Forward {
                to,
                frame,
                class,
                except,
            } => forward(relay, &to, frame, class, except.as_ref()),
            Order::Look => look(relay),
        }
    }
    unknown.map_or(Ok(()), |r| Err(format!("nothing was submitted as {r}")))
}

/// First the sender learns it, then the group.
fn settle(relay: &Relay, pending: Pending, ack: &Ack, frame: Option<&RawValue>) {
    if pending.ack.is_none() {
        count(&relay.counters.late_settles);
    }
    pending.ack.answer(ack);
    if let Some(frame) = frame {
        forward(relay, &pending.to, frame, Class::Durable, None);
    }
}

fn look(relay: &Relay) {
    for client in relay.registry.clients() {
        client.tell(RelayFrame::Look);
    }
}

impl<'a> Order<'a> {
    fn read(line: Line<'a>) -> Option<Self> {
        let text = |frame: &&RawValue| frame.get().starts_with('"');
        match line.kind.as_ref() {
            "settle" => {
                if line.frame.as_ref().is_some_and(|frame| !text(frame)) {
                    return None;
                }
                Some(Self::Settle {
                    r: line.r?,
                    frame: line.frame,
                    ack: Self::ack(line)?,
                })
            }
            "forward" => Some(Self::Forward {
                to: line.to?,
                frame: line.frame.filter(text)?,
                class: line.class?,
                except: line.except,
            }),
            "look" => Some(Self::Look),
            _ => None,
        }
    }

    fn ack(line: Line<'a>) -> Option<Ack> {
        Some(match line.status?.as_ref() {
            "stored" => Ack::Stored {
                seq: line.seq?,
                rev: line.rev?,
                at: line.at?,
                history_id: line.history_id?.into_owned(),
            },
            "refused" => Ack::Refused {
                problem: line.problem?,
            },
            "busy" => Ack::Busy {
                retry_after_ms: line.retry_after_ms.unwrap_or(AWAY_RETRY_MS),
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_protocol::internal::{Down, Forward, Outcome, Settle};

    /// Every shape of the shared types is understood.
    fn check(down: &Down, want: impl Fn(&Order<'_>) -> bool) {
        let text = serde_json::to_string(down).expect("plain JSON");
        let order = Order::read(serde_json::from_str(&text).expect("a line"));
        assert!(order.as_ref().is_some_and(want), "{text}");
    }

    #[test]
    fn every_down_of_the_protocol_is_read() {
        let stored = Outcome::Stored {
            seq: 1,
            rev: 2,
            at: 3,
            history_id: "h".into(),
            frame: Some("{}".into()),
        };
        let again = Outcome::Stored {
            seq: 1,
            rev: 2,
            at: 3,
            history_id: "h".into(),
            frame: None,
        };
        let refused = Outcome::Refused {
            problem: Problem::new("x", 403, "no"),
        };
        let settle = |outcome| Down::Settle(Settle { r: 7, outcome });
        check(&settle(stored), |order| {
            matches!(
                order,
                Order::Settle {
                    r: 7,
                    ack: Ack::Stored {
                        seq: 1,
                        rev: 2,
                        at: 3,
                        ..
                    },
                    frame: Some(_)
                }
            )
        });
        check(&settle(again), |order| {
            matches!(order, Order::Settle { frame: None, .. })
        });
        check(&settle(refused), |order| {
            matches!(
                order,
                Order::Settle {
                    ack: Ack::Refused { .. },
                    ..
                }
            )
        });
        check(&settle(Outcome::Busy { retry_after_ms: 9 }), |order| {
            matches!(
                order,
                Order::Settle {
                    ack: Ack::Busy { retry_after_ms: 9 },
                    ..
                }
            )
        });
        let forward = Forward {
            to: "t".into(),
            frame: "f".into(),
            class: Class::Durable,
            except: None,
        };
        check(&Down::Forward(forward), |order| {
            matches!(
                order,
                Order::Forward {
                    class: Class::Durable,
                    ..
                }
            )
        });
        check(&Down::Look, |order| matches!(order, Order::Look));
    }
}
