//! What each mode does to the bytes, seen from both ends of the proxy.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proxy::{Mode, Proxy, Way};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);
/// Long enough to say that nothing comes.
const SILENCE: Duration = Duration::from_millis(200);

/// A proxy with one connection through it.
struct Line {
    proxy: Proxy,
    listener: TcpListener,
    client: TcpStream,
    server: TcpStream,
}

impl Line {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let proxy = Proxy::start(0, &address).await.unwrap();
        let (client, server) = connect(&proxy, &listener).await;
        Self {
            proxy,
            listener,
            client,
            server,
        }
    }

    /// A ping there and a pong back.
    async fn passes(&mut self) {
        self.client.write_all(b"ping").await.unwrap();
        assert_eq!(take(&mut self.server, 4).await, b"ping");
        self.server.write_all(b"pong").await.unwrap();
        assert_eq!(take(&mut self.client, 4).await, b"pong");
    }
}

async fn connect(proxy: &Proxy, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(proxy.address()).await.unwrap();
    let (server, _) = timeout(LIMIT, listener.accept()).await.unwrap().unwrap();
    (client, server)
}

async fn take(from: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    timeout(LIMIT, from.read_exact(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    bytes
}

/// Everything until the end, and how it ended.
async fn rest(from: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut bytes = Vec::new();
    let ended = timeout(LIMIT, from.read_to_end(&mut bytes)).await.unwrap();
    (bytes, ended.map(|_| ()).map_err(|error| error.kind()))
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn is_silent(from: &mut TcpStream) -> bool {
    timeout(SILENCE, from.read_u8()).await.is_err()
}

#[tokio::test]
async fn flt22_pass_hands_on_both_ways_and_the_end_of_each() {
    let mut line = Line::new().await;
    line.passes().await;
    let large = vec![7; 3 << 20];
    let (sent, got) = tokio::join!(line.client.write_all(&large), take(&mut line.server, large.len()));
    sent.unwrap();
    assert_eq!(got, large);
    // One end has nothing more to say; the other goes on.
    line.client.shutdown().await.unwrap();
    assert_eq!(rest(&mut line.server).await, (Vec::new(), Ok(())));
    line.server.write_all(b"more").await.unwrap();
    drop(line.server);
    assert_eq!(rest(&mut line.client).await, (b"more".to_vec(), Ok(())));
}

#[tokio::test]
async fn flt25_delay_holds_one_way_back_in_order() {
    let mut line = Line::new().await;
    let (by, jitter) = (Duration::from_millis(120), Duration::from_millis(100));
    line.proxy.set(Way::ToServer, Mode::Delay { by, jitter });
    let begin = Instant::now();
    let numbers: Vec<u8> = (0..30).collect();
    for number in &numbers {
        line.client.write_all(&[*number]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(take(&mut line.server, 30).await, numbers);
    assert!(by - jitter <= begin.elapsed());
    let both = Mode::Delay {
        by,
        jitter: Duration::ZERO,
    };
    line.proxy.set_both(both);
    let begin = Instant::now();
    line.passes().await;
    assert!(2 * by <= begin.elapsed());
}

#[tokio::test]
async fn flt25_throttle_passes_so_many_bytes_each_second() {
    let mut line = Line::new().await;
    line.proxy.set(
        Way::ToClient,
        Mode::Throttle {
            bytes_per_second: 20_000,
        },
    );
    let begin = Instant::now();
    line.server.write_all(&[1; 10_000]).await.unwrap();
    take(&mut line.client, 10_000).await;
    assert!(
        Duration::from_millis(450) <= begin.elapsed(),
        "{:?}",
        begin.elapsed()
    );
    line.proxy.set_both(Mode::Pass);
    line.passes().await;
}

#[tokio::test]
async fn flt24_a_black_hole_takes_one_way_and_tells_nobody() {
    let mut line = Line::new().await;
    line.proxy.set(Way::ToServer, Mode::Blackhole);
    line.client.write_all(b"lost?").await.unwrap();
    assert!(is_silent(&mut line.server).await);
    line.server.write_all(b"here").await.unwrap();
    assert_eq!(take(&mut line.client, 4).await, b"here");
    // The reader stops: whoever goes on writing is held up once the buffers are full.
    let flood = vec![1; 64 << 20];
    assert!(timeout(SILENCE, line.client.write_all(&flood)).await.is_err());
    // What was said is not lost when the hole closes.
    line.proxy.set(Way::ToServer, Mode::Pass);
    assert_eq!(take(&mut line.server, 5).await, b"lost?");
}

#[tokio::test]
async fn flt22_cut_closes_one_way_and_then_the_other() {
    let mut line = Line::new().await;
    line.proxy.set(Way::ToServer, Mode::Cut);
    assert_eq!(rest(&mut line.server).await, (Vec::new(), Ok(())));
    // Half-open: the other way goes on, and what the client says is lost.
    line.client.write_all(b"nobody hears").await.unwrap();
    line.server.write_all(b"still here").await.unwrap();
    assert_eq!(take(&mut line.client, 10).await, b"still here");
    line.proxy.set(Way::ToClient, Mode::Cut);
    assert!(rest(&mut line.client).await.0.is_empty());
    // A new connection fares no better, until the mode ends.
    let mut next = TcpStream::connect(line.proxy.address()).await.unwrap();
    assert!(rest(&mut next).await.0.is_empty());
    line.proxy.set_both(Mode::Pass);
    until("both connections have ended", || line.proxy.connections() == 0).await;
    drop(timeout(LIMIT, line.listener.accept()).await.unwrap().unwrap()); // the one that was cut at once
    (line.client, line.server) = connect(&line.proxy, &line.listener).await;
    line.passes().await;
}

#[tokio::test]
async fn flt22_reset_leaves_the_other_end_half_open() {
    let mut line = Line::new().await;
    line.proxy.set(Way::ToClient, Mode::Reset);
    assert_eq!(
        rest(&mut line.client).await,
        (Vec::new(), Err(ErrorKind::ConnectionReset))
    );
    // The server has not been told: it may go on for ever.
    for _ in 0..10 {
        line.server.write_all(&[1; 1000]).await.unwrap();
    }
    assert!(is_silent(&mut line.server).await);
    assert_eq!(line.proxy.connections(), 1);
    line.proxy.set(Way::ToServer, Mode::Reset);
    assert_eq!(
        rest(&mut line.server).await,
        (Vec::new(), Err(ErrorKind::ConnectionReset))
    );
}

#[tokio::test]
async fn flt26_truncate_ends_in_the_middle_of_what_is_said() {
    let mut line = Line::new().await;
    line.passes().await;
    line.proxy.set(Way::ToServer, Mode::Truncate { after: 7 });
    line.client.write_all(b"a frame that is cut").await.unwrap();
    assert_eq!(rest(&mut line.server).await.0, b"a frame");
    assert!(rest(&mut line.client).await.0.is_empty());
    // Every connection has its own count.
    (line.client, line.server) = connect(&line.proxy, &line.listener).await;
    line.client.write_all(b"another one").await.unwrap();
    assert_eq!(rest(&mut line.server).await.0, b"another");
}

#[tokio::test]
async fn flt22_a_shut_proxy_is_not_there_until_it_opens_again() {
    let mut line = Line::new().await;
    line.proxy.shut();
    assert!(rest(&mut line.client).await.0.is_empty());
    assert!(rest(&mut line.server).await.0.is_empty());
    let (address, end) = (line.proxy.address(), Instant::now() + LIMIT);
    while TcpStream::connect(&address).await.is_ok() {
        assert!(Instant::now() < end, "it still takes connections");
    }
    line.proxy.open().await.unwrap();
    (line.client, line.server) = connect(&line.proxy, &line.listener).await;
    line.passes().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_looks_like_one_that_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let proxy = Proxy::start(0, &address).await.unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(rest(&mut client).await.0.is_empty());
    let listener = TcpListener::bind(&address).await.unwrap();
    let (mut client, mut server) = connect(&proxy, &listener).await;
    server.write_all(b"hello").await.unwrap();
    assert_eq!(take(&mut client, 5).await, b"hello");
    assert_eq!(proxy.accepted(), 2);
}
