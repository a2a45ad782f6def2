// A person as their picture, or as initials on one of twelve hues, with a presence dot where it matters.
import type { Person } from "../relay/wire.gen.std";
import { Dot } from "./dot.dom";
import { initials } from "./initials.std";
import type { Shown } from "./shown.std";

function hide(event: Event): void {
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.hidden = true;
}

export function Avatar({ person, size = "medium", shown }: { person: Person; size?: "small" | "medium" | "large"; shown?: Shown | undefined }) {
  return (
    <span class={`avatar avatar--${size}`} data-hue={person.avatar_color % 12}>
      <span aria-hidden="true">{initials(person.display_name || person.username)}</span>
      {/* Over the initials, which stay where the picture does not come; another picture is another node. */}
      {person.avatar && <img key={person.avatar} class="avatar__picture" src={person.avatar} alt="" loading="lazy" decoding="async" draggable={false} onError={hide} />}
      {shown !== undefined && <Dot shown={shown} />}
    </span>
  );
}
