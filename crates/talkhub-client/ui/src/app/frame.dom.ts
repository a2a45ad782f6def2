// What stands around the page: the title, the icon with its badge, and keys that work everywhere.
import { effect } from "@preact/signals";
import { me } from "../accounts/actions.dom";
import { list } from "../conversations/actions.dom";
import { badge, partner, totalUnread } from "../conversations/state.std";
import { say } from "../kit/words.std";
import { details, finding, goHome, goTo, open, pane } from "./place.dom";
import { shown } from "./sidebar.dom";

export function begin(): void {
  effect(() => {
    const count = list.value ? totalUnread(list.value) : 0;
    document.title = count === 0 ? say("name") : `(${badge(count)}) ${say("name")}`;
    drawIcon(count);
  });
  document.addEventListener("keydown", onKey);
}

/** The mark as favicon; with unread messages a dot with their number on it. Drawn on a canvas, since it changes. */
function drawIcon(count: number): void {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(64 / 48, 64 / 48);
  pen.lineWidth = 4;
  pen.strokeStyle = "#5fb8b0";
  for (const x of [17.5, 30.5]) {
    pen.beginPath();
    pen.arc(x, 22, 13, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.fillStyle = "#7fe8c3";
  pen.fill(new Path2D("M24 10.7A13 13 0 0 1 25.8 31.6C24.8 35.5 22.3 38.3 18.4 39.8C20.7 37.3 21.7 34.3 21.4 30.2A13 13 0 0 1 24 10.7z"));
  if (count !== 0) {
    const text = 99 < count ? "99+" : String(count);
    pen.fillStyle = "#d8433a";
    pen.beginPath();
    pen.roundRect(48 - (12 + 8 * text.length), 24, 12 + 8 * text.length, 23, 11);
    pen.fill();
    pen.fillStyle = "#ffffff";
    pen.font = "bold 18px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.fillText(text, 48 - (12 + 8 * text.length) / 2, 42);
  }
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]') ?? document.head.appendChild(document.createElement("link"));
  link.rel = "icon";
  link.type = "image/png";
  link.href = canvas.toDataURL("image/png");
}

function onKey(event: KeyboardEvent): void {
  if (document.querySelector("dialog[open], :popover-open")) return; // what lies under it is not for keys
  if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    finding.value = { text: "" };
  } else if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented && finding.value === null && !(event.target instanceof HTMLInputElement) && open.value.kind !== "none") {
    // One thing at a time: the panel first, then the conversation.
    if (details.value) details.value = false;
    else goHome();
  }
}

/** To the next or previous conversation of the list. */
function step(by: 1 | -1): void {
  const self = me.value;
  if (!self) return;
  const all = shown(self);
  const place = open.value;
  const here = place.kind === "open" ? all.findIndex((one) => one.id === place.id) : by === 1 ? -1 : all.length;
  const next = all[here + by];
  const who = next && partner(next, self.user_id);
  if (who) {
    pane.value = "chats";
    goTo(who.user_id);
  }
}
