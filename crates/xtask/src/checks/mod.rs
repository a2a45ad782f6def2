//! `test`: everything that is checked, in parts. The last line is exactly `N passed, N failed`.

mod built;
mod parts;
mod summary;

use crate::stop;
use anyhow::{Result, bail};
use parts::{Kit, Part};
use std::process::ExitCode;
use std::time::Instant;
pub(crate) use summary::Tally;

/// Runs the named parts, or all of them, in the order that fails early and builds little twice.
pub(crate) fn test(names: &[&str]) -> Result<ExitCode> {
    let wanted = choose(names)?;
    let mut kit = Kit::new(&wanted)?;
    let mut sum = Tally::default();
    let mut failed = Vec::new();
    for part in wanted {
        let tally = carry_out(part, &mut kit);
        if 0 < tally.failed {
            failed.push(part.name());
        }
        sum.add(tally);
    }
    if !failed.is_empty() {
        println!(
            "\nFailed: {}. One part alone: cargo xtask test {}",
            failed.join(", "),
            failed[0]
        );
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn choose(names: &[&str]) -> Result<Vec<Part>> {
    if let Some(unknown) = names
        .iter()
        .find(|name| Part::ALL.iter().all(|part| part.name() != **name))
    {
        let known: Vec<&str> = Part::ALL.iter().map(|part| part.name()).collect();
        bail!("test has no part {unknown:?}; the parts are: {}", known.join(" "));
    }
    let named = |part: &Part| names.is_empty() || names.contains(&part.name());
    Ok(Part::ALL.into_iter().filter(named).collect())
}

/// One part, from its title to its time. A part that cannot run has failed once.
fn carry_out(part: Part, kit: &mut Kit) -> Tally {
    println!("\n── {}: {}", part.name(), part.purpose());
    let start = Instant::now();
    let tally = if stop::asked() {
        println!("   did not run: stopped");
        Tally::failure()
    } else {
        part.run(kit).unwrap_or_else(|error| {
            println!("{error:#}");
            Tally::failure()
        })
    };
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "   {} passed, {} failed, {seconds:.1} s",
        tally.passed, tally.failed
    );
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_run_in_their_own_order() {
        assert_eq!(choose(&["lint", "fmt"]).unwrap(), [Part::Fmt, Part::Lint]);
        assert_eq!(choose(&[]).unwrap(), Part::ALL);
    }

    #[test]
    fn an_unknown_part_is_refused_with_the_known_ones() {
        let error = choose(&["fmt", "speed"]).unwrap_err().to_string();
        assert!(
            error.starts_with("test has no part \"speed\"; the parts are: fmt "),
            "{error}"
        );
    }
}
