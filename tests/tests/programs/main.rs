//! Both real programs: how they start, find each other, survive being killed, and what other clients can do with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod away;
mod chat;
mod clock;
mod commands;
mod conformance;
mod database_line;
mod deadlock;
mod delivery;
mod fail_points;
mod faults_clients;
mod faults_mariadb;
mod faults_processes;
mod faults_sqlite;
mod leaving;
mod live;
mod model;
mod reader;
mod ready;
mod rubbish;
mod secrets;
mod settings;
mod sign_ins;
mod writing;
