//! Stories of the relay over real sockets, with a logic server that is played by the tests.

mod conformance_engine;
mod conformance_socket;
mod connect;
mod events;
mod internal;
mod kit;
mod lifetime;
mod limits;
mod link;
mod load;
mod origin;
mod passing;
mod played;
mod polling;
mod program;
mod raw;
mod slow;
mod wire;
