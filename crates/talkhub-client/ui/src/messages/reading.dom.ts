// When a message counts as read: its conversation is open, the window has the focus, and the line is on screen.
import { computed } from "@preact/signals";
import { backOff } from "../kit/back_off.std";
import { isFinal } from "../kit/http.dom";
import { steady } from "../kit/steady.dom";
import { apply, find } from "../conversations/actions.dom";
import type { ConversationId } from "../relay/wire.gen.std";
import { markRead, timeline } from "./actions.dom";
import type { ScrollOwner } from "./scroll.dom";

const SETTLE = 120;
/** What the server refused for good to have marked is not told again. */
const refused = new Map<ConversationId, number>();

/** Watches one open list until the returned function is called. */
export function watchReading(id: ConversationId, view: HTMLElement, owner: ScrollOwner): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let [tries, notBefore] = [0, 0];
  const soon = (wait = SETTLE): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), Math.max(wait, notBefore - steady()));
  };
  const look = async (): Promise<void> => {
    if (document.visibilityState !== "visible" || !document.hasFocus()) return;
    const key = owner.lowestSeen();
    const rows = timeline(id).value.rows;
    // At the end everything counts, also a message that is taller than the window.
    // What is not stored stands below all that is.
    const row = (owner.atBottom() ? undefined : rows.findLast((one) => `${one.sender.user_id}:${one.id}` === key)) ?? (owner.atBottom() || key !== null ? rows[rows.length - 1] : undefined);
    const conversation = find(id);
    // A stranger learns nothing of being read before they are let in.
    if (conversation?.state === "request") return;
    if (!row || !conversation || row.seq <= Math.max(conversation.read, refused.get(id) ?? 0)) return;
    const answer = await markRead(id, row.seq);
    if (answer === null) return soon(backOff(1, Math.random()));
    if (answer.kind === "ok") {
      [tries, notBefore] = [0, 0];
      return apply({ kind: "own_mark", conversation: id, mark: answer.value, heardTo: conversation.seq });
    }
    if (answer.kind === "problem" && isFinal(answer.problem)) return void refused.set(id, row.seq);
    tries += 1;
    notBefore = steady() + Math.max(answer.kind === "problem" ? (answer.retryAfterMs ?? 0) : 0, backOff(tries, Math.random()));
    soon();
  };
  const stopList = timeline(id).subscribe(() => soon());
  const stopState = computed(() => find(id)?.state).subscribe(() => soon());
  const act = (): void => soon();
  view.addEventListener("scroll", act, { passive: true });
  window.addEventListener("focus", act);
  document.addEventListener("visibilitychange", act);
  return () => {
    clearTimeout(timer);
    stopList();
    stopState();
    view.removeEventListener("scroll", act);
    window.removeEventListener("focus", act);
    document.removeEventListener("visibilitychange", act);
  };
}
