//! Why there is no connection, or no ack.

use shared_protocol::envelope::ConnectRefusal;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The relay answered the CONNECT packet with one of its reasons.
    #[error("the relay refused the connection: {}", .0.as_str())]
    Refused(ConnectRefusal),
    /// The relay refused with a message that is none of its reasons, such as `Invalid namespace`.
    #[error("the relay refused the connection with \"{0}\"")]
    OtherRefusal(String),
    /// There was no WebSocket: nobody there, wrong address, an HTTP answer instead.
    #[error("no WebSocket: {0}")]
    Transport(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    /// The other side closed before it answered.
    #[error("the connection ended before it was accepted")]
    Closed,
    #[error("no answer in time")]
    TimedOut,
    /// A header of the options that HTTP does not allow.
    #[error("not an HTTP header: {0}")]
    Header(String),
    /// The other side speaks something else.
    #[error("not Socket.IO: {0}")]
    Protocol(String),
}

impl ConnectError {
    /// The relay's reason, if the relay refused.
    pub fn refusal(&self) -> Option<ConnectRefusal> {
        match self {
            Self::Refused(refusal) => Some(*refusal),
            _ => None,
        }
    }
}

/// Why there is no ack: the event may have arrived or not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    #[error("no ack in time")]
    TimedOut,
    #[error("the connection ended before the ack")]
    Closed,
    #[error("the ack is not one of ours: {0}")]
    Unreadable(String),
}
