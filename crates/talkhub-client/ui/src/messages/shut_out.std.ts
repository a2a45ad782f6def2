// Whether the other one could not be reached when one wrote last. The server says so of each message; nothing else tells.
import type { Timeline } from "./state.std";

/** The same word for whoever takes contacts only and for whoever has blocked somebody. (SEC16) */
const NOT_REACHABLE = "/problems/not-reachable";

/** From such a refusal until something of one's own is stored after it, or the refused lines are thrown away. */
export function isShutOut(t: Timeline): boolean {
  const refused = t.pending.filter((line) => line.state === "failed" && line.problem?.type === NOT_REACHABLE);
  const last = Math.max(...refused.map((line) => line.at));
  return refused.length !== 0 && !t.rows.some((row) => row.sender.user_id === t.self && last < row.at);
}
