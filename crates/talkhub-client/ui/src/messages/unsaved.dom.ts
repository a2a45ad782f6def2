// What others sent while the logic server was away: kept over a reload, and handed in for those who do not come back.
import { openTable, type Table } from "../kit/database.dom";
import { serverNow } from "../kit/http.dom";
import { reach } from "../kit/reach.dom";
import { steady } from "../kit/steady.dom";
import { encode } from "../relay/codec.std";
import type { ConversationId, Me, Message, MessageId, PassedOn, UserId } from "../relay/wire.gen.std";
import { outbox } from "./kept.dom";
import { passedOnIn } from "./outbox.std";
import { postPassedOn } from "./post.actions.dom";
import type { Timeline, TimelineEvent } from "./state.std";
import { AT_ONCE, due, isOf, keptUnsaved, SHOWN_FOR, toHandIn, type KeptUnsaved, type Unsaved } from "./unsaved.std";

const LOOK_EVERY = 5_000;
/** In a large conversation many have heard the same: the senders come first, and not all hand in at the same time. */
const SENDERS_FIRST = 10_000;
/** The body of a request may have 256 KiB. */
const MOST_BYTES = 200_000;
const JITTER = 15_000;
/** In a small one all that is old enough goes with what the senders offer, while the logic server puts it in order. */
const SOON = 800;
const LOCK = "talkhub-hand-in-";

/** The timelines, for what happens to their unsaved lines. */
export interface Board {
  all(): Iterable<[ConversationId, Timeline]>;
  apply(id: ConversationId, event: TimelineEvent): void;
  isSmall(id: ConversationId): boolean;
  stored(message: Message, history: string): void;
}

let me: Me | null = null;
let board: Board | null = null;
let store: Table<KeptUnsaved> | null = null;
const jitter = Math.random() * JITTER;
/** Told to come back: the others go first. */
const busy = new Set<MessageId>();
/** Here handing in was refused: this person has no business there any more. */
const closed = new Set<ConversationId>();

/** Shows what was kept, and looks from now on at what waits. Without storage the lines last as long as the page. */
export async function begin(user: Me, to: Board): Promise<void> {
  me = user;
  board = to;
  setInterval(() => void look(), LOOK_EVERY);
  try {
    store = await openUnsaved();
    const kept = await store.load(user.user_id);
    const old = kept.filter((line) => line.at + SHOWN_FOR <= serverNow());
    await store.remove(old.map(keyOf));
    for (const { user: _me, conversation, ...line } of kept) if (!old.some((one) => one.id === line.id)) to.apply(conversation, { kind: "unsaved", line });
    // What was heard before the disk was there.
    for (const [id, timeline] of to.all()) changed(id, [], timeline.unsaved);
  } catch {
    // The outbox tells the person that this browser keeps nothing.
  }
}

export const openUnsaved = (): Promise<Table<KeptUnsaved>> => Promise.resolve().then(() => openTable(window.indexedDB, "talkhub-unsaved", "lines", ["user", "sender.user_id", "id"], keptUnsaved));

/** Signing out on purpose: nothing of others' words stays in this browser. */
export async function clear(user: UserId): Promise<void> {
  try {
    const table = store ?? (await openUnsaved());
    await table.remove((await table.load(user)).map(keyOf));
  } catch {
    // Refused: then nothing lies there.
  }
}

const keyOf = (line: KeptUnsaved): string[] => [line.user, line.sender.user_id, line.id];

/** The lines of a conversation have changed: so does the disk. */
export function changed(conversation: ConversationId, before: readonly Unsaved[], after: readonly Unsaved[]): void {
  const user = me?.user_id;
  if (user === undefined || store === null) return;
  const kept = (line: Unsaved): KeptUnsaved => ({ ...line, user, conversation });
  const gone = before.filter((line) => !after.some((other) => isOf(other, line.sender.user_id, line.id)));
  void store.remove(gone.map((line) => keyOf(kept(line)))).catch(() => undefined);
  for (const line of after) if (!before.includes(line)) void store.put(kept(line), "relaxed").catch(() => undefined);
}

