// Second thoughts: done when their time is over, never twice, and not at all when taken back.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hold, later, offer, release, SECOND_THOUGHTS, settle, told } from "./undo.dom";

let done: string[];
const act = (what: string): (() => void) => () => void done.push(what);
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  done = [];
});
afterEach(() => {
  settle();
  vi.useRealTimers();
});

test("it is done when the time is over, once", () => {
  later("Removed", act("remove"), act("undo"));
  vi.advanceTimersByTime(SECOND_THOUGHTS - 1);
  expect([done, offer.value?.words]).toEqual([[], "Removed"]);
  vi.advanceTimersByTime(1);
  settle();
  expect([done, offer.value]).toEqual([["remove"], null]);
});
test("taken back it is never done", () => {
  later("Removed", act("remove"), act("undo"));
  offer.value?.undo?.();
  vi.advanceTimersByTime(2 * SECOND_THOUGHTS);
  expect([done, offer.value]).toEqual([["undo"], null]);
});
test("the next one, or leaving the page, ends the time of the one before", () => {
  later("first", act("first"), act("undo"));
  later("second", act("second"), act("undo"));
  expect([done, offer.value?.words]).toEqual([["first"], "second"]);
  settle();
  expect(done).toEqual(["first", "second"]);
});
test("whoever is at the button gets the time they need", () => {
  later("Removed", act("remove"), act("undo"));
  hold();
  vi.advanceTimersByTime(10 * SECOND_THOUGHTS);
  expect([done, offer.value?.press]).toEqual([[], "Undo"]);
  release();
  vi.advanceTimersByTime(SECOND_THOUGHTS);
  expect(done).toEqual(["remove"]);
  hold();
  release(); // nothing there any more
  expect(done).toEqual(["remove"]);
});
test("what is done already is only told, and undone by its opposite", () => {
  told("Blocked", act("unblock"));
  expect(done).toEqual([]);
  offer.value?.undo?.();
  told("Blocked");
  vi.advanceTimersByTime(SECOND_THOUGHTS);
  expect([done, offer.value]).toEqual([["unblock"], null]);
});
