// When the composer says that the other one cannot be reached.
import { expect, test } from "vitest";
import type { Message, Problem } from "../relay/wire.gen.std";
import { ANN, BOB, message, messageId } from "./samples.std";
import { isShutOut } from "./shut_out.std";
import { emptyTimeline, type Pending, type Timeline } from "./state.std";

const problem = (type: string): Problem => ({ type, title: "no", status: 403 });
const refused = (at: number, type = "/problems/not-reachable"): Pending => ({ id: messageId(at), body: "hello", at, state: "failed", problem: problem(type) });
const row = (at: number, sender = ANN): Message => ({ ...message(1, 1, sender), at });
const check = (pending: Pending[], rows: Message[], want: boolean): void => {
  const timeline: Timeline = { ...emptyTimeline(ANN.user_id), pending, rows };
  expect(isShutOut(timeline)).toBe(want);
};

test("sec16_the_composer_says_it_after_such_a_refusal_alone", () => {
  check([refused(5)], [], true);
  check([refused(5, "/problems/forbidden")], [], false);
  check([{ ...refused(5), state: "sending" }], [], false);
  check([], [row(5)], false);
});
test("until something of one's own is stored; what the other one wrote says nothing", () => {
  check([refused(5)], [row(4)], true);
  check([refused(5)], [row(6)], false);
  check([refused(5)], [row(6, BOB)], true);
  check([refused(5), refused(9)], [row(6)], true);
});
