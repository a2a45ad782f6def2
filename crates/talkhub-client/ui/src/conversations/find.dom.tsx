// Find someone by name or by 10-digit ID: look at who they are, become contacts, write to them.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { MessageCircle, NotebookPen, Search as SearchIcon } from "lucide";
import { me } from "../accounts/actions.dom";
import { relation } from "../contacts/actions.dom";
import { ContactActs, named } from "../contacts/acts.dom";
import { showCard } from "../contacts/card.dom";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { reach } from "../kit/reach.dom";
import { say } from "../kit/words.std";
import { grouped, parseUserId } from "../relay/ids.std";
import type { Relation, UserId } from "../relay/wire.gen.std";
import { lookUp, pickFirst, search } from "./actions.dom";

export function Find({ initial, onPick }: { initial: string; onPick: (user: UserId) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(initial);
  // Before anything can be typed: a later look-up would throw away what was typed meanwhile.
  useLayoutEffect(() => {
    field.current?.focus();
    lookUp(initial);
    return () => lookUp("");
  }, []);
  const found = search.value;
  const own = parseUserId(text) === me.value?.user_id ? parseUserId(text) : null;
  return (
    <div class="find">
      <h2 class="find__title">{say("find-title")}</h2>
      <p class="find__lead">{say("find-lead")}</p>
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          pickFirst(text, onPick);
        }}
      >
        <Icon of={SearchIcon} size={18} />
        <input
          ref={field}
          type="search"
          autocomplete="off"
          spellcheck={false}
          value={text}
          placeholder={say("find-hint")}
          aria-label={say("find-hint")}
          onInput={(event) => {
            setText(event.currentTarget.value);
            lookUp(event.currentTarget.value);
          }}
        />
      </form>
      <div class="find__results" aria-live="polite">
        {own && (
          <div class="find__own">
            <p class="find__note">{say("find-own")}</p>
            <button type="button" class="button" onClick={() => onPick(own)}>
              <Icon of={NotebookPen} size={18} />
              <span>{say("notes")}</span>
            </button>
          </div>
        )}
        {found.kind === "idle" && <p class="find__note">{say("find-start")}</p>}
        {found.kind === "failed" && <p class="find__note">{say(reach.value.phase === "away" ? "server-away-search" : "find-failed")}</p>}
        {found.kind === "found" && found.people.length === 0 && !own && <p class="find__note">{say("find-none", { text: text.trim() })}</p>}
        {found.kind === "found" && found.people.length !== 0 && (
          <ul class="find__list" aria-label={say("people-found")}>
            {found.people.map((one) => (
              <Found key={one.user_id} found={one} onPick={onPick} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** With the button for what holds now: it follows what happens meanwhile. */
function Found({ found, onPick }: { found: Relation; onPick: (user: UserId) => void }) {
  const person = relation(found, found);
  return (
    <li class="person">
      <button type="button" class="person__who" title={say("profile-of", { name: person.display_name })} onClick={() => showCard(person)}>
        <Avatar person={person} />
        <span class="person__words">
          <span class="person__name" dir="auto">
            {person.display_name}
          </span>
          <span class="person__more">
            <span class="user-id">{grouped(person.user_id)}</span> · <bdi>@{person.username}</bdi>
          </span>
        </span>
      </button>
      <ContactActs person={person} found={found}>
        {!person.blocked && (
          <button type="button" class={`button button--small ${person.contact === "incoming" ? "" : "button--accent"}`} aria-label={named("message-person", person)} onClick={() => onPick(person.user_id)}>
            <Icon of={MessageCircle} size={18} />
            <span>{say("message-person")}</span>
          </button>
        )}
      </ContactActs>
    </li>
  );
}