/** Time passes for what waits; and what has waited too long is handed in, by one tab. */
async function look(): Promise<void> {
  if (!board || ![...board.all()].some(([, timeline]) => timeline.unsaved.length !== 0)) return;
  for (const [id, timeline] of board.all()) if (timeline.unsaved.length !== 0) board.apply(id, { kind: "aged", now: serverNow() });
  if (reach.value.phase === "here") await handInAll();
}

/** The logic server has come back: what waits for a sender who may not come is put in order with what the others bring. */
export function handInSoon(): void {
  setTimeout(() => void handInAll(), Math.random() * SOON);
}

/** By one tab of this browser. */
async function handInAll(): Promise<void> {
  const act = async (): Promise<void> => {
    for (const [id, timeline] of board?.all() ?? []) {
      const isSmall = board?.isSmall(id) === true;
      if (closed.has(id) || (!isSmall && steady() - reach.value.since < SENDERS_FIRST + jitter)) continue;
      const others = timeline.unsaved.filter((line) => !busy.has(line.id));
      if (!others.some((line) => line.state === "waiting")) busy.clear();
      const lines = due(busy.size === 0 ? timeline.unsaved : others, serverNow() - (isSmall ? 0 : jitter), timeline.handInAfter);
      if (lines.length !== 0) await handIn(id, lines);
    }
  };
  const locks: LockManager | undefined = navigator.locks;
  if (locks) await locks.request(LOCK + me?.user_id, { ifAvailable: true }, (lock) => (lock ? act() : undefined));
  else await act();
}

async function handIn(id: ConversationId, lines: readonly Unsaved[]): Promise<void> {
  board?.apply(id, { kind: "handed_in", now: serverNow() });
  const waiting = [...lines.map((line) => ({ at: line.at, line, passedOn: toHandIn(line) })), ...ownUntil(id, lines.at(-1)?.at ?? 0)].sort((a, b) => a.at - b.at);
  const all = fitting(waiting.slice(0, AT_ONCE));
  const answer = await postPassedOn(id, all.map((one) => one.passedOn));
  if (answer.kind === "problem" && (answer.problem.status === 403 || answer.problem.status === 404)) closed.add(id);
  if (answer.kind !== "ok") return;
  for (const [index, result] of answer.value.results.entries()) {
    const line = all[index]?.line;
    if (result.status === "stored") board?.stored(result.message, answer.value.history_id);
    if (result.status === "busy" && all[index]) busy.add(all[index].passedOn.id);
    // A receipt that is of no use here says nothing of the message: its sender may bring it.
    else if (result.status === "refused" && result.problem.type === "/problems/bad-receipt") continue;
    // One's own refusal is told to the tab that sends it.
    else if (result.status === "refused" && line) board?.apply(id, { kind: "not_saved", sender: line.sender.user_id, id: line.id, problem: result.problem });
  }
}

/** As many as one request takes. */
function fitting<T extends { passedOn: PassedOn }>(all: readonly T[]): T[] {
  let bytes = 0;
  return all.filter(({ passedOn }, place) => {
    bytes += new TextEncoder().encode(JSON.stringify(passedOn)).length;
    return place === 0 || bytes < MOST_BYTES;
  });
}

/** One's own go with the others', so that all stand in the order in which they were said; they are offered by themselves too. */
function ownUntil(id: ConversationId, until: number): { at: number; line: null; passedOn: PassedOn }[] {
  return passedOnIn(outbox.value, id).flatMap(({ entry, prev }) => {
    if (!me || !entry.passed || until < entry.passed.at) return [];
    const frame = encode({ kind: "message", body: entry.body });
    return [{ at: entry.passed.at, line: null, passedOn: { subject: me.subject, id: entry.id, ...(prev === null ? {} : { prev }), frame, receipt: entry.passed.receipt } }];
  });
}
