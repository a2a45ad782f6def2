//! The chaos run: real programs, twelve people who write on two devices each, faults by chance, and at the end a checker
//! that looks for everything that must never happen. `cargo xtask chaos` builds what is needed and calls it.

mod chance;
mod check;
mod crowd;
mod device;
mod devices;
mod dump;
mod faults;
mod load;
mod log;
mod network;
mod plan;
mod programs;
mod record;
mod run;
mod settings;
mod summary;

use anyhow::{Context, Result, bail, ensure};
use record::Record;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
cargo xtask chaos --seed N --minutes M --database sqlite|mysql   (left out: by chance, 1, both)
cargo xtask chaos --check FOLDER                                 looks again at what a failed run has left";

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    seed: u64,
    length: Duration,
    has_server: bool,
    /// Where the log of a run stands while it runs, and stays if it fails.
    folder: PathBuf,
    /// Only look at what stands there.
    check: bool,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            seed: u64::from(std::process::id()),
            length: Duration::from_secs(60),
            has_server: false,
            folder: std::env::temp_dir(),
            check: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().map(String::as_str).unwrap_or_default();
            match word.as_str() {
                "--seed" => options.seed = number(word, value)?,
                "--minutes" => options.length = Duration::from_secs(60 * number(word, value)?),
                "--database" => {
                    options.has_server = match value {
                        "sqlite" => false,
                        "mysql" => true,
                        other => bail!("--database is {other:?}: expected sqlite or mysql"),
                    }
                }
                "--folder" => options.folder = value.into(),
                "--check" => (options.check, options.folder) = (true, value.into()),
                other => bail!("chaos does not know {other}\n{HELP}"),
            }
        }
        ensure!(!options.length.is_zero(), "--minutes is 0: expected at least 1");
        Ok(options)
    }

    /// A short run is a busy one; a long one need not write so much more.
    fn pace(&self) -> u64 {
        if self.length <= Duration::from_secs(300) {
            1
        } else {
            4
        }
    }

    fn database(&self) -> &'static str {
        if self.has_server { "mysql" } else { "sqlite" }
    }
}

fn number(option: &str, value: &str) -> Result<u64> {
    let number = value.parse().ok();
    number.with_context(|| format!("{option} is {value:?}: expected a whole number"))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let options = Options::parse(&words)?;
    if options.check {
        return judge(&options, &options.folder);
    }
    let name = format!("{}-{}-{}", options.database(), options.seed, std::process::id());
    let folder = options.folder.join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    println!(
        "Chaos on {}, seed {}, {} s",
        options.database(),
        options.seed,
        options.length.as_secs()
    );
    if let Err(error) = run::run(&options, &folder).await {
        println!("The run broke off: {error:#}\nIts log: {}", folder.display());
        println!("0 passed, 1 failed");
        return Ok(ExitCode::FAILURE);
    }
    judge(&options, &folder)
}

/// Checks what a run has left, and says what there is to say. Without a failure the folder goes.
fn judge(options: &Options, folder: &Path) -> Result<ExitCode> {
    let record = Record::load(folder)?;
    let verdicts = check::check(&record);
    print!("{}", summary::text(options, &record, &verdicts));
    let failed = verdicts
        .iter()
        .filter(|verdict| !verdict.broken.is_empty())
        .count();
    if failed == 0 && !options.check {
        std::fs::remove_dir_all(folder).ok();
    } else if failed != 0 {
        println!(
            "Log: {} (again: cargo xtask chaos --seed {} --minutes {} --database {})",
            folder.display(),
            options.seed,
            options.length.as_secs() / 60,
            options.database()
        );
    }
    println!("{} passed, {failed} failed", verdicts.len() - failed);
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn a_run_is_chosen_by_words() {
        let options = parse("--seed 7 --minutes 30 --database mysql").unwrap();
        assert_eq!(
            (options.seed, options.length.as_secs(), options.has_server),
            (7, 1800, true)
        );
        assert!(parse("--check some/where").unwrap().check);
    }

    #[test]
    fn a_bad_word_is_refused() {
        assert_eq!(
            parse("--seed x").unwrap_err(),
            "--seed is \"x\": expected a whole number"
        );
        assert_eq!(
            parse("--database oracle").unwrap_err(),
            "--database is \"oracle\": expected sqlite or mysql"
        );
        assert!(parse("--minutes 0").unwrap_err().starts_with("--minutes is 0"));
        assert!(
            parse("faster")
                .unwrap_err()
                .starts_with("chaos does not know faster")
        );
    }
}
