// The outbox: in order, once, through refusals, time-outs, cuts, other tabs and reloads.
import { IDBFactory } from "fake-indexeddb";
import { describe, expect, test } from "vitest";
import { isConversationId } from "../relay/ids.std";
import { due, emptyOutbox, KEEP_TICKED, passedOnIn, reduce, unsent, wakeAt, type Entry, type Outbox, type OutboxEvent } from "./outbox.std";
import { openOutboxStore } from "./outbox_store.dom";
import { ANN, BOB, GROUP, messageId, TALK } from "./samples.std";

const other = "8";
if (!isConversationId(other)) throw new Error("good id");

const entry = (number: number, more: Partial<Entry> = {}): Entry => ({ id: messageId(number), user: ANN.user_id, conversation: TALK, group: GROUP, body: `b${number}`, at: number, order: number, tab: "me", emitted: false, ...more });
const wrote = (...numbers: number[]): OutboxEvent[] => numbers.map((number) => ({ kind: "wrote", entry: entry(number) }));
const stored = (number: number, history = "h", now = 0): OutboxEvent => ({ kind: "stored", id: messageId(number), history, now });
const passedOn = (number: number, at: number, receipt: string, now: number): OutboxEvent => ({ kind: "passed_on", id: messageId(number), at, receipt, now, chance: 0.5 });
const run = (events: OutboxEvent[], from: Outbox = emptyOutbox): Outbox => events.reduce(reduce, from);
const next = (box: Outbox, now = 0, window = 16): [string, string | null][] => due(box, "me", now, window).map(({ entry: one, prev }) => [one.body, prev]);
const problem = { type: "/problems/not-reachable", title: "no", status: 403 };

describe("what goes out", () => {
  test("inv09_in_the_order_written_each_naming_the_one_before", () => {
    expect(next(run(wrote(2, 1, 3)))).toEqual([["b1", null], ["b2", messageId(1)], ["b3", messageId(2)]]);
  });
  test("what flies is not sent again, and is still named", () => {
    expect(next(run([...wrote(1, 2), { kind: "emitted", id: messageId(1) }]))).toEqual([["b2", messageId(1)]]);
  });
  test("RU5: a stored one is still named: its tick may be taken back by a restore", () => {
    expect(next(run([...wrote(1, 2), { kind: "emitted", id: messageId(1) }, stored(1)]))).toEqual([["b2", messageId(1)]]);
  });
  test("by HTTPS one at a time", () => {
    const box = run(wrote(1, 2));
    expect(next(box, 0, 1)).toEqual([["b1", null]]);
    expect(next(run([{ kind: "emitted", id: messageId(1) }], box), 0, 1)).toEqual([]);
  });
  test("conversations do not wait for each other", () => {
    const box = run([...wrote(1), { kind: "wrote", entry: entry(2, { conversation: other }) }]);
    expect(next(run([{ kind: "put_off", id: messageId(1), now: 0, chance: 0.5 }], box), 10)).toEqual([["b2", null]]);
  });
  test("RU2: an entry of another tab is not sent here, but named", () => {
    const box = run([{ kind: "wrote", entry: entry(1, { tab: "other" }) }, ...wrote(2)]);
    expect(next(box)).toEqual([["b2", messageId(1)]]);
  });
});

