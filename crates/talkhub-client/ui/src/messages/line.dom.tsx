// One message as it stands in the list, with its state in a mark and in words.
import { Check, CheckCheck, CircleAlert, Clock } from "lucide";
import type { ComponentChildren } from "preact";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { clock, exact } from "../kit/time.std";
import { say } from "../kit/words.std";
import { isLarge, type Line } from "./grouping.std";
import * as sender from "./sender.dom";

type State = "sending" | "waiting" | "stored" | "read" | "failed";

function stateOf(line: Line, readTo: number): State {
  if (line.pending) return line.pending.state;
  return line.row !== null && line.row.seq <= readTo ? "read" : "stored";
}

function Tick({ state, words }: { state: State; words: string }) {
  const icon = { sending: Clock, waiting: Clock, stored: Check, read: CheckCheck, failed: CircleAlert }[state];
  return (
    <span class={`tick tick--${state}`} title={words} data-state={state}>
      <Icon of={icon} size={15} />
      <span class="unseen">{words}</span>
    </span>
  );
}

export function MessageLine({ line, readTo }: { line: Line; readTo: number }) {
  const state = stateOf(line, readTo);
  const why = line.pending?.problem;
  const words = state === "failed" && why ? say("failed-why", { why: why.detail ?? why.title }) : say(`state-${state}`);
  const shown = line.sentAt !== null && 60_000 < line.at - line.sentAt ? line.sentAt : line.at;
  const classes = ["line", line.mine ? "line--mine" : "", line.starts ? "line--starts" : "", line.ends ? "line--ends" : "", state === "failed" ? "line--failed" : ""];
  return (
    <div class={classes.filter(Boolean).join(" ")} data-key={line.key} data-seq={line.row?.seq}>
      {!line.mine && <span class="line__face">{line.ends && line.sender && <Avatar person={line.sender} size="small" />}</span>}
      <div class="line__body">
        <Bubble line={line}>
          <span class="bubble__meta">
            <time dateTime={new Date(shown).toISOString()} title={exact(shown)} aria-label={exact(shown)}>
              {clock(shown)}
            </time>
            {line.mine && <Tick state={state} words={words} />}
          </span>
        </Bubble>
        {state === "waiting" && line.pending && (
          <p class="line__note">
            <span>{words}</span>
            {sender.canWithdraw(line.pending.id) && (
              <button type="button" class="link" onClick={() => line.pending && sender.withdraw(line.pending.id)}>{say("delete")}</button>
            )}
          </p>
        )}
        {state === "failed" && line.pending && (
          <p class="line__note line__note--failed" role="alert">
            <span>{words}</span>
            <button type="button" class="link" onClick={() => line.pending && sender.again(line.pending.id)}>{say("retry")}</button>
            <button type="button" class="link" onClick={() => line.pending && sender.withdraw(line.pending.id)}>{say("delete")}</button>
          </p>
        )}
      </div>
    </div>
  );
}

function Bubble({ line, children }: { line: Line; children: ComponentChildren }) {
  const who = line.mine ? say("you") : (line.sender?.display_name ?? "");
  const known = line.type === "text";
  const large = known && isLarge(line.body);
  return (
    <div class={`bubble ${line.mine ? "bubble--mine" : ""} ${large ? "bubble--large" : ""}`} tabIndex={-1}>
      <span class="unseen">{who}: </span>
      <span class="bubble__text" dir="auto">
        {known ? line.body : <em>{say("unsupported")}</em>}
      </span>
      {children}
    </div>
  );
}
