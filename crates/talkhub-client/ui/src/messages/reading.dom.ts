// When a message counts as read: its conversation is open, the window has the focus, and the line is on screen.
import { apply, find } from "../conversations/actions.dom";
import type { ConversationId } from "../relay/wire.gen.std";
import { markRead, timeline } from "./actions.dom";
import type { ScrollOwner } from "./scroll.dom";

const SETTLE = 120;
const RETRY = 4_000;

/** Watches one open list until the returned function is called. */
export function watchReading(id: ConversationId, view: HTMLElement, owner: ScrollOwner): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = (wait = SETTLE): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), wait);
  };
  const look = async (): Promise<void> => {
    if (document.visibilityState !== "visible" || !document.hasFocus()) return;
    const key = owner.lowestSeen();
    const rows = timeline(id).value.rows;
    // At the end everything counts, also a message that is taller than the window.
    const row = owner.atBottom() ? rows[rows.length - 1] : rows.findLast((one) => `${one.sender.user_id}:${one.id}` === key);
    const conversation = find(id);
    if (!row || !conversation || row.seq <= conversation.read) return;
    const mark = await markRead(id, row.seq);
    if (mark) apply({ kind: "own_mark", conversation: id, mark });
    else soon(RETRY);
  };
  const stopList = timeline(id).subscribe(() => soon());
  const act = (): void => soon();
  view.addEventListener("scroll", act, { passive: true });
  window.addEventListener("focus", act);
  document.addEventListener("visibilitychange", act);
  return () => {
    clearTimeout(timer);
    stopList();
    view.removeEventListener("scroll", act);
    window.removeEventListener("focus", act);
    document.removeEventListener("visibilitychange", act);
  };
}
