// Who is online, at the bottom of the sidebar: oneself and everybody one shares a conversation with.
import { useSignal } from "@preact/signals";
import { ChevronDown, ChevronUp } from "lucide";
import { list } from "../conversations/actions.dom";
import { Avatar } from "../kit/avatar.dom";
import { Dot } from "../kit/dot.dom";
import { Icon } from "../kit/icon.dom";
import { remember, remembered } from "../kit/keep.dom";
import { PHONE, useMedia } from "../kit/media.dom";
import { SHOWN_WORDS } from "../kit/shown.std";
import { say } from "../kit/words.std";
import { presence, shown } from "../presence/actions.dom";
import { here } from "../presence/state.std";
import type { Me, Member } from "../relay/wire.gen.std";
import { goTo } from "./place.dom";

const KEPT = "talkhub-online-list";

export function OnlineList({ self }: { self: Me }) {
  const phone = useMedia(PHONE);
  const choice = useSignal(remembered(KEPT));
  // Strangers who ask are not among them.
  const members = [...(list.value?.all.values() ?? [])].filter((one) => one.state === "open").flatMap((one) => one.members);
  // Alone there is nobody to list; where nobody knows who is there, nothing is claimed.
  if (presence.value.knownUntil === null || members.every((one) => one.user_id === self.user_id)) return null;
  const there = here(presence.value, members);
  const open = choice.value === null ? !phone : choice.value === "open";
  const toggle = (): void => {
    choice.value = open ? "closed" : "open";
    remember(KEPT, choice.value);
  };
  return (
    <section class="online" aria-label={say("online-people")}>
      <button type="button" class="online__title" aria-expanded={open} onClick={toggle}>
        <Dot shown={there.length === 0 ? "offline" : "online"} plain />
        <span>{say("online-count", { count: there.length })}</span>
        <Icon of={open ? ChevronDown : ChevronUp} size={18} />
      </button>
      {open && there.length !== 0 && (
        <ul class="online__list">
          {there.map((one) => (
            <OnlineOne key={one.user_id} person={one} self={self} />
          ))}
        </ul>
      )}
    </section>
  );
}

function OnlineOne({ person, self }: { person: Member; self: Me }) {
  const now = shown(person.user_id);
  return (
    <li>
      <button type="button" class="online__one" onClick={() => goTo(person.user_id)}>
        <Avatar person={person} size="small" shown={now} />
        <span class="online__name" dir="auto">
          {person.user_id === self.user_id ? say("online-you", { name: person.display_name }) : person.display_name}
        </span>
        {(now === "away" || now === "busy") && (
          <span class="online__how" aria-hidden="true">
            {say(SHOWN_WORDS[now])}
          </span>
        )}
      </button>
    </li>
  );
}
