// What comes over any wire, turned from `unknown` into types. Unknown kinds and malformed frames give null.
import { BadWire, decoded, Fields, json } from "../kit/fields.std";
import { isConversationId, isGroup, isMessageId, isRelayId, isRequestId, isUserId } from "./ids.std";
import type * as wire from "./wire.gen.std";

const isTheme = (text: string): text is wire.Theme => text === "dark" || text === "light" || text === "system";
const isAudience = (text: string): text is wire.Audience => text === "everybody" || text === "contacts" || text === "nobody";
const isPresenceChoice = (text: string): text is wire.PresenceChoice => text === "online" || text === "away" || text === "busy" || text === "invisible";
const isStatus = (text: string): text is wire.Status => text === "online" || text === "away" || text === "busy";
const isKind = (text: string): text is wire.ConversationKind => text === "private" || text === "room";
const isState = (text: string): text is wire.ConversationState => text === "open" || text === "request" || text === "hidden";
const isContactState = (text: string): text is wire.ContactState => text === "none" || text === "requested" || text === "incoming" || text === "contact";
const isClass = (text: string): text is wire.Class => text === "durable" || text === "ephemeral";

/** An absent optional stays absent: `{...optional("at", 3)}`. */
function maybeNumber<K extends string>(from: Fields, name: K): { [key in K]?: number } {
  const out: { [key in K]?: number } = {};
  if (from.has(name)) out[name] = from.number(name);
  return out;
}

function maybeText<K extends string>(from: Fields, name: K): { [key in K]?: string } {
  const out: { [key in K]?: string } = {};
  if (from.has(name)) out[name] = from.text(name);
  return out;
}

/** How somebody is shown: one that a newer server knows counts as plainly there. */
function maybeStatus(from: Fields): { status?: wire.Status } {
  const status = from.has("status") ? from.text("status") : "";
  return isStatus(status) ? { status } : {};
}

function personOf(from: Fields): wire.Person {
  return {
    user_id: from.kind("user_id", isUserId),
    username: from.text("username"),
    display_name: from.text("display_name"),
    avatar_color: from.number("avatar_color"),
    subject: from.kind("subject", isGroup),
    ...maybeText(from, "avatar"),
  };
}
export const person = (input: unknown): wire.Person => personOf(new Fields(input, "person"));

export function privacy(input: unknown): wire.Privacy {
  const from = new Fields(input, "privacy");
  return {
    last_seen: from.kind("last_seen", isAudience),
    read_receipts: from.kind("read_receipts", isAudience),
    typing: from.kind("typing", isAudience),
    avatar: from.kind("avatar", isAudience),
    find: from.kind("find", isAudience),
    add: from.kind("add", isAudience),
    call: from.kind("call", isAudience),
    write: from.kind("write", isAudience),
  };
}

export function me(input: unknown): wire.Me {
  const from = new Fields(input, "me");
  return {
    ...personOf(from),
    email: from.text("email"),
    theme: from.kind("theme", isTheme),
    status_line: from.text("status_line"),
    language: from.text("language"),
    presence: from.kind("presence", isPresenceChoice),
    privacy: from.one("privacy", privacy),
    created_at: from.number("created_at"),
    rev: from.number("rev"),
    history_id: from.text("history_id"),
  };
}

function contactRequest(input: unknown): wire.ContactRequest {
  const from = new Fields(input, "request");
  return { id: from.kind("id", isRequestId), note: from.text("note"), at: from.number("at") };
}

function relationOf(from: Fields): wire.Relation {
  return {
    ...personOf(from),
    contact: from.kind("contact", isContactState),
    blocked: from.flag("blocked"),
    ...(from.has("request") ? { request: from.one("request", contactRequest) } : {}),
    ...maybeNumber(from, "since"),
  };
}
export const relation = (input: unknown): wire.Relation => relationOf(new Fields(input, "relation"));

export function contactRequests(input: unknown): wire.ContactRequests {
  const from = new Fields(input, "requests");
  return { incoming: from.list("incoming", relation), outgoing: from.list("outgoing", relation), rev: from.number("rev") };
}

function contact(input: unknown): wire.Contact {
  const from = new Fields(input, "contact");
  return { ...relationOf(from), online: from.flag("online"), ...maybeStatus(from), ...maybeNumber(from, "last_seen") };
}

export function contacts(input: unknown): wire.Contacts {
  const from = new Fields(input, "contacts");
  return { contacts: from.list("contacts", contact), rev: from.number("rev") };
}

export function blocks(input: unknown): wire.Blocks {
  const from = new Fields(input, "blocks");
  return { blocks: from.list("blocks", relation), rev: from.number("rev") };
}

export function profile(input: unknown): wire.Profile {
  const from = new Fields(input, "profile");
  return {
    ...relationOf(from),
    status_line: from.text("status_line"),
    online: from.flag("online"),
    ...maybeStatus(from),
    created_at: from.number("created_at"),
    ...maybeNumber(from, "last_seen"),
  };
}

