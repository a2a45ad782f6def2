//! The command line: serve, migrate, demo, the operator's commands, print the settings.

use super::operator::{self, NewAdmin};
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
  create-admin   make an administrator, or make somebody one who has an account already
  reset-link NAME  print a link with which NAME (username, e-mail or user ID) sets a new password
  lost-factor NAME  turn two-step sign-in of NAME off, who has lost phone and recovery codes; every sign-in ends
  config print   show the settings in force; secrets only as set or not set

Options:
  --config FILE  read settings from FILE instead of ./talkhub.toml
  --help         show this text

Options of create-admin (it asks for what is missing, if there is a terminal):
  --username NAME        whom
  --email ADDRESS        of a new account
  --name NAME            the name to show of a new account
  --password-file FILE   the password of a new account is the first line of FILE; - reads it from the input

Every setting is described in docs/configuration.md.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Serve,
    Migrate,
    Demo,
    CreateAdmin(NewAdmin),
    ResetLink(String),
    LostFactor(String),
    PrintConfig,
    Help,
}

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    command: Command,
    file: Option<PathBuf>,
}

fn parse(args: &[String]) -> Result<Asked, String> {
    let (mut words, mut file, mut new) = (Vec::new(), None, NewAdmin::default());
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
            flag if flag.starts_with('-') => {
                let value = new
                    .option(flag)
                    .ok_or_else(|| format!("there is no option {flag}"))?;
                let given = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
                *value = Some(given.to_owned());
            }
            word => words.push(word),
        }
    }
    if new != NewAdmin::default() && words != ["create-admin"] {
        return Err("--username, --email, --name and --password-file belong to create-admin".into());
    }
    let command = match words.as_slice() {
        [] | ["serve"] => Command::Serve,
        ["migrate"] => Command::Migrate,
        ["demo"] => Command::Demo,
        ["create-admin"] => Command::CreateAdmin(new),
        ["reset-link", name] => Command::ResetLink((*name).to_owned()),
        ["reset-link"] => return Err("reset-link needs a name: whose password?".into()),
        ["lost-factor", name] => Command::LostFactor((*name).to_owned()),
        ["lost-factor"] => return Err("lost-factor needs a name: whose two-step sign-in?".into()),
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
        _ => (),
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
        Command::CreateAdmin(new) => operator::create_admin(&config, new),
        Command::ResetLink(name) => operator::reset_link(&config, &name),
        Command::LostFactor(name) => operator::lost_factor(&config, &name),
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
        check("reset-link ann", Ok(Command::ResetLink("ann".into())));
        check("reset-link", Err("reset-link needs a name: whose password?"));
        check("lost-factor ann", Ok(Command::LostFactor("ann".into())));
        check(
            "lost-factor",
            Err("lost-factor needs a name: whose two-step sign-in?"),
        );
        check(
            "lost-factor ann bob",
            Err("there is no command lost-factor ann bob"),
        );
        let ann = NewAdmin {
            username: Some("ann".into()),
            ..NewAdmin::default()
        };
        check("create-admin --username ann", Ok(Command::CreateAdmin(ann)));
        check("create-admin --username", Err("--username needs a value"));
        check(
            "migrate --username ann",
            Err("--username, --email, --name and --password-file belong to create-admin"),
        );
        check("dance", Err("there is no command dance"));
        check("--fast", Err("there is no option --fast"));
        check("--config", Err("--config needs the name of a file"));
    }
}
