//! What comes back: the ack of one event, and deliveries.

use crate::AckError;
use crate::packet::{self, Packet};
use crate::shared::{EndWhenDropped, Shared};
use serde::de::DeserializeOwned;
use shared_protocol::EVENT;
use shared_protocol::envelope::Delivery;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// The ack of one event: a time-out and the end of the connection are errors. Dropping it takes nothing back.
pub struct AckFuture<T> {
    answered: oneshot::Receiver<String>,
    deadline: Pin<Box<tokio::time::Sleep>>,
    forget: Option<(u64, Arc<Shared>)>,
    kind: PhantomData<fn() -> T>,
}

impl<T> AckFuture<T> {
    /// The ack with this id, within this time.
    pub(crate) fn new(
        answered: oneshot::Receiver<String>,
        limit: Duration,
        (id, shared): (u64, Arc<Shared>),
    ) -> Self {
        let deadline = Box::pin(tokio::time::sleep(limit));
        Self {
            answered,
            deadline,
            forget: Some((id, shared)),
            kind: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Future for AckFuture<T> {
    type Output = Result<T, AckError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Poll::Ready(answer) = Pin::new(&mut this.answered).poll(context) {
            this.forget = None;
            return Poll::Ready(match answer {
                Ok(array) => serde_json::from_str::<(T,)>(&array)
                    .map(|(ack,)| ack)
                    .map_err(|error| AckError::Unreadable(format!("{error} in {array}"))),
                Err(_) => Err(AckError::Closed),
            });
        }
        this.deadline
            .as_mut()
            .poll(context)
            .map(|()| Err(AckError::TimedOut))
    }
}

impl<T> Drop for AckFuture<T> {
    fn drop(&mut self) {
        if let Some((id, shared)) = self.forget.take()
            && let Some(acks) = shared.acks().as_mut()
        {
            acks.remove(&id);
        }
    }
}

/// The receiving half. Dropping it discards what arrives from then on; acks and pings go on.
#[derive(Debug)]
pub struct Deliveries {
    pub(crate) received: mpsc::Receiver<Utf8Bytes>,
    pub(crate) _end: Arc<EndWhenDropped>,
}

impl Deliveries {
    /// The next `private_message`; `None` once the connection has ended and everything received is taken.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let text = self.received.recv().await?;
            if let Some(delivery) = read(&text) {
                return Some(delivery);
            }
        }
    }

    /// The same, or `None` when nothing arrives in time.
    pub async fn next_within(&mut self, limit: Duration) -> Option<Delivery> {
        tokio::time::timeout(limit, self.next()).await.ok().flatten()
    }

    /// The next event's packet text, unparsed: for load, where parsing each delivery would be most of the work.
    pub async fn next_text(&mut self) -> Option<String> {
        self.received.recv().await.map(|text| text.as_str().to_owned())
    }

    /// What has arrived already, without waiting.
    pub fn waiting(&mut self) -> Vec<Delivery> {
        std::iter::from_fn(|| self.received.try_recv().ok())
            .filter_map(|text| read(&text))
            .collect()
    }
}

fn read(text: &str) -> Option<Delivery> {
    let Packet::Event(array) = Packet::parse(text) else {
        return None;
    };
    let (name, content) = packet::arguments(array)?;
    (name == EVENT)
        .then(|| serde_json::from_str(content.get()).ok())
        .flatten()
}
