// Calls to the logic server: JSON in, a typed answer out. Never throws; a failure is an answer too.
import { signal } from "@preact/signals";
import { problem as readProblem } from "../relay/codec.std";
import type { Problem } from "../relay/wire.gen.std";
import { decoded, json } from "./fields.std";
import { note } from "./reach.dom";

/** `away`: the server could not be reached or did not answer; the call may or may not have been done. */
export type Answer<T> = { kind: "ok"; value: T } | { kind: "problem"; problem: Problem; retryAfterMs: number | null } | { kind: "away" };

/** The server's clock less this device's, in milliseconds. */
export const skew = signal(0);

/** The time by the server's clock, as well as this device knows it. */
export const serverNow = (): number => Date.now() + skew.value;

let signedOut: () => void = () => undefined;
/** What to do when an answer says that this sign-in is over. */
export function onSignedOut(act: () => void): void {
  signedOut = act;
}

const PATIENCE = 10_000;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export async function call<T>(method: Method, path: string, read: (input: unknown) => T, body?: unknown): Promise<Answer<T>> {
  const heard = await exchange(method, path, {}, body);
  if (heard?.status === 401) signedOut();
  return answered(heard, read);
}

/** As `call`, and it gets through even if the page is left at this moment. Only for what is small. */
export async function callLasting<T>(method: Method, path: string, read: (input: unknown) => T): Promise<Answer<T>> {
  const heard = await exchange(method, path, {}, undefined, true);
  if (heard?.status === 401) signedOut();
  return answered(heard, read);
}

/** As `call`, where "signed out" is only an answer: whoever signs out on purpose leaves in their own way. */
export async function callToLeave<T>(method: Method, path: string, read: (input: unknown) => T): Promise<Answer<T>> {
  return answered(await exchange(method, path, {}), read);
}

/** What an address last answered, and by which mark the server knows that answer again. */
export interface Kept<T> {
  readonly tag: string;
  readonly value: T;
}

/** GET that carries nothing where nothing has changed: then what is kept is the answer. `keep` takes what to hold for the next time. */
export async function callUnlessSame<T>(path: string, read: (input: unknown) => T, kept: Kept<T> | null, keep: (next: Kept<T> | null) => void): Promise<Answer<T>> {
  const heard = await exchange("GET", path, kept === null ? {} : { "if-none-match": kept.tag });
  if (heard?.status === 401) signedOut();
  if (heard?.status === 304 && kept !== null) return { kind: "ok", value: kept.value };
  const answer = answered(heard, read);
  const tag = heard?.headers.get("etag") ?? null;
  if (answer.kind === "ok") keep(tag === null ? null : { tag, value: answer.value });
  return answer;
}

interface Heard {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly text: string;
}

/** One request and its whole answer; null: none in time. */
async function exchange(method: Method, path: string, headers: Record<string, string>, body?: unknown, keepalive = false): Promise<Heard | null> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const asked = Date.now();
    const answer = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: { accept: "application/json", ...(method === "GET" ? {} : { "content-type": "application/json" }), ...headers },
      ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
      signal: patience.signal,
      keepalive,
    });
    noteTime(answer.headers.get("date"), asked);
    const text = await answer.text();
    note(answer.status);
    return { status: answer.status, statusText: answer.statusText, headers: answer.headers, text };
  } catch {
    note(null);
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function answered<T>(heard: Heard | null, read: (input: unknown) => T): Answer<T> {
  if (heard === null) return { kind: "away" };
  const { status, text } = heard;
  if (200 <= status && status < 300) {
    const value = decoded(read, text === "" ? null : json(text));
    if (value !== null) return { kind: "ok", value };
    return { kind: "away" };
  }
  const problem = decoded(readProblem, json(text)) ?? { type: FOREIGN, title: heard.statusText, status };
  return { kind: "problem", problem, retryAfterMs: seconds(heard.headers.get("retry-after")) };
}

/** For answers without content. */
export const nothing = (): true => true;

/** Not an answer of ours: something on the way spoke, such as a proxy or the page of a hotel. It says nothing about what was asked. */
const FOREIGN = "foreign";

/** Whether the logic server itself said so: its words can be shown. */
export const isOurs = (problem: Problem): boolean => problem.type.startsWith("/problems/");

/** Whether a problem is a definite no of ours that names a rule; all else may be tried again. */
export const isFinal = (problem: Problem): boolean => isOurs(problem) && 400 <= problem.status && problem.status < 500 && ![401, 408, 425, 429].includes(problem.status);

function seconds(header: string | null): number | null {
  const value = Number(header ?? Number.NaN);
  return Number.isFinite(value) && 0 <= value ? value * 1000 : null;
}

/** The Date header has whole seconds: half a second is added, and only a plain difference is taken over. */
function noteTime(date: string | null, asked: number): void {
  const there = Date.parse(date ?? "");
  if (!Number.isFinite(there)) return;
  const measured = there + 500 - (asked + Date.now()) / 2;
  if (2_000 < Math.abs(measured - skew.value)) skew.value = Math.round(measured);
}
