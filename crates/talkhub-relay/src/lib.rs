//! Talkhub's relay: admits connections by relay ID and token, stamps the sender, forwards. It keeps leases in memory and
//! nothing else: no disk, no database, no rule about people.

mod accept;
mod address;
mod caps;
mod client;
pub mod config;
mod connect;
mod event;
mod forward;
mod frames;
#[cfg(test)]
mod fuzz;
mod http;
mod internal;
mod limits;
mod line;
mod link;
pub mod log;
mod registry;
mod relay;
mod secret;
mod server;
mod sweep;
mod tasks;
mod way;

pub use config::Config;
pub use secret::Secret;
pub use server::{Running, StartError, run};
