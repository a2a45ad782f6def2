// What the relay passed on and nobody has stored yet: marked, after everything stored, until its row replaces it or it is refused.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { delivery as readDelivery } from "../relay/codec.std";
import type { Conversation, Delivery, Message, Person, Problem } from "../relay/wire.gen.std";
import { arrived, lines } from "./grouping.std";
import { ANN, BOB, GROUP, message, messageId, TALK } from "./samples.std";
import { emptyTimeline, reduce, type Timeline, type TimelineEvent } from "./state.std";
import { due, HAND_IN_AFTER, keptUnsaved, NOT_SAVED_AFTER, readUnsaved, SHOWN_FOR, toHandIn, wakeAt, type Unsaved } from "./unsaved.std";

const run = (events: TimelineEvent[], from: Timeline = emptyTimeline(ANN.user_id)): Timeline => events.reduce(reduce, from);
const loaded = run([{ kind: "asked" }, { kind: "answered_page", run: 1, page: { messages: [message(1), message(2), message(3)], marks: [], rev: 3, history_id: "h" }, limit: 100 }]);
const line = (number: number, at: number, sender: Person = BOB): Unsaved => ({ sender, id: messageId(number), frame: `{"kind":"message","body":"u${number}"}`, body: `u${number}`, at, receipt: `r${number}`, state: "waiting" });
const unsaved = (number: number, at: number, sender?: Person): TimelineEvent => ({ kind: "unsaved", line: line(number, at, sender) });
const row = (seq: number, number: number, sender: Person, body: string): Message => ({ ...message(seq, seq, sender, body), id: messageId(number) });
const heard = (message: Message): TimelineEvent => ({ kind: "heard", message, history: "h" });
const refused = (number: number, problem?: Problem): TimelineEvent => ({ kind: "not_saved", sender: BOB.user_id, id: messageId(number), ...(problem ? { problem } : {}) });
const shown = (t: Timeline): string[] => lines(t, "UTC").map((one) => (one.row ? `${one.row.seq}:${one.body}` : one.unsaved ? `${one.unsaved.state} ${one.body}` : `own ${one.pending?.state} ${one.body}`));

