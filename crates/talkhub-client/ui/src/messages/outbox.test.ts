// The outbox: in order, once, through refusals, time-outs, cuts, other tabs and reloads.
import { IDBFactory } from "fake-indexeddb";
import { describe, expect, test } from "vitest";
import { isConversationId } from "../relay/ids.std";
import { due, emptyOutbox, reduce, wakeAt, type Entry, type Outbox, type OutboxEvent } from "./outbox.std";
import { openOutboxStore } from "./outbox_store.dom";
import { ANN, BOB, GROUP, messageId, TALK } from "./samples.std";

const other = "8";
if (!isConversationId(other)) throw new Error("good id");

const entry = (number: number, more: Partial<Entry> = {}): Entry => ({ id: messageId(number), user: ANN.user_id, conversation: TALK, group: GROUP, body: `b${number}`, at: number, order: number, tab: "me", emitted: false, ...more });
const wrote = (...numbers: number[]): OutboxEvent[] => numbers.map((number) => ({ kind: "wrote", entry: entry(number) }));
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
  test("a settled one is no longer named", () => {
    expect(next(run([...wrote(1, 2), { kind: "emitted", id: messageId(1) }, { kind: "stored", id: messageId(1) }]))).toEqual([["b2", null]]);
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
    const once = run([{ kind: "stored", id: messageId(1) }], flying);
    expect(run([{ kind: "stored", id: messageId(1) }, { kind: "put_off", id: messageId(1), now: 0, chance: 0 }], once)).toEqual(once);
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

describe("on disk", () => {
  test("survives a reload with id, order and refusal, for its own account only", async () => {
    const disk = new IDBFactory();
    const store = await openOutboxStore(disk);
    await store.put(entry(1, { emitted: true }));
    await store.put(entry(2, { refused: problem }));
    await store.put(entry(3, { user: BOB.user_id }));
    const reloaded = await openOutboxStore(disk);
    expect(await reloaded.load(ANN.user_id)).toEqual([entry(1, { emitted: true }), entry(2, { refused: problem })]);
    await reloaded.remove(messageId(1));
    await reloaded.clear(ANN.user_id);
    expect([await store.load(ANN.user_id), (await store.load(BOB.user_id)).length]).toEqual([[], 1]);
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
