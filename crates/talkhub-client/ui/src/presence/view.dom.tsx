// Presence in words: typing, online, or when somebody was last there.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { serverNow } from "../kit/http.dom";
import { SHOWN_WORDS } from "../kit/shown.std";
import { clock, longDay, nearDay } from "../kit/time.std";
import { say } from "../kit/words.std";
import type { ConversationId, Person } from "../relay/wire.gen.std";
import { presence, shown } from "./actions.dom";

const JUST_NOW = 60_000;

/** Whether somebody other than oneself types in this conversation. */
export const isTyping = (conversation: ConversationId): boolean => presence.value.typists.some((one) => one.conversation === conversation);

export function lastSeenWords(at: number, now: number): string {
  if (now - at < JUST_NOW) return say("last-seen-now");
  const near = nearDay(at, now);
  if (near === "earlier") return say("last-seen-earlier", { date: longDay(at, now) });
  return say(`last-seen-${near}`, { time: clock(at) });
}

export function PresenceWords({ conversation, person }: { conversation: ConversationId | null; person: Person }) {
  const beat = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => (beat.value += 1), 30_000); // "just now" grows old
    return () => clearInterval(timer);
  }, []);
  void beat.value;
  if (conversation !== null && isTyping(conversation)) return <span class="typing">{say("typing", { name: person.display_name })}</span>;
  const known = presence.value.people.get(person.user_id);
  const now = shown(person.user_id);
  if (now === "online") return <span class="present">{say("online")}</span>;
  if (now === "away" || now === "busy") return <span>{say(SHOWN_WORDS[now])}</span>;
  if (known?.last_seen !== undefined) return <span>{lastSeenWords(known.last_seen, serverNow())}</span>;
  return null;
}