describe("an unsaved line", () => {
  test("RU6, inv06: stands marked after everything stored, in the relay's order; heard twice it is no news; it moves no cursor", () => {
    const t = run([unsaved(21, 200), unsaved(20, 100), unsaved(21, 300), heard(message(4))], loaded);
    expect([shown(t).slice(3), t.cursor]).toEqual([["4:m4 r4", "waiting u20", "waiting u21"], 4]);
  });
  test("RU6: the row of the same sender and id replaces it, content too, by whichever way it comes", () => {
    const t = run([unsaved(20, 100), unsaved(21, 100), heard(row(4, 20, ANN, "somebody else's of the same id"))], loaded);
    expect(t.unsaved).toHaveLength(2);
    const after = run([heard(row(5, 20, BOB, "as it is stored"))], t);
    expect(shown(after).slice(4)).toEqual(["5:as it is stored", "waiting u21"]);
    const late = run([unsaved(20, 100), { kind: "behind" }, { kind: "asked" }], after); // a repeat that comes late
    expect(late.unsaved).toHaveLength(1);
    const caughtUp = run([{ kind: "answered_changes", run: late.catchUp.run, changes: { messages: [row(6, 21, BOB, "caught up")], marks: [], upto: 6, too_far: false, history_id: "h" } }], late);
    expect(caughtUp.unsaved).toEqual([]);
  });
  test("gives way to its row before anything was loaded, and to one outside the window", () => {
    expect(run([unsaved(20, 100), heard(row(4, 20, BOB, "x"))]).unsaved).toEqual([]);
    const window = run([{ kind: "asked" }, { kind: "answered_page", run: 1, page: { messages: [message(50)], marks: [], rev: 50, history_id: "h" }, limit: 1 }, unsaved(20, 100)]);
    expect(run([heard(row(3, 20, BOB, "x"))], window).unsaved).toEqual([]);
  });
  test("outlives a fresh load that lacks it", () => {
    const t = run([unsaved(20, 100), { kind: "afresh" }, { kind: "asked" }], loaded);
    expect(shown(run([{ kind: "answered_page", run: t.catchUp.run, page: { messages: [message(1)], marks: [], rev: 1, history_id: "h2" }, limit: 100 }], t))).toEqual(["1:m1 r1", "waiting u20"]);
  });
  test("RU6: after a day it says that it was not saved, some day it goes, and its row may still come", () => {
    const t = run([unsaved(20, 100), unsaved(21, 101), { kind: "aged", now: 100 + NOT_SAVED_AFTER }], loaded);
    expect(shown(t).slice(3)).toEqual(["not_saved u20", "waiting u21"]);
    expect(due(t.unsaved, 100 + NOT_SAVED_AFTER, 0).map((one) => one.receipt)).toEqual(["r21"]);
    expect(shown(run([heard(row(4, 20, BOB, "its writer came after all"))], t)).slice(3)).toEqual(["4:its writer came after all", "waiting u21"]);
    expect(run([{ kind: "aged", now: 100 + SHOWN_FOR }], t).unsaved.map((one) => one.body)).toEqual(["u21"]);
    expect(run([{ kind: "aged", now: 100 }], t)).toBe(t);
  });
  test("a refusal is shown; one that names no rule is not called so; and it can be put away", () => {
    const no = (type: string): Problem => ({ type, title: "no", status: 400 });
    const t = run([unsaved(20, 1), unsaved(21, 2), unsaved(22, 3), refused(20), refused(21, no("/problems/invalid")), refused(22, no("/problems/receipt-expired"))], loaded);
    expect([shown(t).slice(3), t.unsaved[1]?.problem?.type]).toEqual([["refused u20", "refused u21", "not_saved u22"], "/problems/invalid"]);
    expect(shown(run([{ kind: "put_away", sender: BOB.user_id, id: messageId(21) }], t)).slice(3)).toEqual(["refused u20", "not_saved u22"]);
    expect(run([refused(29)], t).unsaved).toBe(t.unsaved);
  });
  test("inv22: there is a bound for what nobody stores", () => {
    expect(run(Array.from({ length: 1_050 }, (_, index) => unsaved(index, index))).unsaved).toHaveLength(1_000);
  });
  test("a new name shows in it too", () => {
    expect(run([unsaved(20, 1), { kind: "renamed", sender: { ...BOB, display_name: "Robert" } }]).unsaved[0]?.sender.display_name).toBe("Robert");
  });
});

describe("with own lines", () => {
  const wrote = (number: number, more: Partial<TimelineEvent & { kind: "wrote" }> = {}): TimelineEvent => ({ kind: "wrote", id: messageId(number), body: `o${number}`, at: 150, state: "sending", ...more });
  test("what was passed on stands in the relay's order, what was not yet below it; failed it stays where it is", () => {
    const t = run([wrote(20), { kind: "stands", id: messageId(20), state: "passed_on", passed: 100 }, unsaved(21, 200), wrote(22), unsaved(23, 300)], loaded);
    expect(shown(t).slice(3)).toEqual(["own passed_on o20", "waiting u21", "waiting u23", "own sending o22"]);
    const failed = run([{ kind: "stands", id: messageId(20), state: "failed", problem: { type: "/problems/x", title: "no", status: 403 } }], t);
    expect(shown(failed)[3]).toBe("own failed o20");
  });
  test("inv05: of one's own other tabs, and never twice", () => {
    const t = run([wrote(20, { state: "passed_on", passed: 90 }), unsaved(20, 90, ANN), unsaved(21, 100, ANN)], loaded);
    expect(shown(t).slice(3)).toEqual(["own passed_on o20", "waiting u21"]);
    expect(lines(t, "UTC").at(-1)?.mine).toBe(true);
    // That tab is gone, and this one has taken over what it left.
    expect(shown(run([wrote(21, { state: "passed_on", passed: 100 })], t)).slice(3)).toEqual(["own passed_on o20", "own passed_on o21"]);
  });
  test("others' are told when they are passed on, and not again when they are stored", () => {
    const t = run([unsaved(21, 100), unsaved(22, 100, ANN)], loaded);
    const news = arrived(lines(t, "UTC"), 3);
    expect(news.map((one) => one.body)).toEqual(["u21"]);
    const stored = run([heard(row(4, 21, BOB, "u21")), heard(message(5))], t);
    expect(arrived(lines(stored, "UTC"), 3, new Set(news.map((one) => one.key))).map((one) => one.body)).toEqual(["m5 r5"]);
  });
});

