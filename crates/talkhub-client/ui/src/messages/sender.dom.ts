// Sends what is in the outbox: by the relay while it is there, else by HTTPS, in order, each once however often it is tried.
import { signal, type ReadonlySignal } from "@preact/signals";
import { isFinal, serverNow, type Answer } from "../kit/http.dom";
import { uuid7 } from "../kit/uuid.std";
import * as relay from "../relay/actions.dom";
import type { Conversation, ConversationId, Me, Message, MessageId, Problem, UserId } from "../relay/wire.gen.std";
import { getConversation, postMessage, whoAmI } from "./post.actions.dom";
import { due, emptyOutbox, reduce, wakeAt, type Entry, type Outbox, type OutboxEvent } from "./outbox.std";
import { openOutboxStore, type OutboxStore } from "./outbox_store.dom";
import { announce, gone, tabName } from "./tabs.dom";

/** On their way at once, per conversation, through the relay. */
const WINDOW = 16;
/** After this time without an answer the line says that it waits for a connection. */
const SAY_WAITING = 10_000;
const TAKE_OVER_EVERY = 20_000;
/** How long a message waits for the store to open before it goes on in memory. */
const OPEN_WITHIN = 2_000;
/** An ack carries no text: the server's own row of the same `rev` wins over what is put together from it. */
const ACK_IS_LESS = 0.5;
/** The relay's word for a group that it does not know, or does not know this person in. */
const UNKNOWN_ADDRESS = "/problems/unknown-address";

/** What became of entries, told to the timelines. */
export interface Watcher {
  wrote(entry: Entry): void;
  waiting(entry: Entry): void;
  sending(entry: Entry): void;
  refused(entry: Entry, problem: Problem): void;
  withdrew(entry: Entry): void;
  stored(message: Message, history: string): void;
}

const state = signal<Outbox>(emptyOutbox);
export const outbox: ReadonlySignal<Outbox> = state;
/** The browser refused storage: what is unsent lives only as long as the page. */
export const inMemoryOnly = signal(false);

let store: OutboxStore | null = null;
/** Settles when the store is open, was refused, or takes too long. */
let opened: Promise<void> = Promise.resolve();
let me: Me | null = null;
let watcher: Watcher | null = null;
let wakeTimer: ReturnType<typeof setTimeout> | undefined;
let lastOrder = 0;

export async function begin(user: Me, to: Watcher): Promise<void> {
  me = user;
  watcher = to;
  announce();
  opened = openStore();
  await opened;
  await lookForOrphans();
  setInterval(() => void lookForOrphans(), TAKE_OVER_EVERY);
}

function openStore(): Promise<void> {
  return new Promise((resolve) => {
    const refused = (): void => {
      inMemoryOnly.value = true;
      resolve();
    };
    const patience = setTimeout(refused, OPEN_WITHIN);
    // Some browsers throw at the very name of it.
    Promise.resolve()
      .then(() => openOutboxStore(window.indexedDB))
      .then(async (made) => {
        store = made;
        if (inMemoryOnly.value) {
          // Late: what went on in memory meanwhile is kept now.
          inMemoryOnly.value = false;
          await Promise.all(state.value.entries.map(keep));
        }
        resolve();
      }, refused)
      .finally(() => clearTimeout(patience));
  });
}

/** A look that fails is no refusal of storage: the next one may succeed. */
const lookForOrphans = (): Promise<void> => takeOver().catch(() => undefined);

/** Writes one message down: shown at once, kept on disk, then sent. Resolves when it is kept. */
export async function write(to: Conversation, body: string): Promise<void> {
  if (!me) throw new Error("the sender begins before anything is written");
  lastOrder = Math.max(lastOrder + 1, Date.now() * 1000);
  const at = serverNow();
  const entry: Entry = { id: uuid7(at, (bytes) => crypto.getRandomValues(bytes)), user: me.user_id, conversation: to.id, group: to.group, body, at, order: lastOrder, tab: tabName, emitted: false };
  watcher?.wrote(entry);
  sayWaitingLater(entry);
  // RU1: on disk before the first try.
  writing.set(entry.id, entry);
  await keep(entry);
  writing.delete(entry.id);
  apply({ kind: "wrote", entry });
  pump();
}

/** Written, and not on disk yet. */
const writing = new Map<MessageId, Entry>();

