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
  /** The tab that wrote it and sends it; others take it over only when that tab is gone. */
  readonly tab: string;
  /** It has left this device at least once: from now on its content stands. */
  readonly emitted: boolean;
  /** A definite no. */
  readonly refused?: Problem;
}

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
}

export type OutboxEvent =
  | { kind: "loaded"; entries: readonly Entry[] }
  | { kind: "wrote"; entry: Entry }
  | { kind: "tried"; id: MessageId }
  | { kind: "emitted"; id: MessageId }
  | { kind: "stored"; id: MessageId }
  | { kind: "refused"; id: MessageId; problem: Problem }
  | { kind: "put_off"; id: MessageId; now: number; chance: number; retryAfter?: number }
  | { kind: "hurry"; now: number }
  | { kind: "again"; id: MessageId; order: number }
  | { kind: "withdrew"; id: MessageId };

export const emptyOutbox: Outbox = { entries: [], flying: new Set(), pauses: new Map() };

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
    case "stored": {
      const gone = box.entries.find((entry) => entry.id === e.id);
      const pauses = gone ? without(box.pauses, gone.conversation) : box.pauses;
      return { entries: box.entries.filter((entry) => entry.id !== e.id), flying: less(box.flying, e.id), pauses };
    }
    case "refused":
      return { ...change(box, e.id, (entry) => ({ ...entry, refused: e.problem })), flying: less(box.flying, e.id) };
    case "put_off":
      return putOff(box, e);
    case "hurry":
      return { ...box, pauses: new Map([...box.pauses].flatMap(([id, pause]) => (e.now < pause.asked ? [[id, { ...pause, until: pause.asked }] as const] : []))) };
    case "again": {
      const after = change(box, e.id, ({ refused: _no, ...entry }) => ({ ...entry, order: e.order }));
      return { ...after, entries: [...after.entries].sort(byOrder) };
    }
    case "withdrew":
      return { ...box, entries: box.entries.filter((entry) => entry.id !== e.id), flying: less(box.flying, e.id) };
    default:
      return never(e);
  }
}

/** What may go out now, in the order written, and with which `prev`. `window` bounds what is on its way per conversation. */
export function due(box: Outbox, tab: string, now: number, window: number): { entry: Entry; prev: MessageId | null }[] {
  const out: { entry: Entry; prev: MessageId | null }[] = [];
  const previous = new Map<ConversationId, MessageId>();
  const closed = new Set<ConversationId>();
  const flying = new Map<ConversationId, number>();
  for (const entry of box.entries) {
    if (entry.refused) continue; // settled: a refusal of one does not hold up the rest
    const prev = previous.get(entry.conversation) ?? null;
    previous.set(entry.conversation, entry.id);
    if (box.flying.has(entry.id)) {
      flying.set(entry.conversation, (flying.get(entry.conversation) ?? 0) + 1);
      continue;
    }
    const pause = box.pauses.get(entry.conversation);
    if (entry.tab !== tab || closed.has(entry.conversation) || (pause && now < pause.until)) continue;
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

/** When to look again, or null when nothing waits for the clock. */
export function wakeAt(box: Outbox, tab: string): number | null {
  const waiting = new Set(box.entries.filter((entry) => !entry.refused && entry.tab === tab).map((entry) => entry.conversation));
  const times = [...box.pauses].filter(([id]) => waiting.has(id)).map(([, pause]) => pause.until);
  return times.length === 0 ? null : Math.min(...times);
}

const byOrder = (a: Entry, b: Entry): number => a.order - b.order || (a.id < b.id ? -1 : 1);

function change(box: Outbox, id: MessageId, to: (entry: Entry) => Entry): Outbox {
  return { ...box, entries: box.entries.map((entry) => (entry.id === id ? to(entry) : entry)) };
}

function less(flying: ReadonlySet<MessageId>, id: MessageId): ReadonlySet<MessageId> {
  return new Set([...flying].filter((other) => other !== id));
}

function without(pauses: Outbox["pauses"], id: ConversationId): Outbox["pauses"] {
  return new Map([...pauses].filter(([other]) => other !== id));
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
  return { ...box, flying, pauses: new Map(box.pauses).set(entry.conversation, { until, tries, asked }) };
}
