// What goes over the wire, as types: made by `cargo xtask codegen` from crates/shared-protocol; do not edit.

/**
 * A person's number: exactly ten digits, the first not 0. Unique for ever.
 */
export type UserId = string & { readonly brand: "UserId" };

/**
 * A conversation (private or room): a positive number, made by the logic server.
 */
export type ConversationId = string & { readonly brand: "ConversationId" };

/**
 * What the sender calls a message: a UUIDv7 (RFC 9562) made once, kept for ever. Identity only, never order or time.
 */
export type MessageId = string & { readonly brand: "MessageId" };

/**
 * The address of one connected tab or device at the relay: 128 random bits, base64url (22 characters).
 */
export type RelayId = string & { readonly brand: "RelayId" };

/**
 * An address at the relay that stands for several relay IDs: same form as a relay ID.
 */
export type Group = string & { readonly brand: "Group" };

/**
 * A contact request: a positive number, made by the logic server.
 */
export type RequestId = string & { readonly brand: "RequestId" };

/**
 * How an event is treated.
 */
export type Class = "durable" | "ephemeral";

/**
 * What a client emits: `private_message {to, id, class, frame, prev?}` with an ack callback.
 */
export type Event = {
/**
 * A group that the sender is in; an ephemeral event may also name a relay ID that shares a group.
 */
to: string,
/**
 * The sender's own name for the event; a UUIDv7. Acks and repeats go by it.
 */
id: string, class: Class,
/**
 * Opaque to the relay, passed on byte for byte: a JSON string of at most 48 KiB, itself the JSON of a frame.
 */
frame: string,
/**
 * This device's previous durable event to the same group that it still keeps, settled or not.
 */
prev?: string,
/**
 * What an earlier `passed_on` gave for this id.
 */
receipt?: string, };

/**
 * Who speaks: stamped by the relay from the connection; no payload can change it.
 */
export type Stamp = { relay_id: RelayId,
/**
 * Opaque word for the person, given at registration.
 */
subject: string, };

/**
 * Where a received envelope comes from.
 */
export type Origin = "server" | "relay";

/**
 * `from` of a received envelope: `"server"`, `"relay"`, or the stamp of another client.
 */
export type From = Origin | Stamp;

/**
 * What a client receives as `private_message`.
 */
export type Delivery = { from: From,
/**
 * The group or relay ID it was sent to.
 */
to: string, class: Class,
/**
 * The JSON of a [`crate::ServerFrame`], a [`crate::RelayFrame`] or, from a client, a [`crate::ClientFrame`].
 */
frame: string,
/**
 * The sender's id of an event that comes from a client.
 */
id?: string,
/**
 * Milliseconds since 1970 by the relay's clock: when an event from a client was passed on.
 */
at?: number,
/**
 * A durable event that nobody has stored yet: no logic server was there. Its rules have not been asked.
 */
unsaved?: boolean,
/**
 * Of an unsaved one: what lets any receiver hand it in for a sender who has gone (see [`crate::receipt`]).
 */
receipt?: string,
/**
 * Of an unsaved one: `prev` of the event.
 */
prev?: string, };

/**
 * The relay's answer to an event.
 */
export type Ack = { "status": "stored", seq: number, rev: number, at: number, history_id: string, } | { "status": "passed_on",
/**
 * The relay's time, which the receipt proves.
 */
at: number, receipt: string, } | { "status": "forwarded" } | { "status": "refused", problem: Problem, } | { "status": "busy", retry_after_ms: number, };

/**
 * `auth` of a Socket.IO CONNECT packet.
 */
export type Auth = { relay_id: RelayId, token: string, };

/**
 * Why the relay refuses a connection: exactly the message of the `connect_error`.
 */
export type ConnectRefusal = "unregistered" | "bad_token" | "expired" | "starting" | "busy";

/**
 * Made by a client's codec. Durable ones go to the logic server, ephemeral ones to the other members.
 */
