//! The link of a logic server that is played by the tests.

use crate::kit::*;
use futures_util::{SinkExt, StreamExt};
use shared_protocol::internal::{Down, Outcome, Settle, Submit, Up};
use shared_protocol::{Ack, RelayId};
use std::collections::VecDeque;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// The link of a logic server played by hand.
pub(crate) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    read: VecDeque<Up>,
}

impl Link {
    pub(crate) async fn open(world: &World) -> Self {
        let mut request = format!("ws://{}/internal/v1/link", world.running.internal())
            .into_client_request()
            .expect("a request");
        let secret = format!("Bearer {SECRET}").parse().expect("a header");
        request.headers_mut().insert("authorization", secret);
        let (socket, _) = connect_async_with_config(request, None, true)
            .await
            .expect("a link");
        Self {
            socket,
            read: VecDeque::new(),
        }
    }

    /// The next line, whatever it is; `Err` with the close code when the relay has closed.
    pub(crate) async fn up(&mut self) -> Result<Up, u16> {
        loop {
            if let Some(up) = self.read.pop_front() {
                return Ok(up);
            }
            let message = tokio::time::timeout(SOON, self.socket.next())
                .await
                .expect("the relay says something");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let lines: Vec<Up> = serde_json::from_str(&text).expect("an array of lines");
                    self.read.extend(lines);
                }
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(0),
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn submit(&mut self) -> Submit {
        loop {
            if let Up::Submit(submit) = self.up().await.expect("the link is open") {
                return submit;
            }
        }
    }

    /// A whole round of present relay IDs.
    pub(crate) async fn present(&mut self) -> Vec<RelayId> {
        let mut present = Vec::new();
        loop {
            if let Up::Present { relay_ids, last, .. } = self.up().await.expect("the link is open") {
                present.extend(relay_ids);
                if last {
                    return present;
                }
            }
        }
    }

    /// How many events the first round says were passed on before this link.
    pub(crate) async fn passed_on(&mut self) -> u64 {
        loop {
            if let Up::Present {
                passed_on, round: 0, ..
            } = self.up().await.expect("the link is open")
            {
                return passed_on;
            }
        }
    }

    /// The code with which the relay closes.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            if let Err(code) = self.up().await {
                return code;
            }
        }
    }

    pub(crate) async fn send(&mut self, lines: &[Down]) {
        self.send_text(serde_json::to_string(lines).expect("plain JSON"))
            .await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.socket
            .send(Message::text(text.into()))
            .await
            .expect("the link is open");
    }

    pub(crate) async fn send_binary(&mut self) {
        self.socket
            .send(Message::binary(vec![1, 2, 3]))
            .await
            .expect("the link is open");
    }

    pub(crate) async fn store(&mut self, submit: &Submit, seq: i64) {
        self.send(&[stored(submit, seq)]).await;
    }

    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.ok();
    }

    /// Stores everything from now on, in order, as fast as it comes. Gives back what was submitted.
    pub(crate) fn store_all(mut self) -> tokio::task::JoinHandle<Vec<Submit>> {
        spawn(async move {
            let (mut submits, mut seq) = (Vec::new(), 0);
            while let Some(Ok(message)) = self.socket.next().await {
                let Message::Text(text) = message else { continue };
                let lines: Vec<Up> = serde_json::from_str(&text).expect("an array of lines");
                let mut settles = Vec::with_capacity(lines.len());
                for line in lines {
                    if let Up::Submit(submit) = line {
                        seq += 1;
                        settles.push(stored(&submit, seq));
                        submits.push(submit);
                    }
                }
                let text = serde_json::to_string(&settles).expect("plain JSON");
                if self.socket.send(Message::text(text)).await.is_err() {
                    break;
                }
            }
            submits
        })
    }
}

/// A settlement that sends the frame back as it came.
pub(crate) fn stored(submit: &Submit, seq: i64) -> Down {
    let outcome = Outcome::Stored {
        seq,
        rev: seq,
        at: 1_000 + seq,
        history_id: "h".into(),
        frame: Some(submit.frame.clone()),
    };
    Down::Settle(Settle { r: submit.r, outcome })
}

pub(crate) fn stored_ack(seq: i64) -> Ack {
    Ack::Stored {
        seq,
        rev: seq,
        at: 1_000 + seq,
        history_id: "h".into(),
    }
}
