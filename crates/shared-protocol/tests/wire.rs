//! The golden samples of `wire/`: each is what its type reads and writes. The page's tests read the same files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared_protocol::{Ack, ClientFrame, Event, Problem, RelayFrame, ServerFrame, api, envelope, internal};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Reads a sample as the type that its name stands for and writes it again.
type Again = fn(&Value) -> serde_json::Result<Value>;

fn again<T: DeserializeOwned + Serialize>(sample: &Value) -> serde_json::Result<Value> {
    serde_json::to_value(T::deserialize(sample)?)
}

/// Which type a sample is of: by the longest of these that its name starts with.
const TYPES: [(&str, Again); 69] = [
    ("ack", again::<Ack>),
    ("api.blocks", again::<api::Blocks>),
    ("api.changes", again::<api::Changes>),
    ("api.committed", again::<api::Committed>),
    ("api.contact_requests", again::<api::ContactRequests>),
    ("api.contacts", again::<api::Contacts>),
    ("api.conversation", again::<api::Conversation>),
    ("api.conversations", again::<api::Conversations>),
    ("api.free_user_id", again::<api::FreeUserId>),
    ("api.handed_in", again::<api::HandedIn>),
    ("api.heads", again::<api::Heads>),
    ("api.island", again::<api::Island>),
    ("api.me", again::<api::Me>),
    ("api.message_page", again::<api::MessagePage>),
    ("api.my_changes", again::<api::MyChanges>),
    ("api.online_people", again::<api::OnlinePeople>),
    ("api.people", again::<api::People>),
    ("api.person", again::<api::Person>),
    ("api.privacy", again::<api::Privacy>),
    ("api.profile", again::<api::Profile>),
    ("api.read_mark", again::<api::ReadMark>),
    ("api.relation", again::<api::Relation>),
    ("api.relay_ticket", again::<api::RelayTicket>),
    ("auth", again::<envelope::Auth>),
    ("delivery", again::<envelope::Delivery>),
    ("event", again::<Event>),
    ("form.code", again::<api::CodeForm>),
    ("form.contact_request", again::<api::ContactRequestForm>),
    ("form.email", again::<api::EmailForm>),
    ("form.export", again::<api::ExportForm>),
    ("form.factor", again::<api::FactorForm>),
    ("form.forgot", again::<api::ForgotForm>),
    ("form.hand_in", again::<api::HandInForm>),
    ("form.idle", again::<api::IdleForm>),
    ("form.leave", again::<api::LeaveForm>),
    ("form.login", again::<api::LoginForm>),
    ("form.password", again::<api::PasswordForm>),
    ("form.presence", again::<api::PresenceForm>),
    ("form.privacy", again::<api::PrivacyForm>),
    ("form.profile", again::<api::ProfileForm>),
    ("form.proof", again::<api::ProofForm>),
    ("form.read", again::<api::ReadForm>),
    ("form.refresh", again::<api::RefreshForm>),
    ("form.register", again::<api::RegisterForm>),
    ("form.reset", again::<api::ResetForm>),
    ("form.send", again::<api::SendForm>),
    ("form.step", again::<api::StepForm>),
    ("form.token", again::<api::TokenForm>),
    ("frame.client", again::<ClientFrame>),
    ("frame.relay", again::<RelayFrame>),
    ("frame.server", again::<ServerFrame>),
    ("internal.booted", again::<internal::Booted>),
    ("internal.connected", again::<internal::Connected>),
    ("internal.forward", again::<internal::Forward>),
    ("internal.group_changes", again::<internal::GroupChanges>),
    ("internal.registered", again::<internal::Registered>),
    ("internal.registration", again::<internal::Registration>),
    ("internal.registration_set", again::<internal::RegistrationSet>),
    ("link.down", again::<internal::Down>),
    ("link.up", again::<internal::Up>),
    ("problem", again::<Problem>),
    ("program.activity", again::<api::Activity>),
    ("program.email_asked", again::<api::EmailAsked>),
    ("program.factor_secret", again::<api::FactorSecret>),
    ("program.recovery_codes", again::<api::RecoveryCodes>),
    ("program.second_factor", again::<api::SecondFactor>),
    ("program.second_step", again::<api::SecondStep>),
    ("program.sessions", again::<api::Sessions>),
    ("program.tokens", again::<api::Tokens>),
];

