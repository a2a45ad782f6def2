// What a page had, plus the frames it got, plus its catch-ups, equals what a fresh load gives: over thousands of random schedules
// with lost, doubled and reordered frames, cuts, windows that do not reach the beginning, and pages that arrive late.
import { expect, test } from "vitest";
import type { Changes, Message, MessagePage } from "../relay/wire.gen.std";
import { ANN, message } from "./samples.std";
import { emptyTimeline, reduce, type Timeline, type TimelineEvent } from "./state.std";

const PAGE = 4;

/** A small seeded generator, so that a schedule that fails can be run again. */
function seeded(seed: number): (below: number) => number {
  let state = (seed + 1) * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return state % below;
  };
}

class World {
  readonly rows: Message[] = [];
  rev = 0;
  timeline: Timeline = emptyTimeline(ANN.user_id);
  wire: Message[] = [];
  subscribed = false;
  answer: TimelineEvent | null = null;
  older: TimelineEvent | null = null;

  constructor(readonly dice: (below: number) => number) {}

  apply(event: TimelineEvent): void {
    this.timeline = reduce(this.timeline, event);
  }

  change(): void {
    this.rev += 1;
    const edits = this.rows.length !== 0 && this.dice(3) === 0;
    const seq = edits ? 1 + this.dice(this.rows.length) : this.rows.length + 1;
    const row = message(seq, this.rev);
    this.rows[seq - 1] = row;
    if (!this.subscribed || this.dice(8) === 0) return; // lost
    this.wire.push(row);
    if (this.dice(10) === 0) this.wire.push(row); // heard twice
  }

  live(): void {
    const [row] = this.wire.splice(this.dice(Math.min(3, this.wire.length)), 1);
    if (row) this.apply({ kind: "heard", message: row, history: "h" });
  }

  /** The server answers now; the answer arrives later. */
  ask(): void {
    const { catchUp } = this.timeline;
    if (this.answer !== null || !(catchUp.want || catchUp.running)) return;
    this.subscribed = true;
    if (!catchUp.running) this.apply({ kind: "asked" });
    const { run, from, page } = this.timeline.catchUp;
    if (from === "fresh") {
      const answer: MessagePage = { messages: this.rows.slice(-PAGE), marks: [], rev: this.rev, history_id: "h" };
      this.answer = { kind: "answered_page", run, page: answer, limit: PAGE };
      return;
    }
    const all = this.rows.filter((row) => page < row.rev).sort((a, b) => a.rev - b.rev);
    const answer: Changes = { messages: all.slice(0, 3), marks: [], too_far: false, history_id: "h", ...(all.length <= 3 ? { upto: this.rev } : {}) };
    this.answer = { kind: "answered_changes", run, changes: answer };
  }

  askOlder(): void {
    const first = this.timeline.rows[0]?.seq;
    if (this.older !== null || this.timeline.complete || this.timeline.cursor === null || first === undefined) return;
    this.apply({ kind: "older_asked" });
    this.older = { kind: "older_answered", limit: PAGE, page: { messages: this.rows.filter((row) => row.seq < first).slice(-PAGE), marks: [], rev: this.rev, history_id: "h" } };
  }

  arrive(): void {
    const event = this.answer;
    this.answer = null;
    if (event && this.dice(8) !== 0) this.apply(event);
    else if (event) this.apply({ kind: "failed", run: this.timeline.catchUp.run });
  }

  arriveOlder(): void {
    if (this.older) this.apply(this.older);
    this.older = null;
  }

  cut(): void {
    this.subscribed = false;
    this.wire = [];
    this.apply({ kind: "behind" });
  }

  step(): void {
    const roll = this.dice(100);
    if (roll < 38) this.change();
    else if (roll < 62) this.live();
    else if (roll < 74) this.ask();
    else if (roll < 86) this.arrive();
    else if (roll < 91) this.askOlder();
    else if (roll < 96) this.arriveOlder();
    else this.cut();
  }

  /** Faults off: everything on its way arrives, and the heads are compared now and then. */
  settle(): void {
    for (let round = 0; round < 400; round += 1) {
      this.arriveOlder();
      if (this.answer) {
        this.apply(this.answer);
        this.answer = null;
      } else if (this.wire.length !== 0) this.live();
      else if (this.timeline.catchUp.want || this.timeline.catchUp.running) this.ask();
      else if (this.timeline.cursor !== this.rev) this.apply({ kind: "behind" });
      else return;
    }
  }
}

test("inv07_had_plus_frames_plus_catch_ups_is_a_fresh_load", () => {
  for (let seed = 0; seed < 3_000; seed += 1) {
    const world = new World(seeded(seed));
    for (let step = 0; step < 120; step += 1) world.step();
    world.settle();
    const { rows, cursor } = world.timeline;
    const first = rows[0]?.seq ?? 1;
    const want = world.rows.filter((row) => first <= row.seq);
    if (cursor !== world.rev || JSON.stringify(rows) !== JSON.stringify(want)) {
      expect({ seed, cursor, rows: rows.map((row) => [row.seq, row.rev]) }).toEqual({ seed, cursor: world.rev, rows: want.map((row) => [row.seq, row.rev]) });
    }
  }
});
