// Small helps for the server's own pages: showing a password and how strong it is, another ID, whether an ID is free, the
// theme at once, times in the reader's own zone.
// Every page works without this file.
import "./styles.dom";
import { createElement, Eye, EyeOff } from "lucide";
import { isFree, offerUserId, showTheme, signOut, whoIsSignedIn } from "../accounts/actions.dom";
import { showsStrength } from "../accounts/strength.dom";
import { brief, longDay } from "../kit/time.std";
import { say } from "../kit/words.std";
import { forgetDrafts } from "../messages/drafts.dom";
import { openOutboxStore } from "../messages/outbox_store.dom";
import { clear } from "../messages/unsaved.dom";
import { grouped, parseUserId } from "../relay/ids.std";
import { keepsTyped } from "./reaching.dom";

for (const field of document.querySelectorAll<HTMLInputElement>("[data-password]")) showable(field);
for (const field of document.querySelectorAll<HTMLInputElement>('[data-user-id] input[name="user_id"]')) pickable(field);
for (const choice of document.querySelectorAll<HTMLInputElement>('[data-theme-choice] input[name="theme"]')) {
  choice.addEventListener("change", () => {
    if (choice.value === "dark" || choice.value === "light" || choice.value === "system") showTheme(choice.value);
  });
}
for (const moment of document.querySelectorAll<HTMLTimeElement>("time[data-moment]")) {
  const at = Date.parse(moment.dateTime);
  if (!Number.isNaN(at)) moment.textContent = brief(at);
}
for (const field of document.querySelectorAll<HTMLInputElement>('input[name="password"][autocomplete="new-password"]')) {
  showsStrength(field);
  if (field.form) samePasswords(field.form);
}
for (const day of document.querySelectorAll<HTMLTimeElement>("time[data-day]")) {
  const at = Date.parse(day.dateTime);
  if (!Number.isNaN(at)) day.textContent = longDay(at, 0, "UTC");
}
// On phones the pages of the settings stand in one row: the present one is brought into sight.
document.querySelector('.settings__nav [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-form]")) keepsTyped(form);
for (const form of document.querySelectorAll<HTMLFormElement>('form[action="/logout"]')) askedFirst(form);
for (const form of document.querySelectorAll<HTMLFormElement>('form[data-form="export"]')) emptiedAfter(form);

function boxAround(field: HTMLInputElement, kind = ""): HTMLElement {
  const box = document.createElement("span");
  box.className = `field__box ${kind}`;
  field.replaceWith(box);
  box.append(field);
  return box;
}

function showable(field: HTMLInputElement): void {
  const focused = document.activeElement === field;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "field__button field__button--icon";
  const draw = (): void => {
    const hidden = field.type === "password";
    const words = say(hidden ? "show-password" : "hide-password");
    button.setAttribute("aria-label", words);
    button.setAttribute("aria-pressed", String(!hidden));
    button.title = words;
    button.replaceChildren(createElement(hidden ? Eye : EyeOff, { width: 20, height: 20, "stroke-width": 1.75, "aria-hidden": "true" }));
  };
  button.addEventListener("click", () => {
    field.type = field.type === "password" ? "text" : "password";
    draw();
    field.focus();
  });
  // Out of a field of plain text the browser would keep it among what it offers next time.
  field.form?.addEventListener("submit", () => {
    field.type = "password";
    draw();
  });
  boxAround(field).append(button);
  draw();
  if (focused) field.focus();
}

const CHECK_AFTER = 250;

function pickable(field: HTMLInputElement): void {
  const hint = document.getElementById("hint-user_id");
  const usual = hint?.textContent ?? "";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "field__button";
  button.textContent = say("another-id");
  boxAround(field, "field__box--id").append(button);
  let run = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (state: "usual" | "free" | "taken", words: string): void => {
    if (!hint) return;
    hint.dataset["state"] = state;
    hint.textContent = words;
  };
  const check = async (own: number): Promise<void> => {
    const id = parseUserId(field.value);
    if (!id) return;
    const answer = await isFree(id);
    if (own !== run) return;
    if (answer.kind === "ok") tell(answer.value.free ? "free" : "taken", say(answer.value.free ? "id-free" : "id-taken", { id: grouped(id) }));
    else tell("usual", usual);
  };
  field.addEventListener("input", () => {
    run += 1;
    clearTimeout(timer);
    const own = run;
    const typed = field.value.trim();
    if (typed === "") return tell("usual", usual);
    if (!parseUserId(typed)) return tell(typed.replace(/\s/g, "").length < 10 && /^[1-9][\d\s]*$/.test(typed) ? "usual" : "taken", say("id-malformed"));
    tell("usual", say("id-checking"));
    timer = setTimeout(() => void check(own), CHECK_AFTER);
  });
  field.addEventListener("blur", () => {
    const id = parseUserId(field.value);
    if (id) field.value = grouped(id);
  });
  button.addEventListener("click", async () => {
    run += 1;
    const own = run;
    const answer = await offerUserId();
    if (own !== run || answer.kind !== "ok") return;
    field.value = grouped(answer.value.user_id);
    field.removeAttribute("aria-invalid");
    tell("free", say("id-free", { id: grouped(answer.value.user_id) }));
  });
}

/** Says so while typing, not only after the trip to the server. */
function samePasswords(form: HTMLFormElement): void {
  const first = form.querySelector<HTMLInputElement>('input[name="password"]');
  const again = form.querySelector<HTMLInputElement>('input[name="password_again"]');
  const issue = document.getElementById("issue-password_again");
  if (!first || !again || !issue) return;
  // Only while typing: words that appear on leaving the field would move the button away from under the pointer.
  const look = (): void => {
    const differ = again.value !== "" && !first.value.startsWith(again.value);
    issue.textContent = differ ? say("passwords-differ") : "";
    if (differ) again.setAttribute("aria-invalid", "true");
    else again.removeAttribute("aria-invalid");
  };
  again.addEventListener("input", look);
  first.addEventListener("input", look);
}

/** What it gives is a file, and the page stays: then no password is left in it. */
function emptiedAfter(form: HTMLFormElement): void {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return; // not yet: first it is asked whether the server can be reached
    // After this turn the browser has taken what was typed.
    setTimeout(() => {
      form.reset();
      const words = form.querySelector<HTMLElement>("[data-begun]") ?? document.createElement("p");
      words.className = "form__saved";
      words.dataset["begun"] = "";
      words.setAttribute("role", "status");
      words.textContent = say("data-export-begun");
      if (!words.isConnected) form.append(words);
    });
  });
}

