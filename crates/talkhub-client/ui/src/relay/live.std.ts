// How the stream stands that takes the relay's place while it is away.
import { backOff } from "../kit/back_off.std";
import { never } from "../kit/never.std";

/** What lasted this long counts as a success: the waiting begins anew. */
export const STEADY = 30_000;

export interface Live {
  /** `up`: it said hello to the person of this page. */
  readonly phase: "off" | "opening" | "up" | "waiting";
  /** How often in a row it did not open, or did not last. */
  readonly failures: number;
  /** Since when it is up; null while it is not. */
  readonly upAt: number | null;
}

export type LiveEvent = { kind: "opening" } | { kind: "hello"; now: number } | { kind: "ended"; now: number } | { kind: "off" };

export const off: Live = { phase: "off", failures: 0, upAt: null };

export function reduce(live: Live, e: LiveEvent): Live {
  switch (e.kind) {
    case "opening":
      return { ...live, phase: "opening", upAt: null };
    case "hello":
      return live.phase === "opening" ? { ...live, phase: "up", upAt: e.now } : live;
    case "ended": {
      if (live.phase !== "opening" && live.phase !== "up") return live;
      const lasted = live.upAt !== null && STEADY <= e.now - live.upAt;
      return { phase: "waiting", failures: lasted ? 1 : live.failures + 1, upAt: null };
    }
    case "off":
      return off;
    default:
      return never(e);
  }
}

/** How long to wait before it is opened again. */
export const wait = (live: Live, chance: number): number => backOff(live.failures, chance);
