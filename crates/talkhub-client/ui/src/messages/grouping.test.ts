// Which lines stand together, what is large, what is worth sending.
import { describe, expect, test } from "vitest";
import { arrived, characters, isLarge, lines, newest, trimmed } from "./grouping.std";
import { ANN, BOB, message, messageId } from "./samples.std";
import { emptyTimeline, type Timeline } from "./state.std";
import { dayOf, nearDay, shortWhen } from "../kit/time.std";
import type { Message } from "../relay/wire.gen.std";

const at = (text: string): number => Date.parse(text);
const said = (seq: number, when: string, sender = BOB): Message => ({ ...message(seq, seq, sender), at: at(when) });
const timeline = (rows: Message[], pending: Timeline["pending"] = []): Timeline => ({ ...emptyTimeline(ANN.user_id), rows, pending });
const shape = (t: Timeline): string[] => lines(t, "UTC").map((line) => `${line.day ? "day " : ""}${line.starts ? "starts " : ""}${line.ends ? "ends" : ""}`.trim());

describe("grouping", () => {
  test("one person within five minutes shares a group", () => {
    expect(shape(timeline([said(1, "2026-11-20T12:00:00Z"), said(2, "2026-11-20T12:01:00Z"), said(3, "2026-11-20T12:06:01Z")]))).toEqual(["day starts", "ends", "starts ends"]);
  });
  test("another person begins a new one", () => {
    expect(shape(timeline([said(1, "2026-11-20T12:00:00Z"), said(2, "2026-11-20T12:00:10Z", ANN)]))).toEqual(["day starts ends", "starts ends"]);
  });
  test("midnight parts, however close", () => {
    expect(shape(timeline([said(1, "2026-11-20T23:59:00Z"), said(2, "2026-11-21T00:01:00Z")]))).toEqual(["day starts ends", "day starts ends"]);
  });
  test("the day is the reader's", () => {
    expect([dayOf(at("2026-11-20T23:30:00Z"), "UTC"), dayOf(at("2026-11-20T23:30:00Z"), "Europe/Berlin")]).toEqual(["2026-11-20", "2026-11-21"]);
  });
  test("an own unsent line joins, and keeps its key when it is stored", () => {
    const before = lines(timeline([said(1, "2026-11-20T12:00:00Z", ANN)], [{ id: messageId(2), body: "x", at: at("2026-11-20T12:00:30Z"), state: "sending" }]), "UTC");
    const after = lines(timeline([said(1, "2026-11-20T12:00:00Z", ANN), said(2, "2026-11-20T12:00:31Z", ANN)]), "UTC");
    expect(before.map((line) => line.key)).toEqual(after.map((line) => line.key));
    expect(before[1]?.starts).toBe(false);
  });
});

test.each([
  ["🎉", true],
  ["👍🏽", true],
  ["❤️ 🎉", true],
  ["👩‍👩‍👧", true],
  ["🇩🇪", true],
  ["🎉🎉🎉🎉", false],
  ["ok 🎉", false],
  ["123", false],
  ["", false],
])("large: %s", (body, want) => expect(isLarge(body)).toBe(want));

test.each([
  [" hi ", " hi"],
  ["\n\n  hi\n\nyou \n\n", "  hi\n\nyou"],
  ["a\r\nb", "a\nb"],
  ["   ", null],
  ["\n\t\n", null],
  ["\u200b\u200d\u2060", null],
  ["", null],
])("worth sending: %j", (raw, want) => expect(trimmed(raw)).toBe(want));

test("characters are counted as the server counts", () => {
  expect([characters("ab"), characters("🎉"), characters("é")]).toEqual([2, 1, 1]);
});

test("near days have names", () => {
  const now = at("2026-11-20T12:00:00Z");
  expect(["2026-11-20T00:00:01Z", "2026-11-19T23:59:00Z", "2026-11-18T12:00:00Z"].map((when) => nearDay(at(when), now, "UTC"))).toEqual(["today", "yesterday", "earlier"]);
  expect(shortWhen(at("2026-11-18T12:00:00Z"), now, "UTC")).toBe("Wed");
});

describe("what has arrived", () => {
  const waiting: Timeline["pending"] = [{ id: messageId(9), body: "mine", at: 1, state: "waiting" }];
  const bodies = (t: Timeline, shown: number | null): number[] => arrived(lines(t), shown).map((line) => line.row?.seq ?? 0);
  const talk = timeline([message(1), message(2, 2, ANN), message(3)], waiting);
  test("counts also while an own line waits below", () => {
    expect(bodies(talk, newest(timeline([message(1)], waiting)))).toEqual([3]);
  });
  test("is nothing when a conversation opens, nor older pages, nor one's own words", () => {
    expect([newest(timeline([])), bodies(talk, null)]).toEqual([null, []]);
    expect(bodies(talk, newest(talk))).toEqual([]);
  });
  test("begins with the first word in an empty conversation", () => {
    expect(bodies(talk, newest({ ...timeline([]), cursor: 0 }))).toEqual([1, 3]);
  });
});
