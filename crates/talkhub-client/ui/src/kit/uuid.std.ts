// Message ids: UUIDv7 (RFC 9562), made from random bytes that every page has, with or without HTTPS.
import { isMessageId, type MessageId } from "../relay/ids.std";

/** A fresh id. The time in it is a hint for the index only: nothing orders by it. */
export function uuid7(now: number, random: (bytes: Uint8Array<ArrayBuffer>) => unknown): MessageId {
  const bytes = new Uint8Array(16);
  random(bytes);
  const time = Math.max(0, Math.floor(now)) % 2 ** 48;
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(time / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  if (!isMessageId(id)) throw new Error("the bytes above always make a UUIDv7");
  return id;
}
