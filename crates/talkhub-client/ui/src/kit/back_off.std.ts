// How long to wait before the next try.

/** 1, 2, 4 … 30 s, give or take 30 %. `tries` counts the failures so far, from 1; `chance` is 0 to 1. */
export function backOff(tries: number, chance: number): number {
  const seconds = Math.min(30, 2 ** Math.max(0, tries - 1));
  return Math.round(seconds * 1000 * (0.7 + 0.6 * chance));
}
