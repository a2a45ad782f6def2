// Find someone by name or by 10-digit ID, and write to them.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { MessageCircle, Search as SearchIcon } from "lucide";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { reach } from "../kit/reach.dom";
import { say } from "../kit/words.std";
import { grouped } from "../relay/ids.std";
import type { UserId } from "../relay/wire.gen.std";
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
        {found.kind === "idle" && <p class="find__note">{say("find-start")}</p>}
        {found.kind === "failed" && <p class="find__note">{say(reach.value.phase === "away" ? "server-away-search" : "find-failed")}</p>}
        {found.kind === "found" && found.people.length === 0 && <p class="find__note">{say("find-none", { text: text.trim() })}</p>}
        {found.kind === "found" && found.people.length !== 0 && (
          <ul class="find__list" aria-label={say("people-found")}>
            {found.people.map((person) => (
              <li key={person.user_id} class="person">
                <Avatar person={person} />
                <span class="person__words">
                  <span class="person__name" dir="auto">
                    {person.display_name}
                  </span>
                  <span class="person__more">
                    @{person.username} · <span class="user-id">{grouped(person.user_id)}</span>
                  </span>
                </span>
                <button type="button" class="button button--accent button--small" onClick={() => onPick(person.user_id)}>
                  <Icon of={MessageCircle} size={18} />
                  <span>{say("message-person")}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
