// What can be done with messages: open a conversation's timeline, catch up, page back, mark as read.
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { backOff } from "../kit/back_off.std";
import type { Answer } from "../kit/http.dom";
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
  else if (held.value.cursor !== rev) {
    // The server answers: what waited for its next try need not.
    if (retry(id)) return;
    // The first page that is on its way is newer than the question.
    if (held.value.cursor !== null || !held.value.catchUp.running) apply(id, { kind: "behind" });
  }
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
    if (answer.kind !== "ok") return stumbled(id, run, answer);
    failures.delete(id);
    return apply(id, { kind: "answered_page", run, page: answer.value, limit: PAGE });
  }
  while (own(id).value.catchUp.running && own(id).value.catchUp.run === run) {
    const answer = await getChanges(id, own(id).value.catchUp.page);
    if (answer.kind !== "ok") return stumbled(id, run, answer);
    failures.delete(id);
    apply(id, { kind: "answered_changes", run, changes: answer.value });
  }
}

/** Catch-ups that wait for their next try. `notBefore`: so long the server asked us to wait, whoever hurries. */
const resting = new Map<ConversationId, { timer: ReturnType<typeof setTimeout>; run: number; notBefore: number }>();

/** Tried again after a growing while, or when something says that the server is there. */
function stumbled(id: ConversationId, run: number, answer: Answer<unknown>): void {
  const tries = (failures.get(id) ?? 0) + 1;
  failures.set(id, tries);
  apply(id, { kind: "stumbled", run });
  const asked = answer.kind === "problem" ? (answer.retryAfterMs ?? 0) : 0;
  clearTimeout(resting.get(id)?.timer);
  const timer = setTimeout(() => wake(id), Math.max(asked, backOff(tries, Math.random())));
  resting.set(id, { timer, run, notBefore: Date.now() + asked });
}

function wake(id: ConversationId): void {
  const rest = resting.get(id);
  if (!rest) return;
  clearTimeout(rest.timer);
  resting.delete(id);
  apply(id, { kind: "failed", run: rest.run });
}

function retry(id: ConversationId): boolean {
  const rest = resting.get(id);
  if (!rest || Date.now() < rest.notBefore) return false;
  wake(id);
  return true;
}

/** The connection is there: no catch-up waits for its turn any longer, but for what the server asked to wait. */
export function hurry(): void {
  for (const id of [...resting.keys()]) retry(id);
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

/** Tells the server that everything up to `seq` was seen; null where that is being told already. */
export async function markRead(id: ConversationId, seq: number): Promise<Answer<ReadMark> | null> {
  if (seq <= (marking.get(id) ?? 0)) return null;
  marking.set(id, seq);
  const answer = await putRead(id, seq);
  if (marking.get(id) === seq) marking.delete(id);
  return answer;
}
