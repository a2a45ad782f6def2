// What can be done with messages: open a conversation's timeline, catch up, page back, mark as read.
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import * as conversations from "../conversations/actions.dom";
import { backOff } from "../kit/back_off.std";
import type { Answer } from "../kit/http.dom";
import { onBack } from "../kit/reach.dom";
import { steady } from "../kit/steady.dom";
import type { Conversation, ConversationId, Delivery, Mark, Me, Message, MessageId, Person, Problem, ReadMark, UserId } from "../relay/wire.gen.std";
import { getChanges, getLatest, getOlder, putRead } from "./post.actions.dom";
import { outbox } from "./kept.dom";
import { unsent, type Entry } from "./outbox.std";
import * as sender from "./sender.dom";
import * as unsavedLines from "./unsaved.dom";
import { readUnsaved, type Unsaved } from "./unsaved.std";
import { emptyTimeline, reduce, type PendingState, type Timeline, type TimelineEvent } from "./state.std";

const PAGE = 60;
/** So many members hand in at the same moment without harm. */
const FEW = 8;

const unsavedLast = signal<ReadonlyMap<ConversationId, Unsaved>>(new Map());
/** The newest line of each conversation that the relay passed on and that waits to be stored. */
export const newestUnsaved: ReadonlySignal<ReadonlyMap<ConversationId, Unsaved>> = unsavedLast;

const timelines = new Map<ConversationId, Signal<Timeline>>();
const opened = new Set<ConversationId>();
const failures = new Map<ConversationId, number>();
let self: UserId | null = null;
let doubt: () => void = () => undefined;

/** `doubted`: something happened that happens while the logic server is away. */
export async function begin(me: Me, doubted: () => void): Promise<void> {
  self = me.user_id;
  doubt = doubted;
  onBack(() => {
    hurry();
    unsavedLines.handInSoon();
    for (const [id, held] of timelines) if (held.value.older === "failed") void loadOlder(id);
  });
  void unsavedLines.begin(me, { all: () => [...timelines].map(([id, held]) => [id, held.value]), apply, isSmall, stored: handedIn });
  await sender.begin(me, {
    wrote: (entry) => apply(entry.conversation, { kind: "wrote", id: entry.id, body: entry.body, at: entry.passed?.at ?? entry.at, ...standing(entry) }),
    sending: (entry) => {
      if (isFresh(entry)) apply(entry.conversation, { kind: "stands", id: entry.id, state: "sending" });
    },
    waiting: (entry) => apply(entry.conversation, { kind: "stands", id: entry.id, state: "waiting" }),
    refused: (entry, problem) => apply(entry.conversation, { kind: "stands", id: entry.id, state: "failed", problem }),
    passedOn: (entry) => {
      apply(entry.conversation, { kind: "stands", id: entry.id, ...standing(entry) });
      doubt();
    },
    withdrew: (entry) => apply(entry.conversation, { kind: "withdrew", id: entry.id }),
    stored: (message, history) => apply(message.conversation, { kind: "stored", message, history }),
  });
}

/** The logic server asks everybody to look: it is back. */
export const looked = (): void => unsavedLines.handInSoon();

const isSmall = (id: ConversationId): boolean => (conversations.find(id)?.members.length ?? Number.POSITIVE_INFINITY) <= FEW;

/** An unsaved line that this page has handed in. */
function handedIn(message: Message, history: string): void {
  conversations.apply({ kind: "message", message });
  hear(message, history);
}

const isFresh = (entry: Entry): boolean => Date.now() - entry.order / 1000 < 10_000;

/** How an own line stands that is not stored. */
function standing(entry: Entry): { state: PendingState; problem?: Problem; passed?: number } {
  const passed = entry.passed ? { passed: entry.passed.at } : {};
  if (entry.refused) return { state: "failed", problem: entry.refused, ...passed };
  if (entry.passed) return { state: "passed_on", ...passed };
  return { state: isFresh(entry) ? "sending" : "waiting" };
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
  if (held.value.unsaved !== before.unsaved) {
    unsavedLines.changed(id, before.unsaved, held.value.unsaved);
    const last = held.value.unsaved.findLast((line) => line.state === "waiting");
    const others = [...unsavedLast.value].filter(([other]) => other !== id);
    unsavedLast.value = new Map(last ? [...others, [id, last]] : others);
  }
  const history = held.value.history;
  if (held.value.rows !== before.rows && history !== null) settleShown(held.value.rows, history);
  // Dropped rows may have hidden own lines that are offered again.
  if (history !== before.history) sender.show();
  if (opened.has(id) && held.value.catchUp.want && !held.value.catchUp.running) void catchUp(id);
}

function settleShown(rows: readonly Message[], history: string): void {
  const waiting = new Set(unsent(outbox.value).map((entry) => entry.id));
  if (waiting.size === 0) return;
  for (const row of rows) if (row.sender.user_id === self && waiting.has(row.id)) sender.settle(row.id, history);
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
  if (message.sender.user_id === self) sender.settle(message.id, history);
  if (timelines.has(message.conversation)) apply(message.conversation, { kind: "heard", message, history });
}

/** The relay passed it on: nobody has stored it yet. */
export function hearUnsaved(conversation: Conversation, delivery: Delivery): Unsaved | null {
  const line = readUnsaved(delivery, conversation);
  if (!line) return null;
  apply(conversation.id, { kind: "unsaved", line });
  doubt();
  return line;
}

/** What had been passed on was refused for good. An own one is refused to the tab that sends it. */
export function hearNotSaved(id: ConversationId, sender: UserId, message: MessageId): void {
  if (timelines.has(id)) apply(id, { kind: "not_saved", sender, id: message });
}

/** An unsaved line that will not be saved need not be looked at for ever. */
export function putAway(id: ConversationId, line: Unsaved): void {
  apply(id, { kind: "put_away", sender: line.sender.user_id, id: line.id });
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
    sender.learn(answer.value.history_id);
    return apply(id, { kind: "answered_page", run, page: answer.value, limit: PAGE });
  }
  while (own(id).value.catchUp.running && own(id).value.catchUp.run === run) {
    const answer = await getChanges(id, own(id).value.catchUp.page);
    if (answer.kind !== "ok") return stumbled(id, run, answer);
    failures.delete(id);
    sender.learn(answer.value.history_id);
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
  resting.set(id, { timer, run, notBefore: steady() + asked });
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
  if (!rest || steady() < rest.notBefore) return false;
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
  if (answer.kind === "ok") {
    sender.learn(answer.value.history_id);
    apply(id, { kind: "older_answered", page: answer.value, limit: PAGE });
  }
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
