// The profile card: who somebody is, whether they are there, and everything that can be done about them. Beside a
// conversation, or over the page where somebody's picture or name was pressed.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Ban, Check, Copy, MessageCircle, UserRoundMinus } from "lucide";
import { copy, me } from "../accounts/actions.dom";
import { ContactActs } from "../contacts/acts.dom";
import * as contacts from "../contacts/actions.dom";
import { card, closeCard } from "../contacts/card.dom";
import { list } from "../conversations/actions.dom";
import { withPerson } from "../conversations/state.std";
import { Avatar } from "../kit/avatar.dom";
import { Dialog } from "../kit/dialog.dom";
import { Icon } from "../kit/icon.dom";
import { day } from "../kit/time.std";
import { say } from "../kit/words.std";
import { shown } from "../presence/actions.dom";
import { PresenceWords } from "../presence/view.dom";
import { grouped } from "../relay/ids.std";
import type { Person, Profile } from "../relay/wire.gen.std";
import { goTo } from "./place.dom";

const ASK_EVERY = 25_000;

/** Over the page. */
export function CardDialog() {
  const person = card.value;
  if (!person) return null;
  const message = (): void => {
    closeCard();
    goTo(person.user_id);
  };
  return (
    <Dialog label={say("profile-of", { name: person.display_name })} onClose={closeCard}>
      <ProfileCard key={person.user_id} person={person} onMessage={message} />
    </Dialog>
  );
}

/** `onMessage`: absent where their conversation is open already. */
export function ProfileCard({ person, onMessage }: { person: Person; onMessage?: () => void }) {
  const profile = useSignal<Profile | null>(null);
  const heard = contacts.heardOf(person.user_id);
  const talk = list.value && withPerson(list.value, person.user_id);
  const told = talk !== null || person.user_id === me.value?.user_id;
  useEffect(() => {
    // Where no frame tells whether they are there, an open card asks.
    const timer = told ? undefined : setInterval(() => void contacts.getCard(person.user_id), ASK_EVERY);
    return () => clearInterval(timer);
  }, [person.user_id, told]);
  useEffect(() => {
    let current = true;
    void contacts.getCard(person.user_id).then((answer) => {
      // Whoever is not to be seen looks like somebody of whom no more is known; what is shown stays where nobody answers.
      if (current && answer.kind !== "away") profile.value = answer.kind === "ok" ? answer.value : null;
    });
    return () => {
      current = false; // an answer about the one before is not about this one
    };
  }, [person.user_id, heard]);
  const self = me.value;
  if (!self) return null;
  const own = self.user_id === person.user_id;
  const who: Person = profile.value ?? person;
  const asks = contacts.relation(who, profile.value).contact === "incoming";
  const line = profile.value?.status_line ?? "";
  return (
    <div class="profile">
      <Avatar person={who} size="large" shown={own ? undefined : shown(who.user_id)} />
      <p class="profile__name" dir="auto">
        {who.display_name}
      </p>
      <p class="profile__soft">
        <bdi>@{who.username}</bdi>
      </p>
      <p class="profile__soft">{own ? say("you") : <PresenceWords conversation={talk?.id ?? null} person={who} />}</p>
      {line !== "" && (
        <p class="profile__line" dir="auto">
          {line}
        </p>
      )}
      {own ? (
        <a class="button" href="/settings/profile">
          {say("edit-profile")}
        </a>
      ) : (
        <ContactActs person={who} found={profile.value}>
          {onMessage && (
            <button type="button" class={`button button--small ${asks ? "" : "button--accent"}`} onClick={onMessage}>
              <Icon of={MessageCircle} size={18} />
              <span>{say("message-person")}</span>
            </button>
          )}
        </ContactActs>
      )}
      <Facts person={who} profile={profile.value} />
      {!own && <Farewells person={who} profile={profile.value} />}
    </div>
  );
}

function Facts({ person, profile }: { person: Person; profile: Profile | null }) {
  const copied = useSignal<"no" | "yes" | "failed">("no");
  const onCopy = async (): Promise<void> => {
    copied.value = (await copy(grouped(person.user_id))) ? "yes" : "failed";
    setTimeout(() => (copied.value = "no"), 2_500);
  };
  const { contact, since } = contacts.relation(person, profile);
  return (
    <dl class="profile__facts">
      <Fact name={say("user-id")}>
        <span class="user-id">{grouped(person.user_id)}</span>
        <button type="button" class="button button--icon" aria-label={say("copy-id")} title={say("copy-id")} onClick={() => void onCopy()}>
          <Icon of={copied.value === "yes" ? Check : Copy} size={18} />
          <span class="unseen" aria-live="polite">
            {copied.value === "yes" ? say("copied") : ""}
          </span>
        </button>
      </Fact>
      {copied.value === "failed" && (
        <p class="acts__trouble" role="alert">
          {say("copy-failed")}
        </p>
      )}
      {contact === "contact" && since !== undefined && (
        <Fact name={say("contact-since")}>
          <bdi>{day(since)}</bdi>
        </Fact>
      )}
      {profile && (
        <Fact name={say("since")}>
          <bdi>{day(profile.created_at)}</bdi>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="profile__fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What parts the two: quiet, below everything else. */
function Farewells({ person, profile }: { person: Person; profile: Profile | null }) {
  const relation = contacts.relation(person, profile);
  if (relation.blocked) return <p class="profile__note">{say("blocked-means")}</p>;
  return (
    <div class="profile__farewells">
      {relation.contact === "contact" && (
        <button type="button" class="profile__farewell" onClick={() => contacts.remove(person)}>
          <Icon of={UserRoundMinus} size={18} />
          <span>{say("remove-contact")}</span>
        </button>
      )}
      <button type="button" class="profile__farewell profile__farewell--danger" onClick={() => void contacts.block(person)}>
        <Icon of={Ban} size={18} />
        <span>{say("block")}</span>
      </button>
    </div>
  );
}
