//! The load generator: starts both real programs, sends and receives as many people, prints the figures as tables.
//!
//! `cargo xtask bench` builds everything and calls it. Everything runs on this machine, over loopback alone.

mod crowd;
mod crowds;
mod figures;
mod idle;
mod load;
mod sockets;

use anyhow::{Context, Result, bail};
use end_to_end::Database;

/// What can be measured, in the order in which it is.
const SCENARIOS: [&str; 5] = ["idle", "messages", "sockets", "restart", "waves"];

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    scenarios: Vec<String>,
    senders: usize,
    /// Of `messages` 10 for each row, of `sockets` 300, if nothing is said.
    seconds: Option<u64>,
    /// How many messages each sender has on the way at once, one run for each.
    windows: Vec<usize>,
    sockets: usize,
    groups: usize,
    /// Messages each second, in all.
    rate: u64,
    clients: usize,
    waves: usize,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            scenarios: Vec::new(),
            senders: 64,
            seconds: None,
            windows: vec![1, 16],
            sockets: 5_000,
            groups: 50,
            rate: 200,
            clients: 1_000,
            waves: 10,
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "--senders" => options.senders = number(word, words.next())?,
                "--seconds" => options.seconds = Some(number(word, words.next())?),
                "--window" => options.windows = vec![number(word, words.next())?],
                "--sockets" => options.sockets = number(word, words.next())?,
                "--groups" => options.groups = number(word, words.next())?,
                "--rate" => options.rate = number(word, words.next())?,
                "--clients" => options.clients = number(word, words.next())?,
                "--waves" => options.waves = number(word, words.next())?,
                scenario if SCENARIOS.contains(&scenario) => options.scenarios.push(scenario.to_owned()),
                other => bail!(
                    "bench does not know {other}; it knows: {} --senders N --window N --seconds N --sockets N --groups N \
                     --rate N --clients N --waves N",
                    SCENARIOS.join(" ")
                ),
            }
        }
        if options.scenarios.is_empty() {
            options.scenarios = SCENARIOS.map(str::to_owned).to_vec();
        }
        Ok(options)
    }

    fn has(&self, scenario: &str) -> bool {
        self.scenarios.iter().any(|chosen| chosen == scenario)
    }
}

fn number<T: std::str::FromStr>(option: &str, value: Option<&str>) -> Result<T> {
    let number = value.and_then(|text| text.parse().ok());
    number.with_context(|| {
        format!(
            "{option} is {:?}: expected a whole number",
            value.unwrap_or_default()
        )
    })
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let options = Options::parse(&words)?;
    let mut databases = vec![("SQLite", None)];
    match std::env::var("TALKHUB_TEST_DATABASE_URL") {
        Ok(url) => databases.push(("MariaDB", Some(url))),
        Err(_) => eprintln!("TALKHUB_TEST_DATABASE_URL is not set: MariaDB is left out"),
    }
    println!("{}", figures::machine());
    let fresh = |url: &Option<String>| url.as_deref().map_or(Ok(Database::Sqlite), Database::fresh_mysql);
    if options.has("idle") {
        println!("\n{}", idle::HEAD);
        for (name, url) in &databases {
            println!("{}", idle::measure(name, || fresh(url)).await?);
        }
    }
    if options.has("messages") {
        println!("\n{}", load::HEAD);
        for (name, url) in &databases {
            for row in load::measure(name, fresh(url)?, &options).await? {
                println!("{row}");
            }
        }
    }
    if options.has("sockets") {
        println!("\n{}", sockets::HEAD);
        for (name, url) in &databases {
            println!("{}", sockets::measure(name, fresh(url)?, &options).await?);
        }
    }
    if options.has("restart") {
        println!("\n{}", crowds::RESTART_HEAD);
        for (name, url) in &databases {
            println!("{}", crowds::restart(name, fresh(url)?, &options).await?);
        }
    }
    if options.has("waves") {
        println!("\n{}", crowds::WAVES_HEAD);
        for (name, url) in &databases {
            println!("{}", crowds::waves(name, fresh(url)?, &options).await?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn without_words_everything_is_measured() {
        let options = parse("").unwrap();
        assert!(SCENARIOS.iter().all(|scenario| options.has(scenario)) && options.windows == [1, 16]);
        let options = parse("sockets --sockets 100 --seconds 5").unwrap();
        assert!(options.has("sockets") && !options.has("idle") && options.seconds == Some(5));
    }

    #[test]
    fn a_bad_word_is_refused() {
        assert_eq!(
            parse("--seconds soon").unwrap_err(),
            "--seconds is \"soon\": expected a whole number"
        );
        assert!(
            parse("quickly")
                .unwrap_err()
                .starts_with("bench does not know quickly")
        );
    }
}
