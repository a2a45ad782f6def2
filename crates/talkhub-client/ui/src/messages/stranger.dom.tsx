// In place of the composer, where a stranger has begun: who it is, and what to do about it. They learn nothing of it.
import { useSignal } from "@preact/signals";
import { Ban, Check, Trash2 } from "lucide";
import { useEffect } from "preact/hooks";
import { Trouble } from "../contacts/acts.dom";
import * as contacts from "../contacts/actions.dom";
import { showCard } from "../contacts/card.dom";
import { dismiss, dismissNow, takeUp } from "../conversations/actions.dom";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { day } from "../kit/time.std";
import { say } from "../kit/words.std";
import { grouped } from "../relay/ids.std";
import type { Conversation, Person, Profile } from "../relay/wire.gen.std";

export interface StrangerProps {
  conversation: Conversation;
  person: Person;
  /** It is gone from here: to where one came from. */
  onGone: () => void;
  /** It was taken back. */
  onBack: () => void;
}

export function Stranger({ conversation, person, onGone, onBack }: StrangerProps) {
  const profile = useSignal<Profile | null>(null);
  const failed = useSignal("");
  const heard = contacts.heardOf(person.user_id);
  useEffect(() => {
    let current = true;
    void contacts.getCard(person.user_id).then((answer) => {
      if (current && answer.kind === "ok") profile.value = answer.value;
    });
    return () => {
      current = false;
    };
  }, [person.user_id, heard]);
  const accept = async (): Promise<void> => {
    failed.value = "";
    const answer = await takeUp(conversation.id);
    if (answer.kind !== "ok") failed.value = answer.kind === "problem" ? (answer.problem.detail ?? answer.problem.title) : say("no-answer");
  };
  const block = async (): Promise<void> => {
    if (!(await contacts.block(person))) return;
    onGone();
    void dismissNow(conversation.id);
  };
  const line = profile.value?.status_line ?? "";
  return (
    <section class="stranger" aria-label={say("message-request")}>
      <button type="button" class="stranger__who" title={say("profile-of", { name: person.display_name })} onClick={() => showCard(person)}>
        <Avatar person={person} />
        <span class="stranger__words">
          <span class="stranger__name" dir="auto">
            {person.display_name}
          </span>
          <span class="stranger__more">
            <span class="user-id">{grouped(person.user_id)}</span> · <bdi>@{person.username}</bdi>
            {profile.value && (
              <>
                {" · "}
                <bdi>{say("here-since", { date: day(profile.value.created_at) })}</bdi>
              </>
            )}
          </span>
        </span>
      </button>
      {line !== "" && (
        <p class="stranger__line" dir="auto">
          {line}
        </p>
      )}
      <p class="stranger__text">{say("stranger-text", { name: person.display_name })}</p>
      <div class="stranger__acts">
        <button type="button" class="button button--accent" onClick={() => void accept()}>
          <Icon of={Check} size={18} />
          <span>{say("accept")}</span>
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            dismiss(conversation.id, onBack);
            onGone();
          }}
        >
          <Icon of={Trash2} size={18} />
          <span>{say("delete")}</span>
        </button>
        <button type="button" class="button button--danger" onClick={() => void block()}>
          <Icon of={Ban} size={18} />
          <span>{say("block")}</span>
        </button>
      </div>
      {failed.value !== "" && (
        <p class="acts__trouble" role="alert">
          {failed.value}
        </p>
      )}
      <Trouble user={person.user_id} />
    </section>
  );
}
