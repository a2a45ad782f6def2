// Tells the logic server whether anybody uses this tab. Others see somebody as away once nobody uses any of their tabs.
import { effect } from "@preact/signals";
import { backOff } from "../kit/back_off.std";
import { call, isFinal, nothing } from "../kit/http.dom";
import { idle } from "../kit/idle.dom";
import * as relay from "../relay/actions.dom";
import * as live from "../relay/live.dom";
import type { RelayId } from "../relay/wire.gen.std";

let told: { readonly relayId: RelayId; readonly idle: boolean }[] = [];
let telling = false;
let tries = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** From now on, over both ways by which this tab is connected. */
export function begin(): void {
  effect(() => {
    void [idle.value, relay.link.value.phase, live.live.value.phase];
    queueMicrotask(() => void tell());
  });
}

/** The first connection that was told otherwise, or said so when it began. */
function due(): RelayId | null {
  const connections = [relay.connection(), live.connection()].filter((one) => one !== null);
  told = told.filter((one) => connections.some(({ relayId }) => relayId === one.relayId));
  const wrong = connections.find((one) => (told.find(({ relayId }) => relayId === one.relayId)?.idle ?? one.bornIdle) !== idle.value);
  return wrong?.relayId ?? null;
}

/** One at a time: of two answers on their way nobody knows which was written down last. */
async function tell(): Promise<void> {
  const relayId = due();
  if (telling || relayId === null) return;
  telling = true;
  clearTimeout(timer);
  const said = idle.value;
  const answer = await call("PUT", `/api/v1/relay-ids/${relayId}/idle`, nothing, { idle: said });
  telling = false;
  // A definite no: the server knows this connection no more, and its successor is born with the right word.
  if (answer.kind === "ok" || (answer.kind === "problem" && isFinal(answer.problem))) {
    told = [...told.filter((one) => one.relayId !== relayId), { relayId, idle: said }];
    tries = 0;
    return tell();
  }
  tries += 1;
  const asked = answer.kind === "problem" ? (answer.retryAfterMs ?? 0) : 0;
  timer = setTimeout(() => void tell(), Math.max(asked, backOff(tries, Math.random())));
}
