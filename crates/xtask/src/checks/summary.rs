//! Counting: what the test runners say at their end, as numbers.

/// How many went well and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    pub(crate) fn success() -> Self {
        Self { passed: 1, failed: 0 }
    }

    pub(crate) fn failure() -> Self {
        Self { passed: 0, failed: 1 }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// What a runner said, and whether it ended well. A runner that failed without a failed test (a crash, no summary)
    /// counts as one failure, and so does one that ran nothing at all: a check that cannot fail proves nothing.
    pub(crate) fn of_runner(counted: Option<Self>, ended_well: bool) -> Self {
        match counted {
            Some(tally) if ended_well || 0 < tally.failed => tally,
            Some(tally) => Self { failed: 1, ..tally },
            None => Self::failure(),
        }
    }
}

/// Rust's own runner: `test result: ok. 5 passed; 0 failed; 1 ignored; …`. An ignored test did not run: a failure.
pub(crate) fn rust(said: &str) -> Option<Tally> {
    let line = said.lines().rfind(|line| line.starts_with("test result: "))?;
    let count = |word: &str| number_before(line, word, &['.', ';']);
    let failed = count("failed")? + count("ignored")?;
    Some(Tally {
        passed: count("passed")?,
        failed,
    })
}

/// Vitest: `Tests  1 failed | 11 passed | 2 skipped (14)`. Skipped ones did not run: failures.
pub(crate) fn vitest(said: &str) -> Option<Tally> {
    let line = said
        .lines()
        .rfind(|line| line.trim_start().starts_with("Tests "))?;
    let (counts, _) = line.trim_start().strip_prefix("Tests")?.split_once('(')?;
    let mut tally = Tally::default();
    for part in counts.split('|') {
        let (number, word) = part.trim().split_once(' ')?;
        let number = number.parse::<u64>().ok()?;
        match word.trim() {
            "passed" => tally.passed += number,
            _ => tally.failed += number,
        }
    }
    Some(tally)
}

/// Our own runners: the last line is `N passed, N failed`, maybe after the runner's name and a colon.
pub(crate) fn ours(said: &str) -> Option<Tally> {
    let line = said.lines().rfind(|line| !line.trim().is_empty())?;
    let counts = line.rsplit_once(": ").map_or(line, |(_, counts)| counts);
    let (passed, failed) = counts.trim().split_once(", ")?;
    let number = |text: &str, word: &str| text.strip_suffix(word)?.trim().parse().ok();
    Some(Tally {
        passed: number(passed, "passed")?,
        failed: number(failed, "failed")?,
    })
}

/// The number right before `word` in a line of counts.
fn number_before(line: &str, word: &str, between: &[char]) -> Option<u64> {
    let part = line.split(between).find(|part| part.trim_end().ends_with(word))?;
    part.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(passed: u64, failed: u64) -> Option<Tally> {
        Some(Tally { passed, failed })
    }

    #[test]
    fn rust_tests_are_counted() {
        let said = "running 2 tests\ntest a ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.01s\n";
        assert_eq!(rust(said), counted(2, 0));
        let said = "test result: FAILED. 7 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.2s";
        assert_eq!(rust(said), counted(7, 3));
        assert_eq!(rust("thread 'main' panicked"), None);
    }

    #[test]
    fn vitest_is_counted() {
        let said = " Test Files  2 passed (2)\n      Tests  11 passed (11)\n   Start at  10:00:00\n";
        assert_eq!(vitest(said), counted(11, 0));
        assert_eq!(
            vitest("  Tests  1 failed | 11 passed | 2 skipped (14)"),
            counted(11, 3)
        );
        assert_eq!(vitest("No test files found"), None);
    }

    #[test]
    fn our_own_runners_are_counted() {
        assert_eq!(
            ours("ok one\nnot ok two\n\n12 passed, 1 failed\n"),
            counted(12, 1)
        );
        assert_eq!(ours("browser: 3 passed, 0 failed\n"), counted(3, 0));
        assert_eq!(ours("12 passed"), None);
        assert_eq!(ours(""), None);
    }

    #[test]
    fn a_runner_that_dies_has_failed() {
        assert_eq!(Tally::of_runner(None, true), Tally::failure());
        assert_eq!(
            Tally::of_runner(counted(3, 0), false),
            Tally { passed: 3, failed: 1 }
        );
        assert_eq!(
            Tally::of_runner(counted(3, 2), false),
            Tally { passed: 3, failed: 2 }
        );
        assert_eq!(
            Tally::of_runner(counted(0, 0), true),
            Tally { passed: 0, failed: 0 }
        );
    }
}
