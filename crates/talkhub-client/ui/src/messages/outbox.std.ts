// The outbox without storage and network: which own messages wait, which may go out now, and what an answer means.
import { backOff } from "../kit/back_off.std";
import { never } from "../kit/never.std";
import type { ConversationId, Group, MessageId, Problem, UserId } from "../relay/wire.gen.std";

/** One own message from the key press until it is stored or thrown away. This is what IndexedDB keeps. */
export interface Entry {
  readonly id: MessageId;
  readonly user: UserId;
  readonly conversation: ConversationId;
  readonly group: Group;
  readonly body: string;
  /** When it was written, by the server's clock as this device knows it. */
  readonly at: number;
  /** Its place among this device's entries; grows with every entry, over tabs and reloads. */
  readonly order: number;
  /** The tab that sends it: the one that wrote it, until that is gone and another one takes it over. */
  readonly tab: string;
  /** The tab that wrote it, where another one has taken it over. */
  readonly writer?: string;
  /** It has left this device at least once: from now on its content stands. */
  readonly emitted: boolean;
  /** A definite no. */
  readonly refused?: Problem;
  /** It is stored, in this history. */
  readonly ticked?: Tick;
  /** The relay handed it to the others while the logic server was away. */
  readonly passed?: Passed;
}

/** Where and when an entry got its tick. */
export interface Tick {
  readonly history: string;
  readonly at: number;
}

/** What the relay said when it passed a message on: with the receipt it is stored in that place. */
export interface Passed {
  readonly receipt: string;
  /** The relay's time. */
  readonly at: number;
}

/** An entry stays so long after its tick, for a server that comes back with an older history. (RU12) */
export const KEEP_TICKED = 24 * 60 * 60 * 1000;
/** So many failures make the longest pause: after it what was passed on is offered again, if nothing says sooner that it is worth it. */
const LONGEST = 6;

interface Pause {
  readonly until: number;
  readonly tries: number;
  /** Up to here the server asked us to wait: no hurry of ours makes that shorter. */
  readonly asked: number;
}

export interface Outbox {
  readonly entries: readonly Entry[];
  readonly flying: ReadonlySet<MessageId>;
  /** Conversations that wait before the next try. */
  readonly pauses: ReadonlyMap<ConversationId, Pause>;
  /** Conversations whose passed-on entries rest, and until when. What is written meanwhile does not wait for them. */
  readonly rests: ReadonlyMap<ConversationId, number>;
  /** Which history holds, as the logic server said last. */
  readonly history: string | null;
}

export type OutboxEvent =
  | { kind: "loaded"; entries: readonly Entry[] }
  | { kind: "wrote"; entry: Entry }
  | { kind: "tried"; id: MessageId }
  | { kind: "emitted"; id: MessageId }
  | { kind: "stored"; id: MessageId; history: string; now: number }
  | { kind: "passed_on"; id: MessageId; receipt: string; at: number; now: number; chance: number }
  | { kind: "refused"; id: MessageId; problem: Problem }
  | { kind: "put_off"; id: MessageId; now: number; chance: number; retryAfter?: number }
  /** The connection is gone with everything that was on its way. */
  | { kind: "cut" }
  | { kind: "hurry"; now: number }
  /** The logic server said which history holds. Late frames and acks never do: they may be of before a restore. */
  | { kind: "history"; history: string; now: number }
  /** The refusal of what was passed on stands for ever, so that one goes as a new message, by the id `anew`. */
  | { kind: "again"; id: MessageId; order: number; anew?: MessageId }
  | { kind: "withdrew"; id: MessageId }
  /** Those tabs are gone. */
  | { kind: "taken_over"; from: readonly string[]; by: string };

export const emptyOutbox: Outbox = { entries: [], flying: new Set(), pauses: new Map(), rests: new Map(), history: null };