describe("handing in", () => {
  test("RU5: a minute after it was passed on, and again while it waits", () => {
    const t = run([unsaved(20, 100), unsaved(21, 200)], loaded);
    expect([due(t.unsaved, 99 + HAND_IN_AFTER, 0).length, wakeAt(t.unsaved, 0)]).toEqual([0, 60_100]);
    expect([due(t.unsaved, 60_100, 0).length, due(t.unsaved, 60_200, 0).length]).toEqual([1, 2]);
    const handed = run([{ kind: "handed_in", now: 60_200 }], t);
    expect([due(handed.unsaved, 90_199, handed.handInAfter).length, wakeAt(handed.unsaved, handed.handInAfter), due(handed.unsaved, 90_200, handed.handInAfter).length]).toEqual([0, 90_200, 2]);
    const over = run([refused(20), refused(21)], handed);
    expect([due(over.unsaved, 200_000, 0).length, wakeAt(over.unsaved, 0)]).toEqual([0, null]);
  });
  test("at most a hundred at once, in order", () => {
    const t = run(Array.from({ length: 150 }, (_, index) => unsaved(index, index)));
    expect(due(t.unsaved, 100_000, 0).map((one) => one.id)).toEqual(Array.from({ length: 100 }, (_, index) => messageId(index)));
  });
});

describe("a delivery", () => {
  const read = readDelivery(JSON.parse(readFileSync(new URL("../../../../shared-protocol/wire/delivery.client.unsaved.json", import.meta.url), "utf8")));
  if (!read || typeof read.from === "string") throw new Error("a good sample");
  const { relay_id } = read.from;
  const fitting: Delivery = { ...read, to: GROUP, from: { relay_id, subject: BOB.subject } };
  const talk: Conversation = { id: TALK, kind: "private", state: "open", group: GROUP, typing: true, members: [{ ...BOB, read: 0, online: true }], seq: 0, rev: 0, read: 0, unread: 0, created_at: 1 };
  test("is read as a line only if it is an unsaved message of a member to this conversation", () => {
    const made = readUnsaved(fitting, talk);
    expect(made).toMatchObject({ at: read.at, state: "waiting", body: "Grüße, 世界 👋\n  second line", sender: BOB });
    expect(made && toHandIn(made)).toEqual({ subject: BOB.subject, id: read.id, prev: read.prev, frame: read.frame, receipt: read.receipt });
    const bad: Partial<Delivery>[] = [{ unsaved: false }, { to: read.to }, { id: "no id" }, { class: "ephemeral" }, { from: "server" }, { from: { relay_id, subject: "a stranger" } }, { frame: '{"kind":"typing","conversation":"7","on":true}' }];
    for (const change of bad) expect(readUnsaved({ ...fitting, ...change }, talk), JSON.stringify(change)).toBeNull();
    const { receipt: _none, ...without } = fitting;
    expect(readUnsaved(without, talk)).toBeNull();
  });
  test("outlives the disk", () => {
    const made = readUnsaved(fitting, talk);
    const row = { ...made, user: ANN.user_id, conversation: TALK, state: "refused", problem: { type: "/problems/x", title: "no", status: 403 } };
    expect(keptUnsaved(JSON.parse(JSON.stringify(row)))).toEqual(row);
  });
});
