// What others sent while the logic server was away: kept over a reload, and handed in for those who do not come back.
import { openTable, type Table } from "../kit/database.dom";
import { isFinal, serverNow } from "../kit/http.dom";
import { reach } from "../kit/reach.dom";
import { steady } from "../kit/steady.dom";
import type { ConversationId, Me, Message, UserId } from "../relay/wire.gen.std";
import { postPassedOn } from "./post.actions.dom";
import type { Timeline, TimelineEvent } from "./state.std";
import { due, isOf, keptUnsaved, SHOWN_FOR, toHandIn, type KeptUnsaved, type Unsaved } from "./unsaved.std";

const LOOK_EVERY = 5_000;
/** The senders come first: whoever hands in waits after the return, and not all for the same time. */
const SENDERS_FIRST = 10_000;
const JITTER = 15_000;
const LOCK = "talkhub-hand-in-";

/** The timelines, for what happens to their unsaved lines. */
export interface Board {
  all(): Iterable<[ConversationId, Timeline]>;
  apply(id: ConversationId, event: TimelineEvent): void;
  stored(message: Message, history: string): void;
}

let me: UserId | null = null;
let board: Board | null = null;
let store: Table<KeptUnsaved> | null = null;
const jitter = Math.random() * JITTER;
/** Here handing in was refused: this person has no business there any more. */
const closed = new Set<ConversationId>();

/** Shows what was kept, and looks from now on at what waits. Without storage the lines last as long as the page. */
export async function begin(user: Me, to: Board): Promise<void> {
  me = user.user_id;
  board = to;
  setInterval(() => void look(), LOOK_EVERY);
  try {
    store = await openUnsaved();
    const kept = await store.load(me);
    const old = kept.filter((line) => line.at + SHOWN_FOR <= serverNow());
    await store.remove(old.map(keyOf));
    for (const { user: _me, conversation, ...line } of kept) if (!old.some((one) => one.id === line.id)) to.apply(conversation, { kind: "unsaved", line });
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
  if (me === null || store === null) return;
  const kept = (line: Unsaved): KeptUnsaved => ({ ...line, user: me ?? line.sender.user_id, conversation });
  const gone = before.filter((line) => !after.some((other) => isOf(other, line.sender.user_id, line.id)));
  void store.remove(gone.map((line) => keyOf(kept(line)))).catch(() => undefined);
  for (const line of after) if (!before.includes(line)) void store.put(kept(line), "relaxed").catch(() => undefined);
}

/** Time passes for what waits; and what has waited too long is handed in, by one tab. */
async function look(): Promise<void> {
  if (!board || ![...board.all()].some(([, timeline]) => timeline.unsaved.length !== 0)) return;
  for (const [id, timeline] of board.all()) if (timeline.unsaved.length !== 0) board.apply(id, { kind: "aged", now: serverNow() });
  const { phase, since } = reach.value;
  if (phase === "away" || steady() - since < SENDERS_FIRST + jitter) return;
  const locks: LockManager | undefined = navigator.locks;
  if (locks) await locks.request(LOCK + me, { ifAvailable: true }, (lock) => (lock ? handInAll() : undefined));
  else await handInAll();
}

async function handInAll(): Promise<void> {
  for (const [id, timeline] of board?.all() ?? []) {
    const lines = closed.has(id) ? [] : due(timeline.unsaved, serverNow() - jitter, timeline.handInAfter);
    if (lines.length !== 0) await handIn(id, lines);
  }
}

async function handIn(id: ConversationId, lines: readonly Unsaved[]): Promise<void> {
  board?.apply(id, { kind: "handed_in", now: serverNow() });
  const answer = await postPassedOn(id, lines.map(toHandIn));
  if (answer.kind === "problem" && isFinal(answer.problem)) closed.add(id);
  if (answer.kind !== "ok") return;
  for (const [index, result] of answer.value.results.entries()) {
    const line = lines[index];
    if (result.status === "stored") board?.stored(result.message, answer.value.history_id);
    else if (result.status === "refused" && line) board?.apply(id, { kind: "not_saved", sender: line.sender.user_id, id: line.id, problem: result.problem });
  }
}
