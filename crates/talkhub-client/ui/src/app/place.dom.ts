// Where the person is in the page: the address, the open conversation, and on phones which pane.
import { signal, type ReadonlySignal } from "@preact/signals";
import * as conversations from "../conversations/actions.dom";
import { withPerson } from "../conversations/state.std";
import { isFinal, isOurs } from "../kit/http.dom";
import { onBack } from "../kit/reach.dom";
import * as messages from "../messages/actions.dom";
import { seen } from "../presence/actions.dom";
import type { ConversationId, Problem, UserId } from "../relay/wire.gen.std";
import { pathOf, routeOf, type Route } from "./routes.std";

export type Open =
  | { kind: "none" }
  | { kind: "opening"; user: UserId }
  | { kind: "open"; id: ConversationId }
  | { kind: "missing"; text: string }
  /** A rule stands in the way: their settings, a block. */
  | { kind: "refused"; user: UserId; problem: Problem }
  | { kind: "failed"; user: UserId };

export type Pane = "chats" | "people" | "you";

const opened = signal<Open>({ kind: "none" });
export const open: ReadonlySignal<Open> = opened;
export const pane = signal<Pane>("chats");
/** The details of the open conversation are shown. */
export const details = signal(false);
/** The person asked for the search by name or ID. */
export const finding = signal<{ text: string } | null>(null);

let run = 0;
let retry: ReturnType<typeof setTimeout> | undefined;

export function begin(): void {
  onBack(() => {
    if (opened.value.kind === "failed") void show({ kind: "person", user: opened.value.user });
  });
  window.addEventListener("popstate", () => void show(routeOf(window.location.pathname)));
  void show(routeOf(window.location.pathname));
}

/** Goes to a person's conversation. */
export function goTo(user: UserId): void {
  finding.value = null;
  if (pane.value === "you") pane.value = "chats";
  if (window.location.pathname !== pathOf(user)) window.history.pushState({ inside: true }, "", pathOf(user));
  void show({ kind: "person", user });
}

export function goHome(): void {
  if (window.location.pathname !== "/") window.history.pushState({ inside: true }, "", "/");
  void show({ kind: "home" });
}

/** Back to the list, on phones: one step in the history where that is where one came from. */
export function goBack(): void {
  const state: unknown = window.history.state;
  if (typeof state === "object" && state !== null && "inside" in state) window.history.back();
  else goHome();
}

/** Once more, where a rule stood in the way that may be gone. */
export function again(): void {
  void show(routeOf(window.location.pathname));
}

async function show(route: Route): Promise<void> {
  run += 1;
  const own = run;
  clearTimeout(retry);
  if (route.kind === "home") {
    opened.value = { kind: "none" };
    return;
  }
  if (route.kind === "unknown") {
    opened.value = { kind: "missing", text: route.text };
    return;
  }
  const list = conversations.list.value;
  const known = list && withPerson(list, route.user);
  if (known) {
    opened.value = { kind: "open", id: known.id };
    messages.open(known.id);
    return;
  }
  // What failed is tried again behind the words that say so.
  if (opened.value.kind !== "failed" || opened.value.user !== route.user) opened.value = { kind: "opening", user: route.user };
  const answer = await conversations.openWith(route.user);
  if (own !== run) return;
  if (answer.kind === "ok") {
    seen(answer.value.members);
    opened.value = { kind: "open", id: answer.value.id };
    messages.open(answer.value.id);
  } else if (answer.kind === "problem" && answer.problem.status === 404 && isFinal(answer.problem)) {
    opened.value = { kind: "missing", text: route.user };
  } else if (answer.kind === "problem" && isOurs(answer.problem) && answer.problem.status === 403) {
    opened.value = { kind: "refused", user: route.user, problem: answer.problem };
  } else {
    opened.value = { kind: "failed", user: route.user };
    retry = setTimeout(() => void show(route), 3_000);
  }
}
