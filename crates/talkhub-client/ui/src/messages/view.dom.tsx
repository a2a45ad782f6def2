// One conversation: header, messages, composer.
import { ArrowLeft, PanelRight } from "lucide";
import { me } from "../accounts/actions.dom";
import { relation } from "../contacts/actions.dom";
import { faceless } from "../contacts/state.std";
import { partner } from "../conversations/state.std";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { reach } from "../kit/reach.dom";
import { say } from "../kit/words.std";
import { PresenceWords } from "../presence/view.dom";
import { grouped } from "../relay/ids.std";
import type { Conversation, Member } from "../relay/wire.gen.std";
import { shown } from "../presence/actions.dom";
import { timeline } from "./actions.dom";
import { NotReachable, OwnBlock } from "./barrier.dom";
import { Composer } from "./composer.dom";
import { Log } from "./log.dom";
import { isShutOut } from "./shut_out.std";
import { Stranger } from "./stranger.dom";
import type { ComponentChildren } from "preact";

export interface ConversationProps {
  conversation: Conversation;
  onBack: () => void;
  /** A stranger's conversation was thrown away here … */
  onGone: () => void;
  /** … and that was taken back. */
  onReturn: () => void;
  onDetails: () => void;
  detailed: boolean;
  bar: ComponentChildren;
}

export function ConversationView({ conversation, onBack, onGone, onReturn, onDetails, detailed, bar }: ConversationProps) {
  const self = me.value;
  const whole = self && partner(conversation, self.user_id);
  if (!self || !whole) return null;
  const strange = conversation.state === "request";
  const other = strange ? faceless(whole) : whole;
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
      {strange && !relation(other).blocked ? <Stranger key={conversation.id} conversation={conversation} person={other} onGone={onGone} onBack={onReturn} /> : <Foot conversation={conversation} other={other} name={name} notes={notes} />}
    </section>
  );
}

/** Where one writes, and what stands in the way of it. */
function Foot({ conversation, other, name, notes }: { conversation: Conversation; other: Member; name: string; notes: boolean }) {
  if (!notes && relation(other).blocked) return <OwnBlock conversation={conversation.id} person={other} />;
  return (
    <>
      {!notes && isShutOut(timeline(conversation.id).value) && <NotReachable person={other} />}
      <Composer conversation={conversation} name={name} />
    </>
  );
}
