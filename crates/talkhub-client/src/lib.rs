//! The logic server: accounts, pages, rules, history. `main` reads the settings and calls [`shell::run`].

pub mod accounts;
pub mod contacts;
pub mod conversations;
#[cfg(test)]
mod fuzz;
pub mod messages;
pub mod platform;
pub mod presence;
pub mod shell;
