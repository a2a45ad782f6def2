// One conversation in the list: who, when, the last words or what goes on, and the badge.
import { Clock } from "lucide";
import { Avatar } from "../kit/avatar.dom";
import { serverNow } from "../kit/http.dom";
import { Icon } from "../kit/icon.dom";
import type { Shown } from "../kit/shown.std";
import { shortWhen } from "../kit/time.std";
import { say } from "../kit/words.std";
import type { Conversation, UserId } from "../relay/wire.gen.std";
import { badge, partner } from "./state.std";

export interface RowProps {
  conversation: Conversation;
  self: UserId;
  href: string;
  open: boolean;
  shown: Shown | undefined;
  typing: boolean;
  draft: string;
  /** What was said last and is not stored yet. */
  unsaved: { text: string; mine: boolean } | null;
  onOpen: () => void;
  /** The picture was pressed. */
  onFace: () => void;
}

export function Row({ conversation, self, href, open, shown, typing, draft, unsaved, onOpen, onFace }: RowProps) {
  const who = partner(conversation, self);
  if (!who) return null;
  const notes = who.user_id === self;
  const last = conversation.last_message;
  return (
    <li class={`row ${open ? "row--open" : ""} ${conversation.unread === 0 ? "" : "row--unread"}`}>
      <button type="button" class="row__face" tabIndex={-1} aria-label={say("profile-of", { name: who.display_name })} onClick={onFace}>
        <Avatar person={who} shown={notes ? undefined : shown} />
      </button>
      <a
        class="row__open"
        href={href}
        aria-current={open ? "page" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          onOpen();
        }}
      >
        <span class="row__words">
          <span class="row__line">
            <span class="row__name" dir="auto">
              {notes ? say("notes") : who.display_name}
            </span>
            {last && <time class="row__when">{shortWhen(last.at, serverNow())}</time>}
          </span>
          <span class="row__line">
            <Preview conversation={conversation} self={self} typing={typing} draft={open ? "" : draft} unsaved={unsaved} />
            {conversation.unread !== 0 && (
              <span class="badge" key={conversation.unread}>
                <span aria-hidden="true">{badge(conversation.unread)}</span>
                <span class="unseen">{say("unread", { count: conversation.unread })}</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
}

function Preview({ conversation, self, typing, draft, unsaved }: { conversation: Conversation; self: UserId; typing: boolean; draft: string; unsaved: RowProps["unsaved"] }) {
  if (typing) return <span class="row__preview typing">{say("typing-short")}</span>;
  if (draft.trim() !== "") {
    return (
      <span class="row__preview">
        <span class="row__draft">{say("draft")}</span> <bdi>{oneLine(draft)}</bdi>
      </span>
    );
  }
  if (unsaved) {
    const text = oneLine(unsaved.text);
    return (
      <span class="row__preview row__preview--unsaved" title={say("state-passed")}>
        <Icon of={Clock} size={14} />
        <span class="unseen">{say("state-passed")}: </span>
        <bdi>{unsaved.mine ? say("preview-mine", { text }) : text}</bdi>
      </span>
    );
  }
  const last = conversation.last_message;
  if (!last) return <span class="row__preview" />;
  const text = last.type === "text" ? oneLine(last.body) : say(last.type === "deleted" ? "message-deleted" : "unsupported");
  return (
    <span class="row__preview" dir="auto">
      {last.sender.user_id === self && conversation.members.length !== 1 ? say("preview-mine", { text }) : text}
    </span>
  );
}

const oneLine = (text: string): string => text.slice(0, 160).replace(/\s+/g, " ");