/** However a line came to be on its way: what has no answer by then is said to wait. */
function sayWaitingLater(entry: Entry): void {
  setTimeout(() => {
    const left = find(entry.id) ?? writing.get(entry.id);
    // Another order: it was tried anew since, and has its own time.
    if (left && !left.refused && left.order === entry.order) watcher?.waiting(left);
  }, SAY_WAITING);
}

/** After a refusal: once more, as the last one written. */
export function again(id: MessageId): void {
  lastOrder = Math.max(lastOrder + 1, Date.now() * 1000);
  apply({ kind: "again", id, order: lastOrder });
  const entry = find(id);
  if (!entry) return;
  void keep(entry);
  watcher?.sending(entry);
  sayWaitingLater(entry);
  pump();
}

/** Throws one away that was not sent, or was refused. What is on its way can no longer be stopped. */
export function withdraw(id: MessageId): void {
  const entry = find(id);
  if (!entry || !canWithdraw(id)) return;
  apply({ kind: "withdrew", id });
  void store?.remove(id).catch(() => undefined);
  watcher?.withdrew(entry);
}

/** The connection is there: nothing waits for its turn any longer, but for what the server asked to wait. */
export function hurry(): void {
  apply({ kind: "hurry", now: Date.now() });
  pump();
}

/** A stored row was seen, by whichever way: its entry has done its work. */
export function settle(id: MessageId): void {
  if (!find(id)) return;
  apply({ kind: "stored", id });
  void store?.remove(id).catch(() => undefined);
  pump();
}

/** How many of this person's messages logging out would throw away: of every tab of this browser, and refused ones too. */
export async function unsent(): Promise<number> {
  const ids = new Set([...state.value.entries.map((entry) => entry.id), ...writing.keys()]);
  const kept = (await (me && store?.load(me.user_id).catch(() => null))) ?? [];
  for (const entry of kept) ids.add(entry.id);
  return ids.size;
}

/** Signing out on purpose clears this person's outbox. */
export async function clear(user: UserId): Promise<void> {
  await store?.clear(user).catch(() => undefined);
}

const find = (id: MessageId): Entry | undefined => state.value.entries.find((entry) => entry.id === id);

function apply(event: OutboxEvent): void {
  state.value = reduce(state.value, event);
}

async function keep(entry: Entry): Promise<void> {
  await opened;
  try {
    await store?.put(entry);
  } catch {
    inMemoryOnly.value = true;
  }
}

/** Reads what lies on disk and adopts the entries of tabs that are gone. */
async function takeOver(): Promise<void> {
  if (!store || !me) return;
  const entries = await store.load(me.user_id);
  const known = new Set(state.value.entries.map((entry) => entry.id));
  const orphans = await gone(new Set(entries.filter((entry) => !known.has(entry.id)).map((entry) => entry.tab)));
  const adopted = entries.filter((entry) => orphans.has(entry.tab) && !known.has(entry.id)).map((entry) => ({ ...entry, tab: tabName }));
  if (adopted.length === 0) return;
  await Promise.all(adopted.map(keep));
  apply({ kind: "loaded", entries: adopted });
  for (const entry of adopted.sort((a, b) => a.order - b.order)) {
    lastOrder = Math.max(lastOrder, entry.order);
    watcher?.wrote(entry);
    if (entry.refused) watcher?.refused(entry, entry.refused);
    else sayWaitingLater(entry);
  }
  pump();
}

/** Sends what may go now, and comes back when something else may. */
export function pump(): void {
  clearTimeout(wakeTimer);
  const up = relay.isUp();
  // At first the relay gets its chance; a device that knows itself offline does not try, so that what waits can be thrown away.
  const out = up || (relay.link.value.bar === "away" && navigator.onLine);
  if (out) {
    // Without the relay one at a time: HTTPS requests would overtake each other.
    for (const { entry, prev } of due(state.value, tabName, Date.now(), up ? WINDOW : 1)) {
      apply({ kind: "tried", id: entry.id });
      watcher?.sending(entry);
      void (up ? byRelay(entry, prev) : byHttps(entry, prev)).then(() => pump());
    }
  }
  // Without a way out there is nothing to wake for: a connection, or the bar, calls again.
  const at = out ? wakeAt(state.value, tabName) : null;
  if (at !== null) wakeTimer = setTimeout(pump, Math.max(50, at - Date.now()));
}

/**
 * It leaves this device now: from here on its content stands. That is on disk before it leaves, so that no tab that takes it over
 * believes that it can be thrown away. False: it was settled meanwhile.
 */
