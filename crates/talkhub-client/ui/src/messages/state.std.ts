// One conversation's timeline: the rows held, the own lines on their way, and how far the catch-up has come.
// Everything that can happen is a `TimelineEvent`; the reducer is pure and total, and hearing one twice or late does no harm.
import { never } from "../kit/never.std";
import type { Changes, Mark, Message, MessageId, MessagePage, Problem, UserId } from "../relay/wire.gen.std";
import { aged, HAND_IN_AGAIN, isOf, refused, withUnsaved, type Unsaved } from "./unsaved.std";

/** Where an own line stands before it is stored. Each is shown with a mark and with words. `passed_on`: the others have it. */
export type PendingState = "sending" | "waiting" | "passed_on" | "failed";

/** An own line that is not stored yet. */
export interface Pending {
  readonly id: MessageId;
  readonly body: string;
  /** When it was written, by the server's clock as this device knows it. */
  readonly at: number;
  readonly state: PendingState;
  readonly problem?: Problem;
  /** When the relay passed it on, by its clock: its place among what others sent meanwhile. */
  readonly passed?: number;
  /** Stored, by an ack that came before the first page: the page takes its place. */
  readonly settled?: true;
}

/** How a catch-up goes. `want`: one is due. `running`: answers to this `run` are awaited. `gapped`: go round once more. */
export interface CatchUp {
  readonly want: boolean;
  readonly running: boolean;
  readonly gapped: boolean;
  /** `fresh`: the latest page; else what changed after `page`. */
  readonly from: "fresh" | "changes";
  readonly page: number;
  /** Counts the catch-ups, so that an answer to an abandoned one is not taken. */
  readonly run: number;
}

export interface Timeline {
  readonly self: UserId;
  /** Held rows by seq, ascending. */
  readonly rows: readonly Message[];
  readonly pending: readonly Pending[];
  /** What the relay passed on and nobody has stored yet, by the relay's time. Not of any history. */
  readonly unsaved: readonly Unsaved[];
  /** Before this nothing is handed in. */
  readonly handInAfter: number;
  /** Everything up to this `rev` is held (as far as the window reaches). Null: nothing was loaded yet. */
  readonly cursor: number | null;
  readonly history: string | null;
  readonly marks: ReadonlyMap<UserId, number>;
  readonly catchUp: CatchUp;
  /** The first message of all is held. */
  readonly complete: boolean;
  readonly older: "idle" | "loading" | "failed";
  /** The last catch-up failed and will be tried again. */
  readonly failed: boolean;
}

export type TimelineEvent =
  | { kind: "wrote"; id: MessageId; body: string; at: number; state: PendingState; problem?: Problem; passed?: number }
  | { kind: "stands"; id: MessageId; state: PendingState; problem?: Problem; passed?: number }
  | { kind: "withdrew"; id: MessageId }
  | { kind: "stored"; message: Message; history: string }
  | { kind: "heard"; message: Message; history: string }
  /** A delivery that the relay marked as unsaved. */
  | { kind: "unsaved"; line: Unsaved }
  /** What had been passed on was refused for good: a frame says so, or, with the problem, the answer to handing it in. */
  | { kind: "not_saved"; sender: UserId; id: MessageId; problem?: Problem }
  /** What was due is on its way to the logic server. What comes back as stored is heard. */
  | { kind: "handed_in"; now: number }
  /** Time has passed, by the server's clock as this device knows it. */
  | { kind: "aged"; now: number }
  /** The person does not want to see that unsaved line any more. */
  | { kind: "put_away"; sender: UserId; id: MessageId }
  | { kind: "marked"; mark: Mark }
  | { kind: "renamed"; sender: Message["sender"] }
  | { kind: "behind" }
  | { kind: "afresh" }
  | { kind: "asked" }
  | { kind: "answered_page"; run: number; page: MessagePage; limit: number }
  | { kind: "answered_changes"; run: number; changes: Changes }
  | { kind: "stumbled"; run: number }
  | { kind: "failed"; run: number }
  | { kind: "older_asked" }
  | { kind: "older_answered"; page: MessagePage; limit: number }
  | { kind: "older_failed" };