describe("answers", () => {
  const flying = run([...wrote(1, 2), { kind: "emitted", id: messageId(1) }, { kind: "emitted", id: messageId(2) }]);
  test("RU4: busy makes the whole conversation wait, and counts once for a burst", () => {
    const busy = run([{ kind: "put_off", id: messageId(1), now: 0, chance: 0.5 }, { kind: "put_off", id: messageId(2), now: 1, chance: 0.5 }], flying);
    expect([next(busy, 999), wakeAt(busy, "me")]).toEqual([[], 1_000]);
    expect(next(busy, 1_000)).toEqual([["b1", null], ["b2", messageId(1)]]);
    const again = run([{ kind: "emitted", id: messageId(1) }, { kind: "put_off", id: messageId(1), now: 1_000, chance: 0.5 }], busy);
    expect(wakeAt(again, "me")).toBe(3_000);
  });
  test("RU4: what the server asks for wins", () => {
    expect(wakeAt(run([{ kind: "put_off", id: messageId(1), now: 0, chance: 0.5, retryAfter: 7_000 }], flying), "me")).toBe(7_000);
  });
  test("a connection makes everything due at once", () => {
    const waiting = run([{ kind: "put_off", id: messageId(1), now: 0, chance: 0.5 }, { kind: "put_off", id: messageId(2), now: 0, chance: 0.5 }, { kind: "hurry", now: 1 }], flying);
    expect(next(waiting, 1)).toEqual([["b1", null], ["b2", messageId(1)]]);
  });
  test("but for the time that the server asked for, which no hurry makes shorter", () => {
    const waiting = run([{ kind: "put_off", id: messageId(1), now: 0, chance: 0.5, retryAfter: 7_000 }, { kind: "put_off", id: messageId(2), now: 0, chance: 0.5 }, { kind: "hurry", now: 1 }], flying);
    expect([next(waiting, 6_999), wakeAt(waiting, "me")]).toEqual([[], 7_000]);
    expect(next(waiting, 7_000)).toEqual([["b1", null], ["b2", messageId(1)]]);
  });
  test("a refusal of one does not hold up or reorder the rest", () => {
    const refused = run([{ kind: "refused", id: messageId(1), problem }, { kind: "put_off", id: messageId(2), now: 0, chance: 0, retryAfter: 0 }], flying);
    expect(next(refused, 1)).toEqual([["b2", null]]);
    const again = run([{ kind: "again", id: messageId(1), order: 9 }], refused);
    expect(next(again, 1)).toEqual([["b2", null], ["b1", messageId(2)]]);
    expect(again.entries.every((one) => one.refused === undefined)).toBe(true);
  });
  test("hearing of it twice does no harm", () => {
    const once = run([stored(1)], flying);
    expect(run([stored(1)], once)).toEqual(once);
    expect(run(wrote(2), once)).toEqual(once);
  });
  test("what is only tried has not left the device yet, and is not tried twice", () => {
    const tried = run([...wrote(1), { kind: "tried", id: messageId(1) }]);
    expect([tried.entries[0]?.emitted, next(tried)]).toEqual([false, []]);
    expect(run([{ kind: "emitted", id: messageId(1) }], tried).entries[0]?.emitted).toBe(true);
  });
  test("a withdrawn one is gone", () => {
    expect(next(run([...wrote(1, 2), { kind: "withdrew", id: messageId(1) }]))).toEqual([["b2", null]]);
  });
});

describe("after a restore", () => {
  const history = (id: string, now = 0): OutboxEvent => ({ kind: "history", history: id, now });
  test("RU12: what had its tick in another history is offered again in order", () => {
    const first = run([...wrote(1, 2), history("h1"), stored(1, "h1")]);
    expect(next(first, 0, 1)).toEqual([["b2", messageId(1)]]);
    const restored = run([history("h2", 1)], first);
    expect(next(restored, 1)).toEqual([["b1", null], ["b2", messageId(1)]]);
    const late = run([stored(1, "h1")], restored); // an ack of before the restore
    expect(unsent(late)).toHaveLength(2);
    const both = run([stored(1, "h2"), stored(2, "h2")], late);
    expect(unsent(both)).toHaveLength(0);
    expect(unsent(run([stored(1, "h1")], both))).toHaveLength(0);
  });
  test("RU12: for a day", () => {
    const box = run([...wrote(1, 2), history("h1"), stored(1, "h1", 5)]);
    expect(run([history("h1", KEEP_TICKED + 4)], box).entries).toHaveLength(2);
    expect(run([history("h2", KEEP_TICKED + 5)], box).entries.map((one) => one.body)).toEqual(["b2"]);
  });
  test("a refusal is taken back by the row, and a cut lets go what was on its way", () => {
    const box = run([...wrote(1, 2), { kind: "refused", id: messageId(1), problem }, stored(1), { kind: "emitted", id: messageId(2) }, { kind: "cut" }]);
    expect([box.entries[0]?.refused, unsent(box).map((one) => one.body), next(box)]).toEqual([undefined, ["b2"], [["b2", messageId(1)]]]);
  });
  test("S05: a tab takes over from tabs that are gone", () => {
    const box = run([{ kind: "wrote", entry: entry(1, { tab: "gone" }) }, ...wrote(2)]);
    expect(next(box)).toEqual([["b2", messageId(1)]]);
    expect(next(run([{ kind: "taken_over", from: ["gone"], by: "me" }], box))).toEqual([["b1", null], ["b2", messageId(1)]]);
  });
});

