//! Stories: people, what they do, what they see, over the whole router on a real database.

mod accounts;
mod app;
mod commit;
mod conversations;
mod doors;
mod messages;
mod pages;
mod presence;
