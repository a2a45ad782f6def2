// Idle after the set time without input, back at the first one.
import { expect, test } from "vitest";
import { nextLook, reduce, type Use, type UseEvent } from "./idle.std";

const AFTER = 600_000;
const run = (events: UseEvent[], from: Use = { usedAt: 0, idle: false }): Use => events.reduce((use, e) => reduce(use, e, AFTER), from);

test("c08_a_tab_is_idle_after_the_set_time_and_not_before", () => {
  expect(run([{ kind: "looked", now: AFTER - 1 }]).idle).toBe(false);
  expect(run([{ kind: "looked", now: AFTER }]).idle).toBe(true);
  expect(nextLook(run([]), AFTER)).toBe(AFTER);
  expect(nextLook(run([{ kind: "looked", now: AFTER }]), AFTER)).toBeNull();
});

test("c08_every_input_begins_the_time_anew_and_the_first_one_ends_it", () => {
  const used = run([{ kind: "used", now: 500_000 }, { kind: "looked", now: AFTER }]);
  expect(used).toEqual({ usedAt: 500_000, idle: false });
  expect(nextLook(used, AFTER)).toBe(1_100_000);
  expect(run([{ kind: "looked", now: AFTER }, { kind: "used", now: AFTER + 1 }])).toEqual({ usedAt: AFTER + 1, idle: false });
});
