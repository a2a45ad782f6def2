// What was begun and not sent, per conversation; kept over reloads in this browser for this person.
import { signal, type Signal } from "@preact/signals";
import { me } from "../accounts/actions.dom";
import { remember, remembered } from "../kit/keep.dom";
import type { ConversationId } from "../relay/wire.gen.std";

const drafts = new Map<ConversationId, Signal<string>>();
const timers = new Map<ConversationId, ReturnType<typeof setTimeout>>();
const SAVE_AFTER = 300;

const key = (id: ConversationId): string => `talkhub-draft:${me.value?.user_id ?? ""}:${id}`;

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
