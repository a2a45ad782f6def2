// What can be done about being contacts with somebody: the right button for what holds now, and what went wrong beside it.
import { useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Check, MessageSquarePlus, UserRoundCheck, UserRoundPlus, X } from "lucide";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import type { Person, Relation, UserId } from "../relay/wire.gen.std";
import * as contacts from "./actions.dom";
import { whyOf } from "./state.std";

const MOST_NOTE = 200;

/** A button's words for those who hear it out of its place. */
export const named = (what: string, person: Person): string => say("of-person", { what: say(what), name: person.display_name });

/** `found`: what a search or card said of them. `children`: more buttons in the same line. */
export function ContactActs({ person, found = null, children }: { person: Person; found?: Relation | null; children?: ComponentChildren }) {
  const noting = useSignal(false);
  /** Kept while it is on its way: if it does not get through nothing is lost. */
  const note = useSignal("");
  const relation = contacts.relation(person, found);
  const asks = noting.value && relation.contact === "none" && !relation.blocked;
  return (
    <div class={`acts ${asks ? "acts--open" : ""}`}>
      <div class="acts__line">
        <ContactButtons relation={relation} noting={asks} onNote={() => (noting.value = !noting.value)} />
        {children}
      </div>
      {asks && <AskForm person={person} text={note} onDone={() => (noting.value = false)} />}
      <Trouble user={person.user_id} />
    </div>
  );
}

function ContactButtons({ relation, noting, onNote }: { relation: Relation; noting: boolean; onNote: () => void }) {
  if (relation.blocked) {
    return (
      <button type="button" class="button button--small" aria-label={named("unblock", relation)} onClick={() => void contacts.unblock(relation)}>
        {say("unblock")}
      </button>
    );
  }
  switch (relation.contact) {
    case "none":
      return (
        <>
          <button type="button" class="button button--small" aria-label={named("add-contact", relation)} onClick={() => void contacts.ask(relation)}>
            <Icon of={UserRoundPlus} size={18} />
            <span>{say("add-contact")}</span>
          </button>
          <button type="button" class="button button--icon acts__note" aria-label={named("add-with-note", relation)} title={say("add-with-note")} aria-expanded={noting} onClick={onNote}>
            <Icon of={MessageSquarePlus} size={18} />
          </button>
        </>
      );
    case "requested":
      return (
        <>
          <span class="acts__state">
            <Icon of={Check} size={16} />
            {say("requested")}
          </span>
          <button type="button" class="button button--small" aria-label={named("withdraw", relation)} aria-disabled={!relation.request} onClick={() => void contacts.withdraw(relation)}>
            {say("withdraw")}
          </button>
        </>
      );
    case "incoming":
      return (
        <>
          <button type="button" class="button button--small button--accent" aria-label={named("accept", relation)} onClick={() => void contacts.accept(relation)}>
            {say("accept")}
          </button>
          <button type="button" class="button button--small" aria-label={named("decline", relation)} onClick={() => contacts.decline(relation)}>
            {say("decline")}
          </button>
        </>
      );
    case "contact":
      return (
        <span class="acts__state">
          <Icon of={UserRoundCheck} size={16} />
          {say("is-contact")}
        </span>
      );
  }
}

/** A line with the request: who one is, or where they met. */
function AskForm({ person, text, onDone }: { person: Person; text: Signal<string>; onDone: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const send = async (): Promise<void> => {
    if (!(await contacts.ask(person, text.value))) return;
    text.value = "";
    onDone();
  };
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        // The form alone, not the dialog around it.
        event.preventDefault();
        event.stopPropagation();
        onDone();
      }}
    >
      <input
        ref={field}
        class="field__input ask__field"
        type="text"
        maxLength={MOST_NOTE}
        value={text.value}
        dir="auto"
        aria-label={say("note-label", { name: person.display_name })}
        placeholder={say("note-hint")}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit" class="button button--small button--accent">
        {say("send-request")}
      </button>
      <button type="button" class="button button--icon" aria-label={say("cancel")} title={say("cancel")} onClick={onDone}>
        <Icon of={X} size={18} />
      </button>
    </form>
  );
}

/** Beside what was pressed: why it did not work. */
export function Trouble({ user }: { user: UserId }) {
  const refusal = contacts.refusal(user);
  if (!refusal) return null;
  return (
    <p class="acts__trouble" role="alert">
      {whyOf(refusal) ?? say("no-answer")}
    </p>
  );
}
