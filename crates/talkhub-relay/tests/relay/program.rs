//! The program itself: its arguments, its exit codes, its log.

use crate::kit::*;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

fn program(environment: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_talkhub-relay"));
    let folder = std::env::temp_dir();
    command
        .env_clear()
        .envs(environment.iter().copied())
        .args(arguments)
        .current_dir(folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(environment: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = program(environment, arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// A relay as its own program, ended with the test.
struct Started {
    child: Child,
    address: SocketAddr,
    log: Option<BufReader<std::process::ChildStderr>>,
}

impl Drop for Started {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn start(environment: &[(&str, &str)]) -> Started {
    let mut environment = environment.to_vec();
    environment.extend([
        ("TALKHUB_RELAY_BIND", "127.0.0.1:0"),
        ("TALKHUB_RELAY_LOG_FORMAT", "json"),
    ]);
    let mut child = program(&environment, &[]).spawn().expect("it starts");
    let log = BufReader::new(child.stderr.take().expect("a pipe"));
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut started = Started {
        child,
        address: nowhere,
        log: Some(log),
    };
    while started.address == nowhere {
        let mut line = String::new();
        assert_ne!(
            started
                .log
                .as_mut()
                .expect("a log")
                .read_line(&mut line)
                .expect("a line"),
            0,
            "it ended before it was ready"
        );
        let line: Value = serde_json::from_str(&line).expect("a line of JSON");
        if line["message"] == "ready" {
            started.address = line["address"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .expect("an address");
        }
    }
    started
}

#[test]
fn bad35_usage_and_settings() {
    let (code, help, _) = run(&[], &["--help"]);
    assert!(code == Some(0) && help.contains("config print") && help.contains("--config FILE"));
    let (code, _, error) = run(&[], &["dance"]);
    assert!(
        code == Some(2) && error.contains("\"dance\"") && error.contains("Usage:"),
        "{error}"
    );
    let (code, printed, _) = run(&[("TALKHUB_RELAY_SECRET", SECRET)], &["config", "print"]);
    assert!(
        code == Some(0) && printed.contains("durable_burst = 60\n") && printed.contains("# secret: set\n")
    );
    assert!(!printed.contains(SECRET));
}

#[test]
fn r02_bad33_a_wrong_setting_ends_with_2_and_one_sentence() {
    let (code, _, error) = run(&[("TALKHUB_RELAY_BIND", "127.0.0.1:99999")], &[]);
    let want =
        "TALKHUB_RELAY_BIND is \"127.0.0.1:99999\": expected an address with a port such as 127.0.0.1:5050\n";
    assert_eq!((code, error.as_str()), (Some(2), want));
    let (code, _, error) = run(&[("TALKHUB_RELAY_SECRET", "too-short-and-secret")], &[]);
    assert!(code == Some(2) && !error.contains("too-short"), "{error}");
    let (code, _, error) = run(&[], &["--config", "/nonexistent.toml"]);
    assert!(code == Some(2) && error.contains("/nonexistent.toml"), "{error}");
}

#[test]
fn bad34_a_port_in_use_ends_with_1_and_one_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (code, _, error) = run(
        &[("TALKHUB_RELAY_BIND", &address), ("TALKHUB_RELAY_LOG", "off")],
        &[],
    );
    assert_eq!(code, Some(1));
    assert!(
        error.starts_with(&format!("TALKHUB_RELAY_BIND is \"{address}\": ")) && error.lines().count() == 1,
        "{error}"
    );
}

#[tokio::test]
async fn it_goes_on_when_nobody_reads_its_log() {
    let mut started = start(&[("TALKHUB_RELAY_SECRET", SECRET)]);
    started.log = None;
    rustls::crypto::ring::default_provider().install_default().ok();
    let request = reqwest::Client::new().get(format!("http://{}/internal/v1/relay-ids", started.address));
    for (secret, want) in [("wrong", 401), (SECRET, 200), ("wrong", 401), (SECRET, 200)] {
        let request = request.try_clone().expect("no body").bearer_auth(secret);
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), want);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn sec29_it_starts_without_settings_stops_on_sigterm_and_logs_no_secret() {
    let environment = [
        ("TALKHUB_RELAY_SECRET", SECRET),
        ("TALKHUB_RELAY_LOG", "talkhub_relay=trace,info"),
        ("TALKHUB_RELAY_BINT", "x"),
    ];
    let mut started = start(&environment);
    let ticket = Ticket::new(&[&group()]);
    rustls::crypto::ring::default_provider().install_default().ok();
    let http = reqwest::Client::new();
    let base = format!("http://{}", started.address);
    let put = http
        .put(format!("{base}/internal/v1/relay-ids/{}", ticket.id))
        .bearer_auth(SECRET);
    let put = put
        .body(ticket.registration().to_string())
        .send()
        .await
        .expect("an answer");
    assert_eq!(put.status().as_u16(), 200);
    let wrong = http
        .get(format!("{base}/internal/v1/relay-ids"))
        .bearer_auth("a-wrong-secret")
        .send()
        .await;
    assert_eq!(wrong.expect("an answer").status().as_u16(), 401);
    let mut client = socket_client::Client::connect(&base, &ticket.auth())
        .await
        .expect("connected");
    client.next_within(SOON).await.expect("a hello");
    let event = ephemeral(&ticket.groups[0], "the-frame-nobody-may-log");
    client.emit(&event).await.expect("an ack");
    client.emit_raw("42[\"rubbish\",\"the-frame-nobody-may-log\"]");
    client.close().await;

    let id = started.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill")
            .success()
    );
    let code = started.child.wait().expect("it ends").code();
    let mut log = String::new();
    started
        .log
        .as_mut()
        .expect("a log")
        .read_to_string(&mut log)
        .expect("text");
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("the logic server's TALKHUB_RELAY_SECRET differs"),
        "{log}"
    );
    for secret in [
        SECRET,
        "a-wrong-secret",
        ticket.token.as_str(),
        ticket.id.as_str(),
        "nobody-may-log",
        ticket.subject.as_str(),
    ] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    assert!(log.contains(ticket.id.short()), "its first characters are: {log}");
}
