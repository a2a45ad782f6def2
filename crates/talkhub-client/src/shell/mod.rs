//! Where everything is put together: doors, link, background work, start and stop.

pub mod assets;
pub mod cli;
mod comings;
pub mod demo;
mod guard;
mod health;
pub mod jobs;
mod link;
mod operator;
pub mod router;
mod run;

pub use run::{StartError, open_database, run};
