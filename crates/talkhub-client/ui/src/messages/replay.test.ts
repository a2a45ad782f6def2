// The same schedules that the Rust cores of `socket-client` went through: the page's outbox and timeline must end in the same state.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { MessageId, UserId } from "../relay/wire.gen.std";
import * as outbox from "./outbox.std";
import * as timeline from "./state.std";
import * as unsaved from "./unsaved.std";

/** How a schedule is written down stands in `crates/socket-client/tests/recorded/main.rs`. */
type Step<Event, Look, End> = Event | ({ kind?: never; look: number } & Look) | { kind?: never; look?: never; end: End };
type OutboxStep = Step<outbox.OutboxEvent, { due: [MessageId, MessageId | null, string | null][]; wake: number | null }, unknown>;
type TimelineStep = Step<timeline.TimelineEvent, { hand_in: [UserId, MessageId][]; wake: number | null }, unknown>;
interface Recorded {
  readonly outbox: { title: string; tab: string; window: number; steps: OutboxStep[] }[];
  readonly timeline: { title: string; me: UserId; steps: TimelineStep[] }[];
}

const recorded: Recorded = JSON.parse(readFileSync(new URL("../../../../socket-client/recorded/schedules.json", import.meta.url), "utf8"));

test("there are schedules of both cores", () => {
  expect([recorded.outbox.length, recorded.timeline.length].every((count) => 20 <= count)).toBe(true);
});

describe("the outbox", () => {
  test.each(recorded.outbox.map((one) => [one.title, one] as const))("%s", (_title, { tab, window, steps }) => {
    let box = outbox.emptyOutbox;
    let ended = false;
    for (const [index, step] of steps.entries()) {
      if (step.kind !== undefined) box = outbox.reduce(box, step);
      else if (step.look !== undefined) {
        const due = outbox.due(box, tab, step.look, window).map(({ entry, prev }) => [entry.id, prev, entry.passed?.receipt ?? null]);
        expect({ index, due, wake: outbox.wakeAt(box, tab) }).toEqual({ index, due: step.due, wake: step.wake });
      } else {
        ended = true;
        const flying = box.entries.filter((entry) => box.flying.has(entry.id)).map((entry) => entry.id);
        expect({ entries: box.entries, flying, unsent: outbox.unsent(box).map((entry) => entry.id), history: box.history }).toEqual(step.end);
      }
    }
    expect(ended).toBe(true);
  });
});

/** An ack carries no text: the page takes half a step off its `rev`, so that the server's own row wins. */
const asThePageSays = (event: timeline.TimelineEvent): timeline.TimelineEvent => (event.kind === "stored" ? { ...event, message: { ...event.message, rev: event.message.rev - 0.5 } } : event);

function stateOf(t: timeline.Timeline): unknown {
  const { want, running, gapped, from, page, run } = t.catchUp;
  return {
    rows: t.rows.map((row) => [row.seq, Math.ceil(row.rev), row.sender.user_id, row.id, row.body]),
    pending: t.pending.map((line) => [line.id, line.state]),
    unsaved: t.unsaved.map((line) => [line.sender.user_id, line.id, line.state, line.body]),
    cursor: t.cursor,
    history: t.history,
    marks: [...t.marks].sort(([a], [b]) => (a < b ? -1 : 1)),
    complete: t.complete,
    older: t.older,
    failed: t.failed,
    catch_up: [want, running, gapped, from, page, run],
  };
}

describe("the timeline", () => {
  test.each(recorded.timeline.map((one) => [one.title, one] as const))("%s", (_title, { me, steps }) => {
    let t = timeline.emptyTimeline(me);
    let ended = false;
    for (const [index, step] of steps.entries()) {
      if (step.kind !== undefined) t = timeline.reduce(t, asThePageSays(step));
      else if (step.look !== undefined) {
        const due = unsaved.due(t.unsaved, step.look, t.handInAfter).map((line) => [line.sender.user_id, line.id]);
        expect({ index, due, wake: unsaved.wakeAt(t.unsaved, t.handInAfter) }).toEqual({ index, due: step.hand_in, wake: step.wake });
      } else {
        ended = true;
        expect(stateOf(t)).toEqual(step.end);
      }
    }
    expect(ended).toBe(true);
  });
});