export type ClientFrame = { "kind": "message", body: string, } | { "kind": "typing", conversation: ConversationId, on: boolean, };

/**
 * Made by the logic server (`from: "server"`). A frame may get lost; the row is the truth.
 */
export type ServerFrame = { "kind": "hello", user: Person, relay_id: RelayId, history_id: string, } | { "kind": "message", message: Message, history_id: string, } | { "kind": "beat", every_s: number, } | { "kind": "not_saved", conversation: ConversationId, user_id: UserId, id: MessageId, } | { "kind": "read", conversation: ConversationId, user_id: UserId, read: number, } | { "kind": "presence", conversation: ConversationId, people: Array<Presence>, } | { "kind": "person", rev: number, history_id: string, } | { "kind": "signed_in",
/**
 * In a few words, such as "Firefox, Linux".
 */
device: string, address: string, at: number,
/**
 * Nobody has signed in from there as this person before.
 */
new_device: boolean, } | { "kind": "profile", user: Person, };

/**
 * Made by the relay itself (`from: "relay"`).
 */
export type RelayFrame = { "kind": "look" } | { "kind": "replaced" } | { "kind": "revoked" } | { "kind": "stopping" };

/**
 * One field of a form and what is wrong with it.
 */
export type FieldError = { field: string,
/**
 * A sentence for people: what is wrong and what is allowed.
 */
message: string, };

/**
 * `application/problem+json` (RFC 9457), also inside acks.
 */
export type Problem = {
/**
 * `/problems/<code>`; programs branch on it.
 */
type: string, title: string, status: number, detail?: string,
/**
 * Found again in the server's log.
 */
reference?: string, fields?: Array<FieldError>, };

/**
 * What anybody may know of a person.
 */
export type Person = { user_id: UserId, username: string,
/**
 * What to show; the username where no display name was chosen.
 */
display_name: string,
/**
 * 0 to 11: which of the twelve hues.
 */
avatar_color: number,
/**
 * The relay's opaque word for this person: `from.subject` of what their clients send.
 */
subject: Group,
/**
 * The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
 */
avatar?: string, };

/**
 * Oneself: `GET /me`.
 */
export type Me = { email: string, theme: Theme,
/**
 * A line about oneself, for the profile card; may be empty.
 */
status_line: string,
/**
 * The language of the words, such as `en`.
 */
language: string,
/**
 * What they want to be shown as.
 */
presence: PresenceChoice, privacy: Privacy, created_at: number,
/**
 * The person's own `rev`: see `GET /me/changes`.
 */
rev: number, history_id: string, user_id: UserId, username: string,
/**
 * What to show; the username where no display name was chosen.
 */
display_name: string,
/**
 * 0 to 11: which of the twelve hues.
 */
avatar_color: number,
/**
 * The relay's opaque word for this person: `from.subject` of what their clients send.
 */
subject: Group,
/**
 * The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
 */
avatar?: string, };

/**
 * Which colours the page takes.
 */
export type Theme = "dark" | "light" | "system";

/**
 * Whether somebody is there.
 */
export type Presence = { user_id: UserId, online: boolean,
/**
 * `away` or `busy` for somebody who is there and not plainly online.
 */
status?: Status,
/**
 * When they were last there, if they are not now and ever were.
 */
last_seen?: number, };

/**
 * How somebody who is there is shown.
 */
export type Status = "online" | "away" | "busy";

/**
 * Whom something is for.
 */
export type Audience = "everybody" | "contacts" | "nobody";

/**
 * `GET /me/privacy`. All but `write` are mutual: what somebody keeps from others they do not get from them either.
 */
export type Privacy = {
/**
 * Whether one is there, and when one was last seen.
 */
last_seen: Audience,
/**
 * Up to where one has read.
 */
read_receipts: Audience, typing: Audience,
/**
 * The picture; others see initials.
 */
avatar: Audience,
/**
 * Being found by name or e-mail address. Who knows the ID finds its owner in any case.
 */
find: Audience,
/**
 * Being added to groups.
 */
add: Audience, call: Audience,
/**
 * Writing to one: everybody or contacts.
 */
write: Audience, };

