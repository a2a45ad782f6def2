// Whether the logic server can be reached, as the last answers told, and what the bar under the header says about it.
import { never } from "./never.std";

/** Nothing is said for this long: most pauses end sooner. */
const QUIET = 3_000;
/** How long the good news stays. */
const GOOD_NEWS = 2_000;
/** Questions that fail together are one failure. */
const TOGETHER = 500;

export interface Reach {
  readonly phase: "here" | "away";
  /** Since when it is so. */
  readonly since: number;
  /** Failures in a row, and when the last one was. */
  readonly misses: number;
  readonly missedAt: number;
  readonly bar: "none" | "away" | "back";
}

/** `heard`: it answered, whatever it said. `missed`: no answer, or something on the way said that it is not there. */
export type ReachEvent = { kind: "heard"; now: number } | { kind: "missed"; now: number } | { kind: "tick"; now: number };

export const here = (now: number): Reach => ({ phase: "here", since: now, misses: 0, missedAt: 0, bar: "none" });

export function reduce(reach: Reach, e: ReachEvent): Reach {
  switch (e.kind) {
    case "heard":
      return reach.phase === "here" ? reach : { ...here(e.now), bar: reach.bar === "away" ? "back" : "none" };
    case "missed": {
      if (reach.phase === "here") return { phase: "away", since: e.now, misses: 1, missedAt: e.now, bar: "none" };
      return Math.abs(e.now - reach.missedAt) < TOGETHER ? reach : { ...reach, misses: reach.misses + 1, missedAt: e.now };
    }
    case "tick":
      if (reach.bar === "none" && reach.phase === "away" && QUIET <= e.now - reach.since) return { ...reach, bar: "away" };
      return reach.bar === "back" && GOOD_NEWS <= e.now - reach.since ? { ...reach, bar: "none" } : reach;
    default:
      return never(e);
  }
}

/** When the bar changes by time alone; null when it does not. */
export function nextTick(reach: Reach): number | null {
  if (reach.bar === "none" && reach.phase === "away") return reach.since + QUIET;
  return reach.bar === "back" ? reach.since + GOOD_NEWS : null;
}

/** What says that the logic server is not there: no answer, or the gateway's word for it. */
export const isAway = (status: number | null): boolean => status === null || (502 <= status && status <= 504);
