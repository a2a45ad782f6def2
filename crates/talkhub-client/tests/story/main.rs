//! Stories: people, what they do, what they see, over the whole router on a real database.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod accounts;
mod activity;
mod administrators;
mod app;
mod bad_input;
mod blocks;
mod commit;
mod contacts;
mod conversations;
mod data;
mod devices;
mod doors;
mod email;
mod following;
mod fuzz;
mod gone;
mod jobs;
mod leaving;
mod link;
mod mailbox;
mod matrix;
mod matrix_pages;
mod message_requests;
mod messages;
mod new_sign_in;
mod pages;
mod passed_on;
mod people;
mod phone;
mod presence;
mod privacy;
mod privacy_doors;
mod profile;
mod races;
mod refused;
mod reset;
mod router;
mod second_factor;
mod second_factor_bounds;
mod security;
mod setup;
mod shut_out;
mod status;
mod tokens;