async function emitted(entry: Entry): Promise<boolean> {
  apply({ kind: "emitted", id: entry.id });
  // Each waits for those before it too: who is on disk already must not overtake.
  lastEmitted = Promise.all([lastEmitted, entry.emitted ? undefined : keep({ ...entry, emitted: true })]);
  await lastEmitted;
  return find(entry.id) !== undefined;
}

let lastEmitted: Promise<unknown> = Promise.resolve();

/** Whether it can still be thrown away: it never left this device, or was refused. */
export function canWithdraw(id: MessageId): boolean {
  const entry = find(id);
  return entry !== undefined && (!entry.emitted || entry.refused !== undefined) && !state.value.flying.has(id);
}

async function byRelay(entry: Entry, prev: MessageId | null): Promise<void> {
  if (!(await emitted(entry))) return;
  const answer = await relay.submit(entry.group, entry.id, entry.body, prev);
  switch (answer?.status) {
    case "stored":
      if (me) watcher?.stored({ conversation: entry.conversation, seq: answer.seq, rev: answer.rev - ACK_IS_LESS, id: entry.id, sender: personOf(me), type: "text", body: entry.body, at: answer.at }, answer.history_id);
      return settle(entry.id);
    case "refused":
      return refusedByRelay(entry, answer.problem);
    case "busy":
      return putOff(entry, answer.retry_after_ms);
    default:
      // Cut, or no answer in time: if the connection is gone the next one brings everything at once.
      return putOff(entry, relay.isUp() ? undefined : 0);
  }
}

/**
 * RU4: only a refusal that names a rule is final. That the relay does not know the address names none: it may not have been told
 * yet that this person was let in. The logic server knows.
 */
async function refusedByRelay(entry: Entry, problem: Problem): Promise<void> {
  if (!isFinal(problem)) return putOff(entry);
  if (problem.type !== UNKNOWN_ADDRESS) return refuse(entry, problem);
  const answer = await lookAt(entry.conversation);
  if (!find(entry.id)) return;
  if (answer.kind !== "problem" || !isFinal(answer.problem)) return putOff(entry, asked(answer));
  // Whoever has signed in meanwhile in another tab may not see this conversation: that says nothing about this person.
  const who = await whoAmI();
  if (who.kind === "ok" && who.value.user_id !== entry.user) return window.location.reload();
  if (who.kind !== "ok" || !find(entry.id)) return putOff(entry, asked(who));
  return refuse(entry, answer.problem);
}

/** Questions under way: a burst that was refused asks once. */
const looking = new Map<ConversationId, ReturnType<typeof getConversation>>();

function lookAt(id: ConversationId): ReturnType<typeof getConversation> {
  const running = looking.get(id);
  if (running) return running;
  const started = getConversation(id).finally(() => looking.delete(id));
  looking.set(id, started);
  return started;
}

async function byHttps(entry: Entry, prev: MessageId | null): Promise<void> {
  // A cookie speaks for whoever signed in last in this browser: never send one person's words in another's name.
  const who = await whoAmI();
  if (who.kind === "ok" && who.value.user_id !== entry.user) return window.location.reload();
  if (who.kind !== "ok" || !find(entry.id)) return putOff(entry, asked(who));
  if (!(await emitted(entry))) return;
  const answer = await postMessage(entry, prev);
  if (answer.kind === "ok") {
    watcher?.stored(answer.value.message, answer.value.history_id);
    return settle(entry.id);
  }
  if (answer.kind === "problem" && isFinal(answer.problem)) return refuse(entry, answer.problem);
  return putOff(entry, asked(answer));
}

/** How long the server wants us to wait, if it said so. */
const asked = (answer: Answer<unknown>): number | undefined => (answer.kind === "problem" ? (answer.retryAfterMs ?? undefined) : undefined);

function refuse(entry: Entry, problem: Problem): void {
  apply({ kind: "refused", id: entry.id, problem });
  const refused = find(entry.id);
  if (refused) void keep(refused);
  watcher?.refused(entry, problem);
}

function putOff(entry: Entry, retryAfter?: number): void {
  apply({ kind: "put_off", id: entry.id, now: Date.now(), chance: Math.random(), ...(retryAfter === undefined ? {} : { retryAfter }) });
}

const personOf = ({ user_id, username, display_name, avatar_color, subject }: Me): Message["sender"] => ({ user_id, username, display_name, avatar_color, subject });
