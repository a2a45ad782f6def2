// A conversation that a rule keeps from being begun: whose it would be, why not, and what can be done about it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ContactActs } from "../contacts/acts.dom";
import * as contacts from "../contacts/actions.dom";
import { Avatar } from "../kit/avatar.dom";
import { say } from "../kit/words.std";
import { grouped } from "../relay/ids.std";
import type { Problem, Profile, UserId } from "../relay/wire.gen.std";
import { again, goHome } from "./place.dom";

export function Refused({ user, problem }: { user: UserId; problem: Problem }) {
  const profile = useSignal<Profile | null>(null);
  const heard = contacts.heardOf(user);
  const first = useRef(heard);
  useEffect(() => {
    // Something is different between the two: what stood in the way may be gone.
    if (heard !== first.current) return again();
    let current = true;
    void contacts.getCard(user).then((answer) => {
      if (current && answer.kind === "ok") profile.value = answer.value;
    });
    return () => {
      current = false;
    };
  }, [user, heard]);
  const person = profile.value;
  return (
    <div class="empty empty--page">
      {person && <Avatar person={person} size="large" />}
      <h1 dir="auto">{person ? person.display_name : <span class="user-id">{grouped(user)}</span>}</h1>
      <p>{problem.detail ?? problem.title}</p>
      {person && <ContactActs person={person} found={person} />}
      <button type="button" class="button button--accent" onClick={goHome}>
        {say("not-found-home")}
      </button>
    </div>
  );
}