describe("what several tabs wrote", () => {
  const mixed = (...tabs: string[]): Outbox => run([...tabs.map((tab, at): OutboxEvent => ({ kind: "wrote", entry: entry(at + 1, { tab }) })), { kind: "taken_over", from: ["gone"], by: "me" }]);
  test("inv09: each names the one before it of the tab that wrote it", () => {
    const box = mixed("me", "gone", "me", "gone", "me");
    expect(next(box)).toEqual([["b1", null], ["b2", messageId(1)], ["b3", messageId(1)], ["b4", messageId(2)], ["b5", messageId(3)]]);
    // b4 is stored along the chain of its own tab; b5 waits for b3 all the same.
    expect(next(run([stored(2), stored(4)], box))).toEqual([["b1", null], ["b3", messageId(1)], ["b5", messageId(3)]]);
    const passed = run([1, 2, 3].map((number) => passedOn(number, number, "r", 0)), box);
    expect(passedOnIn(passed, TALK).map((one) => one.prev)).toEqual([null, messageId(1), messageId(1)]);
  });
  test("inv09: a new start goes on after what it took over, and waits for no refusal", () => {
    const box = mixed("gone", "gone", "me", "me");
    expect(next(box).slice(2)).toEqual([["b3", messageId(2)], ["b4", messageId(3)]]);
    expect(next(run([{ kind: "refused", id: messageId(3), problem }], box)).at(-1)).toEqual(["b4", messageId(2)]);
  });
  test("inv09: who wrote it outlives further take-overs, and ends with a new try", () => {
    const heir = run([{ kind: "taken_over", from: ["me"], by: "heir" }, { kind: "wrote", entry: entry(5, { tab: "heir" }) }], mixed("me", "gone", "me", "gone"));
    const prevs = (box: Outbox): [string, string | null][] => due(box, "heir", 0, 16).slice(2).map((one) => [one.entry.id, one.prev]);
    expect(prevs(heir).slice(0, 2)).toEqual([[messageId(3), messageId(1)], [messageId(4), messageId(2)]]);
    const again = run([{ kind: "refused", id: messageId(2), problem }, { kind: "again", id: messageId(2), order: 6, anew: messageId(6) }], heir);
    expect(prevs(again)).toEqual([[messageId(4), messageId(3)], [messageId(5), messageId(4)], [messageId(6), messageId(5)]]);
  });
});

describe("passed on", () => {
  const two = run([...wrote(1, 2, 3), { kind: "emitted", id: messageId(1) }, { kind: "emitted", id: messageId(2) }, passedOn(1, 100, "r1", 0), passedOn(2, 101, "r2", 1)]);
  const bodies = (box: Outbox, now: number): string[] => next(box, now).map(([body]) => body);
  test("S02: it is kept unsent and holds nothing up", () => {
    expect([unsent(two).length, two.flying.size, next(two, 2), wakeAt(two, "me")]).toEqual([3, 0, [["b3", messageId(2)]], 30_000]);
  });
  test("S02: it is offered again in order, and once more passed on it waits again", () => {
    expect([bodies(two, 29_999), bodies(two, 30_000)]).toEqual([["b3"], ["b1", "b2", "b3"]]);
    const again = run([{ kind: "emitted", id: messageId(1) }, passedOn(1, 100, "r", 30_001), { kind: "emitted", id: messageId(2) }, passedOn(2, 100, "r", 30_002)], two);
    expect([bodies(again, 60_000), bodies(again, 60_001)]).toEqual([["b3"], ["b1", "b2", "b3"]]);
  });
  test.each([
    ["look, a new connection, an answer after none", { kind: "hurry", now: 2 }],
    ["another message is stored", { kind: "stored", id: messageId(9), history: "h", now: 2 }],
    ["another history", { kind: "history", history: "h2", now: 2 }],
  ] as [string, OutboxEvent][])("S02: %s: at once", (_what, event) => {
    const box = run([{ kind: "wrote", entry: entry(9, { conversation: other }) }, event], two);
    expect(bodies(box, 2).slice(0, 2)).toEqual(["b1", "b2"]);
  });
  test("S02: busy for one that names it: all again, after the pause", () => {
    const box = run([{ kind: "put_off", id: messageId(3), now: 2, chance: 0.5, retryAfter: 1_000 }], two);
    expect([bodies(box, 1_001), bodies(box, 1_002)]).toEqual([[], ["b1", "b2", "b3"]]);
  });
  test("of two receipts the earlier counts", () => {
    const box = run([passedOn(1, 100, "same time", 3), passedOn(2, 50, "earlier", 3)], two);
    expect(box.entries.map((one) => one.passed?.receipt)).toEqual(["r1", "earlier", undefined]);
  });
  test("for those who hand it in: what is not stored, with what it names", () => {
    const named = (box: Outbox): [string, string | null][] => passedOnIn(box, TALK).map(({ entry: one, prev }) => [one.body, prev]);
    expect(named(two)).toEqual([["b1", null], ["b2", messageId(1)]]);
    expect(named(run([stored(1)], two))).toEqual([["b2", messageId(1)]]);
    expect(named(run([{ kind: "refused", id: messageId(1), problem }], two))).toEqual([["b2", null]]);
    expect(passedOnIn(two, other)).toEqual([]);
  });
  test("late, it takes back neither a tick nor a refusal", () => {
    const box = run([...wrote(1, 2), stored(1), { kind: "refused", id: messageId(2), problem }, passedOn(1, 100, "r1", 0), passedOn(2, 101, "r2", 0)]);
    expect([unsent(box), next(box), wakeAt(box, "me")]).toEqual([[], [], null]);
  });
  test("inv11: its refusal stands for ever, so its words go as a new message", () => {
    const refused = run([{ kind: "refused", id: messageId(1), problem }], two);
    expect(bodies(refused, 30_000)).toEqual(["b2", "b3"]);
    const again = run([{ kind: "again", id: messageId(1), order: 7, anew: messageId(7) }], refused);
    const last = due(again, "me", 30_000, 16).at(-1);
    expect([last?.entry.id, last?.entry.body, last?.entry.passed, last?.entry.emitted, last?.prev]).toEqual([messageId(7), "b1", undefined, false, messageId(3)]);
  });
});