/**
 * `PATCH /me/privacy`: what is absent stays.
 */
export type PrivacyForm = { last_seen?: Audience, read_receipts?: Audience, typing?: Audience, avatar?: Audience, find?: Audience, add?: Audience, call?: Audience, write?: Audience, };

/**
 * What somebody wants to be shown as.
 */
export type PresenceChoice = "online" | "away" | "busy" | "invisible";

/**
 * `PUT /me/presence`.
 */
export type PresenceForm = { presence: PresenceChoice, };

/**
 * `PUT /relay-ids/{relay ID}/idle`, and the body of `POST /relay-ids`: whether nobody uses this tab. The relay ID is the
 * one of its ticket, or of the `hello` of its `/live` stream.
 */
export type IdleForm = { idle: boolean, };

/**
 * Somebody who is there.
 */
export type OnlinePerson = { status: Status, user_id: UserId, username: string,
/**
 * What to show; the username where no display name was chosen.
 */
display_name: string,
/**
 * 0 to 11: which of the twelve hues.
 */
avatar_color: number,
/**
 * The relay's opaque word for this person: `from.subject` of what their clients send.
 */
subject: Group,
/**
 * The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
 */
avatar?: string, };

/**
 * `GET /rooms/{id}/online`: who of this conversation is there.
 */
export type OnlinePeople = { people: Array<OnlinePerson>, };

/**
 * A stored message: one row of the history.
 */
export type Message = { conversation: ConversationId,
/**
 * Its place: 1, 2, 3 … within the conversation, without gaps.
 */
seq: number,
/**
 * The conversation's `rev` at this message's last change.
 */
rev: number,
/**
 * The sender's own name for it.
 */
id: MessageId, sender: Person,
/**
 * `text` for now; receivers show unknown ones as "needs a newer version".
 */
type: string, body: string,
/**
 * When it was stored. Never falls within a conversation.
 */
at: number,
/**
 * When the relay passed it on, if that was earlier than `at`.
 */
sent_at?: number, };

/**
 * What a conversation is.
 */
export type ConversationKind = "private" | "room";

/**
 * Where a conversation stands for one of its members.
 */
export type ConversationState = "open" | "request" | "hidden";

/**
 * One member of a conversation.
 */
export type Member = {
/**
 * The highest seq that they have read.
 */
read: number, online: boolean, status?: Status, last_seen?: number, user_id: UserId, username: string,
/**
 * What to show; the username where no display name was chosen.
 */
display_name: string,
/**
 * 0 to 11: which of the twelve hues.
 */
avatar_color: number,
/**
 * The relay's opaque word for this person: `from.subject` of what their clients send.
 */
subject: Group,
/**
 * The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
 */
avatar?: string, };

/**
 * A conversation as one of its members sees it.
 */
export type Conversation = { id: ConversationId, kind: ConversationKind,
/**
 * For the caller alone.
 */
state: ConversationState,
/**
 * Its address at the relay.
 */
group: Group,
/**
 * Whether its members see each other type: where not, a page neither sends nor shows it.
 */
typing: boolean,
/**
 * Both people of a private conversation (one for notes to oneself), oneself among them.
 */
members: Array<Member>,
/**
 * The last message's seq; 0 when nothing was written yet.
 */
seq: number, rev: number,
/**
 * The caller's own read mark.
 */
read: number,
/**
 * Others' messages after the mark; 1000 stands for "more than 999".
 */
unread: number, last_message?: Message, created_at: number, };

/**
 * `GET /conversations`: newest first.
 */
export type Conversations = { conversations: Array<Conversation>,
/**
 * The caller's own `rev`, of the same snapshot.
 */
rev: number, history_id: string, };

/**
 * One line of `GET /conversations/heads`: `[conversation, rev, read, unread]`.
 */
export type Head = [ConversationId, number, number, number];

