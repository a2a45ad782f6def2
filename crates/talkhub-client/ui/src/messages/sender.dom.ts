// Sends what is in the outbox: by the relay while it is there, else by HTTPS, in order, each once however often it is tried.
import { isFinal, serverNow, type Answer } from "../kit/http.dom";
import { steady } from "../kit/steady.dom";
import { uuid7 } from "../kit/uuid.std";
import * as relay from "../relay/actions.dom";
import { encode } from "../relay/codec.std";
import type { Conversation, ConversationId, Group, Me, Message, MessageId, Problem } from "../relay/wire.gen.std";
import { getConversation, postMessage, postPassedOn, whoAmI } from "./post.actions.dom";
import * as kept from "./kept.dom";
import { apply, find, forget, keep, keepNow, outbox } from "./kept.dom";
import { due, isSettled, wakeAt, type Entry } from "./outbox.std";
import { announce, tabName } from "./tabs.dom";
import { saysNothingOfARule } from "./unsaved.std";

/** On their way at once, per conversation, through the relay. */
const WINDOW = 16;
/** After this time without an answer the line says that it waits for a connection. */
const SAY_WAITING = 10_000;
const TAKE_OVER_EVERY = 20_000;
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
  /** The others have it, the logic server not yet. */
  passedOn(entry: Entry): void;
  withdrew(entry: Entry): void;
  stored(message: Message, history: string): void;
}

let me: Me | null = null;
let watcher: Watcher | null = null;
let wakeTimer: ReturnType<typeof setTimeout> | undefined;
let lastOrder = 0;

export async function begin(user: Me, to: Watcher): Promise<void> {
  me = user;
  watcher = to;
  announce();
  await kept.open(user);
  await lookForOrphans();
  setInterval(() => void lookForOrphans(), TAKE_OVER_EVERY);
}

/** A look that fails is no refusal of storage: the next one may succeed. */
const lookForOrphans = (): Promise<void> => takeOver().catch(() => undefined);

/** Writes one message down: shown at once, kept on disk, then sent. Resolves when it is kept. */
export async function write(to: Conversation, body: string): Promise<void> {
  if (!me) throw new Error("the sender begins before anything is written");
  lastOrder = Math.max(lastOrder + 1, Date.now() * 1000);
  const entry: Entry = { id: newId(), user: me.user_id, conversation: to.id, group: to.group, body, at: serverNow(), order: lastOrder, tab: tabName, emitted: false };
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
    if (left && !left.refused && !left.passed && !isSettled(outbox.value, left) && left.order === entry.order) watcher?.waiting(left);
  }, SAY_WAITING);
}

/** After a refusal, which stands for ever: the same words go out as a new message, the last one written. */
export function again(id: MessageId): void {
  const refused = find(id);
  if (!refused) return;
  lastOrder = Math.max(lastOrder + 1, Date.now() * 1000);
  const anew = newId();
  apply({ kind: "again", id, order: lastOrder, anew });
  const entry = find(anew);
  if (!entry) return;
  // The new one is on disk before the old one goes: nothing in between loses the words.
  void keep(entry).then(() => forget([refused]));
  watcher?.withdrew(refused);
  watcher?.wrote(entry);
  sayWaitingLater(entry);
  pump();
}

const newId = (): MessageId => uuid7(serverNow(), (bytes) => crypto.getRandomValues(bytes));

/** Throws one away that was not sent, or was refused. What is on its way can no longer be stopped. */
export function withdraw(id: MessageId): void {
  const entry = find(id);
  if (!entry || !canWithdraw(id)) return;
  apply({ kind: "withdrew", id });
  watcher?.withdrew(entry);
}

/** The connection is there: nothing waits for its turn any longer, but for what the server asked to wait. */
export function hurry(): void {
  apply({ kind: "hurry", now: steady() });
  pump();
}

/** A stored row was seen, by whichever way: its entry has done its work, and is kept for a while in case that a restore loses the row. */
export function settle(id: MessageId, history: string): void {
  const entry = find(id);
  if (!entry || isSettled(outbox.value, entry)) return;
  apply({ kind: "stored", id, history, now: steady() });
  keepNow(id);
  pump();
}

/** RU12: the logic server said which history holds. What had its tick in another one is offered again. */
export function learn(history: string): void {
  const before = outbox.value.history;
  if (before === history) return;
  apply({ kind: "history", history, now: steady() });
  show();
  pump();
}

/** How many of this person's messages logging out would throw away: of every tab of this browser, and refused ones too. */
export async function unsent(): Promise<number> {
  const ids = new Set([...(await kept.allUnsent()).map((entry) => entry.id), ...writing.keys()]);
  return ids.size;
}

/** Sends on what tabs that are gone have left. */
async function takeOver(): Promise<void> {
  const adopted = await kept.adopt();
  if (adopted.length === 0) return;
  apply({ kind: "loaded", entries: adopted });
  lastOrder = adopted.reduce((most, entry) => Math.max(most, entry.order), lastOrder);
  show();
  pump();
}

/** Shows what is neither stored nor thrown away, in the order written; what is shown already stays as it is. */
export function show(): void {
  for (const entry of outbox.value.entries) {
    if (isSettled(outbox.value, entry)) continue;
    watcher?.wrote(entry);
    if (!entry.refused && !entry.passed) sayWaitingLater(entry);
  }
}

