// Whether the logic server can be reached: what counts as away, when the bar says so, and what happens at its return.
import { afterEach, describe, expect, test, vi } from "vitest";
import { here, isAway, nextTick, reduce, type Reach, type ReachEvent } from "./reach.std";

const run = (events: ReachEvent[], from: Reach = here(0)): Reach => events.reduce(reduce, from);

describe("the state", () => {
  test("the bar comes 3 s after the first answer that failed, and only if none came since", () => {
    const away = run([{ kind: "missed", now: 1_000 }, { kind: "missed", now: 2_000 }]);
    expect([away.phase, away.bar, away.misses, nextTick(away)]).toEqual(["away", "none", 2, 4_000]);
    expect([run([{ kind: "tick", now: 3_999 }], away).bar, run([{ kind: "tick", now: 4_000 }], away).bar]).toEqual(["none", "away"]);
    const short = run([{ kind: "heard", now: 2_500 }], away);
    expect([short.phase, short.bar, nextTick(short)]).toEqual(["here", "none", null]);
  });
  test("the good news stays for 2 s", () => {
    const back = run([{ kind: "missed", now: 0 }, { kind: "tick", now: 3_000 }, { kind: "heard", now: 9_000 }]);
    expect([back.bar, nextTick(back), run([{ kind: "tick", now: 11_000 }], back).bar]).toEqual(["back", 11_000, "none"]);
    expect(run([{ kind: "heard", now: 9_500 }], back)).toBe(back);
  });
  test("questions that fail together are one failure", () => {
    expect(run([{ kind: "missed", now: 0 }, { kind: "missed", now: 10 }, { kind: "missed", now: 400 }]).misses).toBe(1);
  });
  test.each([[null, true], [200, false], [401, false], [404, false], [429, false], [500, false], [502, true], [503, true], [504, true]])("%s is away: %s", (status, away) => {
    expect(isAway(status)).toBe(away);
  });
});

afterEach(() => void vi.useRealTimers());

test("it is asked for after 1, 2, 4 … s, and whoever waits for it hears once that it is back", async () => {
  vi.useFakeTimers({ now: 0 });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  vi.resetModules();
  const { note, onBack, probeBy, probeNow, reach } = await import("./reach.dom");
  const asked: number[] = [];
  const back: number[] = [];
  let answer: number | null = null;
  probeBy(() => {
    asked.push(Date.now());
    note(answer);
  });
  onBack(() => back.push(Date.now()));
  probeNow(); // nothing to ask while it is there
  note(200);
  note(502);
  await vi.advanceTimersByTimeAsync(8_000);
  expect([asked, reach.value.bar, back]).toEqual([[1_000, 3_000, 7_000], "away", []]);
  answer = 200;
  probeNow();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, back, reach.value.phase, reach.value.bar]).toEqual([[1_000, 3_000, 7_000, 8_000], [8_000], "here", "none"]);
});
