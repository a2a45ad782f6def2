//! One of the two real programs, running: started, watched, killed.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Which of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    LogicServer,
    Relay,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::LogicServer => "talkhub-client",
            Self::Relay => "talkhub-relay",
        }
    }

    /// The built program: named by `TALKHUB_CLIENT_BIN` or `TALKHUB_RELAY_BIN`, else beside this test's folder.
    pub fn program(self) -> Result<PathBuf> {
        let variable = match self {
            Self::LogicServer => "TALKHUB_CLIENT_BIN",
            Self::Relay => "TALKHUB_RELAY_BIN",
        };
        if let Some(path) = std::env::var_os(variable) {
            return Ok(path.into());
        }
        let here = std::env::current_exe()?;
        let name = format!("{}{}", self.name(), std::env::consts::EXE_SUFFIX);
        let found = here
            .ancestors()
            .skip(1)
            .take(2)
            .map(|folder| folder.join(&name))
            .find(|path| path.is_file());
        found.with_context(|| format!("{name} is not built: run `cargo build`, or name it in {variable}"))
    }
}

/// A running program with what it has said so far. Dropping it kills it.
pub struct Process {
    which: Which,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it with exactly these settings; what it says is added to a file in `folder`.
    pub fn start(which: Which, settings: &BTreeMap<String, String>, folder: &Path) -> Result<Self> {
        Self::start_with(which, &[], settings, folder)
    }

    /// The same with words after its name.
    pub fn start_with(
        which: Which,
        words: &[&str],
        settings: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Self> {
        Self::launch(Command::new(which.program()?), which, words, settings, folder)
    }

    /// Has a shell do something first, such as setting a limit; the program then takes the shell's place.
    pub fn start_after(
        script: &str,
        which: Which,
        settings: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Self> {
        Self::start_within(&["sh"], script, which, settings, folder)
    }

    /// The same, with a shell that something else starts: `unshare -Urm sh`.
    pub fn start_within(
        shell: &[&str],
        script: &str,
        which: Which,
        settings: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Self> {
        let (first, rest) = shell.split_first().context("a shell")?;
        let mut command = Command::new(first);
        command
            .args(rest)
            .args(["-c", &format!("{script} && exec \"$0\"")]);
        command.arg(which.program()?);
        Self::launch(command, which, &[], settings, folder)
    }

    fn launch(
        mut command: Command,
        which: Which,
        words: &[&str],
        settings: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Self> {
        let log = folder.join(format!("{}.log", which.name()));
        let paper = File::options().create(true).append(true).open(&log)?;
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("TALKHUB_")
                || ["DATABASE_URL", "RELAY_SERVER_URL"].contains(&&*name_text)
            {
                command.env_remove(&name);
            }
        }
        command
            .args(words)
            .envs(settings)
            .current_dir(folder)
            .stdin(Stdio::null());
        command.stdout(paper.try_clone()?).stderr(paper);
        let child = command
            .spawn()
            .with_context(|| format!("could not start {}", which.name()))?;
        Ok(Self { which, child, log })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has said, since the first start in this folder.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// SIGKILL: no time for anything.
    pub fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// SIGTERM, and how it ended.
    pub fn stop(&mut self, limit: Duration) -> Result<ExitStatus> {
        signal(self.child.id(), "TERM")?;
        self.wait(limit)
    }

    /// SIGSTOP: it is there, holds what it holds, and does nothing.
    pub fn freeze(&self) -> Result<()> {
        signal(self.child.id(), "STOP")
    }

    /// SIGCONT, after [`Process::freeze`].
    pub fn wake(&self) -> Result<()> {
        signal(self.child.id(), "CONT")
    }

    /// How it ends by itself.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!(
            "{} still runs after {limit:?}; it said:\n{}",
            self.which.name(),
            self.said()
        )
    }

    /// An error with everything it said if it has ended.
    pub fn must_run(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(
            ended.is_none(),
            "{} has ended ({ended:?}); it said:\n{}",
            self.which.name(),
            self.said()
        );
        Ok(())
    }

    /// Memory that is really there (RSS), in bytes. Linux only.
    pub fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .context("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kib * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends this signal to one process.
pub(crate) fn signal(id: u32, name: &str) -> Result<()> {
    let sent = Command::new("kill")
        .args([format!("-{name}"), id.to_string()])
        .status()?;
    ensure!(sent.success(), "kill -{name} {id} failed");
    Ok(())
}

/// A port of 127.0.0.1 that nobody listens on: below those that the system gives to outgoing connections, and another
/// one at every call, so that tests at the same time do not meet.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 10_000 + (std::process::id() % 20_000) as u16;
    for _ in 0..2_000 {
        let port = 10_000 + (start - 10_000 + NEXT.fetch_add(7, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between 10000 and 30000")
}