export function reduce(box: Outbox, e: OutboxEvent): Outbox {
  switch (e.kind) {
    case "loaded": {
      const known = new Set(box.entries.map((entry) => entry.id));
      const news = e.entries.filter((entry) => !known.has(entry.id));
      return news.length === 0 ? box : { ...box, entries: [...box.entries, ...news].sort(byOrder) };
    }
    case "wrote":
      return reduce(box, { kind: "loaded", entries: [e.entry] });
    case "tried":
      return { ...box, flying: new Set([...box.flying, e.id]) };
    case "emitted":
      return { ...change(box, e.id, (entry) => ({ ...entry, emitted: true })), flying: new Set([...box.flying, e.id]) };
    case "stored":
      return ticked(box, e);
    case "passed_on":
      return passedOn(box, e);
    case "refused":
      return { ...change(box, e.id, (entry) => ({ ...entry, refused: e.problem })), flying: less(box.flying, e.id) };
    case "put_off":
      return putOff(box, e);
    case "cut":
      return { ...box, flying: new Set() };
    case "hurry":
      return { ...box, rests: new Map(), pauses: new Map([...box.pauses].flatMap(([id, pause]) => (e.now < pause.asked ? [[id, { ...pause, until: pause.asked }] as const] : []))) };
    case "history": {
      const after = box.history === e.history ? box : { ...box, history: e.history, pauses: new Map<ConversationId, Pause>(), rests: new Map<ConversationId, number>() };
      return withoutOldTicks(after, e.now);
    }
    case "again": {
      // A refusal stands for ever: what goes once more is a new message, said by the tab that has it now.
      const after = change(box, e.id, ({ refused: _no, writer: _before, passed, ...entry }) => {
        if (e.anew !== undefined) return { ...entry, id: e.anew, order: e.order, emitted: false };
        return { ...entry, order: e.order, ...(passed ? { passed } : {}) };
      });
      return { ...after, entries: [...after.entries].sort(byOrder) };
    }
    case "withdrew":
      return { ...box, entries: box.entries.filter((entry) => entry.id !== e.id), flying: less(box.flying, e.id) };
    case "taken_over":
      return { ...box, entries: box.entries.map((entry) => (e.from.includes(entry.tab) ? takenOver(entry, e.by) : entry)) };
    default:
      return never(e);
  }
}

/** Another tab sends it from now on. Who wrote it stays, since what one tab wrote stays in order. (INV09) */
export const takenOver = (entry: Entry, by: string): Entry => ({ ...entry, tab: by, writer: writerOf(entry) });

const writerOf = (entry: Entry): string => entry.writer ?? entry.tab;

/** Whether it is stored. Invariant: settled means a tick in the history that holds now. */
export const isSettled = (box: Outbox, entry: Entry): boolean => entry.ticked !== undefined && (box.history === null || box.history === entry.ticked.history);

/** Entries that are neither stored nor refused. */
export const unsent = (box: Outbox): Entry[] => box.entries.filter((entry) => !entry.refused && !isSettled(box, entry));

/**
 * What may go out now, in the order written, and with which `prev`: the kept entry before it, which may have its tick already, since
 * a restore can take the tick back. `window` bounds what is on its way per conversation.
 */
export function due(box: Outbox, tab: string, now: number, window: number): { entry: Entry; prev: MessageId | null }[] {
  const out: { entry: Entry; prev: MessageId | null }[] = [];
  const named = naming();
  const closed = new Set<ConversationId>();
  const flying = new Map<ConversationId, number>();
  for (const entry of box.entries) {
    if (entry.refused) continue; // settled: a refusal of one does not hold up the rest
    const prev = named(entry);
    if (isSettled(box, entry)) continue;
    if (box.flying.has(entry.id)) {
      flying.set(entry.conversation, (flying.get(entry.conversation) ?? 0) + 1);
      continue;
    }
    if (entry.tab !== tab || closed.has(entry.conversation) || waits(box, entry, now)) continue;
    const count = (flying.get(entry.conversation) ?? 0) + 1;
    if (window < count) {
      closed.add(entry.conversation);
      continue;
    }
    flying.set(entry.conversation, count);
    out.push({ entry, prev });
  }
  return out;
}

/** What was passed on in this conversation and is not stored, in the order written, with what each names. */
export function passedOnIn(box: Outbox, conversation: ConversationId): { entry: Entry; prev: MessageId | null }[] {
  const out: { entry: Entry; prev: MessageId | null }[] = [];
  const named = naming();
  for (const entry of box.entries) {
    if (entry.conversation !== conversation || entry.refused) continue;
    const prev = named(entry);
    if (entry.passed && !isSettled(box, entry)) out.push({ entry, prev });
  }
  return out;
}

/**
 * What each entry names, asked in the order written: the one before it of the same writing tab; of any, for the first one of a tab.
 * What a tab took over stands among its own. One of its own that named such a one would not wait for its own before it: the other
 * may be stored already, after what its own tab wrote before it. The first names whatever is before it, so that a reload keeps the
 * order too.
 */
function naming(): (entry: Entry) => MessageId | null {
  const last = new Map<ConversationId, { any: MessageId; of: Map<string, MessageId> }>();
  return (entry) => {
    const before = last.get(entry.conversation);
    const of = before?.of ?? new Map<string, MessageId>();
    const prev = of.get(writerOf(entry)) ?? before?.any ?? null;
    last.set(entry.conversation, { any: entry.id, of: of.set(writerOf(entry), entry.id) });
    return prev;
  };
}

