// The timeline: every event, once, twice and late.
import { describe, expect, test } from "vitest";
import type { Changes, MessagePage } from "../relay/wire.gen.std";
import { ANN, BOB, message, messageId } from "./samples.std";
import { emptyTimeline, readByOthers, reduce, type Timeline, type TimelineEvent } from "./state.std";

const run = (events: TimelineEvent[], from: Timeline = emptyTimeline(ANN.user_id)): Timeline => events.reduce(reduce, from);
const page = (messages: MessagePage["messages"], rev: number, history_id = "h"): MessagePage => ({ messages, marks: [], rev, history_id });
const changes = (messages: Changes["messages"], upto?: number, more: Partial<Changes> = {}): Changes => ({ messages, marks: [], too_far: false, history_id: "h", ...(upto === undefined ? {} : { upto }), ...more });
const loaded = (last: number): Timeline => run([{ kind: "asked" }, { kind: "answered_page", run: 1, page: page(Array.from({ length: last }, (_, index) => message(index + 1)), last), limit: 100 }]);
const seqs = (t: Timeline): number[] => t.rows.map((row) => row.seq);

describe("an own line", () => {
  const wrote: TimelineEvent = { kind: "wrote", id: messageId(4), body: "hi", at: 5, state: "sending" };
  test("shows at once and becomes its row in place", () => {
    const before = run([wrote], loaded(3));
    expect(before.pending.map((line) => [line.body, line.state])).toEqual([["hi", "sending"]]);
    const after = run([{ kind: "stored", message: message(4, 4, ANN, "hi"), history: "h" }], before);
    expect([after.pending, seqs(after)]).toEqual([[], [1, 2, 3, 4]]);
    expect(after.cursor).toBe(3); // an ack is not the run of changes
  });
  test("inv05_is_never_shown_twice", () => {
    const stored: TimelineEvent = { kind: "stored", message: message(4, 4, ANN, "hi"), history: "h" };
    const heard: TimelineEvent = { kind: "heard", message: message(4, 4, ANN, "hi"), history: "h" };
    for (const order of [[stored, heard], [heard, stored], [heard, heard, stored, wrote]]) {
      const after = run([wrote, ...order], loaded(3));
      expect([after.pending.length, seqs(after)]).toEqual([0, [1, 2, 3, 4]]);
    }
  });
  test("inv05_nobody_else_can_replace_it", () => {
    const after = run([wrote, { kind: "heard", message: { ...message(4), id: messageId(4), sender: BOB }, history: "h" }], loaded(3));
    expect([after.pending.length, seqs(after)]).toEqual([1, [1, 2, 3, 4]]);
  });
  test("waits for the first page when its ack is faster", () => {
    const asked = run([{ kind: "asked" }, wrote, { kind: "stored", message: message(4, 4, ANN, "hi"), history: "h" }]);
    expect([asked.pending.length, seqs(asked), asked.catchUp.gapped]).toEqual([1, [], true]);
    const behind = run([{ kind: "answered_page", run: 1, page: page([message(3)], 3), limit: 100 }], asked);
    expect([behind.pending.length, behind.catchUp.want]).toEqual([1, true]); // the page was older than the message: once more
    const after = run([{ kind: "asked" }, { kind: "answered_changes", run: 2, changes: changes([message(4, 4, ANN, "hi")], 4) }], behind);
    expect([after.pending, seqs(after)]).toEqual([[], [3, 4]]);
  });
  test("waits, fails and is tried again or withdrawn", () => {
    const problem = { type: "/problems/x", title: "no", status: 403 };
    const failed = run([wrote, { kind: "stands", id: messageId(4), state: "failed", problem }]);
    expect(failed.pending[0]).toMatchObject({ state: "failed", problem });
    expect(run([{ kind: "stands", id: messageId(4), state: "sending" }], failed).pending[0]).not.toHaveProperty("problem");
    expect(run([{ kind: "withdrew", id: messageId(4) }], failed).pending).toEqual([]);
  });
});

describe("a live row", () => {
  test("inv24_of_the_old_history_is_not_kept_for_the_new_one", () => {
    // A restore was noticed; before the new page comes, a late frame of the old history arrives.
    const late: TimelineEvent = { kind: "heard", message: { ...message(3, 9), body: "old" }, history: "old" };
    const after = run([late, { kind: "asked" }, late, { kind: "answered_page", run: 1, page: page([message(1), message(2), message(3)], 3, "new"), limit: 100 }]);
    expect(after.rows.map((row) => row.rev)).toEqual([1, 2, 3]);
  });
  test("moves the cursor over an unbroken run", () => {
    const after = run([{ kind: "heard", message: message(4), history: "h" }], loaded(3));
    expect([after.cursor, after.catchUp.want]).toEqual([4, false]);
  });
  test("RU8: over a gap it shows, the cursor stays, a catch-up is due", () => {
    const after = run([{ kind: "heard", message: message(6), history: "h" }], loaded(3));
    expect([seqs(after), after.cursor, after.catchUp.want]).toEqual([[1, 2, 3, 6], 3, true]);
  });
  test("RU8: while a catch-up runs it shows and makes it go round once more", () => {
    const running = run([{ kind: "behind" }, { kind: "asked" }, { kind: "heard", message: message(4), history: "h" }], loaded(3));
    expect([running.cursor, running.catchUp.gapped]).toEqual([3, true]);
    const after = run([{ kind: "answered_changes", run: running.catchUp.run, changes: changes([], 3) }], running);
    expect([after.catchUp.running, after.catchUp.want]).toEqual([false, true]);
  });
  test("RU7: an older state of a row does not undo a newer one", () => {
    const edited = run([{ kind: "heard", message: message(2, 4, BOB, "edited"), history: "h" }], loaded(3));
    const late = run([{ kind: "heard", message: message(2, 2, BOB, "first"), history: "h" }], edited);
    expect(late.rows[1]?.body).toBe("edited");
  });
  test("outside the loaded window it only updates what is held", () => {
    const window = run([{ kind: "asked" }, { kind: "answered_page", run: 1, page: page([message(50), message(51)], 51), limit: 2 }]);
    const after = run([{ kind: "heard", message: message(3, 52, BOB, "edited"), history: "h" }], window);
    expect([seqs(after), after.cursor]).toEqual([[50, 51], 52]);
  });
});

