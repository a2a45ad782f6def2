// What can be done with one's own account from the chat page: the theme, signing out, sharing the ID.
import { signal, type ReadonlySignal } from "@preact/signals";
import { call, callToLeave, nothing } from "../kit/http.dom";
import { reach } from "../kit/reach.dom";
import { freeUserId, me as readMe, profile } from "../relay/codec.std";
import type { FreeUserId, Me, Person, PresenceChoice, Profile, Theme, UserId } from "../relay/wire.gen.std";
import type { Answer } from "../kit/http.dom";

const state = signal<Me | null>(null);
export const me: ReadonlySignal<Me | null> = state;

export function begin(island: Me): void {
  state.value = island;
  showTheme(island.theme);
}

export function learn(news: Me): void {
  state.value = news;
  showTheme(news.theme);
}

export function hearProfile(person: Person): void {
  if (state.value?.user_id !== person.user_id) return;
  const { avatar: _before, ...rest } = state.value;
  state.value = { ...rest, ...person };
}

/** The page takes the colours at once; the server is told beside it. */
export async function chooseTheme(theme: Theme): Promise<void> {
  if (!state.value) return;
  state.value = { ...state.value, theme };
  showTheme(theme);
  const answer = await call("PATCH", "/api/v1/me", readMe, { theme });
  if (answer.kind === "ok") state.value = answer.value;
}

const notChosen = signal(false);
/** The last choice did not get through: it is as it was. */
export const presenceFailed: ReadonlySignal<boolean> = notChosen;

/** What one wants to be shown as. Shown at once, and taken back if the server did not hear of it. */
export async function choosePresence(choice: PresenceChoice): Promise<void> {
  const before = state.value?.presence;
  if (!state.value || before === undefined || before === choice) return;
  notChosen.value = false;
  state.value = { ...state.value, presence: choice };
  const answer = await call("PUT", "/api/v1/me/presence", readMe, { presence: choice });
  if (state.value.presence !== choice) return; // chosen otherwise meanwhile, here or on another device
  if (answer.kind === "ok") state.value = answer.value;
  else state.value = { ...state.value, presence: before };
  notChosen.value = answer.kind !== "ok";
}

export function showTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}

/** Ends this sign-in on the server. */
export const signOut = (): Promise<Answer<true>> => callToLeave("DELETE", "/api/v1/sessions/current", nothing);

/** Whether the server can be reached now. */
export async function isThere(): Promise<boolean> {
  await callToLeave("GET", "/healthz", nothing);
  return reach.value.phase === "here";
}

/** Whom the cookie speaks for. */
export const whoIsSignedIn = (): Promise<Answer<Me>> => callToLeave("GET", "/api/v1/me", readMe);

export const getProfile = (id: UserId): Promise<Answer<Profile>> => call("GET", `/api/v1/users/${id}`, profile);

/** Another ID to offer at sign-up. */
export const offerUserId = (): Promise<Answer<FreeUserId>> => call("GET", "/api/v1/free-user-ids", freeUserId);

export const isFree = (id: UserId): Promise<Answer<FreeUserId>> => call("GET", `/api/v1/free-user-ids/${id}`, freeUserId);

/** Puts text on the clipboard; without HTTPS there is no clipboard API, so the old way by selection. */
export async function copy(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused: the way by selection may still work.
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  field.readOnly = true;
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