export const idle: CatchUp = { want: true, running: false, gapped: false, from: "fresh", page: 0, run: 0 };

export function emptyTimeline(self: UserId): Timeline {
  return { self, rows: [], pending: [], unsaved: [], handInAfter: 0, cursor: null, history: null, marks: new Map(), catchUp: idle, complete: false, older: "idle", failed: false };
}

export function reduce(t: Timeline, e: TimelineEvent): Timeline {
  switch (e.kind) {
    case "wrote": {
      if (t.pending.some((line) => line.id === e.id) || isStored(t, e.id)) return t;
      const line: Pending = { id: e.id, body: e.body, at: e.at, state: e.state, ...(e.problem ? { problem: e.problem } : {}), ...(e.passed === undefined ? {} : { passed: e.passed }) };
      // It may have been heard from another tab, whose entries this one has taken over.
      return { ...t, pending: [...t.pending, line], unsaved: t.unsaved.filter((other) => !isOf(other, t.self, e.id)) };
    }
    case "stands":
      return { ...t, pending: t.pending.map((line) => (line.id === e.id ? stand(line, e) : line)) };
    case "withdrew":
      return { ...t, pending: t.pending.filter((line) => line.id !== e.id) };
    case "stored":
      // The ack: the row is known, but the cursor is moved by frames and catch-ups alone.
      return otherHistory(t, e.history) ?? (t.history === null ? settledEarly(unloaded(t, e.message), e.message.id) : put(t, [e.message]));
    case "heard":
      return heard(t, e.message, e.history);
    case "unsaved":
      return isKnown(t, e.line) ? t : { ...t, unsaved: withUnsaved(t.unsaved, e.line) };
    case "not_saved":
      return { ...t, unsaved: refused(t.unsaved, e.sender, e.id, e.problem) };
    case "handed_in":
      return { ...t, handInAfter: e.now + HAND_IN_AGAIN };
    case "aged": {
      const unsaved = aged(t.unsaved, e.now);
      return unsaved === t.unsaved ? t : { ...t, unsaved };
    }
    case "put_away":
      return { ...t, unsaved: t.unsaved.filter((line) => !isOf(line, e.sender, e.id)) };
    case "marked":
      return { ...t, marks: withMarks(t.marks, [e.mark]) };
    case "renamed":
      return { ...t, unsaved: t.unsaved.map((line) => (line.sender.user_id === e.sender.user_id ? { ...line, sender: e.sender } : line)), rows: t.rows.map((row) => (row.sender.user_id === e.sender.user_id ? { ...row, sender: e.sender } : row)) };
    case "behind":
      return { ...t, catchUp: t.catchUp.running ? { ...t.catchUp, gapped: true } : { ...t.catchUp, want: true } };
    case "afresh":
      return afresh(t);
    case "asked":
      return { ...t, catchUp: { ...t.catchUp, want: false, running: true, gapped: false, from: t.cursor === null ? "fresh" : "changes", page: t.cursor ?? 0, run: t.catchUp.run + 1 } };
    case "answered_page":
      return e.run === t.catchUp.run && t.catchUp.running ? freshPage(t, e.page, e.limit) : t;
    case "answered_changes":
      return e.run === t.catchUp.run && t.catchUp.running ? changed(t, e.changes) : t;
    case "stumbled":
      return e.run === t.catchUp.run && t.catchUp.running ? { ...t, failed: true } : t;
    case "failed":
      return e.run === t.catchUp.run && t.catchUp.running ? { ...t, failed: true, catchUp: { ...t.catchUp, running: false, want: true } } : t;
    case "older_asked":
      return { ...t, older: "loading" };
    case "older_answered":
      return olderPage(t, e.page, e.limit);
    case "older_failed":
      return { ...t, older: "failed" };
    default:
      return never(e);
  }
}

