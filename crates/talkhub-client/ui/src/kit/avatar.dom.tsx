// A person as their picture, or as initials on one of twelve hues, with a presence dot where it matters.
import type { Person } from "../relay/wire.gen.std";
import { say } from "./words.std";
import { initials } from "./initials.std";

function hide(event: Event): void {
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.hidden = true;
}

export function Avatar({ person, size = "medium", online }: { person: Person; size?: "small" | "medium" | "large"; online?: boolean | undefined }) {
  return (
    <span class={`avatar avatar--${size}`} data-hue={person.avatar_color % 12}>
      <span aria-hidden="true">{initials(person.display_name || person.username)}</span>
      {/* Over the initials, which stay where the picture does not come; another picture is another node. */}
      {person.avatar && <img key={person.avatar} class="avatar__picture" src={person.avatar} alt="" loading="lazy" decoding="async" draggable={false} onError={hide} />}
      {online !== undefined && (
        <span class={`dot ${online ? "dot--online" : ""}`}>
          <span class="unseen">{say(online ? "online" : "offline")}</span>
        </span>
      )}
    </span>
  );
}
