//! Everything that goes over Talkhub's wires, once: ids, envelopes, frames, the JSON API and the internal API.
//!
//! Rules: unknown fields are ignored, unknown kinds are skipped, fields are added and never reused, ids travel as
//! strings. Golden samples stand in `wire/`; TypeScript types are generated from here (`cargo xtask codegen`).

pub mod api;
pub mod envelope;
pub mod frame;
pub mod ids;
pub mod internal;
pub mod origin;
pub mod problem;
#[cfg(any(test, feature = "receipts"))]
pub mod receipt;
pub mod request_id;
#[cfg(feature = "sql")]
mod sql;

pub use envelope::{Ack, Class, Event, From, Stamp};
pub use frame::{ClientFrame, RelayFrame, ServerFrame};
pub use ids::{BadId, ConversationId, Group, MessageId, RelayId, USER_IDS, UserId};
pub use problem::{FieldError, Problem};
pub use request_id::RequestId;

/// The only Socket.IO event there is, in both directions.
pub const EVENT: &str = "private_message";
/// The largest frame, in bytes of UTF-8.
pub const MAX_FRAME: usize = 48 * 1024;
/// The most characters (Unicode scalar values) that a message body may have.
pub const MAX_BODY_CHARS: usize = 10_000;
