// Quiet hints that concern the whole page: a wrong clock, storage refused, what needs HTTPS.
import { useSignal } from "@preact/signals";
import { Info, X } from "lucide";
import { SignInNotices } from "../accounts/sign_in_notice.dom";
import { Icon } from "../kit/icon.dom";
import { skew } from "../kit/http.dom";
import { remember, remembered } from "../kit/keep.dom";
import { say } from "../kit/words.std";
import { inMemoryOnly } from "../messages/kept.dom";

const CLOCK_MATTERS = 60_000;

export function Hints() {
  return (
    <div class="hints">
      <SignInNotices />
      {CLOCK_MATTERS < Math.abs(skew.value) && <Hint name="clock" text={clockWords(Math.abs(skew.value))} />}
      {inMemoryOnly.value && <Hint name="storage" text={say("storage-refused")} />}
      {!window.isSecureContext && <Hint name="https" text={say("needs-https")} keep />}
    </div>
  );
}

function clockWords(off: number): string {
  const minutes = Math.round(off / 60_000);
  return minutes < 90 ? say("clock-wrong", { minutes }) : say("clock-wrong-hours", { hours: Math.round(minutes / 60) });
}

/** Goes when it was read; `keep` remembers that for this browser. */
function Hint({ name, text, keep = false }: { name: string; text: string; keep?: boolean }) {
  const gone = useSignal(remembered(`talkhub-hint:${name}`) !== null);
  if (gone.value) return null;
  return (
    <p class="hint" role="status" data-hint={name}>
      <Icon of={Info} size={18} />
      <span>{text}</span>
      <button
        type="button"
        class="button button--icon"
        aria-label={say("understood")}
        title={say("understood")}
        onClick={() => {
          gone.value = true;
          if (keep) remember(`talkhub-hint:${name}`, "yes");
        }}
      >
        <Icon of={X} size={18} />
      </button>
    </p>
  );
}
