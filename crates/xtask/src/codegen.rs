//! `codegen`: the TypeScript types of the wire, from `shared-protocol` into one file of the UI.

use crate::place;
use anyhow::{Context, Result, bail};
use shared_protocol::{api, envelope, frame, ids, problem, request_id};
use std::fs;
use std::path::PathBuf;
use ts_rs::{Config, TS};

const HEADER: &str = "\
// What goes over the wire, as types: made by `cargo xtask codegen` from crates/shared-protocol; do not edit.
";

/// Writes the file if it would change.
pub(crate) fn write() -> Result<()> {
    let (path, text) = (path(), render());
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        println!("{} is fresh.", path.display());
        return Ok(());
    }
    let folder = path.parent().expect("the file stands in a folder");
    fs::create_dir_all(folder)?;
    fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
    println!("Wrote {}.", path.display());
    Ok(())
}

/// An error that says what to do when the committed file is not what `write` would write.
pub(crate) fn check() -> Result<()> {
    match fs::read_to_string(path()).is_ok_and(|old| old == render()) {
        true => Ok(()),
        false => bail!(
            "{} is stale: run `cargo xtask codegen` and commit it",
            path().display()
        ),
    }
}

fn path() -> PathBuf {
    place::ui().join("src/relay/wire.gen.std.ts")
}

/// The whole file. Every type that derives `TS` stands in one of the lists; a test compares them with the sources.
fn render() -> String {
    let mut text = String::from(HEADER);
    let config = Config::new();
    for declaration in ids(&config).into_iter().chain(live(&config)).chain(rest(&config)) {
        text.push('\n');
        text.push_str(&declaration);
    }
    // ts-rs leaves spaces at the ends of lines.
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// One exported type with its doc comment.
fn declare<T: TS + 'static>(config: &Config) -> String {
    format!("{}export {}\n", T::docs().unwrap_or_default(), T::decl(config))
}

fn ids(config: &Config) -> Vec<String> {
    vec![
        declare::<ids::UserId>(config),
        declare::<ids::ConversationId>(config),
        declare::<ids::MessageId>(config),
        declare::<ids::RelayId>(config),
        declare::<ids::Group>(config),
        declare::<request_id::RequestId>(config),
    ]
}

fn live(config: &Config) -> Vec<String> {
    vec![
        declare::<envelope::Class>(config),
        declare::<envelope::Event>(config),
        declare::<envelope::Stamp>(config),
        declare::<envelope::Origin>(config),
        declare::<envelope::From>(config),
        declare::<envelope::Delivery>(config),
        declare::<envelope::Ack>(config),
        declare::<envelope::Auth>(config),
        declare::<envelope::ConnectRefusal>(config),
        declare::<frame::ClientFrame>(config),
        declare::<frame::ServerFrame>(config),
        declare::<frame::RelayFrame>(config),
    ]
}

fn rest(config: &Config) -> Vec<String> {
    vec![
        declare::<problem::FieldError>(config),
        declare::<problem::Problem>(config),
        declare::<api::Person>(config),
        declare::<api::Me>(config),
        declare::<api::Theme>(config),
        declare::<api::Presence>(config),
        declare::<api::Status>(config),
        declare::<api::Audience>(config),
        declare::<api::Privacy>(config),
        declare::<api::PrivacyForm>(config),
        declare::<api::PresenceChoice>(config),
        declare::<api::PresenceForm>(config),
        declare::<api::IdleForm>(config),
        declare::<api::OnlinePerson>(config),
        declare::<api::OnlinePeople>(config),
        declare::<api::Message>(config),
        declare::<api::ConversationKind>(config),
        declare::<api::ConversationState>(config),
        declare::<api::Member>(config),
        declare::<api::Conversation>(config),
        declare::<api::Conversations>(config),
        declare::<api::Head>(config),
        declare::<api::Heads>(config),
        declare::<api::MessagePage>(config),
        declare::<api::Mark>(config),
        declare::<api::Changes>(config),
        declare::<api::MyChanges>(config),
        declare::<api::SendForm>(config),
        declare::<api::Committed>(config),
        declare::<api::HandInForm>(config),
        declare::<api::PassedOn>(config),
        declare::<api::HandedIn>(config),
        declare::<api::HandInResult>(config),
        declare::<api::ReadForm>(config),
        declare::<api::ReadMark>(config),
        declare::<api::RelayTicket>(config),
        declare::<api::ContactState>(config),
        declare::<api::ContactRequest>(config),
        declare::<api::Relation>(config),
        declare::<api::ContactRequestForm>(config),
        declare::<api::ContactRequests>(config),
        declare::<api::Contact>(config),
        declare::<api::Contacts>(config),
        declare::<api::Blocks>(config),
        declare::<api::People>(config),
        declare::<api::Profile>(config),
        declare::<api::RegisterForm>(config),
        declare::<api::LoginForm>(config),
        declare::<api::ProfileForm>(config),
        declare::<api::PasswordForm>(config),
        declare::<api::FreeUserId>(config),
        declare::<api::Island>(config),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names after `derive(ts_rs::TS)` in one source file.
    fn derived(source: &str) -> Vec<String> {
        let parts = source.split("ts_rs::TS").skip(1);
        let item = |part: &str| {
            let words: Vec<&str> = part.split_whitespace().collect();
            let after = words.iter().position(|word| matches!(*word, "struct" | "enum"))? + 1;
            let end = |c: char| !c.is_alphanumeric();
            Some(words.get(after)?.split(end).next()?.to_owned())
        };
        parts.filter_map(item).collect()
    }

    #[test]
    fn every_type_of_the_wire_is_written() {
        let text = render();
        let sources = place::root().join("crates/shared-protocol/src");
        let mut count = 0;
        // The folder itself, and the parts of `api`.
        let folders = [sources.clone(), sources.join("api")];
        let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let paths = entries.map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| path.is_file()) {
            let source = fs::read_to_string(path).unwrap();
            for name in derived(&source) {
                count += 1;
                assert!(
                    text.contains(&format!("export type {name} =")),
                    "add {name} to a list in codegen.rs"
                );
            }
        }
        assert!(
            40 < count,
            "only {count} types were found: has the form of the derive changed?"
        );
    }

    #[test]
    fn it_is_the_same_every_time() {
        assert_eq!(render(), render());
        assert!(
            !render().contains("bigint"),
            "numbers of the wire are plain numbers: add #[ts(type = \"number\")]"
        );
    }

    #[test]
    fn a_derive_is_found_with_its_name() {
        let source = "#[cfg_attr(feature = \"ts\", derive(ts_rs::TS))]\npub struct Head(\n pub i64);";
        assert_eq!(derived(source), ["Head"]);
    }
}
