// One message as it stands in the list, with its state in a mark and in words.
import { Check, CheckCheck, CircleAlert, Clock } from "lucide";
import type { ComponentChildren } from "preact";
import { showCard } from "../contacts/card.dom";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { clock, exact } from "../kit/time.std";
import { say } from "../kit/words.std";
import type { ConversationId, Person } from "../relay/wire.gen.std";
import { putAway } from "./actions.dom";
import { isLarge, type Line } from "./grouping.std";
import * as sender from "./sender.dom";

/** `passed`: the others have it, the logic server not yet. `refused` and `lost`: passed on, and it will not be saved. */
type State = "sending" | "waiting" | "passed" | "stored" | "read" | "failed" | "refused" | "lost";

function stateOf(line: Line, readTo: number): State {
  if (line.pending) return line.pending.state === "passed_on" ? "passed" : line.pending.state;
  if (line.unsaved) return ({ waiting: "passed", refused: "refused", not_saved: "lost" } as const)[line.unsaved.state];
  return line.row !== null && line.row.seq <= readTo ? "read" : "stored";
}

const ICONS = { sending: Clock, waiting: Clock, passed: Clock, stored: Check, read: CheckCheck, failed: CircleAlert, refused: CircleAlert, lost: CircleAlert };

function Tick({ state, words }: { state: State; words: string }) {
  return (
    <span class={`tick tick--${state}`} title={words} data-state={state}>
      <Icon of={ICONS[state]} size={15} />
      <span class="unseen">{words}</span>
    </span>
  );
}

/** What the mark means, with the reason where there is one. */
function wordsOf(line: Line, state: State): string {
  const problem = line.pending?.problem ?? line.unsaved?.problem;
  const why = problem?.detail ?? problem?.title;
  if (why === undefined) return say(`state-${state}`);
  if (state === "refused" || (state === "failed" && line.pending?.passed !== undefined)) return say("refused-why", { why });
  return state === "failed" ? say("failed-why", { why }) : say(`state-${state}`);
}

export function MessageLine({ line, readTo, conversation }: { line: Line; readTo: number; conversation: ConversationId }) {
  const state = stateOf(line, readTo);
  const words = wordsOf(line, state);
  const shown = line.sentAt !== null && 60_000 < line.at - line.sentAt ? line.sentAt : line.at;
  const classes = ["line", line.mine ? "line--mine" : "", line.starts ? "line--starts" : "", line.ends ? "line--ends" : "", line.unsaved && !line.mine ? "line--unsaved" : "", state === "failed" ? "line--failed" : ""];
  return (
    <div class={classes.filter(Boolean).join(" ")} data-key={line.key} data-seq={line.row?.seq}>
      {!line.mine && <span class="line__face">{line.ends && line.sender && <Face person={line.sender} />}</span>}
      <div class="line__body">
        <Bubble line={line}>
          <span class="bubble__meta">
            <time dateTime={new Date(shown).toISOString()} title={exact(shown)} aria-label={exact(shown)}>
              {clock(shown)}
            </time>
            {(line.mine || line.unsaved) && <Tick state={state} words={words} />}
          </span>
        </Bubble>
        <Note line={line} state={state} words={words} conversation={conversation} />
      </div>
    </div>
  );
}

function Face({ person }: { person: Person }) {
  return (
    <button type="button" class="line__who" aria-label={say("profile-of", { name: person.display_name })} onClick={() => showCard(person)}>
      <Avatar person={person} size="small" />
    </button>
  );
}

/** Under the bubble: what is wrong, and what can be done about it. */
function Note({ line: { pending, unsaved }, state, words, conversation }: { line: Line; state: State; words: string; conversation: ConversationId }) {
  if (pending && state === "waiting") {
    return (
      <p class="line__note">
        <span>{words}</span>
        {sender.canWithdraw(pending.id) && (
          <button type="button" class="link" onClick={() => sender.withdraw(pending.id)}>
            {say("delete")}
          </button>
        )}
      </p>
    );
  }
  if (pending && state === "failed") {
    return (
      <p class="line__note line__note--failed" role="alert">
        <span>{words}</span>
        <button type="button" class="link" onClick={() => sender.again(pending.id)}>
          {say("retry")}
        </button>
        <button type="button" class="link" onClick={() => sender.withdraw(pending.id)}>
          {say("delete")}
        </button>
      </p>
    );
  }
  if (unsaved && state !== "passed") {
    return (
      <p class="line__note line__note--failed">
        <span>{words}</span>
        <button type="button" class="link" onClick={() => putAway(conversation, unsaved)}>
          {say("put-away")}
        </button>
      </p>
    );
  }
  return null;
}

function Bubble({ line, children }: { line: Line; children: ComponentChildren }) {
  const who = line.mine ? say("you") : (line.sender?.display_name ?? "");
  const known = line.type === "text";
  const large = known && isLarge(line.body);
  return (
    <div class={`bubble ${line.mine ? "bubble--mine" : ""} ${large ? "bubble--large" : ""}`} tabIndex={-1}>
      <span class="unseen">{who}: </span>
      <span class="bubble__text" dir="auto">
        {known ? line.body : <em>{say(line.type === "deleted" ? "message-deleted" : "unsupported")}</em>}
      </span>
      {children}
    </div>
  );
}
