// How somebody is shown, and the words for it: a dot alone would tell it by colour only.
import type { Status } from "../relay/wire.gen.std";

/** `invisible` is for oneself alone: others see "offline". */
export type Shown = Status | "offline" | "invisible";

/** The key of the word that stands for it. */
export const SHOWN_WORDS: Readonly<Record<Shown, string>> = {
  online: "online",
  away: "away-status",
  busy: "busy-status",
  offline: "offline",
  invisible: "invisible-status",
};
