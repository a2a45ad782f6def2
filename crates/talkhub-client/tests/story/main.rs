//! Stories: people, what they do, what they see, over the whole router on a real database.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod accounts;
mod app;
mod commit;
mod conversations;
mod data;
mod doors;
mod fuzz;
mod jobs;
mod link;
mod messages;
mod pages;
mod passed_on;
mod people;
mod presence;
mod refused;