function isStored(t: Timeline, id: MessageId): boolean {
  return t.rows.some((row) => row.id === id && row.sender.user_id === t.self);
}

function stand(line: Pending, { state, problem, passed }: TimelineEvent & { kind: "stands" }): Pending {
  const { problem: _old, ...rest } = line;
  return { ...rest, state, ...(problem ? { problem } : {}), ...(passed === undefined ? {} : { passed }) };
}

/** Another line of this screen stands for it already. */
function isKnown(t: Timeline, line: Unsaved): boolean {
  const sender = line.sender.user_id;
  if (sender === t.self && t.pending.some((own) => own.id === line.id)) return true;
  return t.rows.some((row) => row.id === line.id && row.sender.user_id === sender);
}

const settledEarly = (t: Timeline, id: MessageId): Timeline => ({ ...t, pending: t.pending.map((line) => (line.id === id ? { ...line, settled: true } : line)) });

/** Drops what is held and asks for the latest page. Own unsent lines stay, they belong to the outbox; unsaved ones too, they are of no history. */
function afresh(t: Timeline): Timeline {
  const catchUp: CatchUp = { ...idle, run: t.catchUp.run + 1 };
  return { ...t, rows: [], cursor: null, history: null, marks: new Map(), catchUp, complete: false, older: "idle" };
}

/** RU12: rows of two histories are never mixed. */
function otherHistory(t: Timeline, history: string): Timeline | null {
  return t.history !== null && t.history !== history ? afresh(t) : null;
}

/** RU7: a row goes in only if its `rev` is greater than the one held for its place. Own pending lines, and unsaved ones, give way to their row. */
function put(before: Timeline, messages: readonly Message[], first = windowStart(before)): Timeline {
  const t = withoutSaved(before, messages);
  const news = new Map<number, Message>();
  const held = new Map(t.rows.map((row) => [row.seq, row]));
  for (const message of messages) {
    if (message.seq < first && !held.has(message.seq)) continue;
    const before = news.get(message.seq) ?? held.get(message.seq);
    if (before === undefined || before.rev < message.rev) news.set(message.seq, message);
  }
  if (news.size === 0 && !messages.some((message) => isPending(t, message))) return t;
  for (const [seq, message] of news) held.set(seq, message);
  const rows = news.size === 0 ? t.rows : [...held.values()].sort((a, b) => a.seq - b.seq);
  const own = new Set(messages.filter((message) => message.sender.user_id === t.self).map((message) => message.id));
  const pending = t.pending.some((line) => own.has(line.id)) ? t.pending.filter((line) => !own.has(line.id)) : t.pending;
  return { ...t, rows, pending };
}

/** RU6: the stored row of the same sender and id takes the place of an unsaved line, content too. */
function withoutSaved(t: Timeline, messages: readonly Message[]): Timeline {
  if (t.unsaved.length === 0) return t;
  const left = t.unsaved.filter((line) => !messages.some((message) => isOf(line, message.sender.user_id, message.id)));
  return left.length === t.unsaved.length ? t : { ...t, unsaved: left };
}

const isPending = (t: Timeline, message: Message): boolean => message.sender.user_id === t.self && t.pending.some((line) => line.id === message.id);

/** Rows before this are outside the window: they only update what is held. */
function windowStart(t: Timeline): number {
  if (t.cursor === null || t.complete) return 0;
  return t.rows[0]?.seq ?? 0;
}

/** RU8: a live row moves the cursor only over an unbroken run and while no catch-up is running. */
function heard(t: Timeline, message: Message, history: string): Timeline {
  const other = otherHistory(t, history);
  if (other) return other;
  if (t.history === null) return unloaded(t, message);
  const after = put(t, [message]);
  if (t.catchUp.running) return { ...after, catchUp: { ...t.catchUp, gapped: true } };
  if (t.cursor === null || message.rev <= t.cursor) return after;
  if (message.rev === t.cursor + 1) return { ...after, cursor: message.rev };
  return { ...after, catchUp: { ...t.catchUp, want: true } };
}