function waits(box: Outbox, entry: Entry, now: number): boolean {
  const pause = box.pauses.get(entry.conversation);
  if (pause && now < pause.until) return true;
  return entry.passed !== undefined && now < (box.rests.get(entry.conversation) ?? 0);
}

/** When to look again, or null when nothing waits for the clock. */
export function wakeAt(box: Outbox, tab: string): number | null {
  const times = unsent(box).flatMap((entry) => {
    if (entry.tab !== tab) return [];
    const until = box.pauses.get(entry.conversation)?.until ?? (entry.passed ? box.rests.get(entry.conversation) : undefined);
    return until === undefined ? [] : [until];
  });
  return times.length === 0 ? null : Math.min(...times);
}

const byOrder = (a: Entry, b: Entry): number => a.order - b.order || (a.id < b.id ? -1 : 1);

function change(box: Outbox, id: MessageId, to: (entry: Entry) => Entry): Outbox {
  return { ...box, entries: box.entries.map((entry) => (entry.id === id ? to(entry) : entry)) };
}

function less(flying: ReadonlySet<MessageId>, id: MessageId): ReadonlySet<MessageId> {
  return new Set([...flying].filter((other) => other !== id));
}

function without<T>(all: ReadonlyMap<ConversationId, T>, id: ConversationId): ReadonlyMap<ConversationId, T> {
  return new Map([...all].filter(([other]) => other !== id));
}

/** It is stored: kept for a day all the same. A late ack of a history that is no more takes no tick away. */
function ticked(box: Outbox, e: OutboxEvent & { kind: "stored" }): Outbox {
  const entry = box.entries.find((one) => one.id === e.id);
  const flying = less(box.flying, e.id);
  if (!entry) return { ...box, flying };
  const { refused: _no, ...rest } = entry;
  const hasPresent = entry.ticked !== undefined && entry.ticked.history === box.history;
  const after: Entry = { ...rest, ticked: hasPresent ? entry.ticked : { history: e.history, at: e.now } };
  // The logic server speaks: whatever rests is offered now.
  return withoutOldTicks({ ...change(box, e.id, () => after), flying, pauses: without(box.pauses, entry.conversation), rests: new Map() }, e.now);
}

function withoutOldTicks(box: Outbox, now: number): Outbox {
  const left = box.entries.filter((entry) => entry.ticked === undefined || now < entry.ticked.at + KEEP_TICKED);
  return left.length === box.entries.length ? box : { ...box, entries: left };
}

/** RU5: neither yes nor no, but what comes after it need not wait. */
function passedOn(box: Outbox, e: OutboxEvent & { kind: "passed_on" }): Outbox {
  const entry = box.entries.find((one) => one.id === e.id);
  if (!entry) return box;
  const flying = less(box.flying, e.id);
  if (isSettled(box, entry) || entry.refused) return { ...box, flying }; // late, of a repeat
  // Of two receipts the earlier counts.
  const passed = entry.passed && entry.passed.at <= e.at ? entry.passed : { receipt: e.receipt, at: e.at };
  const after = { ...change(box, e.id, (one) => ({ ...one, passed })), flying };
  // The relay answers: nothing but what it asked for holds up what is written next. After that all go again, in order.
  const pause = box.pauses.get(entry.conversation);
  if (pause && e.now < pause.asked) return { ...after, pauses: new Map(box.pauses).set(entry.conversation, { ...pause, until: pause.asked }) };
  const until = box.rests.get(entry.conversation) ?? e.now;
  const rests = until <= e.now ? new Map(box.rests).set(entry.conversation, e.now + backOff(LONGEST, e.chance)) : box.rests;
  return { ...after, pauses: without(box.pauses, entry.conversation), rests };
}

/** RU4: neither yes nor no. The whole conversation waits, so that nothing overtakes. What the server asks for wins. */
function putOff(box: Outbox, e: OutboxEvent & { kind: "put_off" }): Outbox {
  const entry = box.entries.find((one) => one.id === e.id);
  if (!entry) return box;
  const before = box.pauses.get(entry.conversation);
  const flying = less(box.flying, e.id);
  // Several answers of one burst are one failure.
  const first = before === undefined || before.until <= e.now;
  const tries = first ? (before?.tries ?? 0) + 1 : before.tries;
  const wait = e.retryAfter ?? backOff(tries, e.chance);
  const until = first ? e.now + wait : Math.max(before.until, e.now + (e.retryAfter ?? 0));
  const asked = Math.max(before?.asked ?? 0, e.now + (e.retryAfter ?? 0));
  // Perhaps the server lacks the one before it: then all are offered again, in order.
  return { ...box, flying, rests: without(box.rests, entry.conversation), pauses: new Map(box.pauses).set(entry.conversation, { until, tries, asked }) };
}