describe("on disk", () => {
  test("survives a reload with id, order and refusal, for its own account only", async () => {
    const disk = new IDBFactory();
    const store = await openOutboxStore(disk);
    await store.put(entry(1, { emitted: true }));
    await store.put(entry(2, { refused: problem }));
    await store.put(entry(3, { user: BOB.user_id }));
    const reloaded = await openOutboxStore(disk);
    expect(await reloaded.load(ANN.user_id)).toEqual([entry(1, { emitted: true }), entry(2, { refused: problem })]);
    await reloaded.remove([messageId(1), messageId(2)]);
    expect([await store.load(ANN.user_id), (await store.load(BOB.user_id)).length]).toEqual([[], 1]);
  });
  test("S05: of two tabs that take over the same, one gets each", async () => {
    const disk = new IDBFactory();
    const [one, other] = [await openOutboxStore(disk), await openOutboxStore(disk)];
    for (const number of [1, 2, 3]) await one.put(entry(number, { tab: "gone" }));
    const seen = await one.load(ANN.user_id);
    const [first, second] = await Promise.all([one.claim(seen, "me"), other.claim(seen, "another")]);
    expect([first.map((row) => [row.body, row.tab]), second]).toEqual([[["b1", "me"], ["b2", "me"], ["b3", "me"]], []]);
    expect((await one.load(ANN.user_id)).map((row) => [row.tab, row.writer])).toEqual([["me", "gone"], ["me", "gone"], ["me", "gone"]]);
    const further = await other.claim(await other.load(ANN.user_id), "me too");
    expect(further.map((row) => [row.tab, row.writer])).toEqual([["me too", "gone"], ["me too", "gone"], ["me too", "gone"]]);
    await one.remove([messageId(3)]);
    expect(await other.claim([entry(3, { tab: "me" })], "another")).toEqual([]); // thrown away meanwhile
  });
  test("ticks and receipts survive a reload too", async () => {
    const disk = new IDBFactory();
    const rows = [entry(1, { ticked: { history: "h", at: 5 } }), entry(2, { passed: { receipt: "r", at: 7 } })];
    for (const row of rows) await (await openOutboxStore(disk)).put(row);
    expect(await (await openOutboxStore(disk)).load(ANN.user_id)).toEqual(rows);
  });
  test("what cannot be read is passed over, not trusted", async () => {
    const disk = new IDBFactory();
    const store = await openOutboxStore(disk);
    await store.put(entry(1));
    await new Promise<void>((resolve) => {
      const open = disk.open("talkhub-outbox");
      open.onsuccess = () => {
        const write = open.result.transaction("entries", "readwrite");
        write.objectStore("entries").put({ id: "broken", user: ANN.user_id, body: 7 });
        write.oncomplete = () => resolve();
      };
    });
    expect((await store.load(ANN.user_id)).map((one) => one.body)).toEqual(["b1"]);
  });
});
