// Notices that the logic server is away and that it is back, and asks for it in between. Every call tells what became of it.
import { signal, type ReadonlySignal } from "@preact/signals";
import { backOff } from "./back_off.std";
import { steady } from "./steady.dom";
import { here, isAway, nextTick, reduce, type Reach, type ReachEvent } from "./reach.std";

const state = signal<Reach>(here(steady()));
export const reach: ReadonlySignal<Reach> = state;

let barTimer: ReturnType<typeof setTimeout> | undefined;
let probeTimer: ReturnType<typeof setTimeout> | undefined;
let probe: () => void = () => undefined;
const whenBack: (() => void)[] = [];

/** `ask` is a cheap call that tells whether it is there. */
export function probeBy(ask: () => void): void {
  probe = ask;
}

/** Calls `act` each time when it answers after it did not. */
export function onBack(act: () => void): void {
  whenBack.push(act);
}

/** At once instead of after the wait. */
export function probeNow(): void {
  if (state.value.phase === "away") probe();
}

/** What a call was answered; null: nothing. */
export function note(status: number | null): void {
  const before = state.value;
  apply({ kind: isAway(status) ? "missed" : "heard", now: steady() });
  if (state.value === before) return;
  clearTimeout(probeTimer);
  if (state.value.phase === "away") probeTimer = setTimeout(() => probe(), backOff(state.value.misses, Math.random()));
  else if (before.phase === "away") for (const act of whenBack) act();
}

function apply(event: ReachEvent): void {
  state.value = reduce(state.value, event);
  clearTimeout(barTimer);
  const at = nextTick(state.value);
  if (at !== null) barTimer = setTimeout(() => apply({ kind: "tick", now: steady() }), Math.max(0, at - steady()) + 10);
}
