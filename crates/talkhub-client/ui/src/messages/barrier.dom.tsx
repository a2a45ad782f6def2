// What stands between the two while they chat: one's own block in place of the composer, or above it what the other one's
// answer was. Nothing that was typed is lost by either.
import { Ban, Info } from "lucide";
import { ContactActs, Trouble } from "../contacts/acts.dom";
import * as contacts from "../contacts/actions.dom";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import type { ConversationId, Person } from "../relay/wire.gen.std";
import { draft } from "./drafts.dom";

/** Whoever blocked knows it, and can end it here. */
export function OwnBlock({ conversation, person }: { conversation: ConversationId; person: Person }) {
  const begun = draft(conversation).value.trim() !== "";
  return (
    <section class="barrier" aria-label={say("blocked")}>
      <Icon of={Ban} />
      <div class="barrier__words">
        <p>{say("own-block", { name: person.display_name })}</p>
        {begun && <p class="barrier__more">{say("draft-kept")}</p>}
        <Trouble user={person.user_id} />
      </div>
      <button type="button" class="button button--accent" onClick={() => void contacts.unblock(person)}>
        {say("unblock")}
      </button>
    </section>
  );
}

/** The same words whatever the reason is. (SEC16) */
export function NotReachable({ person }: { person: Person }) {
  return (
    <section class="barrier barrier--above" role="status">
      <Icon of={Info} />
      <div class="barrier__words">
        <p>{say("not-reachable", { name: person.display_name })}</p>
        <p class="barrier__more">{say("not-reachable-kept")}</p>
      </div>
      <ContactActs person={person} />
    </section>
  );
}
