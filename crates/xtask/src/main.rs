//! `cargo xtask`: every task of this repository. Each line of the help below is one module.

mod bench;
mod chaos;
mod checks;
mod codegen;
mod command;
mod http;
mod mariadb;
mod packages;
mod page;
mod pics;
mod place;
mod programs;
mod python;
mod run;
mod stop;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <task>

  run [--demo] [--database mysql] [--port N] [--relay-port N] [--release]
      Builds what is missing, starts the relay and the logic server, prints the address. Ctrl-C stops both.
      --demo            fills a fresh database with two people and a few conversations
      --database mysql  keeps the history in a private MariaDB instead of SQLite
  test [part…]
      Everything that is checked, or only the named parts:
      fmt tidy codegen ui lint unit model stories end-to-end chaos browser
  codegen [--check]
      Writes the TypeScript types of the wire; --check only says whether they are fresh.
  tidy
      The rules of the house: the same as `test tidy`.
  pics
      Takes the pictures of Pics/ from the running programs.
  bench [scenario…]
      Measures both programs in a release build and prints the figures of docs/benchmarks.md.
  chaos [--seed N] [--minutes M] [--database sqlite|mysql] [--check FOLDER]
      Real programs, twelve people, faults by chance, and a checker at the end. Without a database: one run on each.
      --check FOLDER    looks again at what a failed run has left
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match carry_out(&words) {
        Ok(code) => code,
        Err(error) if stop::asked() => {
            eprintln!("stopped: {error:#}");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(words: &[&str]) -> anyhow::Result<ExitCode> {
    stop::listen()?;
    match words {
        ["run", rest @ ..] => run::run(&run::Options::parse(rest)?).map(|()| ExitCode::SUCCESS),
        ["test", parts @ ..] => checks::test(parts),
        ["tidy"] => checks::test(&["tidy"]),
        ["codegen"] => codegen::write().map(|()| ExitCode::SUCCESS),
        ["codegen", "--check"] => codegen::check().map(|()| ExitCode::SUCCESS),
        ["pics"] => pics::take().map(|()| ExitCode::SUCCESS),
        ["bench", scenarios @ ..] => bench::run(scenarios).map(|()| ExitCode::SUCCESS),
        ["chaos", words @ ..] => chaos::run(words),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => anyhow::bail!("there is no task `{}`\n\n{HELP}", other.join(" ")),
    }
}