/**
 * `GET /conversations/heads`, with an ETag.
 */
export type Heads = { heads: Array<Head>,
/**
 * The caller's own `rev`.
 */
rev: number, history_id: string, };

/**
 * `GET /conversations/{id}/messages?before=&after=&limit=`: by seq, oldest first within a page.
 */
export type MessagePage = { messages: Array<Message>,
/**
 * The other members' read marks, for ticks.
 */
marks: Array<Mark>,
/**
 * The conversation's `rev` in the same snapshot: from here `changes?after=` goes on.
 */
rev: number, history_id: string, };

/**
 * Up to where a member has read.
 */
export type Mark = { user_id: UserId, read: number, };

/**
 * `GET /conversations/{id}/changes?after=`: rows in `rev` order, in their present state.
 */
export type Changes = { messages: Array<Message>, marks: Array<Mark>,
/**
 * Only on the last page: the cursor may be lifted to here (same snapshot as the rows).
 */
upto?: number,
/**
 * The history does not reach back to `after`, or over 2,000 rows have changed: load afresh.
 */
too_far: boolean, history_id: string, };

/**
 * `GET /me/changes?after=`: what is the caller's alone and has changed.
 */
export type MyChanges = { me: Me | null, conversations: Array<Conversation>,
/**
 * People between whom and the caller something has changed: as it is now.
 */
relations: Array<Relation>, upto: number, history_id: string, };

/**
 * `POST /conversations/{id}/messages`: the same id gives the same answer, any number of times.
 */
export type SendForm = { id: MessageId, body: string, prev?: MessageId, };

/**
 * The answer to a message that is stored.
 */
export type Committed = { message: Message, history_id: string, };

/**
 * `POST /conversations/{id}/passed-on`: what was received as unsaved, for a sender who may have gone. 1 to 100, in the
 * order in which they came; any member may hand them in, any number of times.
 */
export type HandInForm = { messages: Array<PassedOn>, };

/**
 * One durable event that the relay passed on, and its proof.
 */
export type PassedOn = {
/**
 * The sender's, as the relay stamped it.
 */
subject: Group, id: MessageId, prev?: MessageId,
/**
 * Byte for byte as it was received.
 */
frame: string, receipt: string, };

/**
 * The answer to a hand-in: one result for each message, in the order of the request.
 */
export type HandedIn = { results: Array<HandInResult>, history_id: string, };

/**
 * What became of one message that was handed in.
 */
export type HandInResult = { "status": "stored", message: Message, } | { "status": "refused", problem: Problem, } | { "status": "busy", retry_after_ms: number, };

/**
 * `PUT /conversations/{id}/read`; the answer is the present mark and badge.
 */
export type ReadForm = { read: number, };

/**
 * The caller's own mark and badge after `PUT …/read`.
 */
export type ReadMark = { read: number, unread: number, };

/**
 * `POST /relay-ids`: what a tab needs to connect to the relay.
 */
export type RelayTicket = {
/**
 * Base URL of the relay for browsers, such as `http://127.0.0.1:5050`.
 */
relay_url: string, relay_id: RelayId, token: string, lease_s: number, };

/**
 * Whether two people are contacts, or one has asked the other.
 */
export type ContactState = "none" | "requested" | "incoming" | "contact";

/**
 * An open contact request.
 */
export type ContactRequest = { id: RequestId,
/**
 * What the sender added; may be empty.
 */
note: string, at: number, };

/**
 * Somebody, and what holds between the caller and them.
 */
export type Relation = { contact: ContactState,
/**
 * The caller has blocked them.
 */
blocked: boolean,
/**
 * The open request between them, whoever made it.
 */
request?: ContactRequest,
/**
 * Since when they are contacts.
 */
since?: number, user_id: UserId, username: string,
/**
 * What to show; the username where no display name was chosen.
 */
display_name: string,
/**
 * 0 to 11: which of the twelve hues.
 */
avatar_color: number,
/**
 * The relay's opaque word for this person: `from.subject` of what their clients send.
 */
subject: Group,
/**
 * The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
 */
avatar?: string, };

