// What was begun and not sent, per conversation; kept over reloads in this browser for this person.
import { signal, type Signal } from "@preact/signals";
import { me } from "../accounts/actions.dom";
import { forget, remember, remembered } from "../kit/keep.dom";
import type { ConversationId, UserId } from "../relay/wire.gen.std";

const drafts = new Map<ConversationId, Signal<string>>();
const timers = new Map<ConversationId, ReturnType<typeof setTimeout>>();
const SAVE_AFTER = 300;

const key = (id: ConversationId): string => `${prefix(me.value?.user_id ?? "")}${id}`;
const prefix = (user: UserId | ""): string => `talkhub-draft:${user}:`;

export function draft(id: ConversationId): Signal<string> {
  const held = drafts.get(id);
  if (held) return held;
  const made = signal(remembered(key(id)) ?? "");
  drafts.set(id, made);
  return made;
}

export function setDraft(id: ConversationId, text: string): void {
  draft(id).value = text;
  clearTimeout(timers.get(id));
  const save = (): void => remember(key(id), text === "" ? null : text);
  if (text === "") save();
  else timers.set(id, setTimeout(save, SAVE_AFTER));
}

/** The text was handed over: the field is empty at once, but what is stored goes only when the text is kept elsewhere. */
export async function handedOver(id: ConversationId, kept: Promise<void>): Promise<void> {
  draft(id).value = "";
  clearTimeout(timers.get(id));
  await kept;
  // Whoever went on writing meanwhile has saved that in its place.
  if (draft(id).value === "") remember(key(id), null);
}

/** After signing out on purpose: nothing that was begun stays in this browser. */
export function forgetDrafts(user: UserId): void {
  for (const timer of timers.values()) clearTimeout(timer);
  forget(prefix(user));
}
