// What can be done with messages: open a conversation's timeline, catch up, page back, mark as read.
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { backOff } from "../kit/back_off.std";
import type { ConversationId, Mark, Me, Message, Person, ReadMark, UserId } from "../relay/wire.gen.std";
import { getChanges, getLatest, getOlder, putRead } from "./post.actions.dom";
import * as sender from "./sender.dom";
import { emptyTimeline, reduce, type Timeline, type TimelineEvent } from "./state.std";

const PAGE = 60;

const timelines = new Map<ConversationId, Signal<Timeline>>();
const opened = new Set<ConversationId>();
const failures = new Map<ConversationId, number>();
let self: UserId | null = null;

export async function begin(me: Me): Promise<void> {
  self = me.user_id;
  await sender.begin(me, {
    wrote: (entry) => apply(entry.conversation, { kind: "wrote", id: entry.id, body: entry.body, at: entry.at, state: Date.now() - entry.order / 1000 < 10_000 ? "sending" : "waiting" }),
    sending: (entry) => {
      if (Date.now() - entry.order / 1000 < 10_000) apply(entry.conversation, { kind: "stands", id: entry.id, state: "sending" });
    },
    waiting: (entry) => apply(entry.conversation, { kind: "stands", id: entry.id, state: "waiting" }),
    refused: (entry, problem) => apply(entry.conversation, { kind: "stands", id: entry.id, state: "failed", problem }),
    withdrew: (entry) => apply(entry.conversation, { kind: "withdrew", id: entry.id }),
    stored: (message, history) => apply(message.conversation, { kind: "stored", message, history }),
  });
}

/** The timeline of a conversation; made empty on first sight. */
export function timeline(id: ConversationId): ReadonlySignal<Timeline> {
  return own(id);
}

function own(id: ConversationId): Signal<Timeline> {
  const held = timelines.get(id);
  if (held) return held;
  if (self === null) throw new Error("messages begin before anything is opened");
  const made = signal(emptyTimeline(self));
  timelines.set(id, made);
  return made;
}

function apply(id: ConversationId, event: TimelineEvent): void {
  const held = own(id);
  const before = held.value;
  held.value = reduce(before, event);
  // A row may tell what a lost ack could not: that an entry is stored.
  if (held.value.rows !== before.rows && sender.outbox.value.entries.length !== 0) {
    for (const row of held.value.rows) if (row.sender.user_id === self) sender.settle(row.id);
  }
  if (opened.has(id) && held.value.catchUp.want && !held.value.catchUp.running) void catchUp(id);
}

/** Shows a conversation: what is held at once, then what has changed. */
export function open(id: ConversationId): void {
  opened.add(id);
  apply(id, { kind: "behind" });
}

/** RU11: something was or may have been missed. Only what is open or was opened costs a request. */
export function compare(id: ConversationId, rev: number, history: string): void {
  const held = timelines.get(id);
  if (!held || !opened.has(id)) return;
  if (held.value.history !== null && held.value.history !== history) apply(id, { kind: "afresh" });
  else if (held.value.cursor !== null && held.value.cursor !== rev) apply(id, { kind: "behind" });
}

export function hear(message: Message, history: string): void {
  if (message.sender.user_id === self) sender.settle(message.id);
  if (timelines.has(message.conversation)) apply(message.conversation, { kind: "heard", message, history });
}

export function hearMark(id: ConversationId, mark: Mark): void {
  if (timelines.has(id)) apply(id, { kind: "marked", mark });
}

export function hearProfile(person: Person): void {
  for (const id of timelines.keys()) apply(id, { kind: "renamed", sender: person });
}

async function catchUp(id: ConversationId): Promise<void> {
  apply(id, { kind: "asked" });
  const { run, from } = own(id).value.catchUp;
  if (from === "fresh") {
    const answer = await getLatest(id, PAGE);
    if (answer.kind !== "ok") return stumbled(id, run);
    failures.delete(id);
    return apply(id, { kind: "answered_page", run, page: answer.value, limit: PAGE });
  }
  while (own(id).value.catchUp.running && own(id).value.catchUp.run === run) {
    const answer = await getChanges(id, own(id).value.catchUp.page);
    if (answer.kind !== "ok") return stumbled(id, run);
    failures.delete(id);
    apply(id, { kind: "answered_changes", run, changes: answer.value });
  }
}

/** Tried again after a growing while; a reconnect tries at once. */
function stumbled(id: ConversationId, run: number): void {
  const tries = (failures.get(id) ?? 0) + 1;
  failures.set(id, tries);
  setTimeout(() => apply(id, { kind: "failed", run }), backOff(tries, Math.random()));
}

/** The page before the first held row. */
export async function loadOlder(id: ConversationId): Promise<void> {
  const held = own(id).value;
  const first = held.rows[0];
  if (held.complete || held.older === "loading" || held.cursor === null || !first) return;
  apply(id, { kind: "older_asked" });
  const answer = await getOlder(id, first.seq, PAGE);
  if (answer.kind === "ok") apply(id, { kind: "older_answered", page: answer.value, limit: PAGE });
  else apply(id, { kind: "older_failed" });
}

/** Marks on their way. */
const marking = new Map<ConversationId, number>();

/** Tells the server that everything up to `seq` was seen; null where that could not be told now. */
export async function markRead(id: ConversationId, seq: number): Promise<ReadMark | null> {
  if (seq <= (marking.get(id) ?? 0)) return null;
  marking.set(id, seq);
  const answer = await putRead(id, seq);
  if (marking.get(id) === seq) marking.delete(id);
  return answer.kind === "ok" ? answer.value : null;
}
