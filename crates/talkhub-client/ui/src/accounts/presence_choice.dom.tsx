// What one wants to be shown to others as: in the own menu, and on phones under "You".
import { Check } from "lucide";
import { Dot } from "../kit/dot.dom";
import { Icon } from "../kit/icon.dom";
import { SHOWN_WORDS } from "../kit/shown.std";
import { say } from "../kit/words.std";
import type { Me, PresenceChoice } from "../relay/wire.gen.std";
import { choosePresence, presenceFailed } from "./actions.dom";

const CHOICES: readonly PresenceChoice[] = ["online", "away", "busy", "invisible"];

/** `name` tells two lists of one page apart. */
export function PresenceChoices({ me, name }: { me: Me; name: string }) {
  return (
    <fieldset class="shown-as">
      <legend>{say("settings-presence")}</legend>
      {CHOICES.map((choice) => (
        <label key={choice} class="shown-as__one">
          <input type="radio" name={name} value={choice} checked={me.presence === choice} onChange={() => void choosePresence(choice)} />
          <Dot shown={choice} plain />
          <span class="shown-as__words">
            <span>{say(SHOWN_WORDS[choice])}</span>
            <span class="shown-as__why">{say(`presence-why-${choice}`)}</span>
          </span>
          {me.presence === choice && <Icon of={Check} size={18} />}
        </label>
      ))}
      <div role="status">{presenceFailed.value && <p class="shown-as__failed">{say("presence-failed")}</p>}</div>
    </fieldset>
  );
}