/** RU12: before the first page nobody knows which history a live row is of; the page, or one more round, brings it. */
function unloaded(before: Timeline, message: Message): Timeline {
  const t = withoutSaved(before, [message]);
  return t.catchUp.running ? { ...t, catchUp: { ...t.catchUp, gapped: true } } : t.catchUp.want ? t : { ...t, catchUp: { ...t.catchUp, want: true } };
}

/** The catch-up ends here, or goes round once more if something was heard while it ran. */
function settled(t: Timeline): Timeline {
  // What was acked before the first page stands there by now, or beyond the window.
  const pending = t.catchUp.gapped ? t.pending : t.pending.filter((line) => line.settled !== true);
  return { ...t, pending, failed: false, catchUp: { ...t.catchUp, running: false, want: t.catchUp.gapped, gapped: false } };
}

function freshPage(t: Timeline, page: MessagePage, limit: number): Timeline {
  const merged = put({ ...t, cursor: null, complete: true }, page.messages);
  // Changes of old rows may have been heard while the page was on its way: they lie outside the window that begins now.
  const first = page.messages[0]?.seq ?? 0;
  const after = { ...merged, rows: merged.rows.filter((row) => first <= row.seq) };
  return settled({ ...after, cursor: page.rev, history: page.history_id, complete: page.messages.length < limit, marks: withMarks(after.marks, page.marks) });
}

/** RU9: the next page starts at the last row's `rev`; only the last page lifts the cursor to `upto`. */
function changed(t: Timeline, changes: Changes): Timeline {
  const other = otherHistory(t, changes.history_id);
  if (other) return other;
  if (changes.too_far || (changes.upto !== undefined && t.cursor !== null && changes.upto < t.cursor)) return afresh(t);
  const after = put({ ...t, marks: withMarks(t.marks, changes.marks) }, changes.messages);
  if (changes.upto !== undefined) {
    return settled({ ...after, cursor: Math.max(after.cursor ?? 0, changes.upto) });
  }
  const last = changes.messages.reduce((most, row) => Math.max(most, row.rev), t.catchUp.page);
  if (last === t.catchUp.page) return settled({ ...after, catchUp: { ...t.catchUp, gapped: true } }); // an empty page that is not the last says nothing
  return { ...after, cursor: Math.max(after.cursor ?? 0, last), catchUp: { ...t.catchUp, page: last } };
}

function olderPage(t: Timeline, page: MessagePage, limit: number): Timeline {
  const other = otherHistory(t, page.history_id);
  if (other) return other;
  const [first, last] = [t.rows[0], page.messages[page.messages.length - 1]];
  // Asked for another window than the one held now: the rows would leave a hole.
  if (t.cursor === null || (first && last && last.seq + 1 < first.seq)) return { ...t, older: "idle" };
  const after = put(t, page.messages, 0);
  const older: Timeline = { ...after, older: "idle", complete: page.messages.length < limit, marks: withMarks(t.marks, page.marks) };
  // An answer from before what we hold may lack changes of rows that were outside the window when they were told.
  if (t.cursor <= page.rev) return older;
  // A catch-up that runs began behind it, so it is begun again from there.
  return { ...older, cursor: page.rev, catchUp: { ...t.catchUp, running: false, gapped: false, want: true, run: t.catchUp.run + 1 } };
}

/** INV10: a mark never goes back. */
function withMarks(marks: ReadonlyMap<UserId, number>, news: readonly Mark[]): ReadonlyMap<UserId, number> {
  if (!news.some((mark) => (marks.get(mark.user_id) ?? 0) < mark.read)) return marks;
  const out = new Map(marks);
  for (const mark of news) out.set(mark.user_id, Math.max(out.get(mark.user_id) ?? 0, mark.read));
  return out;
}

/** The highest seq that every other member has read: up to here two ticks. 0 where nobody else is. */
export function readByOthers(t: Timeline): number {
  const others = [...t.marks].filter(([id]) => id !== t.self).map(([, read]) => read);
  return others.length === 0 ? 0 : Math.min(...others);
}
