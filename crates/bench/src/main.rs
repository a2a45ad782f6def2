//! The load generator: starts both real programs, sends and receives as many people, prints a table.

fn main() {}