function presence(input: unknown): wire.Presence {
  const from = new Fields(input, "presence");
  return { user_id: from.kind("user_id", isUserId), online: from.flag("online"), ...maybeStatus(from), ...maybeNumber(from, "last_seen") };
}

function member(input: unknown): wire.Member {
  const from = new Fields(input, "member");
  return { ...personOf(from), read: from.number("read"), online: from.flag("online"), ...maybeStatus(from), ...maybeNumber(from, "last_seen") };
}

function onlinePerson(input: unknown): wire.OnlinePerson {
  const from = new Fields(input, "online person");
  return { ...personOf(from), status: maybeStatus(from).status ?? "online" };
}

export function onlinePeople(input: unknown): wire.OnlinePeople {
  return { people: new Fields(input, "online people").list("people", onlinePerson) };
}

export function message(input: unknown): wire.Message {
  const from = new Fields(input, "message");
  return {
    conversation: from.kind("conversation", isConversationId),
    seq: from.number("seq"),
    rev: from.number("rev"),
    id: from.kind("id", isMessageId),
    sender: from.one("sender", person),
    type: from.text("type"),
    body: from.text("body"),
    at: from.number("at"),
    ...maybeNumber(from, "sent_at"),
  };
}

export function conversation(input: unknown): wire.Conversation {
  const from = new Fields(input, "conversation");
  return {
    id: from.kind("id", isConversationId),
    kind: from.kind("kind", isKind),
    state: from.has("state") ? from.kind("state", isState) : "open",
    group: from.kind("group", isGroup),
    typing: from.flag("typing"),
    members: from.list("members", member),
    seq: from.number("seq"),
    rev: from.number("rev"),
    read: from.number("read"),
    unread: from.number("unread"),
    ...(from.has("last_message") ? { last_message: from.one("last_message", message) } : {}),
    created_at: from.number("created_at"),
  };
}

export function conversations(input: unknown): wire.Conversations {
  const from = new Fields(input, "conversations");
  return { conversations: from.list("conversations", conversation), rev: from.number("rev"), history_id: from.text("history_id") };
}

function head(input: unknown): wire.Head {
  if (!Array.isArray(input)) throw new BadWire("a head is no list");
  const [id, rev, read, unread]: unknown[] = input;
  if (typeof id !== "string" || !isConversationId(id)) throw new BadWire("a head without conversation");
  if (typeof rev !== "number" || typeof read !== "number" || typeof unread !== "number") throw new BadWire("a head without numbers");
  return [id, rev, read, unread];
}

export function heads(input: unknown): wire.Heads {
  const from = new Fields(input, "heads");
  return { heads: from.list("heads", head), rev: from.number("rev"), history_id: from.text("history_id") };
}

function mark(input: unknown): wire.Mark {
  const from = new Fields(input, "mark");
  return { user_id: from.kind("user_id", isUserId), read: from.number("read") };
}

export function messagePage(input: unknown): wire.MessagePage {
  const from = new Fields(input, "page");
  return { messages: from.list("messages", message), marks: from.list("marks", mark), rev: from.number("rev"), history_id: from.text("history_id") };
}

export function changes(input: unknown): wire.Changes {
  const from = new Fields(input, "changes");
  return {
    messages: from.list("messages", message),
    marks: from.list("marks", mark),
    ...maybeNumber(from, "upto"),
    too_far: from.flag("too_far"),
    history_id: from.text("history_id"),
  };
}

export function myChanges(input: unknown): wire.MyChanges {
  const from = new Fields(input, "my changes");
  return {
    me: from.has("me") ? from.one("me", me) : null,
    conversations: from.list("conversations", conversation),
    relations: from.has("relations") ? from.list("relations", relation) : [],
    upto: from.number("upto"),
    history_id: from.text("history_id"),
  };
}

export function committed(input: unknown): wire.Committed {
  const from = new Fields(input, "committed");
  return { message: from.one("message", message), history_id: from.text("history_id") };
}

function handInResult(input: unknown): wire.HandInResult {
  const from = new Fields(input, "result");
  switch (from.text("status")) {
    case "stored":
      return { status: "stored", message: from.one("message", message) };
    case "refused":
      return { status: "refused", problem: from.one("problem", problem) };
    default:
      // "busy", and whatever a newer server may say: neither yes nor no.
      return { status: "busy", retry_after_ms: from.has("retry_after_ms") ? from.number("retry_after_ms") : 1000 };
  }
}

export function handedIn(input: unknown): wire.HandedIn {
  const from = new Fields(input, "hand-in");
  return { results: from.list("results", handInResult), history_id: from.text("history_id") };
}

export function readMark(input: unknown): wire.ReadMark {
  const from = new Fields(input, "read mark");
  return { read: from.number("read"), unread: from.number("unread") };
}

export function people(input: unknown): wire.People {
  return { users: new Fields(input, "people").list("users", relation) };
}

export function freeUserId(input: unknown): wire.FreeUserId {
  const from = new Fields(input, "free user ID");
  return { user_id: from.kind("user_id", isUserId), free: from.flag("free") };
}

