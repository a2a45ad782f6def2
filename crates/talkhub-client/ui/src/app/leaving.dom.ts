// Signing out: only when the server says that it is done does this browser forget what was not sent, and leave the page.
import { signal, type ReadonlySignal } from "@preact/signals";
import * as accounts from "../accounts/actions.dom";
import * as sender from "../messages/sender.dom";
import * as relay from "../relay/actions.dom";
import * as live from "../relay/live.dom";

const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("talkhub-account");

const state = signal<"staying" | "trying" | "failed">("staying");
/** How far signing out has got; `failed`: not done, nothing thrown away, and the person should know. */
export const leaving: ReadonlySignal<"staying" | "trying" | "failed"> = state;

/** Calls `act` when another tab of this browser has signed out. */
export function onOtherTabLeft(act: () => void): void {
  tabs?.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.data === "signed out") act();
  });
}

/** The person stays after all: what was said about a failed try goes. */
export function stay(): void {
  if (state.value === "failed") state.value = "staying";
}

/**
 * Ends this sign-in everywhere in this browser. What was never sent is thrown away: the person was asked. No answer, or one
 * that is neither yes nor "no such sign-in", throws nothing away and stays here.
 */
export async function signOut(): Promise<void> {
  if (state.value === "trying") return;
  state.value = "trying";
  const me = accounts.me.value;
  const answer = await accounts.signOut();
  const over = answer.kind === "ok" || (answer.kind === "problem" && answer.problem.status === 401);
  if (!over) {
    state.value = "failed";
    return;
  }
  relay.end();
  live.end();
  if (me) await sender.clear(me.user_id);
  tabs?.postMessage("signed out");
  window.location.replace("/login");
}
