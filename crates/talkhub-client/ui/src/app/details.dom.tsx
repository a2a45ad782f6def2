// The details of the person one talks to, on demand: beside the conversation, or over it where there is no room.
import { X } from "lucide";
import { me } from "../accounts/actions.dom";
import { faceless } from "../contacts/state.std";
import { partner } from "../conversations/state.std";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import type { Conversation } from "../relay/wire.gen.std";
import { ProfileCard } from "./card.dom";
import { details } from "./place.dom";

export function Details({ conversation }: { conversation: Conversation }) {
  const self = me.value;
  const other = self && partner(conversation, self.user_id);
  if (!other) return null;
  return (
    <aside class="details" aria-label={say("details")}>
      <header class="details__top">
        <h2>{say("details")}</h2>
        <button type="button" class="button button--icon" aria-label={say("close")} onClick={() => (details.value = false)}>
          <Icon of={X} />
        </button>
      </header>
      <ProfileCard key={other.user_id} person={conversation.state === "request" ? faceless(other) : other} />
    </aside>
  );
}
