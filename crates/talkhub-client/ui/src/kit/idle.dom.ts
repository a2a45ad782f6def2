// Watches whether anybody uses this tab.
import { signal, type ReadonlySignal } from "@preact/signals";
import { nextLook, reduce, type Use, type UseEvent } from "./idle.std";
import { steady } from "./steady.dom";

const SIGNS = ["pointerdown", "keydown", "wheel", "touchstart"] as const;
/** Pointers move often: nothing is counted twice within this time. */
const STEP = 1_000;

let use: Use = { usedAt: 0, idle: false };
let after = Number.POSITIVE_INFINITY;
let timer: ReturnType<typeof setTimeout> | undefined;

const state = signal(false);
/** Nobody has used this tab for a while. */
export const idle: ReadonlySignal<boolean> = state;

/** From now on; `time`: how many milliseconds without a sign of anybody make the tab idle. */
export function watchUse(time: number): void {
  after = time;
  apply({ kind: "used", now: steady() });
  for (const sign of SIGNS) window.addEventListener(sign, used, { capture: true, passive: true });
  let [x, y] = [Number.NaN, Number.NaN];
  // Browsers tell of a move, too, when the page has moved under a pointer that stands still.
  const moved = (event: PointerEvent): void => {
    const still = event.screenX === x && event.screenY === y;
    [x, y] = [event.screenX, event.screenY];
    if (!still) used();
  };
  window.addEventListener("pointermove", moved, { capture: true, passive: true });
  window.addEventListener("focus", used);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") used();
  });
}

function used(): void {
  const now = steady();
  if (use.idle || STEP <= now - use.usedAt) apply({ kind: "used", now });
}

function apply(event: UseEvent): void {
  const wasIdle = use.idle;
  use = reduce(use, event, after);
  state.value = use.idle;
  // While it is in use the running timer looks again by itself: not every key sets it anew.
  if (event.kind === "used" && !wasIdle && timer !== undefined) return;
  clearTimeout(timer);
  timer = undefined;
  const at = nextLook(use, after);
  if (at !== null && Number.isFinite(at)) timer = setTimeout(look, Math.max(0, at - steady()) + 10);
}

function look(): void {
  timer = undefined;
  apply({ kind: "looked", now: steady() });
}
