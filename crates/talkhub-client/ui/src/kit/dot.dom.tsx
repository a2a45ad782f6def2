// The presence dot: colour and form say the same, and so do words for those who see neither.
import { SHOWN_WORDS, type Shown } from "./shown.std";
import { say } from "./words.std";

/** `plain`: words stand beside it already. */
export function Dot({ shown, plain = false }: { shown: Shown; plain?: boolean }) {
  return (
    <span class={`dot dot--${shown} ${plain ? "dot--inline" : ""}`} title={plain ? undefined : say(SHOWN_WORDS[shown])} aria-hidden={plain ? "true" : undefined}>
      {!plain && <span class="unseen">{say(SHOWN_WORDS[shown])}</span>}
    </span>
  );
}