fn samples() -> BTreeMap<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("wire");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        (
            name,
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

fn type_of(name: &str) -> (&'static str, Again) {
    let fits =
        |start: &str| name == start || name.strip_prefix(start).is_some_and(|rest| rest.starts_with('.'));
    let found = TYPES
        .iter()
        .filter(|(start, _)| fits(start))
        .max_by_key(|(start, _)| start.len());
    *found.unwrap_or_else(|| panic!("{name}.json: name it after a type in TYPES, or add its type there"))
}

#[test]
fn every_sample_is_read_and_written_as_it_stands() {
    for (name, sample) in samples() {
        let (_, again) = type_of(&name);
        let written = again(&sample).unwrap_or_else(|error| panic!("{name}.json: {error}"));
        assert_eq!(written, sample, "{name}.json");
    }
}

#[test]
fn every_type_has_a_sample() {
    let seen: Vec<&str> = samples().keys().map(|name| type_of(name).0).collect();
    for (start, _) in TYPES {
        assert!(seen.contains(&start), "add wire/{start}.json");
    }
}

/// The kinds that the samples of these types show, by the field that tells them apart.
fn kinds(start: &str, tag: &str) -> Vec<String> {
    let all = samples();
    let mut kinds: Vec<String> = all
        .iter()
        .filter(|(name, _)| type_of(name).0 == start)
        .filter_map(|(_, sample)| Some(sample.get(tag)?.as_str()?.to_owned()))
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Serde names every kind it knows when it meets one that it does not: so a new kind without a sample is noticed here.
#[test]
fn every_kind_has_a_sample_and_an_unknown_one_is_an_error_that_can_be_skipped() {
    let tagged = [
        ("frame.client", "kind"),
        ("frame.server", "kind"),
        ("frame.relay", "kind"),
        ("ack", "status"),
        ("link.up", "kind"),
        ("link.down", "kind"),
    ];
    for (start, tag) in tagged {
        let (_, again) = type_of(start);
        let error = again(&json!({ (tag): "from_the_future" }))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("unknown variant `from_the_future`"),
            "{start}: {error}"
        );
        let mut known: Vec<String> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        known.sort();
        assert_eq!(kinds(start, tag), known, "{start}: one sample for each kind");
    }
}

#[test]
fn unknown_fields_are_ignored() {
    for (name, sample) in samples() {
        let Some(fields) = sample.as_object() else {
            continue;
        };
        let mut more: Map<String, Value> = fields.clone();
        more.insert("added_later".into(), json!({ "deep": [1, null] }));
        let (_, again) = type_of(&name);
        let written = again(&Value::Object(more)).unwrap_or_else(|error| panic!("{name}.json: {error}"));
        assert_eq!(written, sample, "{name}.json with a field that nobody knows");
    }
}

/// A frame is a string within its envelope: the sample's must be a frame itself.
#[test]
fn frames_within_envelopes_are_frames() {
    for (name, sample) in samples() {
        let field = if name.starts_with("internal.registration") {
            "hello"
        } else {
            "frame"
        };
        let Some(text) = sample.get(field).and_then(Value::as_str) else {
            continue;
        };
        let frame: Value = serde_json::from_str(text).unwrap();
        let good = [
            type_of("frame.client").1,
            type_of("frame.server").1,
            type_of("frame.relay").1,
        ];
        assert!(
            good.iter()
                .any(|again| again(&frame).is_ok_and(|written| written == frame)),
            "{name}.json: {text}"
        );
    }
}

#[test]
fn a_bad_id_dies_at_the_door() {
    for (name, field, bad) in [
        ("api.person", "user_id", "0123456789"),
        ("form.send", "id", "550e8400-e29b-41d4-a716-446655440000"),
        ("auth", "relay_id", "short"),
        ("frame.server.read", "conversation", "-7"),
    ] {
        let mut sample = samples().remove(name).unwrap();
        sample[field] = json!(bad);
        let (_, again) = type_of(name);
        assert!(again(&sample).is_err(), "{name}.json with {field} {bad:?}");
    }
}