export function relayTicket(input: unknown): wire.RelayTicket {
  const from = new Fields(input, "ticket");
  return { relay_url: from.text("relay_url"), relay_id: from.kind("relay_id", isRelayId), token: from.text("token"), lease_s: from.number("lease_s") };
}

export function island(input: unknown): wire.Island {
  const from = new Fields(input, "island");
  return { me: from.one("me", me), now: from.number("now"), language: from.text("language"), idle_after_s: from.number("idle_after_s") };
}

function fieldError(input: unknown): wire.FieldError {
  const from = new Fields(input, "field");
  return { field: from.text("field"), message: from.text("message") };
}

export function problem(input: unknown): wire.Problem {
  const from = new Fields(input, "problem");
  return {
    type: from.text("type"),
    title: from.text("title"),
    status: from.number("status"),
    ...(from.has("detail") ? { detail: from.text("detail") } : {}),
    ...(from.has("reference") ? { reference: from.text("reference") } : {}),
    ...(from.has("fields") ? { fields: from.list("fields", fieldError) } : {}),
  };
}

function ackOf(input: unknown): wire.Ack | null {
  const from = new Fields(input, "ack");
  switch (from.text("status")) {
    case "stored":
      return { status: "stored", seq: from.number("seq"), rev: from.number("rev"), at: from.number("at"), history_id: from.text("history_id") };
    case "passed_on":
      return { status: "passed_on", at: from.number("at"), receipt: from.text("receipt") };
    case "forwarded":
      return { status: "forwarded" };
    case "refused":
      return { status: "refused", problem: from.one("problem", problem) };
    case "busy":
      return { status: "busy", retry_after_ms: from.number("retry_after_ms") };
    default:
      return null;
  }
}
/** An ack that cannot be read is no answer at all: the message stays pending. */
export const ack = (input: unknown): wire.Ack | null => decoded(ackOf, input);

function fromOf(input: unknown): wire.From {
  if (input === "server" || input === "relay") return input;
  const from = new Fields(input, "from");
  return { relay_id: from.kind("relay_id", isRelayId), subject: from.text("subject") };
}

function deliveryOf(input: unknown): wire.Delivery {
  const from = new Fields(input, "delivery");
  return {
    from: from.one("from", fromOf),
    to: from.text("to"),
    class: from.kind("class", isClass),
    frame: from.text("frame"),
    ...(from.has("id") ? { id: from.text("id") } : {}),
    ...maybeNumber(from, "at"),
    ...(from.has("unsaved") ? { unsaved: from.flag("unsaved") } : {}),
    ...(from.has("receipt") ? { receipt: from.text("receipt") } : {}),
    ...(from.has("prev") ? { prev: from.text("prev") } : {}),
  };
}
export const delivery = (input: unknown): wire.Delivery | null => decoded(deliveryOf, input);

function serverFrameOf(input: unknown): wire.ServerFrame | null {
  const from = new Fields(input, "frame");
  switch (from.text("kind")) {
    case "hello":
      return { kind: "hello", user: from.one("user", person), relay_id: from.kind("relay_id", isRelayId), history_id: from.text("history_id") };
    case "message":
      return { kind: "message", message: from.one("message", message), history_id: from.text("history_id") };
    case "beat":
      return { kind: "beat", every_s: from.number("every_s") };
    case "not_saved":
      return { kind: "not_saved", conversation: from.kind("conversation", isConversationId), user_id: from.kind("user_id", isUserId), id: from.kind("id", isMessageId) };
    case "read":
      return { kind: "read", conversation: from.kind("conversation", isConversationId), user_id: from.kind("user_id", isUserId), read: from.number("read") };
    case "presence":
      return { kind: "presence", conversation: from.kind("conversation", isConversationId), people: from.list("people", presence) };
    case "person":
      return { kind: "person", rev: from.number("rev"), history_id: from.text("history_id") };
    case "signed_in":
      return { kind: "signed_in", device: from.text("device"), address: from.text("address"), at: from.number("at"), new_device: from.flag("new_device") };
    case "profile":
      return { kind: "profile", user: from.one("user", person) };
    default:
      return null;
  }
}
export const serverFrame = (text: string): wire.ServerFrame | null => decoded(serverFrameOf, json(text));

function relayFrameOf(input: unknown): wire.RelayFrame | null {
  const kind = new Fields(input, "frame").text("kind");
  return kind === "look" || kind === "replaced" || kind === "revoked" || kind === "stopping" ? { kind } : null;
}
export const relayFrame = (text: string): wire.RelayFrame | null => decoded(relayFrameOf, json(text));

function clientFrameOf(input: unknown): wire.ClientFrame | null {
  const from = new Fields(input, "frame");
  switch (from.text("kind")) {
    case "message":
      return { kind: "message", body: from.text("body") };
    case "typing":
      return { kind: "typing", conversation: from.kind("conversation", isConversationId), on: from.flag("on") };
    default:
      return null;
  }
}
export const clientFrame = (text: string): wire.ClientFrame | null => decoded(clientFrameOf, json(text));

/** A frame of ours as the text that travels. */
export const encode = (frame: wire.ClientFrame): string => JSON.stringify(frame);
