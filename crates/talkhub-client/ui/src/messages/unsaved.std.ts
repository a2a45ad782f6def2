// What the relay passed on and nobody has stored yet: lines that stand apart, marked, and are handed in for senders who are gone.
import { Fields } from "../kit/fields.std";
import { clientFrame, person, problem } from "../relay/codec.std";
import { isConversationId, isMessageId, isUserId } from "../relay/ids.std";
import type { Conversation, ConversationId, Delivery, MessageId, PassedOn, Person, Problem, UserId } from "../relay/wire.gen.std";

/** So long the sender may come again before others hand it in. */
export const HAND_IN_AFTER = 60_000;
/** So long after it was passed on a line says that it was not saved: its receipt is of no use any more. (RU6) */
export const NOT_SAVED_AFTER = 24 * 60 * 60 * 1000;
/** What was handed in and is still not stored is handed in again so much later. */
export const HAND_IN_AGAIN = 30_000;
/** How many are handed in at once. */
export const AT_ONCE = 100;
/** How many are held; what comes beyond is not shown before it is stored. */
const MOST = 1_000;
/** A line that will never be saved is shown so long, unless it is put away sooner. */
export const SHOWN_FOR = 7 * NOT_SAVED_AFTER;

/** `waiting`: not yet saved. `refused`: it was not saved, and never will be. `not_saved`: it was not saved in time. */
export type UnsavedState = "waiting" | "refused" | "not_saved";

/** One message as the relay passed it on. */
export interface Unsaved {
  readonly sender: Person;
  readonly id: MessageId;
  readonly prev?: MessageId;
  /** Byte for byte, for handing it in. */
  readonly frame: string;
  /** What is shown of it. */
  readonly body: string;
  /** When the relay passed it on, by its clock. */
  readonly at: number;
  readonly receipt: string;
  readonly state: UnsavedState;
  readonly problem?: Problem;
}

/** As it lies on disk, for one person of this browser. */
export interface KeptUnsaved extends Unsaved {
  readonly user: UserId;
  readonly conversation: ConversationId;
}

/** The line that this delivery is, if it is an unsaved message of a member to their conversation. */
export function readUnsaved(delivery: Delivery, conversation: Conversation): Unsaved | null {
  const { from, frame, id = "", prev = "", at, receipt, unsaved } = delivery;
  if (typeof from === "string" || unsaved !== true || delivery.class !== "durable" || delivery.to !== conversation.group) return null;
  const sender = conversation.members.find((one) => one.subject === from.subject);
  const said = clientFrame(frame);
  if (!sender || said?.kind !== "message" || !isMessageId(id) || at === undefined || receipt === undefined) return null;
  const { user_id, username, display_name, avatar_color, subject } = sender;
  return { sender: { user_id, username, display_name, avatar_color, subject }, id, ...(isMessageId(prev) ? { prev } : {}), frame, body: said.body, at, receipt, state: "waiting" };
}

export function keptUnsaved(input: unknown): KeptUnsaved {
  const from = new Fields(input, "unsaved");
  const isState = (text: string): text is UnsavedState => text === "waiting" || text === "refused" || text === "not_saved";
  return {
    user: from.kind("user", isUserId),
    conversation: from.kind("conversation", isConversationId),
    sender: from.one("sender", person),
    id: from.kind("id", isMessageId),
    ...(from.has("prev") ? { prev: from.kind("prev", isMessageId) } : {}),
    frame: from.text("frame"),
    body: from.text("body"),
    at: from.number("at"),
    receipt: from.text("receipt"),
    state: from.kind("state", isState),
    ...(from.has("problem") ? { problem: from.one("problem", problem) } : {}),
  };
}

/** As it is handed in. */
export const toHandIn = (line: Unsaved): PassedOn => ({ subject: line.sender.subject, id: line.id, ...(line.prev === undefined ? {} : { prev: line.prev }), frame: line.frame, receipt: line.receipt });

export const isOf = (line: Unsaved, sender: UserId, id: MessageId): boolean => line.sender.user_id === sender && line.id === id;

/** In the order of the relay's clock; heard twice it is no news. */
export function withUnsaved(lines: readonly Unsaved[], line: Unsaved): readonly Unsaved[] {
  if (MOST <= lines.filter((other) => other.state === "waiting").length || lines.some((other) => isOf(other, line.sender.user_id, line.id))) return lines;
  const at = lines.filter((other) => other.at <= line.at).length;
  return [...lines.slice(0, at), line, ...lines.slice(at)];
}

/** The receipt is of no use, which does not say that the message is not wanted. */
export const saysNothingOfARule = (problem: Problem): boolean => problem.type === "/problems/bad-receipt" || problem.type === "/problems/receipt-expired";

export function refused(lines: readonly Unsaved[], sender: UserId, id: MessageId, problem: Problem | undefined): readonly Unsaved[] {
  if (!lines.some((line) => isOf(line, sender, id))) return lines;
  const state: UnsavedState = problem && saysNothingOfARule(problem) ? "not_saved" : "refused";
  return lines.map((line) => {
    if (!isOf(line, sender, id)) return line;
    const { problem: _old, ...rest } = line;
    return { ...rest, state, ...(problem ? { problem } : {}) };
  });
}

/** After a day nobody can prove it any more, and some day it need not be shown any more. */
export function aged(lines: readonly Unsaved[], now: number): readonly Unsaved[] {
  const late = (line: Unsaved): boolean => line.state === "waiting" && line.at + NOT_SAVED_AFTER <= now;
  const shown = lines.filter((line) => now < line.at + SHOWN_FOR);
  if (shown.length === lines.length && !lines.some(late)) return lines;
  return shown.map((line) => (late(line) ? { ...line, state: "not_saved" as const } : line));
}

/** What to hand in now, in order. `after`: before this nothing is. */
export function due(lines: readonly Unsaved[], now: number, after: number): Unsaved[] {
  if (now < after) return [];
  return lines.filter((line) => line.state === "waiting" && line.at + HAND_IN_AFTER <= now).slice(0, AT_ONCE);
}

/** When to look again at what waits; null where nothing does. */
export function wakeAt(lines: readonly Unsaved[], after: number): number | null {
  const first = lines.find((line) => line.state === "waiting");
  return first === undefined ? null : Math.max(after, first.at + HAND_IN_AFTER);
}
