//! What every slice stands on. Imports no slice.

pub mod app;
pub mod audit;
pub mod blobs;
pub mod client_address;
pub mod clock;
pub mod config;
pub mod dates;
pub mod db;
#[cfg(feature = "chaos")]
pub mod fail_point;
pub mod hashing;
pub mod images;
pub mod jobs;
pub mod json;
pub mod keys;
pub mod limits;
pub mod live;
pub mod mail;
pub mod page;
pub mod problem;
pub mod relay;
pub mod routes;
pub mod secret;
pub mod tasks;
pub mod upload;
pub mod words;
