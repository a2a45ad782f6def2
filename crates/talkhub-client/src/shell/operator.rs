//! What the operator does from the command line: make an administrator, make a link to a new password, turn a lost second
//! factor off.

use super::StartError;
use crate::accounts;
use crate::platform::audit::Source;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::dates;
use crate::platform::db::Db;
use crate::platform::hashing::Hasher;
use crate::platform::problem::Problem;
use crate::platform::words::Words;
use shared_protocol::api::RegisterForm;
use std::io::{BufRead, IsTerminal, Write};

/// Who is to administer, as far as the options say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAdmin {
    pub username: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub password_file: Option<String>,
}

impl NewAdmin {
    /// Where the value of this option goes.
    pub fn option(&mut self, flag: &str) -> Option<&mut Option<String>> {
        match flag {
            "--username" => Some(&mut self.username),
            "--email" => Some(&mut self.email),
            "--name" => Some(&mut self.name),
            "--password-file" => Some(&mut self.password_file),
            _ => None,
        }
    }
}

/// Makes somebody an administrator: a new account, or, named alone, one that is there already. Whoever has taken a name
/// first is not promoted by somebody who meant to make an account of this name.
pub fn create_admin(config: &Config, new: NewAdmin) -> Result<(), StartError> {
    let clock = Clock::system();
    let (db, _) = super::open_database(config, &clock)?;
    let is_new = new.email.is_some() || new.name.is_some() || new.password_file.is_some();
    let username = given_or_asked(new.username, "Username", "--username")?;
    let known = db.read_blocking(|conn| {
        let Some(account) = accounts::find_by_login(conn, &username)? else {
            return Ok(None);
        };
        let is_made = accounts::is_administrator(conn, account.user_id)?;
        Ok(Some((account, is_made)))
    });
    let user = match known.map_err(told)? {
        Some((account, true)) => account.user_id,
        Some((account, false)) => {
            let named = [
                account.username.clone(),
                account.email.clone(),
                account.user_id.to_string(),
            ];
            let is_named = named
                .iter()
                .any(|name| name.eq_ignore_ascii_case(username.trim()));
            let who = format!(
                "{} ({}), who signed up on {}",
                account.username,
                account.user_id.grouped(),
                dates::iso(account.created_at)
            );
            if is_new || !is_named {
                return Err(usage(format!(
                    "this name is taken by {who}: to make this person an administrator, say --username {} and nothing \
                     else; for an account of your own take another name",
                    account.user_id
                )));
            }
            if std::io::stdin().is_terminal() && ask(&format!("Make {who} an administrator? (yes)"))? != "yes"
            {
                return Err(usage("nothing was changed".to_owned()));
            }
            account.user_id
        }
        None => {
            let email = given_or_asked(new.email, "E-mail", "--email")?;
            let password = password(new.password_file.as_deref())?;
            let form = RegisterForm {
                username: username.clone(),
                email,
                display_name: new.name.unwrap_or_default(),
                user_id: String::new(),
                password: password.clone(),
                password_again: password,
            };
            register(config, &db, &form, &clock)?
        }
    };
    let source = Source::operator();
    let made = db.write_blocking(|conn| accounts::make_administrator(conn, user, &source, &clock));
    match made.map_err(told)? {
        true => println!("{username} ({}) is an administrator now.", user.grouped()),
        false => println!("{username} ({}) was an administrator already.", user.grouped()),
    }
    Ok(())
}

