//! Both real programs: how they start, find each other, survive being killed, and what other clients can do with them.

mod chat;
mod conformance;
mod ready;
mod settings;
