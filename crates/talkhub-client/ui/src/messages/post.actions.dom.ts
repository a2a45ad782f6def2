// Messages over HTTPS: for a page without a relay, and for history.
import { call, type Answer } from "../kit/http.dom";
import { changes, committed, conversation, handedIn, me, messagePage, readMark } from "../relay/codec.std";
import type { Changes, Committed, Conversation, ConversationId, HandedIn, HandInForm, Me, MessageId, MessagePage, PassedOn, ReadMark, SendForm } from "../relay/wire.gen.std";
import type { Entry } from "./outbox.std";

const at = (id: ConversationId): string => `/api/v1/conversations/${id}`;

export function postMessage(entry: Entry, prev: MessageId | null): Promise<Answer<Committed>> {
  const form: SendForm = { id: entry.id, body: entry.body, ...(prev === null ? {} : { prev }) };
  return call("POST", `${at(entry.conversation)}/messages`, committed, form);
}

/** Hands in what others sent and nobody has stored. */
export function postPassedOn(id: ConversationId, messages: PassedOn[]): Promise<Answer<HandedIn>> {
  const form: HandInForm = { messages };
  return call("POST", `${at(id)}/passed-on`, handedIn, form);
}

/** Whether one is in the conversation: who may not know of it hears that there is none. */
export const getConversation = (id: ConversationId): Promise<Answer<Conversation>> => call("GET", at(id), conversation);

/** Whom the cookie speaks for now. */
export const whoAmI = (): Promise<Answer<Me>> => call("GET", "/api/v1/me", me);

export const getLatest = (id: ConversationId, limit: number): Promise<Answer<MessagePage>> => call("GET", `${at(id)}/messages?limit=${limit}`, messagePage);

export const getOlder = (id: ConversationId, before: number, limit: number): Promise<Answer<MessagePage>> => call("GET", `${at(id)}/messages?before=${before}&limit=${limit}`, messagePage);

export const getChanges = (id: ConversationId, after: number): Promise<Answer<Changes>> => call("GET", `${at(id)}/changes?after=${after}`, changes);

export const putRead = (id: ConversationId, read: number): Promise<Answer<ReadMark>> => call("PUT", `${at(id)}/read`, readMark, { read });