/**
 * `POST /contact-requests`.
 */
export type ContactRequestForm = { user_id: UserId, note: string, };

/**
 * `GET /contact-requests`: newest first.
 */
export type ContactRequests = { incoming: Array<Relation>, outgoing: Array<Relation>,
/**
 * The caller's own `rev`, of the same snapshot.
 */
rev: number, };

/**
 * One line of `GET /contacts`.
 */
export type Contact = { online: boolean, status?: Status, last_seen?: number, contact: ContactState,
/**
 * The caller has blocked them.
 */
blocked: boolean,
/**
 * The open request between them, whoever made it.
 */
request?: ContactRequest,
/**
 * Since when they are contacts.
 */
since?: number, user_id: UserId, username: string,
/**
 * What to show; the username where no display name was chosen.
 */
display_name: string,
/**
 * 0 to 11: which of the twelve hues.
 */
avatar_color: number,
/**
 * The relay's opaque word for this person: `from.subject` of what their clients send.
 */
subject: Group,
/**
 * The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
 */
avatar?: string, };

/**
 * `GET /contacts`: who is online first, then by name.
 */
export type Contacts = { contacts: Array<Contact>,
/**
 * The caller's own `rev`, of the same snapshot.
 */
rev: number, };

/**
 * `GET /blocks`: whom the caller has blocked, by name.
 */
export type Blocks = { blocks: Array<Relation>,
/**
 * The caller's own `rev`, of the same snapshot.
 */
rev: number, };

/**
 * `GET /users?query=`: at most 20, best first.
 */
export type People = { users: Array<Relation>, };

/**
 * `GET /users/{user ID}`: the profile card.
 */
export type Profile = {
/**
 * A line about themselves; may be empty.
 */
status_line: string, online: boolean, status?: Status, last_seen?: number, created_at: number, contact: ContactState,
/**
 * The caller has blocked them.
 */
blocked: boolean,
/**
 * The open request between them, whoever made it.
 */
request?: ContactRequest,
/**
 * Since when they are contacts.
 */
since?: number, user_id: UserId, username: string,
/**
 * What to show; the username where no display name was chosen.
 */
display_name: string,
/**
 * 0 to 11: which of the twelve hues.
 */
avatar_color: number,
/**
 * The relay's opaque word for this person: `from.subject` of what their clients send.
 */
subject: Group,
/**
 * The address of their picture, such as `/avatars/k7Fh0c1qS9mUe2aVnYw3Rg`; another picture has another address.
 */
avatar?: string, };

/**
 * `POST /accounts`. Fields that are not the caller's to set are ignored.
 */
export type RegisterForm = { username: string, email: string, display_name: string,
/**
 * Empty: the server picks a free one.
 */
user_id: string, password: string, password_again: string, };

/**
 * `POST /sessions`.
 */
export type LoginForm = {
/**
 * Username, e-mail or user ID.
 */
name: string, password: string, keep: boolean, };

/**
 * `PATCH /me`: what is absent stays.
 */
export type ProfileForm = { display_name?: string, theme?: Theme, status_line?: string, language?: string, };

/**
 * `PUT /me/password`.
 */
export type PasswordForm = { current: string, password: string, password_again: string,
/**
 * Sign out every other browser and device.
 */
end_others: boolean, };

/**
 * `GET /free-user-ids`: an offered one; `GET /free-user-ids/{user ID}`: whether that one is free.
 */
export type FreeUserId = { user_id: UserId, free: boolean, };

/**
 * The data island in the page `/`: what the UI needs before its first request.
 */
export type Island = { me: Me,
/**
 * The server's clock when the page was made.
 */
now: number,
/**
 * The language of the words, such as `en`.
 */
language: string,
/**
 * After so many seconds without a key or pointer the page says that nobody uses it.
 */
idle_after_s: number, };
