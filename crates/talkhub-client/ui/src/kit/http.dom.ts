// Calls to the logic server: JSON in, a typed answer out. Never throws; a failure is an answer too.
import { signal } from "@preact/signals";
import { problem as readProblem } from "../relay/codec.std";
import type { Problem } from "../relay/wire.gen.std";
import { decoded, json } from "./fields.std";

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

export async function call<T>(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, read: (input: unknown) => T, body?: unknown): Promise<Answer<T>> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const asked = Date.now();
    const answer = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: { accept: "application/json", ...(method === "GET" ? {} : { "content-type": "application/json" }) },
      ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
      signal: patience.signal,
    });
    noteTime(answer.headers.get("date"), asked);
    const text = await answer.text();
    if (answer.status === 401) signedOut();
    if (answer.ok) {
      const value = decoded(read, text === "" ? null : json(text));
      return value === null && text !== "" ? { kind: "away" } : { kind: "ok", value: value ?? read(null) };
    }
    const problem = decoded(readProblem, json(text)) ?? { type: "/problems/unknown", title: answer.statusText, status: answer.status };
    return { kind: "problem", problem, retryAfterMs: seconds(answer.headers.get("retry-after")) };
  } catch {
    return { kind: "away" };
  } finally {
    clearTimeout(timer);
  }
}

/** For answers without content. */
export const nothing = (): true => true;

/** Whether a problem is a definite no that names a rule; all else may be tried again. */
export const isFinal = (problem: Problem): boolean => 400 <= problem.status && problem.status < 500 && ![401, 408, 425, 429].includes(problem.status);

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