/** As the chat does: what was not sent is thrown away only if the person says so. Where anything cannot be had the form goes its own way. */
function askedFirst(form: HTMLFormElement): void {
  let sure = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void leave().catch(() => form.submit());
  });
  const leave = async (): Promise<void> => {
    const who = await whoIsSignedIn();
    if (who.kind !== "ok") return form.submit();
    const user = who.value.user_id;
    const store = await openOutboxStore(window.indexedDB).catch(() => null);
    const kept = (await store?.load(user)) ?? [];
    const unsent = kept.filter((entry) => !entry.ticked).length;
    if (unsent !== 0 && !sure) {
      sure = true;
      return tellIn(form, say("log-out-unsent", { count: unsent }), say("log-out-anyway"));
    }
    const answer = await signOut();
    if (answer.kind !== "ok") return form.submit();
    await Promise.all([store?.remove(kept.map((entry) => entry.id)), clear(user)]);
    forgetDrafts(user);
    // The chat's own tabs go by themselves once they are told.
    new BroadcastChannel("talkhub-account").postMessage("signed out");
    window.location.replace("/login");
  };
}

function tellIn(form: HTMLFormElement, words: string, press: string): void {
  const text = form.querySelector("p");
  const button = form.querySelector("button");
  if (!text || !button) return form.submit();
  text.setAttribute("role", "alert");
  text.textContent = words;
  button.textContent = press;
  button.classList.replace("button--accent", "button--danger");
}
