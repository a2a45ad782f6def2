// Which lines stand together: by one person within five minutes, parted by days.
import type { Timeline, Pending } from "./state.std";
import type { Message, Person } from "../relay/wire.gen.std";
import { dayOf } from "../kit/time.std";
import type { Unsaved } from "./unsaved.std";

/** Messages of one person within this time share one header. */
export const TOGETHER = 5 * 60 * 1000;

/** One line as the view draws it. `key` stays the same when it is stored, so that nothing moves. */
export interface Line {
  readonly key: string;
  readonly body: string;
  readonly at: number;
  readonly sentAt: number | null;
  readonly mine: boolean;
  readonly sender: Person | null;
  readonly type: string;
  readonly row: Message | null;
  readonly pending: Pending | null;
  /** Somebody's, passed on and not stored. */
  readonly unsaved: Unsaved | null;
  /** First of a new day: the separator stands above it. */
  readonly day: string | null;
  readonly starts: boolean;
  readonly ends: boolean;
}

type Plain = Omit<Line, "day" | "starts" | "ends">;

/** All lines in order: stored ones by seq, then what was passed on in the relay's order, then own unsent ones as written. */
export function lines(t: Timeline, zone?: string): Line[] {
  const plain: Plain[] = [
    ...t.rows.map((row) => {
      const mine = row.sender.user_id === t.self;
      return { key: `${row.sender.user_id}:${row.id}`, body: row.body, at: row.at, sentAt: row.sent_at ?? null, mine, sender: row.sender, type: row.type, row, pending: null, unsaved: null };
    }),
    ...passedOn(t),
    ...t.pending.filter((line) => line.passed === undefined).map((line) => ownLine(t, line)),
  ];
  const days = plain.map((line) => dayOf(line.at, zone));
  const author = (line: (typeof plain)[number]): string => (line.mine ? t.self : (line.sender?.user_id ?? ""));
  const joins = (index: number): boolean => {
    const [before, line] = [plain[index - 1], plain[index]];
    if (!before || !line || days[index] !== days[index - 1] || author(before) !== author(line)) return false;
    return Math.abs(line.at - before.at) <= TOGETHER;
  };
  return plain.map((line, index) => ({
    ...line,
    day: days[index] !== days[index - 1] ? (days[index] ?? null) : null,
    starts: !joins(index),
    ends: index + 1 === plain.length || !joins(index + 1),
  }));
}

const ownLine = (t: Timeline, line: Pending): Plain => ({ key: `${t.self}:${line.id}`, body: line.body, at: line.passed ?? line.at, sentAt: null, mine: true, sender: null, type: "text", row: null, pending: line, unsaved: null });

/** One's own and others' by the time at which the relay passed them on; what one person sent keeps its order. */
function passedOn(t: Timeline): Plain[] {
  const own = t.pending.filter((line) => line.passed !== undefined).map((line) => ownLine(t, line));
  const others = t.unsaved.map((line) => ({ key: `${line.sender.user_id}:${line.id}`, body: line.body, at: line.at, sentAt: null, mine: line.sender.user_id === t.self, sender: line.sender, type: "text", row: null, pending: null, unsaved: line }));
  return [...others, ...own].sort((a, b) => a.at - b.at);
}

/** The highest seq that is shown; null where nothing was loaded yet. */
export function newest(t: Timeline): number | null {
  const last = t.rows[t.rows.length - 1];
  return last?.seq ?? (t.cursor === null ? null : 0);
}

/** The lines of others that were stored after what was shown, or passed on, whatever of one's own stands below; but for those `told` already. */
export function arrived(all: readonly Line[], shown: number | null, told: ReadonlySet<string> = new Set()): Line[] {
  const isNews = (line: Line): boolean => (line.row ? shown !== null && shown < line.row.seq : line.unsaved !== null);
  return all.filter((line) => !line.mine && isNews(line) && !told.has(line.key));
}

/** Only emoji, three at most: shown large. */
export function isLarge(body: string): boolean {
  const text = body.trim();
  return text.length < 40 && /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*|\p{Regional_Indicator}{2}){1,3}$/u.test(text.replace(/\s+/g, ""));
}

/** What is worth sending: blank lines at both ends and trailing space cut, never the first line's indent. Null: nothing. */
export function trimmed(raw: string): string | null {
  const rows = raw.replace(/\r\n?/g, "\n").split("\n");
  while (rows.length !== 0 && rows[0]?.trim() === "") rows.shift();
  const text = rows.join("\n").replace(/\s+$/u, "");
  return /[^\s\p{Cc}\p{Cf}\u115F\u1160\u2800\u3164\uFFA0]/u.test(text) ? text : null;
}

/** Unicode scalar values, as the server counts. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
