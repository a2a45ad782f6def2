// Where one writes: Enter sends, Shift+Enter makes a line, the field grows to eight lines and keeps the focus.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { SendHorizontal } from "lucide";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import * as presence from "../presence/actions.dom";
import type { Conversation } from "../relay/wire.gen.std";
import { draft, handedOver, setDraft } from "./drafts.dom";
import { characters, trimmed } from "./grouping.std";
import { write } from "./sender.dom";

const MOST = 10_000;
const SHOW_COUNT = 9_500;

/** Keyboards on screen cover half of a phone: there the field is not entered unasked. */
const hasKeys = (): boolean => window.matchMedia("(hover: hover) and (pointer: fine)").matches;

export function Composer({ conversation, name }: { conversation: Conversation; name: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const text = draft(conversation.id).value;
  const count = text.length < SHOW_COUNT ? 0 : characters(text);
  const ready = trimmed(text) !== null && count <= MOST;

  useEffect(() => {
    if (hasKeys()) field.current?.focus({ preventScroll: true });
    return () => presence.typed(conversation, false);
  }, [conversation.id]);
  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    // The height follows the text; CSS stops it at eight lines.
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  }, [text, conversation.id]);

  const send = (): void => {
    const body = trimmed(text);
    field.current?.focus({ preventScroll: true });
    if (body === null || MOST < count) return;
    presence.finished(conversation.id);
    void handedOver(conversation.id, write(conversation, body));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // An input method uses Enter to choose a candidate; 229 is what some browsers say instead of `isComposing`.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer__field">
        <textarea
          ref={field}
          rows={1}
          value={text}
          dir="auto"
          enterkeyhint="send"
          aria-label={say("composer", { name })}
          aria-describedby={count === 0 ? undefined : "composer-count"}
          placeholder={say("composer-hint")}
          onInput={(event) => {
            setDraft(conversation.id, event.currentTarget.value);
            presence.typed(conversation, trimmed(event.currentTarget.value) !== null);
          }}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="composer__send" aria-label={say("send")} title={ready ? say("send") : say("send-nothing")} aria-disabled={!ready}>
          <Icon of={SendHorizontal} />
        </button>
      </div>
      {count !== 0 && (
        <p id="composer-count" class={`composer__count ${MOST < count ? "composer__count--over" : ""}`} role="status">
          {MOST < count ? say("characters-over", { count: count - MOST }) : say("characters-left", { count: MOST - count })}
        </p>
      )}
    </form>
  );
}
