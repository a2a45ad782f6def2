// The stream of the logic server that is heard while the relay is away: it carries deliveries down and nothing up.
import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { json } from "../kit/fields.std";
import { idle } from "../kit/idle.dom";
import { steady } from "../kit/steady.dom";
import { isUp, link, type Connection } from "./actions.dom";
import { delivery as readDelivery, serverFrame } from "./codec.std";
import { off, reduce, wait, type Live, type LiveEvent } from "./live.std";
import type { Delivery, RelayId, UserId } from "./wire.gen.std";

const PATH = "/live";
const HELLO_WITHIN = 8_000;
/** So many heartbeats may be missing before the stream counts as dead. */
const BEATS = 2.5;

export interface Hearer {
  /** Whether this page speaks for that person. A page that does not sees to itself. */
  isMine(user: UserId): boolean;
  /** Subscribed to every group, so that fetching may begin. */
  up(): void;
  /** It was up and has ended: the server goes, was not kept pace with, or the sign-in is over. */
  down(): void;
  delivered(delivery: Delivery): void;
}

const state = signal<Live>(off);
export const live: ReadonlySignal<Live> = state;

let hearer: Hearer | null = null;
let socket: WebSocket | null = null;
let tryTimer: ReturnType<typeof setTimeout> | undefined;
let helloTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;
/** Milliseconds between heartbeats, as the server said; null: it said nothing yet. */
let beat: number | null = null;
/** What the opening said of whether anybody uses this tab. */
let saidIdle = false;
let own: Connection | null = null;

/** The stream's own address at the server, while it is up. */
export const connection = (): Connection | null => (state.value.phase === "up" ? own : null);

const apply = (event: LiveEvent): void => void (state.value = reduce(state.value, event));

/** Opens the stream whenever the bar says that the relay is away and this device is not offline. */
export function begin(to: Hearer): void {
  hearer = to;
  const away = computed(() => link.value.bar === "away");
  effect(() => {
    if (away.value) untracked(open);
  });
  window.addEventListener("online", open);
  window.addEventListener("offline", shut);
}

/** Ends it for good, such as before signing out. */
export function end(): void {
  hearer = null;
  shut();
}

/** The relay is there and what was missed is fetched: the stream is not needed. If the relay is gone again by now, it is. */
export function rest(): void {
  if (isUp()) shut();
}

/** At once instead of after the wait. */
export function retryNow(): void {
  if (state.value.phase === "waiting") open();
}

/** After a sleep it may be dead without anybody having said so. */
export function renew(): void {
  if (state.value.phase === "off") return;
  shut();
  open();
}

function open(): void {
  clearTimeout(tryTimer);
  const { phase } = state.value;
  if (hearer === null || link.value.bar !== "away" || !navigator.onLine || phase === "opening" || phase === "up") return;
  apply({ kind: "opening" });
  let made: WebSocket;
  try {
    saidIdle = idle.value;
    made = new WebSocket(address());
  } catch {
    return ended(); // forbidden here, such as by a policy of the place
  }
  socket = made;
  const over = (): void => {
    if (socket === made) ended();
  };
  helloTimer = setTimeout(over, HELLO_WITHIN);
  made.addEventListener("close", over);
  made.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (socket === made) heard(event.data);
  });
}

function address(): string {
  const { protocol, host } = window.location;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}${PATH}?idle=${saidIdle}`;
}

function heard(data: unknown): void {
  const delivery = typeof data === "string" ? readDelivery(json(data)) : null;
  if (hearer === null || delivery?.from !== "server") return;
  const frame = serverFrame(delivery.frame);
  if (frame?.kind === "beat") beat = frame.every_s * 1_000;
  listenOn();
  if (frame?.kind === "hello") return greeted(frame.user.user_id, frame.relay_id);
  // Before the hello nobody knows for whom this is.
  if (state.value.phase === "up") hearer.delivered(delivery);
}

/** A stream that leads nowhere says nothing, and nobody says that it ended: silence does. */
function listenOn(): void {
  clearTimeout(silenceTimer);
  if (beat !== null) silenceTimer = setTimeout(ended, beat * BEATS);
}

function greeted(user: UserId, relayId: RelayId): void {
  clearTimeout(helloTimer);
  if (hearer?.isMine(user) !== true) return end();
  if (state.value.phase === "up") return;
  own = { relayId, bornIdle: saidIdle };
  apply({ kind: "hello", now: steady() });
  hearer.up();
}

/** It did not open, or it has ended: once more after a while, if it is still needed then. */
function ended(): void {
  const wasUp = state.value.phase === "up";
  drop();
  apply({ kind: "ended", now: steady() });
  clearTimeout(tryTimer);
  tryTimer = setTimeout(open, wait(state.value, Math.random()));
  if (wasUp) hearer?.down();
}

function shut(): void {
  clearTimeout(tryTimer);
  drop();
  apply({ kind: "off" });
}

function drop(): void {
  clearTimeout(helloTimer);
  clearTimeout(silenceTimer);
  beat = null;
  const was = socket;
  socket = null; // first, so that its end is not taken for a loss
  was?.close();
}
