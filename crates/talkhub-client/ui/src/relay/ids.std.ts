// Ids are types, made by parsing. The same rules as the Rust side's.
import type { ConversationId, Group, MessageId, RelayId, RequestId, UserId } from "./wire.gen.std";

export type { ConversationId, Group, MessageId, RelayId, RequestId, UserId };

export const isUserId = (text: string): text is UserId => /^[1-9][0-9]{9}$/.test(text);
export const isConversationId = (text: string): text is ConversationId => /^[1-9][0-9]{0,18}$/.test(text);
export const isRequestId = (text: string): text is RequestId => /^[1-9][0-9]{0,18}$/.test(text);
export const isMessageId = (text: string): text is MessageId => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text);
export const isRelayId = (text: string): text is RelayId => /^[A-Za-z0-9_-]{22}$/.test(text);
export const isGroup = (text: string): text is Group => /^[A-Za-z0-9_-]{22}$/.test(text);

/** A user ID as people type or paste it: white space anywhere is fine. */
export function parseUserId(text: string): UserId | null {
  const digits = text.replace(/\s+/g, "");
  return isUserId(digits) ? digits : null;
}

/** `123 456 7890`: how a user ID is always shown. */
export function grouped(id: UserId): string {
  return `${id.slice(0, 3)} ${id.slice(3, 6)} ${id.slice(6)}`;
}
