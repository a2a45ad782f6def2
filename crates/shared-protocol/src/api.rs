//! What the JSON API under `/api/v1` answers and takes. Times are milliseconds since 1970 (UTC).

mod account;
mod contacts;
mod passed_on;
mod presence;
mod privacy;
mod profile;
mod signing_in;

pub use account::{Act, Activity, EmailAsked, EmailForm, ExportForm, ForgotForm, LeaveForm, ResetForm};
pub use contacts::{
    Blocks, Contact, ContactRequest, ContactRequestForm, ContactRequests, ContactState, Contacts, Relation,
};
pub use passed_on::{HandInForm, HandInResult, HandedIn, PassedOn};
pub use presence::{IdleForm, OnlinePeople, OnlinePerson, Presence, PresenceChoice, PresenceForm, Status};
pub use privacy::{Audience, Privacy, PrivacyForm};
pub use profile::{Me, Profile, ProfileForm};
pub use signing_in::{
    CodeForm, FactorForm, FactorSecret, ProofForm, RecoveryCodes, RefreshForm, SecondFactor, SecondStep,
    Session, Sessions, StepForm, TokenForm, Tokens,
};

use crate::{ConversationId, Group, MessageId, RelayId, UserId};
use serde::{Deserialize, Serialize};

/// What anybody may know of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Person {
    pub user_id: UserId,
    pub username: String,
    /// What to show; the username where no display name was chosen.
    pub display_name: String,
    /// 0 to 11: which of the twelve hues.
    pub avatar_color: u8,
    /// The relay's opaque word for this person: `from.subject` of what their clients send.
    pub subject: Group,
    /// The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub avatar: Option<String>,
}

/// Which colours the page takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Theme {
    /// Talkhub's own: deep water at night.
    #[default]
    Dark,
    Light,
    /// As the system says.
    System,
}

/// A stored message: one row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Message {
    pub conversation: ConversationId,
    /// Its place: 1, 2, 3 … within the conversation, without gaps.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seq: i64,
    /// The conversation's `rev` at this message's last change.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
    /// The sender's own name for it.
    pub id: MessageId,
    pub sender: Person,
    /// `text` for now; receivers show unknown ones as "needs a newer version".
    #[serde(rename = "type")]
    pub kind: String,
    pub body: String,
    /// When it was stored. Never falls within a conversation.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: i64,
    /// When the relay passed it on, if that was earlier than `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub sent_at: Option<i64>,
}

/// What a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ConversationKind {
    /// Two people; or one: notes to oneself.
    Private,
    Room,
}

/// One member of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Member {
    #[serde(flatten)]
    pub person: Person,
    /// The highest seq that they have read.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub read: i64,
    pub online: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub last_seen: Option<i64>,
}

/// Where a conversation stands for one of its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ConversationState {
    /// In the list.
    #[default]
    Open,
    /// A stranger has begun it and waits to be let in: apart from the list and its badge.
    Request,
    /// A stranger has begun it, and there is nothing new in it: shown nowhere.
    Hidden,
}

/// A conversation as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// For the caller alone.
    #[serde(default)]
    pub state: ConversationState,
    /// Its address at the relay.
    pub group: Group,
    /// Whether its members see each other type: where not, a page neither sends nor shows it.
    #[serde(default = "yes")]
    pub typing: bool,
    /// Both people of a private conversation (one for notes to oneself), oneself among them.
    pub members: Vec<Member>,
    /// The last message's seq; 0 when nothing was written yet.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seq: i64,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
    /// The caller's own read mark.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub read: i64,
    /// Others' messages after the mark; 1000 stands for "more than 999".
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub unread: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub last_message: Option<Message>,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: i64,
}

/// `GET /conversations`: newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Conversations {
    pub conversations: Vec<Conversation>,
    /// The caller's own `rev`, of the same snapshot.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
    pub history_id: String,
}

/// One line of `GET /conversations/heads`: `[conversation, rev, read, unread]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Head(
    pub ConversationId,
    #[cfg_attr(feature = "ts", ts(type = "number"))] pub i64,
    #[cfg_attr(feature = "ts", ts(type = "number"))] pub i64,
    #[cfg_attr(feature = "ts", ts(type = "number"))] pub i64,
);

/// `GET /conversations/heads`, with an ETag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Heads {
    pub heads: Vec<Head>,
    /// The caller's own `rev`.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
    pub history_id: String,
}

/// `GET /conversations/{id}/messages?before=&after=&limit=`: by seq, oldest first within a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MessagePage {
    pub messages: Vec<Message>,
    /// The other members' read marks, for ticks.
    pub marks: Vec<Mark>,
    /// The conversation's `rev` in the same snapshot: from here `changes?after=` goes on.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: i64,
    pub history_id: String,
}

/// Up to where a member has read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Mark {
    pub user_id: UserId,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub read: i64,
}

/// `GET /conversations/{id}/changes?after=`: rows in `rev` order, in their present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Changes {
    pub messages: Vec<Message>,
    pub marks: Vec<Mark>,
    /// Only on the last page: the cursor may be lifted to here (same snapshot as the rows).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub upto: Option<i64>,
    /// The history does not reach back to `after`, or over 2,000 rows have changed: load afresh.
    pub too_far: bool,
    pub history_id: String,
}

/// `GET /me/changes?after=`: what is the caller's alone and has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MyChanges {
    pub me: Option<Me>,
    pub conversations: Vec<Conversation>,
    /// People between whom and the caller something has changed: as it is now.
    #[serde(default)]
    pub relations: Vec<Relation>,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub upto: i64,
    pub history_id: String,
}

/// `POST /conversations/{id}/messages`: the same id gives the same answer, any number of times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SendForm {
    pub id: MessageId,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub prev: Option<MessageId>,
}

/// The answer to a message that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Committed {
    pub message: Message,
    pub history_id: String,
}

/// `PUT /conversations/{id}/read`; the answer is the present mark and badge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReadForm {
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub read: i64,
}

/// The caller's own mark and badge after `PUT …/read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReadMark {
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub read: i64,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub unread: i64,
}

/// `POST /relay-ids`: what a tab needs to connect to the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RelayTicket {
    /// Base URL of the relay for browsers, such as `http://127.0.0.1:5050`.
    pub relay_url: String,
    pub relay_id: RelayId,
    pub token: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub lease_s: u64,
}

/// `GET /users?query=`: at most 20, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct People {
    pub users: Vec<Relation>,
}

/// `POST /accounts`. Fields that are not the caller's to set are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RegisterForm {
    pub username: String,
    pub email: String,
    #[serde(default)]
    pub display_name: String,
    /// Empty: the server picks a free one.
    #[serde(default)]
    pub user_id: String,
    pub password: String,
    pub password_again: String,
}

/// `POST /sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LoginForm {
    /// Username, e-mail or user ID.
    pub name: String,
    pub password: String,
    #[serde(default)]
    pub keep: bool,
}

/// `PUT /me/password`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasswordForm {
    pub current: String,
    pub password: String,
    pub password_again: String,
    /// Sign out every other browser and device.
    #[serde(default)]
    pub end_others: bool,
}

/// `GET /free-user-ids`: an offered one; `GET /free-user-ids/{user ID}`: whether that one is free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FreeUserId {
    pub user_id: UserId,
    pub free: bool,
}

/// The data island in the page `/`: what the UI needs before its first request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Island {
    pub me: Me,
    /// The server's clock when the page was made.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub now: i64,
    /// The language of the words, such as `en`.
    pub language: String,
    /// After so many seconds without a key or pointer the page says that nobody uses it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub idle_after_s: u64,
}

fn yes() -> bool {
    true
}
