//! One connection: two flows, and what the end of one means for the other.

use crate::flow::{self, End};
use crate::{Mode, Modes, Way};
use socket2::SockRef;
use std::net::Shutdown;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Runs until both ways have ended.
pub(crate) async fn run(client: TcpStream, server: TcpStream, modes: &Modes) {
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let reset = {
        let up = one_way(&client, &server, modes, Way::ToServer);
        let down = one_way(&server, &client, modes, Way::ToClient);
        tokio::pin!(up, down);
        let (mut up_done, mut down_done) = (false, false);
        loop {
            let (way, end) = tokio::select! {
                end = &mut up, if !up_done => (Way::ToServer, end),
                end = &mut down, if !down_done => (Way::ToClient, end),
            };
            match (way, end) {
                (_, End::Over) => return,
                (way, End::Reset) => break way,
                (Way::ToServer, _) => up_done = true,
                (Way::ToClient, _) => down_done = true,
            }
            if up_done && down_done {
                return;
            }
        }
    };
    match reset {
        Way::ToServer => reset_one(server, client, modes.of(Way::ToClient)).await,
        Way::ToClient => reset_one(client, server, modes.of(Way::ToServer)).await,
    }
}

/// One flow to its end. After a cut what the sender still says is lost, until it closes too or is cut off as well.
async fn one_way(from: &TcpStream, to: &TcpStream, modes: &Modes, way: Way) -> End {
    let end = flow::run(from, to, modes.of(way)).await;
    if matches!(end, End::Closed | End::Cut) {
        SockRef::from(to).shutdown(Shutdown::Write).ok();
    }
    if end == End::Cut {
        let mut back = modes.of(way.back()).subscribe();
        tokio::select! {
            () = swallow(from) => (),
            _ = back.wait_for(|mode| *mode == Mode::Cut) => return End::Over,
        }
    }
    end
}

/// Resets `receiver`. The other end is half-open until it closes, or until its own way is cut or reset too.
async fn reset_one(receiver: TcpStream, other: TcpStream, modes: &watch::Sender<Mode>) {
    with_a_reset(receiver);
    let mut modes = modes.subscribe();
    let ended = tokio::select! {
        () = swallow(&other) => None,
        mode = modes.wait_for(|mode| matches!(mode, Mode::Cut | Mode::Reset)) => mode.ok().map(|mode| *mode),
    };
    if ended == Some(Mode::Reset) {
        with_a_reset(other);
    }
}

/// Closing without waiting for what is unsent makes the kernel send RST.
fn with_a_reset(socket: TcpStream) {
    SockRef::from(&socket).set_linger(Some(Duration::ZERO)).ok();
    drop(socket);
}

/// Takes everything that is said, for nobody, until it ends.
async fn swallow(from: &TcpStream) {
    let mut bytes = vec![0; 4096];
    while from.readable().await.is_ok() {
        match from.try_read(&mut bytes) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
