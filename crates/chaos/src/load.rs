//! How busy the machine is: on one that has far too much to do nothing can be said about how long things take.

use crate::log::Log;
use crate::record::What;
use std::time::Duration;

const SAMPLES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// Says so every second, for ever. Where the system does not tell, nothing is said.
pub(crate) async fn watch(log: &Log) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    loop {
        let mut sum = 0.0;
        for _ in 0..SAMPLES {
            tokio::time::sleep(PAUSE).await;
            sum += running().unwrap_or_default();
        }
        let tasks = sum / f64::from(SAMPLES);
        log.say(What::Load { tasks, cores });
    }
}

/// How many tasks run or want to, now: before the slash in the fourth word.
fn running() -> Option<f64> {
    parse(&std::fs::read_to_string("/proc/loadavg").ok()?)
}

fn parse(text: &str) -> Option<f64> {
    text.split_whitespace().nth(3)?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tasks_that_want_a_core_are_read() {
        assert_eq!(parse("13.56 11.36 9.64 7/1180 23456\n"), Some(7.0));
        assert_eq!(parse(""), None);
    }
}
