// The live connection: asks for a ticket, connects with Socket.IO, comes back by itself. The only place that knows the socket.
import { signal, type ReadonlySignal } from "@preact/signals";
import { io, type Socket } from "socket.io-client";
import { call } from "../kit/http.dom";
import { idle } from "../kit/idle.dom";
import { steady } from "../kit/steady.dom";
import { ack as readAck, delivery as readDelivery, encode, relayTicket } from "./codec.std";
import type { Ack, ClientFrame, Delivery, Event, Group, MessageId, RelayId, RelayTicket } from "./wire.gen.std";
import { nextTick, opening, reduce, wait, type Link, type LinkEvent } from "./state.std";

const EVENT = "private_message";
const ANSWER_WITHIN = 10_000;

export interface Listener {
  /** Connected and confirmed: subscribed to every group, so that fetching may begin. */
  up(): void;
  down(): void;
  delivered(delivery: Delivery): void;
}

const state = signal<Link>(opening(steady()));
export const link: ReadonlySignal<Link> = state;

// RU20: the relay ID lives in this tab's memory only; duplicated tabs would copy anything else.
let ticket: RelayTicket | null = null;
/** What the logic server was told, when it gave the relay ID, of whether anybody uses this tab. */
let bornIdle = false;
let socket: Socket | null = null;
let listener: Listener | null = null;
let tryTimer: ReturnType<typeof setTimeout> | undefined;
let barTimer: ReturnType<typeof setTimeout> | undefined;
let attempt = 0;
let transportFailures = 0;
/** "Too many requests": before this time no ticket is asked for, whoever presses. */
let askedToWaitUntil = 0;
/** The logic server said who this connection speaks for, and it is the person of this page. */
let confirmed = false;
const HELLO_WITHIN = 8_000;

function apply(event: LinkEvent): void {
  state.value = reduce(state.value, event);
  clearTimeout(barTimer);
  const at = nextTick(state.value);
  if (at !== null) barTimer = setTimeout(() => apply({ kind: "tick", now: steady() }), Math.max(0, at - steady()) + 10);
}

/** Connects and stays connected until the page goes. */
export function begin(to: Listener): void {
  listener = to;
  state.value = opening(steady());
  apply({ kind: "trying" });
  window.addEventListener("online", retryNow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") retryNow();
  });
  void connect();
}

/** Ends the connection for good, such as before signing out. */
export function end(): void {
  listener = null;
  attempt += 1;
  clearTimeout(tryTimer);
  socket?.close();
  socket = null;
}

/** At once instead of after the wait, unless the server asked for that wait. */
export function retryNow(): void {
  if (state.value.phase !== "waiting" || listener === null || steady() < askedToWaitUntil) return;
  clearTimeout(tryTimer);
  void connect();
}

/** The relay took this relay ID back: a new one is needed, and asking for it tells whether the sign-in is over. */
export function forgetTicket(): void {
  ticket = null;
}

/** An address of this tab at the server, and what was said with it of whether anybody uses the tab. */
export interface Connection {
  readonly relayId: RelayId;
  readonly bornIdle: boolean;
}

/** The one at the relay, while it is up. */
export const connection = (): Connection | null => (ticket !== null && isUp() ? { relayId: ticket.relay_id, bornIdle } : null);
export const isUp = (): boolean => confirmed && socket?.connected === true;

/**
 * The hello named the person of this page. Not before this does anything go out: in another tab somebody else may have
 * signed in meanwhile, and what this person wrote must not be sent in another's name.
 */
export function confirm(): void {
  if (confirmed || !socket?.connected) return;
  confirmed = true;
  apply({ kind: "connected", now: steady() });
  listener?.up();
}

