// Made-up people and messages for the tests of this slice.
import { isConversationId, isGroup, isMessageId, isRequestId, isUserId, type MessageId } from "../relay/ids.std";
import type { ContactRequest, ContactState, Message, Person, Privacy, Relation } from "../relay/wire.gen.std";

const group = "YW5uJ3Mgb3duIGdyb3VwIQ";
const talk = "7";
if (!isGroup(group) || !isConversationId(talk)) throw new Error("good ids");
export const TALK = talk;
export const GROUP = group;

export function person(id: string): Person {
  if (!isUserId(id) || !isGroup(group)) throw new Error("good ids");
  return { user_id: id, username: `u${id}`, display_name: `U ${id}`, avatar_color: 0, subject: group };
}
/** Who keeps nothing from anybody. */
export const OPEN: Privacy = { last_seen: "everybody", read_receipts: "everybody", typing: "everybody", avatar: "everybody", find: "everybody", add: "everybody", call: "everybody", write: "everybody" };
export function request(id: string, at: number, note = "hello"): ContactRequest {
  if (!isRequestId(id)) throw new Error("good ids");
  return { id, note, at };
}
export const relation = (one: Person, contact: ContactState = "none", more: Partial<Relation> = {}): Relation => ({ ...one, contact, blocked: false, ...more });
export const ANN = person("1000000001");
export const BOB = person("1000000002");

export function messageId(number: number): MessageId {
  const id = `0199a0de-5c00-7abc-8def-${String(number).padStart(12, "0")}`;
  if (!isMessageId(id)) throw new Error("good ids");
  return id;
}

export const message = (seq: number, rev = seq, sender = BOB, body = `m${seq} r${rev}`): Message => ({ conversation: TALK, seq, rev, id: messageId(seq), sender, type: "text", body, at: 1_000_000 + seq * 1_000 });
