//! The command line: serve, migrate, demo, print the settings.

use super::{StartError, demo, open_database, run};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
talkhub-client: Talkhub's logic server (accounts, pages, rules, history)

Usage: talkhub-client [--config FILE] [COMMAND]

Commands:
  serve          serve until stopped (what happens without a command)
  migrate        make or update the database, then end
  demo           fill an empty database with two test people and a few conversations, then end
  config print   show the settings in force; secrets only as set or not set

Options:
  --config FILE  read settings from FILE instead of ./talkhub.toml
  --help         show this text

Every setting is described in docs/configuration.md.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Serve,
    Migrate,
    Demo,
    PrintConfig,
    Help,
}

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    command: Command,
    file: Option<PathBuf>,
}

fn parse(args: &[String]) -> Result<Asked, String> {
    let (mut words, mut file) = (Vec::new(), None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => {
                return Ok(Asked {
                    command: Command::Help,
                    file: None,
                });
            }
            "--config" => {
                file = Some(PathBuf::from(
                    args.next().ok_or("--config needs the name of a file")?,
                ))
            }
            flag if flag.starts_with('-') => return Err(format!("there is no option {flag}")),
            word => words.push(word),
        }
    }
    let command = match words.as_slice() {
        [] | ["serve"] => Command::Serve,
        ["migrate"] => Command::Migrate,
        ["demo"] => Command::Demo,
        ["config", "print"] => Command::PrintConfig,
        other => return Err(format!("there is no command {}", other.join(" "))),
    };
    Ok(Asked { command, file })
}

/// Runs what the command line asks for: 0 done, 1 could not start, 2 wrong settings or usage, 3 schema.
pub fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let asked = match parse(&args) {
        Ok(asked) => asked,
        Err(wrong) => {
            eprintln!("talkhub-client: {wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match asked.command {
        Command::Help => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Command::PrintConfig => {
            return match Config::print(asked.file.as_deref()) {
                Ok(lines) => {
                    print!("{lines}");
                    ExitCode::SUCCESS
                }
                Err(error) => refuse(&error.0, 2),
            };
        }
        Command::Serve | Command::Migrate | Command::Demo => (),
    }
    let config = match Config::read(asked.file.as_deref()) {
        Ok(config) => config,
        Err(error) => return refuse(&error.0, 2),
    };
    start_logs(&config);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("A TLS provider was there already");
    }
    let ended = match asked.command {
        Command::Migrate => {
            open_database(&config, &Clock::system()).map(|_| println!("The database is up to date."))
        }
        Command::Demo => demo::fill(&config),
        _ => serve(config),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error.said, error.code),
    }
}

fn serve(config: Config) -> Result<(), StartError> {
    let ended = actix_web::rt::System::new().block_on(run(config));
    ended.map_err(|error| match error.downcast::<StartError>() {
        Ok(error) => error,
        Err(error) => StartError {
            said: format!("{error:#}"),
            code: 1,
        },
    })
}

fn refuse(said: &str, code: u8) -> ExitCode {
    eprintln!("talkhub-client: {said}");
    ExitCode::from(code)
}

fn start_logs(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.logs.filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A closed stderr must not stop anything: nobody is left to read that it is closed.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    if config.logs.json {
        lines.json().init();
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).init();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: Result<Command, &str>) {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let got = parse(&args).map(|asked| asked.command);
        assert_eq!(got, want.map_err(str::to_owned), "{line}");
    }

    #[test]
    fn commands_and_flags_are_known_or_named() {
        check("", Ok(Command::Serve));
        check("--config a.toml migrate", Ok(Command::Migrate));
        check("config print", Ok(Command::PrintConfig));
        check("--help nonsense", Ok(Command::Help));
        check("dance", Err("there is no command dance"));
        check("--fast", Err("there is no option --fast"));
        check("--config", Err("--config needs the name of a file"));
    }
}
