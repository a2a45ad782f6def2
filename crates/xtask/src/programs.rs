//! The two programs: built, started with one secret, waited for, stopped in the right order.

use crate::command::{self, Running};
use crate::place::{self, Profile};
use crate::{http, stop};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a stopping program may take.
const GRACE: Duration = Duration::from_secs(25);

/// Builds both programs. Always the whole workspace: every task then shares one set of built crates.
pub(crate) fn build(profile: Profile) -> Result<()> {
    println!("Building both programs …");
    let mut cargo = cargo();
    cargo.args([
        "build",
        "--quiet",
        "--workspace",
        "--bins",
        "--profile",
        profile.name(),
    ]);
    command::shown_run(&mut cargo)
}

/// Cargo at the root, without what `cargo run` added to the environment for xtask itself.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(place::root());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST") {
            command.env_remove(&name);
        }
    }
    command
}

/// Where tests and scripts find the programs that they start.
pub(crate) fn paths(profile: Profile) -> [(&'static str, String); 2] {
    let path = |name| place::program(name, profile).to_string_lossy().into_owned();
    [
        ("TALKHUB_CLIENT_BIN", path("talkhub-client")),
        ("TALKHUB_RELAY_BIN", path("talkhub-relay")),
    ]
}

/// Where and with what both run.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) profile: Profile,
    pub(crate) port: u16,
    pub(crate) relay_port: u16,
    pub(crate) data: PathBuf,
    /// `None`: SQLite in the data folder, or what the environment says.
    pub(crate) database_url: Option<String>,
    pub(crate) secret: String,
    /// Further settings for both programs.
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl Setup {
    /// The logic server with these words after its name.
    pub(crate) fn client(&self, words: &[&str]) -> Command {
        let mut command = Command::new(place::program("talkhub-client", self.profile));
        command.args(words).current_dir(place::root());
        command.env("TALKHUB_BIND", format!("127.0.0.1:{}", self.port));
        command.env("TALKHUB_DATA_DIR", &self.data);
        command.env(
            "RELAY_SERVER_URL",
            format!("http://127.0.0.1:{}", self.relay_port),
        );
        command.env("TALKHUB_RELAY_SECRET", &self.secret);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        if let Some(url) = &self.database_url {
            command.env("DATABASE_URL", url);
        }
        command
    }

    fn relay(&self) -> Command {
        let mut command = Command::new(place::program("talkhub-relay", self.profile));
        command.current_dir(place::root());
        command.env("TALKHUB_RELAY_BIND", format!("127.0.0.1:{}", self.relay_port));
        command.env("TALKHUB_RELAY_SECRET", &self.secret);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Where the programs' lines go.
    pub(crate) fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }
}

/// Both programs, running. Dropping it stops the logic server, then the relay.
pub(crate) struct Both {
    client: Program,
    relay: Program,
}

impl Both {
    /// Starts both and waits until both are ready and have found each other.
    pub(crate) fn start(setup: &Setup) -> Result<Self> {
        fs::create_dir_all(setup.logs()).with_context(|| {
            format!(
                "could not make the folder {}: set TALKHUB_DATA_DIR to one that can be written",
                setup.logs().display()
            )
        })?;
        let mut relay = Program::start("talkhub-relay", setup.relay(), &setup.logs())?;
        relay.wait_until(setup.relay_port, "/healthz")?;
        let mut client = Program::start("talkhub-client", setup.client(&[]), &setup.logs())?;
        client.wait_until(setup.port, "/readyz")?;
        // Ready only with a logic server on its link.
        relay.wait_until(setup.relay_port, "/readyz")?;
        Ok(Self { client, relay })
    }

    /// Waits until somebody asks to stop (`Ok`) or a program ends by itself (an error with its last lines).
    pub(crate) fn watch(&mut self) -> Result<()> {
        while !stop::asked() {
            self.client.still_runs()?;
            self.relay.still_runs()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Stops both, the logic server first, so that it can tell the relay.
    pub(crate) fn stop(mut self) {
        self.client.running.stop(GRACE);
        self.relay.running.stop(GRACE);
    }
}

struct Program {
    name: &'static str,
    running: Running,
    log: PathBuf,
}

impl Program {
    fn start(name: &'static str, mut command: Command, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let paper = File::create(&log).with_context(|| format!("could not write {}", log.display()))?;
        command.stdout(paper.try_clone()?).stderr(paper);
        Ok(Self {
            name,
            running: Running::start(&mut command)?,
            log,
        })
    }

    fn wait_until(&mut self, port: u16, path: &str) -> Result<()> {
        let limit = Duration::from_secs(60);
        let ready = stop::wait_for(limit, || match self.still_runs() {
            Err(error) => Some(Err(error)),
            Ok(()) => is_ready(http::get(port, path)).then_some(Ok(())),
        });
        match ready {
            Some(result) => result,
            None if stop::asked() => bail!("{} was stopped before it was ready", self.name),
            None => bail!(
                "{} was not ready after {limit:?}. {}",
                self.name,
                self.last_lines()
            ),
        }
    }

    fn still_runs(&mut self) -> Result<()> {
        match self.running.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}. {}", self.name, self.last_lines()),
        }
    }

    fn last_lines(&self) -> String {
        let mut bytes = Vec::new();
        File::open(&self.log)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .ok();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(15)..];
        format!(
            "Its last lines (all of them: {}):\n  {}",
            self.log.display(),
            last.join("\n  ")
        )
    }
}

/// Ready, and not only half: the logic server says "degraded" while it has not found the relay.
fn is_ready(answer: Option<(u16, String)>) -> bool {
    answer.is_some_and(|(status, body)| status == 200 && !body.contains("degraded"))
}

/// 256 bits from the system's generator, in hexadecimal digits.
pub(crate) fn random_secret() -> Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("no random secret from /dev/urandom: set TALKHUB_RELAY_SECRET yourself")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_ready_is_not_ready() {
        assert!(is_ready(Some((200, r#"{"status":"ready"}"#.into()))));
        assert!(!is_ready(Some((
            200,
            r#"{"status":"degraded","relay":"away"}"#.into()
        ))));
        assert!(!is_ready(Some((503, r#"{"database":"away"}"#.into()))));
        assert!(!is_ready(None));
    }

    #[test]
    fn no_two_secrets_are_alike() {
        let secret = random_secret().unwrap();
        assert_eq!(secret.len(), 64);
        assert_ne!(secret, random_secret().unwrap());
    }

    #[test]
    fn a_program_that_dies_is_reported_with_its_last_lines() {
        let logs = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo the port is taken; exit 1"]);
        let mut program = Program::start("talkhub-relay", command, logs.path()).unwrap();
        let error = program
            .wait_until(http::free_port().unwrap(), "/readyz")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("talkhub-relay ended") && error.contains("the port is taken"),
            "{error}"
        );
    }
}
