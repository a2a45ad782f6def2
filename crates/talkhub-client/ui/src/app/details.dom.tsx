// The details of the person one talks to, on demand: beside the conversation, or over it where there is no room.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Check, Copy, X } from "lucide";
import { copy, getProfile, me } from "../accounts/actions.dom";
import { partner } from "../conversations/state.std";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { longDay } from "../kit/time.std";
import { say } from "../kit/words.std";
import { shown } from "../presence/actions.dom";
import { PresenceWords } from "../presence/view.dom";
import { grouped } from "../relay/ids.std";
import type { Conversation } from "../relay/wire.gen.std";
import { details } from "./place.dom";

export function Details({ conversation }: { conversation: Conversation }) {
  const self = me.value;
  const other = self && partner(conversation, self.user_id);
  const since = useSignal<number | null>(null);
  const copied = useSignal(false);
  useEffect(() => {
    since.value = null;
    if (!other) return undefined;
    let current = true;
    void getProfile(other.user_id).then((answer) => {
      if (current && answer.kind === "ok") since.value = answer.value.created_at;
    });
    return () => {
      current = false; // an answer about the one before is not about this one
    };
  }, [other?.user_id]);
  if (!self || !other) return null;
  const onCopy = async (): Promise<void> => {
    copied.value = await copy(grouped(other.user_id));
    setTimeout(() => (copied.value = false), 2_500);
  };
  return (
    <aside class="details" aria-label={say("details")}>
      <header class="details__top">
        <h2>{say("details")}</h2>
        <button type="button" class="button button--icon" aria-label={say("close")} onClick={() => (details.value = false)}>
          <Icon of={X} />
        </button>
      </header>
      <div class="details__who">
        <Avatar person={other} size="large" shown={other.user_id === self.user_id ? undefined : shown(other.user_id)} />
        <p class="details__name" dir="auto">
          {other.display_name}
        </p>
        <p class="details__soft">{other.user_id === self.user_id ? say("you") : <PresenceWords conversation={conversation.id} person={other} />}</p>
      </div>
      <dl class="details__facts">
        <dt>{say("user-id")}</dt>
        <dd>
          <span class="user-id">{grouped(other.user_id)}</span>
          <button type="button" class="button button--icon" aria-label={say("copy-id")} title={say("copy-id")} onClick={() => void onCopy()}>
            <Icon of={copied.value ? Check : Copy} size={18} />
            <span class="unseen" aria-live="polite">
              {copied.value ? say("copied") : ""}
            </span>
          </button>
        </dd>
        <dt>{say("username")}</dt>
        <dd>@{other.username}</dd>
        {since.value !== null && <dt>{say("since")}</dt>}
        {since.value !== null && <dd>{longDay(since.value, 0)}</dd>}
      </dl>
    </aside>
  );
}
