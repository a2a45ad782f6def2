// The people place of the sidebar: requests that wait for an answer, requests that wait for others, and contacts.
import { Ban, ContactRound, MessageCircle, UserRoundMinus, UserRoundPlus } from "lucide";
import { useEffect } from "preact/hooks";
import { ContactActs, Trouble } from "../contacts/acts.dom";
import * as contacts from "../contacts/actions.dom";
import { showCard } from "../contacts/card.dom";
import { contacts as contactsOf, incoming, matching, outgoing } from "../contacts/state.std";
import { list } from "../conversations/actions.dom";
import { withPerson } from "../conversations/state.std";
import { Avatar } from "../kit/avatar.dom";
import { EmptyTalk } from "../kit/drawings.dom";
import { serverNow } from "../kit/http.dom";
import { Icon } from "../kit/icon.dom";
import { useLate } from "../kit/late.dom";
import { MenuButton, menuOn, type MenuItem } from "../kit/menu.dom";
import { exact, shortWhen } from "../kit/time.std";
import { say } from "../kit/words.std";
import { isOnline, shown } from "../presence/actions.dom";
import { PresenceWords } from "../presence/view.dom";
import { grouped } from "../relay/ids.std";
import type { Relation } from "../relay/wire.gen.std";
import { finding, goTo } from "./place.dom";

/** How many wait for an answer: the badge of the place. */
export const waiting = (): number => incoming(contacts.relations.value).length;

export function People({ text }: { text: string }) {
  const state = contacts.relations.value;
  const late = useLate(state.stage === "loading");
  useEffect(() => void contacts.lookWhoIsThere(), []);
  const [asking, asked] = [matching(incoming(state), text), matching(outgoing(state), text)];
  const all = contactsOf(state, isOnline);
  const known = matching(all, text);
  const nobody = asking.length + asked.length + known.length === 0;
  return (
    <nav class="list people" aria-label={say("bar-people")}>
      {asking.length !== 0 && <Requests title={say("requests-for-you")} people={asking} />}
      {asked.length !== 0 && <Requests title={say("requests-of-yours")} people={asked} />}
      {known.length !== 0 && (
        <section aria-labelledby="people-contacts">
          <h2 class="list__title" id="people-contacts">
            {say("contacts")}
          </h2>
          <ul>
            {known.map((one) => (
              <Contact key={one.user_id} relation={one} />
            ))}
          </ul>
        </section>
      )}
      {late && [0, 1, 2, 3, 4].map((index) => <span key={index} class="skeleton skeleton--row" />)}
      {state.stage === "failed" && <p class="list__note">{say("contacts-failed")}</p>}
      {state.stage === "ready" && nobody && (
        <div class="list__empty">
          {text.trim() === "" && <EmptyTalk />}
          <p>{text.trim() === "" ? say("contacts-empty") : say("contacts-none", { text: text.trim() })}</p>
          <button type="button" class="button" onClick={() => (finding.value = { text: text.trim() })}>
            <Icon of={UserRoundPlus} size={18} />
            <span>{say("find-someone")}</span>
          </button>
        </div>
      )}
      {state.stage === "ready" && all.length === 0 && !nobody && <p class="list__note">{say("contacts-empty-yet")}</p>}
    </nav>
  );
}

function Requests({ title, people }: { title: string; people: readonly Relation[] }) {
  return (
    <section aria-label={title}>
      <h2 class="list__title">{title}</h2>
      <ul>
        {people.map((one) => (
          <li key={one.user_id} class="asking">
            <button type="button" class="asking__who" aria-label={say("profile-of", { name: one.display_name })} onClick={() => showCard(one)}>
              <Avatar person={one} />
              <span class="asking__words">
                <span class="row__line">
                  <span class="row__name" dir="auto">
                    {one.display_name}
                  </span>
                  {one.request && (
                    <time class="row__when" dateTime={new Date(one.request.at).toISOString()} title={exact(one.request.at)}>
                      {shortWhen(one.request.at, serverNow())}
                    </time>
                  )}
                </span>
                <span class="asking__more">
                  <span class="user-id">{grouped(one.user_id)}</span> · <bdi>@{one.username}</bdi>
                </span>
              </span>
            </button>
            {one.request && one.request.note !== "" && (
              <p class="asking__note" dir="auto">
                {one.request.note}
              </p>
            )}
            <ContactActs person={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Contact({ relation }: { relation: Relation }) {
  const talk = list.value && withPerson(list.value, relation.user_id);
  const label = say("more-of", { name: relation.display_name });
  const items = (): MenuItem[] => [
    { words: say("message-person"), icon: MessageCircle, act: () => goTo(relation.user_id) },
    { words: say("show-profile"), icon: ContactRound, act: () => showCard(relation) },
    { words: say("remove-contact"), icon: UserRoundMinus, act: () => contacts.remove(relation) },
    { words: say("block"), icon: Ban, danger: true, act: () => void contacts.block(relation) },
  ];
  return (
    <li class="contact" {...menuOn(label, items)}>
      <button type="button" class="contact__face" tabIndex={-1} aria-label={say("profile-of", { name: relation.display_name })} onClick={() => showCard(relation)}>
        <Avatar person={relation} shown={shown(relation.user_id)} />
      </button>
      <button type="button" class="contact__open" onClick={() => goTo(relation.user_id)}>
        <span class="row__name" dir="auto">
          {relation.display_name}
        </span>
        <span class="contact__presence">
          <PresenceWords conversation={talk?.id ?? null} person={relation} />
        </span>
      </button>
      <MenuButton label={label} items={items} />
      <Trouble user={relation.user_id} />
    </li>
  );
}
