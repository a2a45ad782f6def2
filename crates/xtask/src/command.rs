//! Commands: run to their end with what they say kept, or kept running as children that are always stopped.

use crate::stop;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How a command ended and everything it said, errors included, in the order in which it said it.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
}

/// Runs to the end and keeps what is said. Somebody who asks to stop ends it and is an error.
pub(crate) fn captured(command: &mut Command) -> Result<Ended> {
    let mut paper = tempfile::tempfile()?;
    command.stdout(paper.try_clone()?).stderr(paper.try_clone()?);
    let status = to_the_end(command)?;
    Ok(Ended {
        status,
        said: read_again(&mut paper)?,
    })
}

/// Runs to the end and gives back what it says on standard output; the rest goes where ours goes.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let mut paper = tempfile::tempfile()?;
    command.stdout(paper.try_clone()?);
    let status = to_the_end(command)?;
    let said = read_again(&mut paper)?;
    if status.success() {
        Ok(said)
    } else {
        bail!("{} ended with {status}:\n{said}", shown(command))
    }
}

/// Runs to the end before everybody's eyes; anything but success is an error.
pub(crate) fn shown_run(command: &mut Command) -> Result<()> {
    let status = to_the_end(command)?;
    if status.success() {
        Ok(())
    } else {
        bail!("{} ended with {status}", shown(command))
    }
}

fn to_the_end(command: &mut Command) -> Result<ExitStatus> {
    let mut child = Running::start(command)?;
    loop {
        if let Some(status) = child.ended()? {
            return Ok(status);
        }
        if stop::asked() {
            child.stop(Duration::from_secs(5));
            bail!("{} was ended on request", shown(command));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn read_again(paper: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    paper.rewind()?;
    paper.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The command as a person would type it, without its environment.
pub(crate) fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy();
    let words = command.get_args().map(|word| word.to_string_lossy());
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}

/// A child in a process group of its own: Ctrl-C on the terminal reaches it only through us, so that it can be stopped
/// in the right order. Dropping it stops it.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command
            .spawn()
            .with_context(|| format!("could not start {}", shown(command)))?;
        Ok(Self { child })
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to stop; after `grace` it is killed, with everything it started.
    pub(crate) fn stop(&mut self, grace: Duration) {
        if !self.is_running() {
            return;
        }
        self.signal("TERM");
        let end = std::time::Instant::now() + grace;
        while self.is_running() && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.is_running() {
            self.signal("KILL");
            self.child.kill().ok(); // where there are no signals
            self.child.wait().ok();
        }
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// To its whole group. `kill` is part of every shell, also where there is no such program.
    fn signal(&self, name: &str) {
        let line = format!("kill -{name} -{}", self.child.id());
        Command::new("sh")
            .args(["-c", &line])
            .stderr(Stdio::null())
            .status()
            .ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_command_says_is_kept_in_order() {
        let ended = captured(&mut sh("echo one; echo two >&2; echo three; exit 3")).unwrap();
        assert_eq!(
            (ended.said.as_str(), ended.status.code()),
            ("one\ntwo\nthree\n", Some(3))
        );
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = output(&mut sh("echo why; exit 1")).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("why"), "{error}");
    }

    #[test]
    fn a_child_that_ignores_the_request_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!(
            "trap '' TERM; sleep 60 & echo $! > {}; wait; sleep 60",
            file.display()
        );
        let mut child = Running::start(&mut sh(&script)).unwrap();
        let pid = stop::wait_for(Duration::from_secs(5), || {
            std::fs::read_to_string(&file)
                .ok()
                .filter(|pid| pid.ends_with('\n'))
        });
        child.stop(Duration::from_millis(200));

        assert!(child.ended().unwrap().is_some());
        let pid = pid.unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        // A signal is sent at once and does its work a moment later.
        let gone = stop::wait_for(Duration::from_secs(5), || {
            let state = state();
            (state.is_empty() || state.contains(") Z ")).then_some(())
        });
        assert!(gone.is_some(), "the grandchild is still there: {}", state());
    }
}
