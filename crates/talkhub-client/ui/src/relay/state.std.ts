// How the live connection stands, and what the bar under the header says about it.
import { backOff } from "../kit/back_off.std";
import { never } from "../kit/never.std";

/** Nothing is said for this long: most cuts heal sooner. */
export const QUIET = 3_000;
/** How long the good news stays. */
export const GOOD_NEWS = 2_000;

export interface Link {
  readonly phase: "connecting" | "connected" | "waiting";
  /** Since when it is away; null while connected. */
  readonly lostAt: number | null;
  /** Connected at least once since the page was opened. */
  readonly wasUp: boolean;
  readonly failures: number;
  readonly nextTry: number | null;
  readonly bar: "none" | "away" | "back";
  readonly barSince: number;
  /** What arrived with the return. */
  readonly news: number;
}

export type LinkEvent =
  | { kind: "trying" }
  | { kind: "connected"; now: number }
  | { kind: "lost"; now: number }
  | { kind: "failed"; nextTry: number }
  | { kind: "news"; count: number }
  | { kind: "tick"; now: number };

export const opening = (now: number): Link => ({ phase: "connecting", lostAt: now, wasUp: false, failures: 0, nextTry: null, bar: "none", barSince: now, news: 0 });

export function reduce(link: Link, e: LinkEvent): Link {
  switch (e.kind) {
    case "trying":
      return link.phase === "connected" ? link : { ...link, phase: "connecting", nextTry: null };
    case "connected":
      return { ...link, phase: "connected", lostAt: null, wasUp: true, failures: 0, nextTry: null, bar: link.bar === "away" ? "back" : "none", barSince: e.now, news: 0 };
    case "lost":
      return link.phase === "connected" ? { ...link, phase: "waiting", lostAt: e.now, bar: "none", barSince: e.now } : link;
    case "failed":
      return link.phase === "connected" ? link : { ...link, phase: "waiting", failures: link.failures + 1, nextTry: e.nextTry };
    case "news":
      return link.bar === "back" ? { ...link, news: link.news + e.count } : link;
    case "tick":
      return tick(link, e.now);
    default:
      return never(e);
  }
}

function tick(link: Link, now: number): Link {
  if (link.bar === "none" && link.lostAt !== null && QUIET <= now - link.lostAt) return { ...link, bar: "away", barSince: now };
  if (link.bar === "back" && GOOD_NEWS <= now - link.barSince) return { ...link, bar: "none", barSince: now };
  return link;
}

/** A cut that somebody looks at is tried often for a while: the bar should go within seconds of the relay's return. */
const EAGER_FOR = 60_000;
const EAGER_MOST = 3_000;

/** How long to wait before the next try. */
export function wait(link: Link, now: number, visible: boolean, chance: number): number {
  const pause = backOff(link.failures + 1, chance);
  const eager = visible && link.lostAt !== null && now - link.lostAt < EAGER_FOR;
  return eager ? Math.min(pause, Math.round(EAGER_MOST * (0.7 + 0.6 * chance))) : pause;
}

/** When the bar changes by time alone; null when it does not. */
export function nextTick(link: Link): number | null {
  if (link.bar === "none" && link.lostAt !== null) return link.lostAt + QUIET;
  return link.bar === "back" ? link.barSince + GOOD_NEWS : null;
}
