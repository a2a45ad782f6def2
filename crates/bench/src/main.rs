//! The load generator: starts both real programs, sends and receives as many people, prints the figures as tables.
//!
//! `cargo xtask bench` builds everything and calls it. Everything runs on this machine, over loopback alone.

mod figures;
mod idle;
mod load;

use anyhow::{Context, Result, bail};
use end_to_end::Database;

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    messages: bool,
    idle: bool,
    senders: usize,
    seconds: u64,
    /// How many messages each sender has on the way at once, one run for each.
    windows: Vec<usize>,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            messages: false,
            idle: false,
            senders: 64,
            seconds: 10,
            windows: vec![1, 16],
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "messages" => options.messages = true,
                "idle" => options.idle = true,
                "--senders" => options.senders = number(word, words.next())?,
                "--seconds" => options.seconds = number(word, words.next())?,
                "--window" => options.windows = vec![number(word, words.next())?],
                other => bail!(
                    "bench does not know {other}; it knows: messages idle --senders N --seconds N --window N"
                ),
            }
        }
        if !options.messages && !options.idle {
            (options.messages, options.idle) = (true, true);
        }
        Ok(options)
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
    if options.idle {
        println!("\n{}", idle::HEAD);
        for (name, url) in &databases {
            println!("{}", idle::measure(name, || fresh(url)).await?);
        }
    }
    if options.messages {
        println!("\n{}", load::HEAD);
        for (name, url) in &databases {
            for row in load::measure(name, fresh(url)?, &options).await? {
                println!("{row}");
            }
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
        assert!(options.messages && options.idle && options.windows == [1, 16]);
        assert!(!parse("idle").unwrap().messages);
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