fn register(
    config: &Config,
    db: &Db,
    form: &RegisterForm,
    clock: &Clock,
) -> Result<shared_protocol::UserId, StartError> {
    let wanted = accounts::parse_registration(form).map_err(told)?;
    let failed = |error: String| StartError { said: error, code: 1 };
    let hasher = Hasher::new(config.accounts.bcrypt_cost, 1).map_err(|error| failed(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let hash = runtime
        .block_on(hasher.hash(form.password.clone()))
        .map_err(told)?;
    let made =
        db.write_blocking(|conn| accounts::register(conn, &wanted, &hash, &config.accounts.user_ids, clock));
    Ok(made.map_err(told)?.user_id)
}

/// Prints a link with which whoever has this name sets a new password, once, within an hour. Nobody else learns it.
pub fn reset_link(config: &Config, name: &str) -> Result<(), StartError> {
    let clock = Clock::system();
    let (db, _) = super::open_database(config, &clock)?;
    let made = db.write_blocking(|conn| accounts::make_reset_link(conn, name, &clock));
    let made = made.map_err(|problem| nobody(problem, name))?;
    let home = config.http.public_urls.first().map_or("", String::as_str);
    eprintln!("Give this link to its person. It works once, within an hour; links made before are dead.");
    println!("{home}/reset/{}", made.token);
    Ok(())
}

/// Turns the second factor of whoever has this name off: they have lost what makes their codes. Every sign-in ends; a
/// server that runs closes the connections within a moment.
pub fn lost_factor(config: &Config, name: &str) -> Result<(), StartError> {
    let clock = Clock::system();
    let (db, _) = super::open_database(config, &clock)?;
    let lost = db.write_blocking(|conn| accounts::lose_factor(conn, name, &clock));
    let lost = lost.map_err(|problem| nobody(problem, name))?;
    let who = lost.user.grouped();
    match (lost.was_on, lost.ended.sessions.len()) {
        (false, _) => println!("{name} ({who}) has no two-step sign-in: nothing was changed."),
        (true, 1) => println!("Two-step sign-in of {name} ({who}) is off; one sign-in was ended."),
        (true, count) => {
            println!("Two-step sign-in of {name} ({who}) is off; {count} sign-ins were ended.");
        }
    }
    Ok(())
}

fn nobody(problem: Problem, name: &str) -> StartError {
    match problem {
        Problem::Missing(_) => StartError {
            said: format!("nobody has the name {name:?} (username, e-mail or user ID)"),
            code: 1,
        },
        other => told(other),
    }
}

/// Every wrong field, by the option that sets it.
fn told(problem: Problem) -> StartError {
    let words = Words::english();
    match problem {
        Problem::Invalid(issues) => {
            let lines = issues.iter().filter(|issue| issue.field != "password_again");
            let lines: Vec<String> = lines
                .map(|issue| {
                    format!(
                        "{}: {}",
                        issue.field.replace('_', " "),
                        issue.said.in_words(words)
                    )
                })
                .collect();
            StartError {
                said: lines.join("\n"),
                code: 2,
            }
        }
        other => StartError {
            said: format!("{other} ({other:?})"),
            code: 1,
        },
    }
}

fn usage(said: String) -> StartError {
    StartError { said, code: 2 }
}

/// What the option says, or what somebody types.
fn given_or_asked(given: Option<String>, what: &str, option: &str) -> Result<String, StartError> {
    match given {
        Some(given) => Ok(given),
        None if std::io::stdin().is_terminal() => ask(what),
        None => Err(usage(format!("there is no terminal to ask at: use {option}"))),
    }
}

fn ask(what: &str) -> Result<String, StartError> {
    let failed = |error: std::io::Error| usage(format!("nothing could be read from the terminal: {error}"));
    print!("{what}: ");
    std::io::stdout().flush().map_err(failed)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(failed)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Never an argument: those are seen by everybody on the machine and kept by shells.
fn password(file: Option<&str>) -> Result<String, StartError> {
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    match file {
        Some("-") => {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            read.map_err(|error| usage(format!("the password cannot be read from the input: {error}")))?;
            Ok(first_line(line))
        }
        Some(file) => {
            let text = std::fs::read_to_string(file);
            let text =
                text.map_err(|error| usage(format!("--password-file {file} cannot be read: {error}")))?;
            Ok(first_line(text))
        }
        None if std::io::stdin().is_terminal() => {
            let echo = Echo::off();
            let typed = ask("Password").and_then(|first| {
                println!();
                Ok((first, ask("Repeat password")?))
            });
            drop(echo);
            println!();
            let (first, second) = typed?;
            let same = first == second;
            same.then_some(first)
                .ok_or_else(|| usage("the two passwords are not the same".to_owned()))
        }
        None => Err(usage(
            "there is no terminal to ask at: use --password-file FILE, or --password-file - for the input"
                .into(),
        )),
    }
}

/// The terminal shows nothing of what is typed while this lives.
struct Echo;

impl Echo {
    fn off() -> Self {
        stty("-echo");
        Self
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        stty("echo");
    }
}

/// Where there is no `stty`, what is typed shows: better than no way at all.
fn stty(word: &str) {
    let done = std::process::Command::new("stty").arg(word).status();
    if !done.is_ok_and(|status| status.success()) {
        eprintln!("(this terminal shows what is typed)");
    }
}
