// One conversation: header, messages, composer.
import { ArrowLeft, PanelRight } from "lucide";
import { me } from "../accounts/actions.dom";
import { partner } from "../conversations/state.std";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { reach } from "../kit/reach.dom";
import { say } from "../kit/words.std";
import { PresenceWords } from "../presence/view.dom";
import { grouped } from "../relay/ids.std";
import type { Conversation } from "../relay/wire.gen.std";
import { shown } from "../presence/actions.dom";
import { timeline } from "./actions.dom";
import { Composer } from "./composer.dom";
import { Log } from "./log.dom";
import type { ComponentChildren } from "preact";

export interface ConversationProps {
  conversation: Conversation;
  onBack: () => void;
  onDetails: () => void;
  detailed: boolean;
  bar: ComponentChildren;
}

export function ConversationView({ conversation, onBack, onDetails, detailed, bar }: ConversationProps) {
  const self = me.value;
  const other = self && partner(conversation, self.user_id);
  if (!self || !other) return null;
  const notes = other.user_id === self.user_id;
  const name = notes ? say("notes") : other.display_name;
  return (
    <section class="talk" aria-label={name}>
      <header class="talk__header">
        <button type="button" class="button button--icon talk__back" onClick={onBack} aria-label={say("back")}>
          <Icon of={ArrowLeft} />
        </button>
        <button type="button" class="talk__open" onClick={onDetails} aria-expanded={detailed} aria-label={say("details-of", { name })}>
          <Avatar person={other} shown={notes ? undefined : shown(other.user_id)} />
        </button>
        <div class="talk__who" onClick={onDetails}>
          <h2 class="talk__name" dir="auto">
            {name}
          </h2>
          <p class="talk__presence">{notes ? say("notes-hint") : <PresenceWords conversation={conversation.id} person={other} />}</p>
        </div>
        <span class="user-id talk__id">
          {grouped(other.user_id)}
        </span>
        <button type="button" class="button button--icon" onClick={onDetails} aria-expanded={detailed} aria-label={say("details")} title={say("details")}>
          <Icon of={PanelRight} />
        </button>
      </header>
      {bar}
      <div role="status">{timeline(conversation.id).value.failed && reach.value.phase !== "away" && <p class="talk__notice">{say("catch-up-failed")}</p>}</div>
      <Log key={conversation.id} conversation={conversation} timeline={timeline(conversation.id).value} name={name} notes={notes} />
      <Composer conversation={conversation} name={name} />
    </section>
  );
}
