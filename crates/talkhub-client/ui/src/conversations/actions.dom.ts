// What can be done with conversations: load and follow the list, open one with somebody, find people.
import { signal, type ReadonlySignal } from "@preact/signals";
import { call, callLasting, callUnlessSame, nothing, type Answer, type Kept } from "../kit/http.dom";
import { onBack } from "../kit/reach.dom";
import { later, told } from "../kit/undo.dom";
import { say } from "../kit/words.std";
import { conversation, conversations, heads as readHeads, myChanges, people } from "../relay/codec.std";
import type { Conversation, ConversationId, Conversations, Heads, Me, MyChanges, Relation, UserId } from "../relay/wire.gen.std";
import { emptyList, reduce, type List, type ListEvent } from "./state.std";

let state = signal<List | null>(null);
export const list: ReadonlySignal<List | null> = state;

export function begin(me: Me): void {
  state.value = { ...emptyList(me.user_id), rev: me.rev };
  lastHeads = null;
  onBack(searchAgain);
}

export function apply(event: ListEvent): void {
  if (state.value) state.value = reduce(state.value, event);
}

export const find = (id: ConversationId): Conversation | null => state.value?.all.get(id) ?? null;

export const withGroup = (group: string): Conversation | null => [...(state.value?.all.values() ?? [])].find((one) => one.group === group) ?? null;

/** The whole list, with badges and presence. */
export async function load(): Promise<Conversations | null> {
  const answer = await call("GET", "/api/v1/conversations", conversations);
  if (answer.kind !== "ok") {
    apply({ kind: "failed" });
    return null;
  }
  apply({ kind: "loaded", answer: answer.value });
  return answer.value;
}

let lastHeads: Kept<Heads> | null = null;

/**
 * The newest `rev` and mark of every conversation. Where the server says that nothing has changed, its last answer still stands
 * and is gone through again: what is held here may have fallen behind it by a lost frame.
 */
export async function getHeads(): Promise<Heads | null> {
  const answer = await callUnlessSame("/api/v1/conversations/heads", readHeads, lastHeads, (next) => (lastHeads = next));
  if (answer.kind !== "ok") return null;
  apply({ kind: "heads", heads: answer.value });
  return answer.value;
}

/** What is one's own and has changed: conversations that one was added to. Changes of another history are left: the whole list is due. */
export async function follow(): Promise<MyChanges | "other history" | null> {
  const answer = await call("GET", `/api/v1/me/changes?after=${state.value?.rev ?? 0}`, myChanges);
  if (answer.kind !== "ok") return null;
  const held = state.value?.history ?? null;
  if (held !== null && held !== answer.value.history_id) return "other history";
  apply({ kind: "learned", conversations: answer.value.conversations });
  apply({ kind: "followed", upto: answer.value.upto, history: answer.value.history_id });
  return answer.value;
}

/** Finds or makes the one private conversation with this person. */
export async function openWith(user: UserId): Promise<Answer<Conversation>> {
  const answer = await call("PUT", `/api/v1/conversations/private/${user}`, conversation);
  if (answer.kind === "ok") apply({ kind: "learned", conversations: [answer.value] });
  return answer;
}

const thrownAway = signal<ReadonlySet<ConversationId>>(new Set());
/** Message requests that are thrown away unless it is taken back in time. */
export const leavingList: ReadonlySignal<ReadonlySet<ConversationId>> = thrownAway;

/** What a stranger began is let in: a conversation like any other at once. Gives why not, where it was refused. */
export async function takeUp(id: ConversationId): Promise<Answer<Conversation>> {
  const answer = await call("POST", `/api/v1/conversations/${id}/accept`, conversation);
  if (answer.kind !== "ok") return answer;
  apply({ kind: "taken_up", conversation: id });
  apply({ kind: "learned", conversations: [answer.value] });
  return answer;
}

/** A message request goes; `back` is for whoever takes that back. */
export function dismiss(id: ConversationId, back: () => void): void {
  const seq = find(id)?.seq;
  if (seq === undefined || thrownAway.value.has(id)) return;
  const stays = (): void => void (thrownAway.value = new Set([...thrownAway.value].filter((other) => other !== id)));
  thrownAway.value = new Set([...thrownAway.value, id]);
  later(
    say("request-deleted"),
    () => void dismissNow(id, seq).then(stays),
    () => {
      stays();
      back();
    },
  );
}

/** Without second thoughts: whoever wrote it was blocked. */
export async function dismissNow(id: ConversationId, seq = find(id)?.seq ?? 0): Promise<void> {
  const answer = await callLasting("POST", `/api/v1/conversations/${id}/dismiss`, nothing);
  // Gone already, here or on another device, is gone as well.
  if (answer.kind === "ok" || (answer.kind === "problem" && answer.problem.status === 404)) return apply({ kind: "dismissed", conversation: id, seq });
  if (thrownAway.value.has(id)) told(say("request-not-deleted"));
}

export type Search = { kind: "idle" } | { kind: "searching" } | { kind: "found"; query: string; people: Relation[] } | { kind: "failed"; query: string };
const TYPED_OUT = 180;
const searched = signal<Search>({ kind: "idle" });
export const search: ReadonlySignal<Search> = searched;
let searchRun = 0;
let searchTimer: ReturnType<typeof setTimeout> | undefined;

let picking: { query: string; pick: (user: UserId) => void } | null = null;

/** Enter in the search: the first one found for exactly this text, now or when the answer comes. Other text typed meanwhile undoes it. */
export function pickFirst(text: string, pick: (user: UserId) => void): void {
  picking = { query: text.trim(), pick };
  pickIfAnswered();
}

function pickIfAnswered(): void {
  const found = searched.value;
  if (picking === null || found.kind !== "found" || found.query !== picking.query) return;
  const { pick } = picking;
  picking = null;
  const [first] = found.people;
  if (first) pick(first.user_id);
}

/** Looks people up while one types: a part of the name from two letters, or a whole ID. */
export function lookUp(text: string): void {
  clearTimeout(searchTimer);
  searchRun += 1;
  const run = searchRun;
  const query = text.trim();
  if (picking?.query !== query) picking = null;
  const digits = query.replace(/\s+/g, "");
  if (query.length < 2 || (/^\d+$/.test(digits) && digits.length < 10)) {
    searched.value = { kind: "idle" };
    return;
  }
  if (searched.value.kind !== "found") searched.value = { kind: "searching" };
  searchTimer = setTimeout(() => void askFor(query, run), TYPED_OUT);
}

async function askFor(query: string, run: number): Promise<void> {
  const answer = await call("GET", `/api/v1/users?query=${encodeURIComponent(query)}`, people);
  if (run !== searchRun) return;
  searched.value = answer.kind === "ok" ? { kind: "found", query, people: answer.value.users } : { kind: "failed", query };
  pickIfAnswered();
}

/** What the search could not answer while the server was away is asked again by itself. */
function searchAgain(): void {
  const failed = searched.value;
  if (failed.kind === "failed") void askFor(failed.query, searchRun);
}
