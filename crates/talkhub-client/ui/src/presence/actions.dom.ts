// Presence and typing as the page knows them now, and telling the others that one types.
import { signal, type ReadonlySignal } from "@preact/signals";
import { serverNow } from "../kit/http.dom";
import type { Shown } from "../kit/shown.std";
import { steady } from "../kit/steady.dom";
import { uuid7 } from "../kit/uuid.std";
import { signalTo } from "../relay/actions.dom";
import type { Conversation, ConversationId, Presence, UserId } from "../relay/wire.gen.std";
import { nextTick, nobody, reduce, shownOf, tell, type OwnTyping, type PresenceEvent, type PresenceState } from "./state.std";

const state = signal<PresenceState>(nobody);
export const presence: ReadonlySignal<PresenceState> = state;

let timer: ReturnType<typeof setTimeout> | undefined;

function apply(event: PresenceEvent): void {
  state.value = reduce(state.value, event);
  clearTimeout(timer);
  const at = nextTick(state.value);
  if (at !== null) timer = setTimeout(() => apply({ kind: "tick", now: steady() }), Math.max(0, at - steady()) + 20);
}

export const seen = (people: readonly Presence[]): void => apply({ kind: "seen", people });

/** The logic server was heard, by whichever way. */
export const contact = (): void => apply({ kind: "contact", now: steady() });

/** How somebody is shown now; undefined where nobody knows. */
export const shown = (user: UserId): Shown | undefined => shownOf(state.value, user);

/** Whether somebody is there now; undefined where nobody knows. */
export function isOnline(user: UserId): boolean | undefined {
  const now = shown(user);
  return now === undefined ? undefined : now !== "offline";
}

/** Whoever keeps typing from others there does not see it either. */
export const hideTyping = (conversation: ConversationId): void => apply({ kind: "hidden", conversation });

/** Somebody typed; `sentAt` is the relay's time. */
export function hearTyping(conversation: ConversationId, user: UserId, on: boolean, sentAt: number | null): void {
  const age = sentAt === null ? 0 : Math.max(0, serverNow() - sentAt);
  apply({ kind: "typing", conversation, user, on, age, now: steady() });
}

/** A message ends its sender's typing. */
export const spoke = (conversation: ConversationId, user: UserId): void => apply({ kind: "spoke", conversation, user });

const told = new Map<ConversationId, OwnTyping>();

/** The own text changed, was sent, cleared or left. */
export function typed(conversation: Conversation, hasText: boolean): void {
  const { own, say } = tell(told.get(conversation.id) ?? { toldAt: null }, hasText, steady());
  told.set(conversation.id, own);
  // U08: what is not for everybody here does not leave the browser.
  if (say === null || !conversation.typing || conversation.members.length < 2) return;
  signalTo(conversation.group, uuid7(serverNow(), (bytes) => crypto.getRandomValues(bytes)), { kind: "typing", conversation: conversation.id, on: say === "on" });
}

/** Sending ends it at once; the message itself tells the others. */
export const finished = (conversation: ConversationId): void => void told.set(conversation, { toldAt: null });