/** Sends for keeping. Null: no answer in time or cut; it may or may not be stored. */
export function submit(to: Group, id: MessageId, body: string, prev: MessageId | null, receipt: string | null): Promise<Ack | null> {
  const event: Event = { to, id, class: "durable", frame: encode({ kind: "message", body }), ...(prev === null ? {} : { prev }), ...(receipt === null ? {} : { receipt }) };
  const through = socket;
  if (!through || !isUp()) return Promise.resolve(null);
  return new Promise((resolve) => {
    const cut = (): void => give(null);
    const give = (answer: Ack | null): void => {
      awaited.delete(cut);
      resolve(answer);
    };
    awaited.add(cut);
    through.timeout(ANSWER_WITHIN).emit(EVENT, event, (error: unknown, answer: unknown) => give(error ? null : readAck(answer)));
  });
}

/** Submits without an answer. With their connection they are cut: what the library still holds back would be told after 10 s only. */
const awaited = new Set<() => void>();

function cutAwaited(): void {
  for (const cut of [...awaited]) cut();
}

/** Sends for the moment: lost if the connection is not there. */
export function signalTo(to: Group, id: MessageId, frame: ClientFrame): void {
  const event: Event = { to, id, class: "ephemeral", frame: encode(frame) };
  if (isUp()) socket?.volatile.emit(EVENT, event, () => undefined);
}

async function connect(): Promise<void> {
  attempt += 1;
  const mine = attempt;
  clearTimeout(tryTimer);
  apply({ kind: "trying" });
  socket?.removeAllListeners();
  socket?.close();
  socket = null;
  confirmed = false;
  cutAwaited();
  if (ticket === null) {
    const said = idle.value;
    const answer = await call("POST", "/api/v1/relay-ids", relayTicket, { idle: said });
    if (mine !== attempt) return;
    if (answer.kind !== "ok") {
      const own = wait(state.value, steady(), document.visibilityState === "visible", Math.random());
      const asked = answer.kind === "problem" ? (answer.retryAfterMs ?? 0) : 0;
      if (answer.kind === "problem" && answer.problem.status === 429) askedToWaitUntil = steady() + asked;
      return later(Math.max(own, asked));
    }
    ticket = answer.value;
    bornIdle = said;
  }
  open(ticket, mine);
}

function open(with_: RelayTicket, own: number): void {
  const made = io(with_.relay_url, {
    path: "/socket.io/",
    transports: ["websocket"],
    auth: { relay_id: with_.relay_id, token: with_.token },
    reconnection: false,
    forceNew: true,
    timeout: 8_000,
  });
  socket = made;
  made.on(EVENT, (input: unknown) => {
    const delivery = readDelivery(input);
    if (delivery) listener?.delivered(delivery);
  });
  made.on("connect", () => {
    if (own !== attempt) return;
    transportFailures = 0;
    setTimeout(() => {
      if (own === attempt && !confirmed) made.disconnect(); // never told who we are: once more
    }, HELLO_WITHIN);
  });
  made.on("connect_error", (error: Error) => {
    if (own === attempt) refused(error.message);
  });
  made.on("disconnect", () => {
    if (own !== attempt) return;
    confirmed = false;
    apply({ kind: "lost", now: steady() });
    cutAwaited();
    listener?.down();
    later(null);
  });
}

/** What the relay said decides whether the same relay ID may be tried again. */
function refused(message: string): void {
  switch (message) {
    case "unregistered":
    case "expired":
    case "bad_token":
      ticket = null;
      return later(state.value.failures === 0 ? 0 : null);
    case "starting":
      return later(500 + Math.random() * 500);
    case "busy":
      return later(null);
    default:
      transportFailures += 1;
      if (3 <= transportFailures) {
        // Perhaps the relay has another address now: the logic server knows.
        ticket = null;
        transportFailures = 0;
      }
      return later(null);
  }
}

/** `asked`: how long the other side wants us to wait. */
function later(asked: number | null): void {
  if (listener === null) return;
  const pause = asked ?? wait(state.value, steady(), document.visibilityState === "visible", Math.random());
  apply({ kind: "failed", nextTry: steady() + pause });
  clearTimeout(tryTimer);
  tryTimer = setTimeout(() => void connect(), pause);
}

/** Counts what came in with the return, for the good news. */
export const noteNews = (count: number): void => apply({ kind: "news", count });
