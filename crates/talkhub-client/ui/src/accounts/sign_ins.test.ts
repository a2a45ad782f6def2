// The notices of new sign-ins: newest first, each device once, few, and whatever was kept is read with care.
import { expect, test } from "vitest";
import { add, MOST, read, without, type SignIn } from "./sign_ins.std";

const one = (device: string, at: number): SignIn => ({ device, address: "203.0.113.7", at });

test("u03_the_newest_stands_first_and_a_device_stands_once", () => {
  const held = [one("Firefox", 1), one("Chrome", 2), one("Firefox", 3)].reduce(add, [] as readonly SignIn[]);
  expect(held).toEqual([one("Firefox", 3), one("Chrome", 2)]);
  expect(without(held, one("Firefox", 9))).toEqual([one("Chrome", 2)]);
});

test("u03_they_are_few", () => {
  const held = ["a", "b", "c", "d", "e"].map((name, at) => one(name, at)).reduce(add, [] as readonly SignIn[]);
  expect(held).toHaveLength(MOST);
  expect(held[0]?.device).toBe("e");
});

test("what was kept comes back, and what cannot be read is nothing", () => {
  const held = [one("Firefox", 1)];
  expect(read(JSON.stringify(held))).toEqual(held);
  for (const broken of [null, "", "{}", "[1]", '[{"device":"x"}]']) expect(read(broken)).toEqual([]);
});
