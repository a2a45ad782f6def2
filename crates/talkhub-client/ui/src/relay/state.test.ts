// The bar under the header: quiet for 3 s, then away, then good news for 2 s.
import { describe, expect, test } from "vitest";
import { backOff } from "../kit/back_off.std";
import { nextTick, opening, reduce, wait, type Link, type LinkEvent } from "./state.std";

const run = (events: LinkEvent[], from: Link = opening(0)): Link => events.reduce(reduce, from);
const connected = run([{ kind: "connected", now: 100 }]);

describe("the bar", () => {
  test("C09: nothing for 3 s after a cut, then it says so", () => {
    const lost = run([{ kind: "lost", now: 1_000 }], connected);
    expect(nextTick(lost)).toBe(4_000);
    expect(run([{ kind: "tick", now: 3_999 }], lost).bar).toBe("none");
    expect(run([{ kind: "tick", now: 4_000 }], lost).bar).toBe("away");
  });
  test("failed tries do not begin the quiet time again", () => {
    const lost = run([{ kind: "lost", now: 1_000 }, { kind: "failed", nextTry: 2_000 }, { kind: "trying" }, { kind: "failed", nextTry: 3_000 }], connected);
    expect(lost.lostAt).toBe(1_000);
    expect(run([{ kind: "tick", now: 4_000 }], lost).bar).toBe("away");
  });
  test("a short cut says nothing at all", () => {
    const back = run([{ kind: "lost", now: 1_000 }, { kind: "trying" }, { kind: "connected", now: 2_000 }], connected);
    expect([back.bar, nextTick(back)]).toEqual(["none", null]);
  });
  test("good news for 2 s, with what arrived", () => {
    const back = run([{ kind: "lost", now: 0 }, { kind: "tick", now: 3_000 }, { kind: "connected", now: 9_000 }, { kind: "news", count: 12 }], connected);
    expect([back.bar, back.news, nextTick(back)]).toEqual(["back", 12, 11_000]);
    expect(run([{ kind: "tick", now: 11_000 }], back).bar).toBe("none");
  });
  test("a page that never gets a connection says so as well", () => {
    expect(run([{ kind: "failed", nextTry: 1_000 }, { kind: "tick", now: 3_000 }]).bar).toBe("away");
  });
  test("late words about an old connection change nothing", () => {
    expect(run([{ kind: "failed", nextTry: 5 }, { kind: "trying" }, { kind: "news", count: 3 }], connected)).toEqual(connected);
  });
});

test("who looks at a cut gets eager tries for a minute", () => {
  const lost = run([{ kind: "lost", now: 0 }, ...Array.from({ length: 9 }, (): LinkEvent => ({ kind: "failed", nextTry: 0 }))], connected);
  expect([wait(lost, 59_000, true, 1), wait(lost, 60_000, true, 1), wait(lost, 1_000, false, 0.5)]).toEqual([3_900, 39_000, 30_000]);
  expect(wait(run([{ kind: "lost", now: 0 }], connected), 0, true, 0.5)).toBe(1_000);
});

test("the wait doubles from 1 s to 30 s, give or take 30 %", () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((tries) => backOff(tries, 0.5))).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect([backOff(1, 0), backOff(1, 1)]).toEqual([700, 1_300]);
});