/** Sends what may go now, and comes back when something else may. */
export function pump(): void {
  clearTimeout(wakeTimer);
  const up = relay.isUp();
  // At first the relay gets its chance; a device that knows itself offline does not try, so that what waits can be thrown away.
  const out = up || (relay.link.value.bar === "away" && navigator.onLine);
  if (out) {
    // Without the relay one at a time: HTTPS requests would overtake each other.
    for (const { entry, prev } of due(outbox.value, tabName, steady(), up ? WINDOW : 1)) {
      apply({ kind: "tried", id: entry.id });
      if (!entry.passed) watcher?.sending(entry);
      void (up ? byRelay(entry, prev) : byHttps(entry, prev)).then(() => pump());
    }
  }
  // Without a way out there is nothing to wake for: a connection, or the bar, calls again.
  const at = out ? wakeAt(outbox.value, tabName) : null;
  if (at !== null) wakeTimer = setTimeout(pump, Math.max(50, at - steady()));
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
  const left = find(entry.id);
  return left !== undefined && !isSettled(outbox.value, left);
}

let lastEmitted: Promise<unknown> = Promise.resolve();

/** Whether it can still be thrown away: it never left this device, or was refused. */
export function canWithdraw(id: MessageId): boolean {
  const entry = find(id);
  return entry !== undefined && (!entry.emitted || entry.refused !== undefined) && !outbox.value.flying.has(id);
}

async function byRelay(entry: Entry, prev: MessageId | null): Promise<void> {
  if (!(await emitted(entry))) return;
  const answer = await relay.submit(entry.group, entry.id, entry.body, prev, entry.passed?.receipt ?? null);
  switch (answer?.status) {
    case "stored":
      if (me) watcher?.stored({ conversation: entry.conversation, seq: answer.seq, rev: answer.rev - ACK_IS_LESS, id: entry.id, sender: personOf(me), type: "text", body: entry.body, at: answer.at }, answer.history_id);
      return settle(entry.id, answer.history_id);
    case "passed_on":
      return passedOn(entry, answer.receipt, answer.at);
    case "refused":
      return refusedByRelay(entry, answer.problem, prev);
    case "busy":
      return putOff(entry, answer.retry_after_ms);
    default:
      // Cut, or no answer in time: if the connection is gone the next one brings everything at once.
      return putOff(entry, relay.isUp() ? undefined : 0);
  }
}

/**
 * RU4: only a refusal that names a rule is final. That the relay does not know the address names none: it may not have been told
 * yet that this person was let in. The logic server knows, and takes the message itself; whoever is kept out hears there why, as
 * soon as anybody else would. (SEC16)
 */
async function refusedByRelay(entry: Entry, problem: Problem, prev: MessageId | null): Promise<void> {
  if (!isFinal(problem)) return putOff(entry);
  if (problem.type !== UNKNOWN_ADDRESS) return refuse(entry, problem);
  const answer = await lookAt(entry.conversation);
  if (!find(entry.id)) return;
  if (answer.kind === "ok") return byHttps(entry, prev);
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
  learn(who.value.history_id);
  if (!(await emitted(entry))) return;
  // With its receipt, as whoever received it would bring it: so it gets its place, and a refusal is told to the others.
  if (entry.passed && me && (await handedIn(entry, entry.passed.receipt, prev, me.subject))) return;
  const answer = await postMessage(entry, prev);
  if (answer.kind === "ok") {
    learn(answer.value.history_id);
    watcher?.stored(answer.value.message, answer.value.history_id);
    return settle(entry.id, answer.value.history_id);
  }
  if (answer.kind === "problem" && isFinal(answer.problem)) return refuse(entry, answer.problem);
  return putOff(entry, asked(answer));
}

/** False: the receipt is of no use any more, so it goes as a message like any other. */
async function handedIn(entry: Entry, receipt: string, prev: MessageId | null, subject: Group): Promise<boolean> {
  const frame = encode({ kind: "message", body: entry.body });
  const answer = await postPassedOn(entry.conversation, [{ subject, id: entry.id, ...(prev === null ? {} : { prev }), frame, receipt }]);
  if (answer.kind !== "ok") {
    putOff(entry, asked(answer));
    return true;
  }
  learn(answer.value.history_id);
  const result = answer.value.results[0];
  if (result?.status === "stored") {
    watcher?.stored(result.message, answer.value.history_id);
    settle(entry.id, answer.value.history_id);
  } else if (result?.status === "refused") {
    if (saysNothingOfARule(result.problem)) return false;
    refuse(entry, result.problem);
  } else putOff(entry, result?.retry_after_ms);
  return true;
}

/** How long the server wants us to wait, if it said so. */
const asked = (answer: Answer<unknown>): number | undefined => (answer.kind === "problem" ? (answer.retryAfterMs ?? undefined) : undefined);

/** Neither yes nor no, and the others have it: kept, and offered again with the receipt. */
function passedOn({ id }: Entry, receipt: string, at: number): void {
  apply({ kind: "passed_on", id, receipt, at, now: steady(), chance: Math.random() });
  const entry = find(id);
  if (!entry || isSettled(outbox.value, entry)) return;
  keepNow(id);
  watcher?.passedOn(entry);
}

function refuse(entry: Entry, problem: Problem): void {
  apply({ kind: "refused", id: entry.id, problem });
  const refused = find(entry.id);
  if (refused) void keep(refused);
  watcher?.refused(entry, problem);
}

function putOff(entry: Entry, retryAfter?: number): void {
  apply({ kind: "put_off", id: entry.id, now: steady(), chance: Math.random(), ...(retryAfter === undefined ? {} : { retryAfter }) });
}

const personOf = ({ user_id, username, display_name, avatar_color, subject }: Me): Message["sender"] => ({ user_id, username, display_name, avatar_color, subject });
