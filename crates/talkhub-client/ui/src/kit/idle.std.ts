// Whether anybody uses this tab: a key, a pointer or coming back counts; after a while without them it is idle.
import { never } from "./never.std";

export interface Use {
  readonly usedAt: number;
  readonly idle: boolean;
}

export type UseEvent = { kind: "used"; now: number } | { kind: "looked"; now: number };

/** `after`: milliseconds without a sign of anybody. */
export function reduce(use: Use, e: UseEvent, after: number): Use {
  switch (e.kind) {
    case "used":
      return { usedAt: e.now, idle: false };
    case "looked":
      return !use.idle && use.usedAt + after <= e.now ? { ...use, idle: true } : use;
    default:
      return never(e);
  }
}

/** When to look again whether anybody is there still. */
export const nextLook = (use: Use, after: number): number | null => (use.idle ? null : use.usedAt + after);
