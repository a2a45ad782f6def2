//! A small mail server that keeps what it is given, for stories with mails.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// One mail as it arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    /// Head and body, quoted-printable undone.
    pub whole: String,
}

impl Mail {
    pub fn subject(&self) -> &str {
        let line = self.whole.lines().find(|line| line.starts_with("Subject: "));
        line.map_or("", |line| &line["Subject: ".len()..])
    }

    /// The first path of this server in it that begins so.
    pub fn path(&self, start: &str) -> String {
        let at = self.whole.find(&format!("http://127.0.0.1:8000{start}"));
        let rest = &self.whole[at.unwrap_or_else(|| panic!("{start} in {}", self.whole))..];
        let link = rest
            .split(|letter: char| letter.is_whitespace() || letter == '"')
            .next()
            .unwrap();
        link.trim_start_matches("http://127.0.0.1:8000").to_owned()
    }
}

/// The server. It ends with the test's process.
#[derive(Clone)]
pub struct Mailbox {
    address: SocketAddr,
    kept: Arc<Mutex<Vec<Mail>>>,
    /// What it answers to addresses: 250 takes them.
    answer: Arc<AtomicU16>,
}

impl Mailbox {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mailbox = Self {
            address: listener.local_addr().unwrap(),
            kept: Arc::default(),
            answer: Arc::new(AtomicU16::new(250)),
        };
        let serving = mailbox.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that breaks off is its own problem.
                serving.serve(stream.unwrap()).ok();
            }
        });
        mailbox
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// From now on it answers so to every address: 450 "later", 550 "never", 250 "yes".
    pub fn answers(&self, code: u16) {
        self.answer.store(code, Ordering::Relaxed);
    }

    /// What has come since the last call.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.kept.lock().unwrap())
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let mut out = stream;
        write!(out, "220 mailbox\r\n")?;
        let mut to = String::new();
        while let Some(line) = lines.next() {
            let line = line?;
            match line.get(..4).unwrap_or("").to_uppercase().as_str() {
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or("").to_owned();
                    write!(out, "{} {to}\r\n", self.answer.load(Ordering::Relaxed))?;
                }
                "DATA" => {
                    write!(out, "354 go on\r\n")?;
                    let mut whole = String::new();
                    for line in lines.by_ref() {
                        let line = line?;
                        if line == "." {
                            break;
                        }
                        // A line that begins with a dot has one more on its way (RFC 5321, 4.5.2).
                        whole.push_str(line.strip_prefix('.').unwrap_or(&line));
                        whole.push('\n');
                    }
                    let whole = whole.replace("=\n", "").replace("=3D", "=");
                    let mail = Mail {
                        to: to.clone(),
                        whole,
                    };
                    self.kept.lock().unwrap().push(mail);
                    write!(out, "250 kept\r\n")?;
                }
                "QUIT" => {
                    write!(out, "221 bye\r\n")?;
                    return Ok(());
                }
                _ => write!(out, "250 mailbox\r\n")?,
            }
        }
        Ok(())
    }
}
