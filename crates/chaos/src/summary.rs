//! What a run says at its end.

use crate::Options;
use crate::check::{Verdict, measure};
use crate::record::{Part, Record};
use std::fmt::Write;

pub(crate) fn text(options: &Options, record: &Record, verdicts: &[Verdict]) -> String {
    let measured = measure(record);
    let mut out = String::new();
    let mut line = |words: String| {
        writeln!(out, "  {words}").ok();
    };
    line(format!("seed                {}", options.seed));
    line(format!(
        "messages            {} written, {} acked ({} by HTTPS, {} by their row, {} had been passed on), {} refused",
        measured.written,
        measured.acked,
        measured.by_https,
        measured.by_row,
        measured.passed_on,
        measured.refused
    ));
    line(format!("losses              {}", measured.lost));
    line(format!(
        "longest pause       {:.1} s from writing to the tick",
        measured.longest_pause as f64 / 1000.0
    ));
    line(format!(
        "healed              {:.1} s after the last fault",
        measured.healed_after as f64 / 1000.0
    ));
    line(format!(
        "screens             {} stored lines shown, {} lives of devices, {} sign-outs",
        measured.shown, measured.lives, measured.signed_out
    ));
    line(format!(
        "blocks              {} stood for a while",
        measured.blocks
    ));
    let up = |part| measured.up.get(&part).copied().unwrap_or(100);
    line(format!(
        "up                  relay {} %, logic server {} %{}",
        up(Part::Relay),
        up(Part::LogicServer),
        match options.has_server {
            true => format!(", database {} %", up(Part::Database)),
            false => String::new(),
        }
    ));
    if 0 < measured.busy.0 {
        line(format!(
            "too busy            {} of {} s: nothing is said about times then",
            measured.busy.0, measured.busy.1
        ));
    }
    line(format!(
        "faults              {}",
        measured.faults.values().sum::<usize>()
    ));
    for (kind, count) in &measured.faults {
        line(format!("  {count:>4}  {kind}"));
    }
    for verdict in verdicts.iter().filter(|verdict| !verdict.broken.is_empty()) {
        line(format!(
            "BROKEN {} ({}): {} times",
            verdict.invariant, verdict.says, verdict.count
        ));
        for broken in &verdict.broken {
            line(format!("         {broken}"));
        }
    }
    out
}
