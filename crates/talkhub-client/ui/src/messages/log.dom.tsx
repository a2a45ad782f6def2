// The list of messages: older pages above, day separators, the pill for what arrived below.
import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { ChevronDown } from "lucide";
import { faceless } from "../contacts/state.std";
import { EmptyTalk } from "../kit/drawings.dom";
import { Icon } from "../kit/icon.dom";
import { serverNow } from "../kit/http.dom";
import { longDay, nearDay } from "../kit/time.std";
import { useLate } from "../kit/late.dom";
import { reach } from "../kit/reach.dom";
import { say } from "../kit/words.std";
import type { Conversation, ConversationId } from "../relay/wire.gen.std";
import { loadOlder, timeline as timelineOf } from "./actions.dom";
import { arrived, lines as linesOf, newest, type Line } from "./grouping.std";
import { MessageLine } from "./line.dom";
import { watchReading } from "./reading.dom";
import { ownScroll, type ScrollOwner } from "./scroll.dom";
import { readByOthers, type Timeline } from "./state.std";

/** So far from the top the page before is asked for. */
const FETCH_AHEAD = 600;

export function Log({ conversation, timeline, name, notes }: { conversation: Conversation; timeline: Timeline; name: string; notes: boolean }) {
  const view = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const owner = useRef<ScrollOwner | null>(null);
  const below = useSignal(0);
  const away = useSignal(false);
  const heard = useSignal("");
  const strange = conversation.state === "request";
  const lines = useMemo(() => {
    const all = linesOf(timeline);
    return strange ? all.map((line) => (line.sender ? { ...line, sender: faceless(line.sender) } : line)) : all;
  }, [timeline, strange]);
  const lastKey = useRef<string | null>(null);
  const lastSeq = useRef<number | null>(null);
  /** What was told when it was passed on is not told again when it is stored. */
  const told = useRef<Set<string> | null>(null);
  owner.current?.note();

  const moved = (): void => {
    const top = view.current?.scrollTop ?? FETCH_AHEAD;
    away.value = !(owner.current?.atBottom() ?? true);
    if (!away.value) below.value = 0;
    if (top < FETCH_AHEAD && timelineOf(conversation.id).value.older === "idle") void loadOlder(conversation.id);
  };
  useLayoutEffect(() => {
    if (!view.current || !content.current) return undefined;
    owner.current = ownScroll(view.current, content.current, conversation.id, moved);
    owner.current.restore();
    const stop = watchReading(conversation.id, view.current, owner.current);
    return () => {
      owner.current?.end();
      owner.current = null;
      stop();
    };
  }, [conversation.id]);
  useLayoutEffect(() => {
    const last = lines[lines.length - 1];
    const own = last !== undefined && last.pending !== null && last.key !== lastKey.current;
    if (own) owner.current?.toBottom(false);
    else owner.current?.restore();
    const news = arrived(lines, lastSeq.current, told.current ?? new Set(lines.map((line) => line.key)));
    lastSeq.current = newest(timeline);
    told.current ??= new Set();
    for (const line of lines) if (line.unsaved) told.current.add(line.key);
    below.value = owner.current?.atBottom() === false ? below.value + news.length : 0;
    if (news.length !== 0) heard.value = news.slice(-3).map((line) => say(line.unsaved ? "said-unsaved" : "said", { name: line.sender?.display_name ?? name, text: line.body })).join("\n");
    lastKey.current = last?.key ?? null;
  }, [lines]);
  useEffect(() => {
    // A short conversation has nothing to scroll: what fits is loaded.
    if (view.current && view.current.scrollTop < FETCH_AHEAD && timeline.older === "idle") void loadOlder(conversation.id);
  }, [timeline.cursor, timeline.rows.length]);

  const isAway = reach.value.phase === "away";
  const loading = timeline.cursor === null && timeline.rows.length === 0;
  const late = useLate(loading);
  const empty = !loading && lines.length === 0;
  return (
    <div class="log-frame">
      <div class="log" ref={view} role="log" aria-label={say("messages", { name })} aria-live="off" tabIndex={0}>
        <div class="log__content" ref={content}>
          {timeline.older === "failed" && (
            <p class="log__notice">
              {say(isAway ? "server-away-older" : "older-failed")}{" "}
              <button type="button" class="link" onClick={() => void loadOlder(conversation.id)}>
                {say("retry")}
              </button>
            </p>
          )}
          {timeline.complete && lines.length !== 0 && <p class="log__notice">{notes ? say("notes-hint") : say("conversation-start", { name })}</p>}
          {loading && late && (timeline.failed && isAway ? <p class="log__notice">{say("server-away-open")}</p> : <Skeletons />)}
          {empty && (
            <div class="empty">
              <EmptyTalk />
              <p>{notes ? say("notes-empty") : say("conversation-empty", { name })}</p>
            </div>
          )}
          <Days lines={lines} readTo={readByOthers(timeline)} conversation={conversation.id} />
        </div>
      </div>
      {/* Only what others say now is read out: neither older pages nor one's own words. */}
      <p class="unseen" role="status">
        {heard.value}
      </p>
      {away.value && (
        <button type="button" class="pill" onClick={() => owner.current?.toBottom(true)} aria-label={below.value === 0 ? say("to-newest") : say("new-messages", { count: below.value })}>
          {0 < below.value && <span>{say("new-messages", { count: below.value })}</span>}
          <Icon of={ChevronDown} size={18} />
        </button>
      )}
    </div>
  );
}

/** A section per day, so that its pill can stick while its lines are on screen. */
function Days({ lines, readTo, conversation }: { lines: readonly Line[]; readTo: number; conversation: ConversationId }) {
  const days: { day: string; at: number; lines: Line[] }[] = [];
  for (const line of lines) {
    if (line.day !== null) days.push({ day: line.day, at: line.at, lines: [] });
    days[days.length - 1]?.lines.push(line);
  }
  return (
    <Fragment>
      {days.map((day) => (
        <section key={day.day} class="day">
          <h3 class="day__pill">
            <span>{dayWords(day.at)}</span>
          </h3>
          {day.lines.map((line) => (
            <MessageLine key={line.key} line={line} readTo={readTo} conversation={conversation} />
          ))}
        </section>
      ))}
    </Fragment>
  );
}

function dayWords(at: number): string {
  const near = nearDay(at, serverNow());
  return near === "earlier" ? longDay(at, serverNow()) : say(near);
}

function Skeletons() {
  return (
    <div class="skeletons" aria-label={say("loading")}>
      {[42, 64, 30, 55, 38].map((width, index) => (
        <span key={width} class={`skeleton skeleton--bubble ${index % 2 === 1 ? "skeleton--mine" : ""}`} data-width={width} />
      ))}
    </div>
  );
}
