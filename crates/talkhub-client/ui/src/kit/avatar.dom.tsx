// A person as initials on one of twelve hues, with a presence dot where it matters.
import type { Person } from "../relay/wire.gen.std";
import { say } from "./words.std";
import { initials } from "./initials.std";

export function Avatar({ person, size = "medium", online }: { person: Person; size?: "small" | "medium" | "large"; online?: boolean | undefined }) {
  return (
    <span class={`avatar avatar--${size}`} data-hue={person.avatar_color % 12}>
      <span aria-hidden="true">{initials(person.display_name || person.username)}</span>
      {online !== undefined && (
        <span class={`dot ${online ? "dot--online" : ""}`}>
          <span class="unseen">{say(online ? "online" : "offline")}</span>
        </span>
      )}
    </span>
  );
}
