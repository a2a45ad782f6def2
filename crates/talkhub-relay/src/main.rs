//! `talkhub-relay`: reads its settings, runs the relay, stops on SIGTERM or Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;
use talkhub_relay::config::{self, BadConfig, Config};
use talkhub_relay::run;
use tokio_util::sync::CancellationToken;

const USAGE: &str = "\
talkhub-relay: forwards private_message events between registered relay IDs and keeps nothing

Usage: talkhub-relay [--config FILE] [COMMAND]

Commands:
  (none)          run the relay
  config print    print the settings in effect (of secrets only whether they are set)

Options:
  --config FILE   read settings from FILE instead of ./talkhub-relay.toml (which may be absent)
  --help          print this

Settings are in docs/configuration.md. In the environment they are called TALKHUB_RELAY_…";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Run,
    PrintConfig,
    Help,
}

fn main() -> ExitCode {
    let (command, file) = match parse(std::env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if command == Command::Help {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    match config::read(file.as_deref(), environment) {
        Err(BadConfig(problem)) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
        Ok(read) if command == Command::PrintConfig => {
            read.warnings.iter().for_each(|warning| eprintln!("{warning}"));
            print!("{}", config::print(&read.config));
            ExitCode::SUCCESS
        }
        Ok(read) => serve(read.config, &read.warnings),
    }
}

fn parse(arguments: impl Iterator<Item = String>) -> Result<(Command, Option<PathBuf>), String> {
    let mut arguments = arguments.peekable();
    let (mut command, mut file) = (Command::Run, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" | "help" => command = Command::Help,
            "--config" => {
                let path = arguments.next().ok_or("--config needs the name of a file")?;
                file = Some(PathBuf::from(path));
            }
            "config" if arguments.next_if_eq("print").is_some() => command = Command::PrintConfig,
            "config" => return Err("config needs to be followed by print".to_owned()),
            other => return Err(format!("there is no command or option \"{other}\"")),
        }
    }
    Ok((command, file))
}

/// One worker per two cores: the logic server and its database need the rest.
fn workers(config: &Config) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match usize::try_from(config.limits.workers) {
        Ok(0) | Err(_) => cores.div_ceil(2),
        Ok(set) => set,
    }
}

fn serve(config: Config, warnings: &[String]) -> ExitCode {
    talkhub_relay::log::set_up(&config);
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers(&config))
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the relay cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let mut running = match run(config, shutdown.clone()).await {
            Ok(running) => running,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        };
        asked_to_stop().await;
        shutdown.cancel();
        running.finished().await;
        ExitCode::SUCCESS
    });
    runtime.shutdown_background();
    code
}

/// SIGTERM or Ctrl-C.
#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    tokio::signal::ctrl_c().await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: Result<(Command, Option<&str>), &str>) {
        let got = parse(line.split_whitespace().map(str::to_owned));
        match want {
            Ok((command, file)) => assert_eq!(got, Ok((command, file.map(PathBuf::from))), "{line}"),
            Err(words) => assert!(got.is_err_and(|problem| problem.contains(words)), "{line}"),
        }
    }

    #[test]
    fn bad35_command_lines() {
        check("", Ok((Command::Run, None)));
        check("--config x.toml", Ok((Command::Run, Some("x.toml"))));
        check("config print", Ok((Command::PrintConfig, None)));
        check(
            "--config x.toml config print",
            Ok((Command::PrintConfig, Some("x.toml"))),
        );
        check("--help", Ok((Command::Help, None)));
        check("--config", Err("--config needs"));
        check("config", Err("followed by print"));
        check("serve", Err("\"serve\""));
    }
}
