// What can still be taken back: it shows as done at once, and is done when the time for changing one's mind is over.
import { signal, type ReadonlySignal } from "@preact/signals";
import { say } from "./words.std";

/** So long it can be taken back. */
export const SECOND_THOUGHTS = 6_000;

interface Offer {
  /** What was done, in words. */
  readonly words: string;
  /** What the button says. */
  readonly press: string;
  readonly undo: (() => void) | null;
}

const offered = signal<Offer | null>(null);
/** What the page offers to take back now. */
export const offer: ReadonlySignal<Offer | null> = offered;

let due: { act: () => void; timer: ReturnType<typeof setTimeout> | undefined } | null = null;

/** Shows `words`, and does `act` unless it is taken back in time. Leaving the page, or the next such thing, ends the time. */
export function later(words: string, act: () => void, undo: () => void): void {
  settle();
  due = { act, timer: setTimeout(settle, SECOND_THOUGHTS) };
  offered.value = {
    words,
    press: say("undo"),
    undo: () => {
      clearTimeout(due?.timer);
      due = null;
      offered.value = null;
      undo();
    },
  };
}

/** Shows `words` for a while: done already, and `undo`, where there is one, does the opposite, called `press`. */
export function told(words: string, undo: (() => void) | null = null, press = say("undo")): void {
  settle();
  const mine: Offer = {
    words,
    press,
    undo: undo && (() => {
      offered.value = null;
      undo();
    }),
  };
  offered.value = mine;
  due = { act: () => undefined, timer: setTimeout(settle, SECOND_THOUGHTS) };
}

/** Whoever is at the button gets the time they need. */
export function hold(): void {
  clearTimeout(due?.timer);
}

/** They have left it: the time begins anew. */
export function release(): void {
  if (!due) return;
  clearTimeout(due.timer);
  due.timer = setTimeout(settle, SECOND_THOUGHTS);
}

/** Nothing can be taken back any more: it is done now. */
export function settle(): void {
  const ended = due;
  due = null;
  offered.value = null;
  clearTimeout(ended?.timer);
  ended?.act();
}

/** What was promised is done before the page goes. */
export function begin(): void {
  window.addEventListener("pagehide", settle);
}
