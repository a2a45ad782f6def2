// Signing out: only when the server says that it is done does this browser forget what was not sent, and leave the page.
import { signal, type ReadonlySignal } from "@preact/signals";
import * as accounts from "../accounts/actions.dom";
import { forgetSignIns } from "../accounts/sign_ins.actions.dom";
import { forgetDrafts } from "../messages/drafts.dom";
import { clear } from "../messages/kept.dom";
import * as unsaved from "../messages/unsaved.dom";
import * as relay from "../relay/actions.dom";
import * as live from "../relay/live.dom";

const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("talkhub-account");

const state = signal<"staying" | "trying" | "failed">("staying");
/** How far signing out has got; `failed`: not done, nothing thrown away, and the person should know. */
export const leaving: ReadonlySignal<"staying" | "trying" | "failed"> = state;

const SIGNED_OUT = "signed out";
/** The sign-in was over before anybody asked: nothing is thrown away. */
const WAS_OVER = "was over";

/** Calls `act` when another tab of this browser has signed out. */
export function onOtherTabLeft(act: () => void): void {
  tabs?.addEventListener("message", (event: MessageEvent<unknown>) => {
    const user = accounts.me.value?.user_id;
    if (event.data === SIGNED_OUT && user) forgetDrafts(user);
    if (event.data === SIGNED_OUT || event.data === WAS_OVER) act();
  });
}

/** The person stays after all: what was said about a failed try goes. */
export function stay(): void {
  if (state.value === "failed") state.value = "staying";
}

/**
 * Ends this sign-in everywhere in this browser. What was never sent is thrown away only if the person was asked, and the server
 * says that it is done: a sign-in that was over by itself keeps all. No answer, or another one, keeps all too and stays here.
 */
export async function signOut(asked: boolean): Promise<void> {
  if (state.value === "trying") return;
  state.value = "trying";
  const me = accounts.me.value;
  const answer = await accounts.signOut();
  const done = answer.kind === "ok";
  if (!done && !(answer.kind === "problem" && answer.problem.status === 401)) {
    state.value = "failed";
    return;
  }
  relay.end();
  live.end();
  if (done && me) {
    await Promise.all([clear(me.user_id, asked ? "all" : "ticked"), unsaved.clear(me.user_id)]);
    forgetDrafts(me.user_id);
    forgetSignIns(me.user_id);
  }
  tabs?.postMessage(done ? SIGNED_OUT : WAS_OVER);
  window.location.replace("/login");
}