describe("a catch-up", () => {
  const asked = run([{ kind: "behind" }, { kind: "asked" }], loaded(3));
  const answer = (answer: Changes, from = asked): Timeline => run([{ kind: "answered_changes", run: from.catchUp.run, changes: answer }], from);
  test("RU9: pages on from the last row's rev; only the last page lifts to upto", () => {
    const first = answer(changes([message(4), message(5)]));
    expect([first.catchUp.running, first.catchUp.page, first.cursor]).toEqual([true, 5, 5]);
    const last = answer(changes([message(6)], 9), first);
    expect([last.catchUp.running, last.cursor, seqs(last)]).toEqual([false, 9, [1, 2, 3, 4, 5, 6]]);
  });
  test("too far, or a cursor beyond the server's: afresh, own lines stay", () => {
    const own = run([{ kind: "wrote", id: messageId(9), body: "mine", at: 1, state: "waiting" }], asked);
    for (const bad of [changes([], 3, { too_far: true }), changes([], 1)]) {
      const after = answer(bad, own);
      expect([after.rows, after.cursor, after.catchUp.from, after.catchUp.want, after.pending.length]).toEqual([[], null, "fresh", true, 1]);
    }
  });
  test("RU12: another history is never mixed in", () => {
    expect(answer(changes([message(4)], 4, { history_id: "other" })).rows).toEqual([]);
    expect(run([{ kind: "heard", message: message(4), history: "other" }], loaded(3)).cursor).toBeNull();
  });
  test("an answer to an abandoned one is not taken", () => {
    const again = run([{ kind: "afresh" }, { kind: "asked" }], asked);
    expect(answer(changes([message(9)], 9), { ...again, catchUp: { ...again.catchUp, run: asked.catchUp.run } }).catchUp).not.toEqual(again.catchUp);
    expect(run([{ kind: "answered_changes", run: asked.catchUp.run, changes: changes([message(9)], 9) }], again)).toBe(again);
  });
  test("that fails is due again", () => {
    const after = run([{ kind: "failed", run: asked.catchUp.run }], asked);
    expect([after.failed, after.catchUp.running, after.catchUp.want]).toEqual([true, false, true]);
  });
});

describe("older pages", () => {
  const window = run([{ kind: "asked" }, { kind: "answered_page", run: 1, page: page([message(50), message(51)], 51), limit: 2 }]);
  test("go in front; a short one is the beginning", () => {
    const after = run([{ kind: "older_asked" }, { kind: "older_answered", page: page([message(48), message(49)], 51), limit: 2 }], window);
    expect([seqs(after), after.complete, after.older]).toEqual([[48, 49, 50, 51], false, "idle"]);
    expect(run([{ kind: "older_answered", page: page([message(47)], 51), limit: 2 }], after).complete).toBe(true);
  });
  test("inv07_a_page_from_before_the_cursor_is_followed_up", () => {
    const moved = run([{ kind: "heard", message: message(52), history: "h" }], window);
    const after = run([{ kind: "older_answered", page: page([message(48), message(49)], 50), limit: 2 }], moved);
    expect([after.cursor, after.catchUp.want]).toEqual([50, true]);
  });
  test("for another window leave no hole", () => {
    expect(seqs(run([{ kind: "older_answered", page: page([message(3), message(4)], 51), limit: 2 }], window))).toEqual([50, 51]);
  });
  test("that fail say so and can be asked again", () => {
    expect(run([{ kind: "older_asked" }, { kind: "older_failed" }], window).older).toBe("failed");
  });
});

test("inv10_a_mark_never_goes_back", () => {
  const mark = (read: number): TimelineEvent => ({ kind: "marked", mark: { user_id: BOB.user_id, read } });
  expect(readByOthers(run([mark(3), mark(2)]))).toBe(3);
  expect(readByOthers(run([{ kind: "marked", mark: { user_id: ANN.user_id, read: 9 } }]))).toBe(0);
});

test("a new name shows in every line of the person", () => {
  const after = run([{ kind: "renamed", sender: { ...BOB, display_name: "Robert" } }], loaded(3));
  expect(after.rows.map((row) => row.sender.display_name)).toEqual(["Robert", "Robert", "Robert"]);
});
